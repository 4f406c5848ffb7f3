//! Who holds an invoice's one slot.

use crate::{
    ids::AttemptId,
    invoice::{Invoice, Slot, SlotClass},
};

/// Something that happened to the slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotEvent {
    /// An attempt took it, before any call.
    Taken {
        /// Which.
        attempt_id: AttemptId,
        /// What it means for the invoice.
        class: SlotClass,
    },
    /// The attempt in it means something else now.
    Reclassified {
        /// Which.
        attempt_id: AttemptId,
        /// What it means now.
        class: SlotClass,
    },
    /// The attempt in it came to its end.
    Freed {
        /// Which.
        attempt_id: AttemptId,
    },
}

impl SlotEvent {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Taken { .. } => "slot_taken",
            Self::Reclassified { .. } => "slot_reclassified",
            Self::Freed { .. } => "slot_freed",
        }
    }
}

impl Invoice {
    pub(in crate::invoice) fn evolve_slot(&mut self, event: &SlotEvent) {
        // An attempt that came to a conflict after its end is in no slot, and leaves another one's alone.
        let holds = |attempt_id: &AttemptId| self.slot.as_ref().is_some_and(|slot| slot.attempt_id == *attempt_id);
        match event {
            SlotEvent::Taken { attempt_id, class } => self.slot = Some(Slot { attempt_id: attempt_id.clone(), class: *class }),
            SlotEvent::Reclassified { attempt_id, class } if holds(attempt_id) => {
                self.slot = Some(Slot { attempt_id: attempt_id.clone(), class: *class });
            }
            SlotEvent::Freed { attempt_id } if holds(attempt_id) => self.slot = None,
            SlotEvent::Reclassified { .. } | SlotEvent::Freed { .. } => {}
        }
    }
}
