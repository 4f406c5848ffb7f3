//! OWN-12: in every zone, on every day, each step's instant lies on its local day, and days never meet or pass each other.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, TimeDelta, Utc};
use domain::calendar::{Hour, Zone, days_between, plus_days};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn zones() -> impl Iterator<Item = Zone> {
    chrono_tz::TZ_VARIANTS.iter().map(|zone| Zone::parse(zone.name()).unwrap())
}

/// All zones, all 2,922 days, nothing left out: at nine it is that day, and a day after the day before.
#[test]
fn own_12_q9_every_zone_and_every_day_from_2024_to_2031_has_one_instant_on_its_own_local_date() {
    let (first, last) = (day("2024-01-01"), day("2031-12-31"));
    let mut seen = 0;
    for zone in zones() {
        let mut before: Option<DateTime<Utc>> = None;
        for offset in 0..=days_between(first, last) {
            let date = plus_days(first, i32::try_from(offset).unwrap());
            let at = zone.instant_of(date, Hour::NINE);
            assert_eq!(zone.date_at(at), date, "{zone:?} on {date}");
            if let Some(before) = before {
                let hours = (at - before).num_minutes();
                assert!((22 * 60..=26 * 60).contains(&hours), "{zone:?}: from {before} to {at}");
            }
            before = Some(at);
            seen += 1;
        }
    }
    assert!(seen > 590 * 2922, "{seen}");
}

/// Where a clock changes, every hour of the day is asked for, not only nine.
#[test]
fn own_12_f35_around_every_change_of_a_clock_each_hour_is_found_once_and_in_order() {
    let midnight = Hour::parse(0).unwrap();
    let mut changes = 0;
    for zone in zones() {
        for year in 2024..=2031 {
            let mut date = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
            while date.year() == year {
                let next = plus_days(date, 8);
                let long = (zone.instant_of(next, midnight) - zone.instant_of(date, midnight)).num_minutes() != 8 * 24 * 60;
                if long {
                    changes += 1;
                    for back in 0..9 {
                        every_hour(zone, plus_days(date, back));
                    }
                }
                date = next;
            }
        }
    }
    assert!(changes > 1000, "{changes}");
}

fn every_hour(zone: Zone, date: NaiveDate) {
    let mut before: Option<DateTime<Utc>> = None;
    for hour in 0..24 {
        let at = zone.instant_of(date, Hour::parse(hour).unwrap());
        assert!(before.is_none_or(|before| before <= at), "{zone:?}, {date} {hour}:00 is before the hour before it");
        let shown = zone.clock_at(at);
        // Another implementation says the same of years that are over, but where its older database was put right since.
        if date.year() < 2026 && !["Europe/Chisinau", "Europe/Tiraspol"].contains(&zone.name()) {
            let tz: chrono_tz::Tz = zone.name().parse().unwrap();
            assert_eq!(shown, at.with_timezone(&tz).naive_local(), "{zone:?} at {at}");
        }
        // An hour in a gap is the first instant behind it, which is past midnight where the gap is the day's last hour.
        let minutes = (shown - date.and_time(NaiveTime::MIN)).num_minutes() - hour * 60;
        assert!((0..=120).contains(&minutes), "{zone:?}, {date} {hour}:00 shows {shown}");
        // The hour that comes twice is taken the first time: just before it, the clock showed less.
        assert!(zone.clock_at(at - TimeDelta::minutes(1)) < shown || minutes == 0, "{zone:?}, {date} {hour}:00");
        before = Some(at);
    }
}

/// Zone, local date, hour, the instant.
#[test]
fn own_12_f35_gaps_doubled_hours_and_skipped_days_by_example() {
    for (zone, date, hour, instant) in [
        ("Europe/Berlin", "2026-03-29", 2, "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", "2026-10-25", 2, "2026-10-25T00:00:00Z"),
        ("America/New_York", "2026-03-08", 2, "2026-03-08T07:00:00Z"),
        ("America/New_York", "2026-11-01", 1, "2026-11-01T05:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-04", 2, "2026-10-03T15:30:00Z"),
        ("Africa/Cairo", "2026-04-24", 0, "2026-04-23T22:00:00Z"),
        ("America/Santiago", "2026-09-06", 0, "2026-09-06T04:00:00Z"),
        ("Pacific/Kiritimati", "2026-01-01", 9, "2025-12-31T19:00:00Z"),
        ("Pacific/Pago_Pago", "2026-01-01", 9, "2026-01-01T20:00:00Z"),
        ("Asia/Kathmandu", "2026-01-01", 9, "2026-01-01T03:15:00Z"),
        ("Pacific/Apia", "2011-12-30", 9, "2011-12-30T10:00:00Z"),
    ] {
        let found = Zone::parse(zone).unwrap().instant_of(day(date), Hour::parse(hour).unwrap());
        assert_eq!(found, instant.parse::<DateTime<Utc>>().unwrap(), "{zone} {date} {hour}:00");
    }
}

#[test]
fn own_12_days_are_counted_over_month_ends_leap_days_and_years() {
    for (from, days, to) in [
        ("2024-02-28", 1, "2024-02-29"),
        ("2024-02-29", 1, "2024-03-01"),
        ("2024-02-29", 365, "2025-02-28"),
        ("2025-02-28", 1, "2025-03-01"),
        ("2026-01-31", 30, "2026-03-02"),
        ("2026-12-31", 1, "2027-01-01"),
        ("2028-03-01", -1, "2028-02-29"),
        ("2026-03-29", -3, "2026-03-26"),
    ] {
        assert_eq!(plus_days(day(from), days), day(to), "{from} {days:+}");
        assert_eq!(days_between(day(from), day(to)), i64::from(days));
    }
    assert_eq!(plus_days(NaiveDate::MAX, 1), NaiveDate::MAX);
}
