//! What can happen to an invoice, by family: each has its events, what they make of the invoice, and its item in the store.

mod chase;
mod document;
mod money;
mod slot;

pub use chase::{ChaseEvent, StepOutcome};
pub(in crate::invoice) use document::begun;
pub use document::{Body, Deliver, DocumentEvent};
pub use money::MoneyEvent;
pub use slot::SlotEvent;

/// Something that happened to an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// What it says, and whether it is sent, seen or cancelled.
    Document(DocumentEvent),
    /// Who holds its one slot.
    Slot(SlotEvent),
    /// Money for it.
    Money(MoneyEvent),
    /// Asking for the money, by staff or by a reminder.
    Chase(ChaseEvent),
}

impl Event {
    /// Its name in API and journal.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Document(event) => event.name(),
            Self::Slot(event) => event.name(),
            Self::Money(event) => event.name(),
            Self::Chase(event) => event.name(),
        }
    }
}

impl From<DocumentEvent> for Event {
    fn from(event: DocumentEvent) -> Self {
        Self::Document(event)
    }
}

impl From<SlotEvent> for Event {
    fn from(event: SlotEvent) -> Self {
        Self::Slot(event)
    }
}

impl From<MoneyEvent> for Event {
    fn from(event: MoneyEvent) -> Self {
        Self::Money(event)
    }
}

impl From<ChaseEvent> for Event {
    fn from(event: ChaseEvent) -> Self {
        Self::Chase(event)
    }
}
