//! What a month costs, from counted units. The README shows the table that this test computes.

use crate::{
    counts::UNITS,
    template::{resources, template},
};
use rust_decimal::Decimal;
use serde_json::Value;
use std::{fs, str::FromStr as _};

/// Prices in US dollars, us-east-1, on demand, without any free tier.
///
/// Source: the services' pricing pages, as of November 2026.
mod price {
    pub const WRITE_MILLION: &str = "0.625";
    pub const READ_MILLION: &str = "0.125";
    pub const LAMBDA_MILLION: &str = "0.20";
    pub const LAMBDA_GB_SECOND: &str = "0.0000133334";
    pub const HTTP_API_MILLION: &str = "1.00";
    pub const EVENT_MILLION: &str = "1.00";
    pub const LOG_GB: &str = "0.50";
    pub const MAIL_THOUSAND: &str = "0.10";
    pub const SECRET: &str = "0.40";
    /// For each metric that an alarm looks at.
    pub const ALARM: &str = "0.10";
    pub const METRIC: &str = "0.30";
    pub const DASHBOARD: &str = "3.00";
}

/// What happens to an invoice in its life, as [`UNITS`] names it, and how often.
const LIFE: [(&str, u32); 9] = [
    ("create and send", 1),
    ("hand over", 1),
    ("first view", 1),
    ("page", 2),
    ("remind", 2),
    ("hand over the reminder", 2),
    ("press Pay", 1),
    ("settle", 1),
    ("hand over the receipt", 1),
];
/// Mails of a life: the invoice, two reminders, the receipt.
const MAILS: u32 = 4;
/// Events of a life: sent, viewed, payment applied, closed.
const EVENTS: u32 = 4;
/// Requests of a life: create and send, three pages, the pay page, Pay, the way back, three notices of the gateway.
const REQUESTS: u32 = 10;
/// Starts of the dispatcher by the stream, at most one for each commit that leaves rows: sent, viewed, two reminders, paid.
const BATCHES: u32 = 5;
/// Starts by a schedule in a month of 730 hours: two every hour, two every five minutes.
const STARTS: u32 = 2 * 730 + 2 * 730 * 12;
/// Read units of an empty start.
const EMPTY: u32 = 9;
/// Metrics of ours that have a value in every hour, as which they are billed: the ends of three sweeps, what those failed at, and the
/// age of the outbox. The others have one only when something is wrong.
const METRICS: u32 = 5;
/// Milliseconds a start runs, as it is billed, and its memory in MB. A guess that is on the high side once functions are warm.
const RUN: (u32, u32) = (60, 256);
/// Bytes a start logs.
const LOGGED: u32 = 1_500;

fn d(number: &str) -> Decimal {
    Decimal::from_str(number).unwrap()
}

fn millions(count: Decimal) -> Decimal {
    count / d("1000000")
}

/// Dollars a month for so many invoices: fixed, table, functions and APIs, events and logs, mail.
fn month(invoices: u32) -> [Decimal; 5] {
    let invoices = Decimal::from(invoices);
    let units = |which: usize| -> Decimal {
        let of = |name: &str| UNITS.iter().find(|(known, _)| *known == name).unwrap().1[0].split(' ').nth(which).unwrap();
        LIFE.iter().map(|(name, times)| d(of(name)) * Decimal::from(*times)).sum()
    };
    let reads = invoices * units(0) + Decimal::from(STARTS * EMPTY);
    let starts = invoices * Decimal::from(REQUESTS + BATCHES) + Decimal::from(STARTS);
    let gb_seconds = starts * Decimal::from(RUN.0) / d("1000") * Decimal::from(RUN.1) / d("1024");
    let template = template();
    let made = |kind: &str| Decimal::from(u32::try_from(resources(&template, kind).len()).unwrap());
    let alarms = resources(&template, "AWS::CloudWatch::Alarm");
    let of_alarm = |alarm: &Value| match &alarm["Metrics"] {
        Value::Array(metrics) => metrics.iter().filter(|metric| metric.get("MetricStat").is_some()).count(),
        _ => 1,
    };
    let alarmed = Decimal::from(u32::try_from(alarms.values().map(of_alarm).sum::<usize>()).unwrap());
    [
        (made("AWS::SecretsManager::Secret") + Decimal::ONE) * d(price::SECRET)
            + alarmed * d(price::ALARM)
            + made("AWS::CloudWatch::Dashboard") * d(price::DASHBOARD)
            + Decimal::from(METRICS) * d(price::METRIC),
        millions(invoices * units(1)) * d(price::WRITE_MILLION) + millions(reads) * d(price::READ_MILLION),
        millions(starts) * d(price::LAMBDA_MILLION)
            + gb_seconds * d(price::LAMBDA_GB_SECOND)
            + millions(invoices * Decimal::from(REQUESTS)) * d(price::HTTP_API_MILLION),
        millions(invoices * Decimal::from(EVENTS)) * d(price::EVENT_MILLION)
            + starts * Decimal::from(LOGGED) / d("1000000000") * d(price::LOG_GB),
        invoices * Decimal::from(MAILS) / d("1000") * d(price::MAIL_THOUSAND),
    ]
}

/// Dollars a day while somebody asks without a valid link as fast as the gateway's limit on a route lets through.
fn flood() -> Decimal {
    let stages = resources(&template(), "AWS::ApiGatewayV2::Stage");
    let rate = stages["CustomerStage"]["DefaultRouteSettings"]["ThrottlingRateLimit"].as_u64().unwrap();
    let requests = Decimal::from(rate * 86_400);
    let gb_seconds = requests * Decimal::from(RUN.0) / d("1000") * Decimal::from(RUN.1) / d("1024");
    millions(requests) * (d(price::HTTP_API_MILLION) + d(price::LAMBDA_MILLION))
        + gb_seconds * d(price::LAMBDA_GB_SECOND)
        + requests * Decimal::from(LOGGED) / d("1000000000") * d(price::LOG_GB)
}

#[test]
fn own_06_the_readme_says_what_a_flood_costs() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let told = format!("at most ${} a day", flood().round_dp(0));
    assert!(readme.contains(&told), "the README should say {told}");
}

#[test]
fn own_06_the_readme_s_table_of_costs_is_what_counted_units_cost() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let mut table =
        "| Invoices a month | Fixed | Table | Functions, APIs | Events, logs | Mail | Together |\n|---|---|---|---|---|---|---|\n"
            .to_owned();
    for (invoices, shown) in [(0, "0"), (1_000, "1,000"), (100_000, "100,000"), (1_000_000, "1,000,000")] {
        let parts = month(invoices);
        let sum: Decimal = parts.iter().sum();
        let cells = parts.iter().chain([&sum]).map(|dollars| format!(" ${:.2} |", dollars.round_dp(2)));
        table.push_str(&format!("| {shown} |{}\n", cells.collect::<String>()));
    }
    assert!(readme.contains(&table), "the README should show\n{table}");
}
