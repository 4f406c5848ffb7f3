//! Figures of both benches. All are whole numbers.

use std::{fmt, time::Duration};

/// Times of one kind.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
        self.0.sort();
    }

    pub fn best(&self) -> Duration {
        self.0[0]
    }

    pub fn median(&self) -> Duration {
        self.0[self.0.len() / 2]
    }
}

/// A ratio, in hundredths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ratio(u64);

impl Ratio {
    pub fn hundredths(hundredths: u64) -> Self {
        Self(hundredths)
    }

    pub fn of(part: u64, whole: u64) -> Self {
        Self(part * 100 / whole)
    }

    /// Of the medians.
    pub fn of_times(ours: &Times, theirs: &Times) -> Self {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap();
        Self::of(nanos(ours.median()), nanos(theirs.median()))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// Whether a goal is held; nothing without a goal.
pub fn held<T: PartialOrd>(value: Option<T>, goal: Option<T>) -> &'static str {
    match (value, goal) {
        (Some(value), Some(goal)) if value <= goal => "ok",
        (Some(_), Some(_)) => "missed",
        (None, _) | (_, None) => "",
    }
}

/// A figure, or an empty cell.
pub fn shown<T: fmt::Display>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
