//! Reminders in the business's zone, wherever that is and whatever its clocks do. Every sweep starts on the full hour UTC.

use crate::reminders::{reminders, start_all};
use serde_json::json;
use tests::world::story;

/// A business in `zone` with its sweep at `hour` sends an invoice two weeks before it is due: A1 −3, A4 +1, +7, +14.
async fn in_zone(zone: &str, hour: u32, due_on: &str, expected: [&str; 4]) {
    let due: chrono::NaiveDate = due_on.parse().unwrap();
    let start = format!("{}T12:00:00Z", due - chrono::Days::new(14));
    story(&start, async |w| {
        let business = json!({
            "name": "Kestrel Studio", "zone": zone, "default_currency": "EUR",
            "email_from": "billing@kestrel.example.com", "sweep_hour": hour
        });
        let _ = w.put("/v1/business", &business).await.expect(200);
        let _ = w.sent_invoice("100.00", due_on).await;
        let year = &due_on[..4];
        for (nth, at) in expected.into_iter().enumerate() {
            let instant: chrono::DateTime<chrono::Utc> = format!("{year}-{at}:00Z").parse().unwrap();
            for (minutes, mails) in [(-60, nth), (0, nth + 1), (60, nth + 1)] {
                w.set_clock(&(instant + chrono::TimeDelta::minutes(minutes)).to_rfc3339());
                start_all(w).await;
                assert_eq!(reminders(w).len(), mails, "{zone} at {hour}: {minutes} minutes from {at}");
            }
        }
        let told: Vec<String> = reminders(w).iter().map(|told| told[..11].to_owned()).collect();
        assert_eq!(told, expected, "{zone} at {hour}, due {due_on}");
    })
    .await;
}

macro_rules! zones {
    ($($name:ident: $zone:literal, $hour:literal, $due_on:literal, $expected:expr;)+) => {
        $(#[tokio::test(start_paused = true)]
        async fn $name() {
            in_zone($zone, $hour, $due_on, $expected).await;
        })+
    };
}

zones! {
    own_12_west_of_utc: "America/Los_Angeles", 9, "2026-11-16", ["11-13T17:00", "11-17T17:00", "11-23T17:00", "11-30T17:00"];
    own_12_east_of_utc_the_local_day_begins_before_utc_s: "Pacific/Auckland", 9, "2026-11-16",
        ["11-12T20:00", "11-16T20:00", "11-22T20:00", "11-29T20:00"];
    own_12_fourteen_hours_ahead: "Pacific/Kiritimati", 9, "2026-11-16", ["11-12T19:00", "11-16T19:00", "11-22T19:00", "11-29T19:00"];
    own_12_eleven_hours_behind: "Pacific/Pago_Pago", 9, "2026-11-16", ["11-13T20:00", "11-17T20:00", "11-23T20:00", "11-30T20:00"];
    own_12_a_quarter_of_an_hour_aside_goes_out_with_the_next_start: "Asia/Kathmandu", 9, "2026-11-16",
        ["11-13T04:00", "11-17T04:00", "11-23T04:00", "11-30T04:00"];
    own_12_f35_clocks_go_forward_in_berlin: "Europe/Berlin", 9, "2026-03-29", ["03-26T08:00", "03-30T07:00", "04-05T07:00", "04-12T07:00"];
    own_12_f35_clocks_go_back_in_berlin: "Europe/Berlin", 9, "2026-10-25", ["10-22T07:00", "10-26T08:00", "11-01T08:00", "11-08T08:00"];
    own_12_f35_clocks_go_forward_in_new_york: "America/New_York", 9, "2026-03-08", ["03-05T14:00", "03-09T13:00", "03-15T13:00", "03-22T13:00"];
    own_12_f35_clocks_go_back_in_new_york: "America/New_York", 9, "2026-11-01", ["10-29T13:00", "11-02T14:00", "11-08T14:00", "11-15T14:00"];
    own_12_f35_an_hour_that_the_clock_skips: "Europe/Berlin", 2, "2026-04-01", ["03-29T01:00", "04-02T00:00", "04-08T00:00", "04-15T00:00"];
    own_12_f35_an_hour_that_comes_twice: "Europe/Berlin", 2, "2026-10-28", ["10-25T00:00", "10-29T01:00", "11-04T01:00", "11-11T01:00"];
    own_12_midnight_at_the_end_of_a_leap_february: "Asia/Tokyo", 0, "2028-03-01", ["02-26T15:00", "03-01T15:00", "03-07T15:00", "03-14T15:00"];
}
