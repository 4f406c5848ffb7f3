//! The stories: what Remit promises, told as tests in one binary.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test may fail loudly, and a table has a line for each case"
)]

mod access;
mod alarms;
mod api_keys;
mod architecture;
mod bad_input;
mod bad_requests;
mod calendar;
mod claims;
mod clock;
mod cloudwatch;
mod connection;
mod costs;
mod counts;
mod deploying;
mod dynamo_json;
mod features;
mod fencing;
mod floods;
mod formats;
mod front;
mod gateway_faults;
mod gateway_notices;
mod golden;
mod golden_money;
mod idempotency;
mod links;
mod lists;
mod main_job;
mod many_records;
mod money;
mod outbox;
mod outbox_addresses;
mod paying;
mod paying_at_once;
mod permissions;
mod recorder;
mod records;
mod reminders;
mod reminders_once;
mod reminders_zones;
mod resolving;
mod restoring;
mod routes;
mod rules;
mod sample_events;
mod settings;
mod store_engine;
mod store_engine_faults;
mod store_faults;
mod tampering;
mod template;
mod texts;
