//! Events of an invoice's slot.

use crate::{
    error::Corrupt,
    items::money::{id, named},
};
use domain::{
    ids::AttemptId,
    invoice::{SlotClass, journal::SlotEvent},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub(super) enum SlotEventItem {
    #[serde(rename = "slot_taken")]
    Taken { attempt_id: String, class: String },
    #[serde(rename = "slot_reclassified")]
    Reclassified { attempt_id: String, class: String },
    #[serde(rename = "slot_freed")]
    Freed { attempt_id: String },
}

pub(super) fn write(event: &SlotEvent) -> SlotEventItem {
    match event {
        SlotEvent::Taken { attempt_id, class } => {
            SlotEventItem::Taken { attempt_id: attempt_id.to_string(), class: class.name().to_owned() }
        }
        SlotEvent::Reclassified { attempt_id, class } => {
            SlotEventItem::Reclassified { attempt_id: attempt_id.to_string(), class: class.name().to_owned() }
        }
        SlotEvent::Freed { attempt_id } => SlotEventItem::Freed { attempt_id: attempt_id.to_string() },
    }
}

pub(super) fn read(event: SlotEventItem) -> Result<SlotEvent, Corrupt> {
    let class = |name: &str| named("slot class", SlotClass::find(name));
    Ok(match event {
        SlotEventItem::Taken { attempt_id, class: name } => {
            SlotEvent::Taken { attempt_id: id(AttemptId::parse(&attempt_id))?, class: class(&name)? }
        }
        SlotEventItem::Reclassified { attempt_id, class: name } => {
            SlotEvent::Reclassified { attempt_id: id(AttemptId::parse(&attempt_id))?, class: class(&name)? }
        }
        SlotEventItem::Freed { attempt_id } => SlotEvent::Freed { attempt_id: id(AttemptId::parse(&attempt_id))? },
    })
}
