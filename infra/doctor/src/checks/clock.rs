//! How far this machine's clock lies from AWS's.

use crate::{
    Clock,
    report::{Check, Finding},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeDeserializationInterceptorContextRef},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use chrono::{DateTime, TimeDelta};
use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// Beyond this it is worth a word, in seconds.
const NOTABLE: u64 = 60;
/// Beyond this it goes wrong soon, in seconds: signatures and webhooks tolerate 300.
const GRAVE: u64 = 240;

/// Compares the first answer's date with this machine's clock. Clones share what they saw.
#[derive(Clone)]
pub(crate) struct Skew {
    clock: Clock,
    seen: Arc<OnceLock<TimeDelta>>,
}

impl fmt::Debug for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Skew").field(&self.seen.get()).finish()
    }
}

impl Skew {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, seen: Arc::default() }
    }

    /// How far this machine is ahead; none before the first answer.
    pub(crate) fn measured(&self) -> Option<TimeDelta> {
        self.seen.get().copied()
    }
}

impl Intercept for Skew {
    fn name(&self) -> &'static str {
        "Skew"
    }

    /// Refusals have a date too: a clock that is far off is refused.
    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date").and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        if let Some(date) = date {
            self.seen.get_or_init(|| (self.clock)().signed_duration_since(date));
        }
        Ok(())
    }
}

pub(crate) fn finding(ahead: Option<TimeDelta>) -> Finding {
    let todo = "Set it by a time server (NTP): AWS refuses signatures, and webhooks are refused, when they are 300 s off.";
    let Some(ahead) = ahead else {
        let says = "This machine's clock could not be compared: AWS did not answer.";
        return Finding::problem(Check::Clock, says, "See that this machine reaches AWS, and run this again.");
    };
    let seconds = ahead.num_seconds().unsigned_abs();
    let side = if ahead < TimeDelta::zero() { "behind" } else { "ahead of" };
    let says = format!("This machine's clock is {seconds} s {side} AWS's.");
    if seconds > GRAVE {
        Finding::problem(Check::Clock, says, todo)
    } else if seconds > NOTABLE {
        Finding::warning(Check::Clock, says, todo)
    } else {
        Finding::ok(Check::Clock, says)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Level;

    #[test]
    fn a_clock_is_judged_by_its_distance_either_way() {
        for (seconds, level, says) in [
            (0, Level::Ok, "0 s ahead of"),
            (60, Level::Ok, "60 s ahead of"),
            (-60, Level::Ok, "60 s behind"),
            (61, Level::Warning, "61 s ahead of"),
            (-240, Level::Warning, "240 s behind"),
            (241, Level::Problem, "241 s ahead of"),
            (-86_400, Level::Problem, "86400 s behind"),
        ] {
            let found = finding(Some(TimeDelta::seconds(seconds)));
            assert!(found.level == level && found.says.contains(says), "{found:?}");
        }
        assert_eq!(finding(None).level, Level::Problem);
    }
}
