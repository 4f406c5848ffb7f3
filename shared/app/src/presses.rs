//! How often Pay was pressed with one link, counted in the memory of one instance of the function.
//!
//! Each press that is carried out reads the table and asks the gateway, and may open a checkout. The count bounds what one instance
//! does of that for one recipient of one invoice; a press beyond it costs neither, and nobody else's presses are refused for it.
//! Instances do not know of each other, and each serves one request at a time: many presses at once meet several counts. Who has no
//! valid link is not counted, since that is refused before anything is read. How many checkouts are opened is not counted here.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{ids::InvoiceId, link::Link, pii::RecipientRef};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// Presses with one link that are carried out within a minute: a person with several windows stays below it.
pub const PRESSES_A_MINUTE: u32 = 20;

const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// The presses of the last minute. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Presses(Arc<Mutex<BTreeMap<(InvoiceId, RecipientRef), Minute>>>);

#[derive(Debug)]
struct Minute {
    since: DateTime<Utc>,
    presses: u32,
}

impl Presses {
    /// Counts a press; when it is one too many, gives the time until the next is carried out.
    pub fn count(&self, link: &Link, now: DateTime<Utc>) -> Option<TimeDelta> {
        let mut minutes = self.0.lock().ok()?;
        minutes.retain(|_, minute| minute.since <= now && now < minute.since + MINUTE);
        let key = (link.invoice_id.clone(), link.recipient);
        let minute = minutes.entry(key).or_insert(Minute { since: now, presses: 0 });
        minute.presses = minute.presses.saturating_add(1);
        (minute.presses > PRESSES_A_MINUTE).then(|| minute.since + MINUTE - now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::link::Purpose;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn link(invoice: u128, recipient: u8) -> Link {
        let recipient = RecipientRef::from_bytes([recipient; 8]);
        Link { purpose: Purpose::Pay, invoice_id: InvoiceId::at(1, invoice), recipient, version: 1 }
    }

    #[test]
    fn twenty_presses_a_minute_are_carried_out_for_each_link_by_itself() {
        let (presses, pressed) = (Presses::default(), link(1, 1));
        for second in 0..20 {
            assert_eq!(presses.count(&pressed, at(second)), None, "{second}");
        }
        assert_eq!(presses.count(&pressed, at(20)), Some(TimeDelta::seconds(40)));
        assert_eq!(presses.count(&pressed, at(59)), Some(TimeDelta::seconds(1)));
        for other in [link(1, 2), link(2, 1)] {
            assert_eq!(presses.count(&other, at(59)), None);
        }
        for second in 60..80 {
            assert_eq!(presses.count(&pressed, at(second)), None, "{second}");
        }
        assert_eq!(presses.count(&pressed, at(80)), Some(TimeDelta::seconds(40)));
    }

    #[test]
    fn what_is_over_is_forgotten_and_so_is_what_lies_ahead_of_a_clock_that_was_set_back() {
        let presses = Presses::default();
        for invoice in 0..100 {
            assert_eq!(presses.count(&link(invoice, 1), at(0)), None);
        }
        assert_eq!(presses.count(&link(0, 1), at(60)), None);
        assert_eq!(presses.0.lock().map(|minutes| minutes.len()).ok(), Some(1));
        for _ in 0..PRESSES_A_MINUTE {
            assert_eq!(presses.count(&link(0, 1), at(30)), None);
        }
    }
}
