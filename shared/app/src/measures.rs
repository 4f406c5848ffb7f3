//! What a run notices that somebody should look at: counted here, told by the function when the run is over.

use runtime::metrics::Metric;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// Something that is measured. Each is a metric with an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Tries of more than 15 minutes that wait for neither payer nor bank and whose outcome the gateway did not tell.
    AttemptsWithoutOutcome,
    /// Seconds that the oldest row met in the outbox was due.
    OutboxAge,
    /// Mails that may or may not have gone out.
    UncertainMessages,
    /// Mails and events that were refused.
    FailedMessages,
    /// Records of a sweep that could not be dealt with.
    RecordsFailed,
    /// Upcoming reminders: everything due was looked at; 0 for a sweep that began and ended before that.
    UpcomingSweepFinished,
    /// The same for past-due reminders.
    PastDueSweepFinished,
    /// The same for the settling of tries.
    CollectionsFinished,
}

impl Measure {
    /// Every measure.
    pub const ALL: [Self; 8] = [
        Self::AttemptsWithoutOutcome,
        Self::OutboxAge,
        Self::UncertainMessages,
        Self::FailedMessages,
        Self::RecordsFailed,
        Self::UpcomingSweepFinished,
        Self::PastDueSweepFinished,
        Self::CollectionsFinished,
    ];

    /// Its name in CloudWatch.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AttemptsWithoutOutcome => "AttemptsWithoutOutcome",
            Self::OutboxAge => "OutboxAge",
            Self::UncertainMessages => "UncertainMessages",
            Self::FailedMessages => "FailedMessages",
            Self::RecordsFailed => "RecordsFailed",
            Self::UpcomingSweepFinished => "UpcomingSweepFinished",
            Self::PastDueSweepFinished => "PastDueSweepFinished",
            Self::CollectionsFinished => "CollectionsFinished",
        }
    }

    /// Whether the largest value of a run counts, in seconds, and not their sum.
    fn is_age(self) -> bool {
        self == Self::OutboxAge
    }
}

/// The measures of the run at hand. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Measures(Arc<Mutex<BTreeMap<Measure, u64>>>);

impl Measures {
    /// Adds to a count, or raises an age.
    pub fn note(&self, measure: Measure, value: u64) {
        if let Ok(mut measured) = self.0.lock() {
            let known = measured.entry(measure).or_default();
            *known = if measure.is_age() { value.max(*known) } else { known.saturating_add(value) };
        }
    }

    /// Takes what was measured since the last taking.
    #[must_use]
    pub fn take(&self) -> Vec<Metric> {
        let measured = self.0.lock().map(|mut measured| std::mem::take(&mut *measured)).unwrap_or_default();
        measured.into_iter().map(|(measure, value)| Metric { name: measure.name(), seconds: measure.is_age(), value }).collect()
    }
}
