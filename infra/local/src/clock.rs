//! A clock that can be moved forward.

use crate::place::Place;
use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Arc, Mutex};

/// The clock of everything that runs here. It goes on like any clock; moving it survives a restart.
#[derive(Debug, Clone)]
pub struct MovableClock {
    /// What it shows before it is moved, where that is no clock that goes on.
    stopped_at: Option<DateTime<Utc>>,
    ahead: Arc<Mutex<TimeDelta>>,
    place: Place,
}

const FILE: &str = "clock.json";

impl MovableClock {
    /// Opens the clock as it was left.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(place: &Place) -> anyhow::Result<Self> {
        let ahead = match place.read(FILE)? {
            Some(text) => {
                let value: serde_json::Value = serde_json::from_str(&text).context("clock.json is damaged")?;
                TimeDelta::milliseconds(value.get("ahead_ms").and_then(serde_json::Value::as_i64).context("clock.json is damaged")?)
            }
            None => TimeDelta::zero(),
        };
        Ok(Self { stopped_at: None, ahead: Arc::new(Mutex::new(ahead)), place: place.clone() })
    }

    /// A clock that shows an instant until it is moved.
    ///
    /// # Errors
    /// None: there is no file to be read.
    pub fn stopped(at: DateTime<Utc>) -> anyhow::Result<Self> {
        Ok(Self { stopped_at: Some(at), ..Self::open(&Place::open(None, false)?)? })
    }

    /// The instant it shows.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the local run supplies the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        self.stopped_at.unwrap_or_else(Utc::now) + self.ahead.lock().map(|ahead| *ahead).unwrap_or_default()
    }

    /// Moves it forward to an instant; one that has passed is left alone.
    ///
    /// # Errors
    /// The new setting cannot be kept.
    pub fn move_to(&self, to: DateTime<Utc>) -> anyhow::Result<()> {
        let behind = to - self.now();
        if behind <= TimeDelta::zero() {
            return Ok(());
        }
        let ahead = {
            let mut ahead = self.ahead.lock().map_err(|_| anyhow::anyhow!("the clock is stuck"))?;
            *ahead += behind;
            *ahead
        };
        self.place.write(FILE, &serde_json::json!({ "ahead_ms": ahead.num_milliseconds() }).to_string())
    }
}

/// Reads a span such as `3d`, `12h`, `90m`, `30s`; several may follow each other: `1d12h`.
///
/// # Errors
/// A sentence that says what would be right.
pub fn parse_span(text: &str) -> Result<TimeDelta, String> {
    let wrong = || format!("`{text}` is no span of time; write one such as 3d, 12h, 90m, 30s or 1d12h, at most 400d");
    let mut span = TimeDelta::zero();
    let mut number = String::new();
    for c in text.trim().chars() {
        if c.is_ascii_digit() && number.len() < 9 {
            number.push(c);
            continue;
        }
        let count: i64 = number.parse().map_err(|_| wrong())?;
        number.clear();
        span += match c {
            'd' => TimeDelta::days(count),
            'h' => TimeDelta::hours(count),
            'm' => TimeDelta::minutes(count),
            's' => TimeDelta::seconds(count),
            _ => return Err(wrong()),
        };
    }
    let fits = number.is_empty() && span > TimeDelta::zero() && span <= TimeDelta::days(400);
    if fits { Ok(span) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]
    use super::*;

    #[test]
    fn spans_are_read_and_mistakes_are_named() {
        for (text, hours) in [("3d", 72), ("12h", 12), ("1d12h", 36), (" 120m ", 2), ("3600s", 1)] {
            assert_eq!(parse_span(text), Ok(TimeDelta::hours(hours)), "{text}");
        }
        for text in ["", "3", "d", "-3d", "3w", "0d", "401d", "9999999999d"] {
            assert!(parse_span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_clock_is_never_moved_back() {
        let clock = MovableClock::open(&Place::open(None, false).unwrap()).unwrap();
        let before = clock.now();
        clock.move_to(before - TimeDelta::days(1)).unwrap();
        assert!(clock.now() >= before);
        clock.move_to(before + TimeDelta::days(1)).unwrap();
        assert!(clock.now() >= before + TimeDelta::days(1));
    }
}
