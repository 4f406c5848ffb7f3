//! The sample events in every function's `events/`, and what stands in them where only a run can know better.

use super::root;
use serde_json::Value;
use std::path::PathBuf;

/// A link's token: a signature that no key made.
pub const TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// A try to pay.
pub const ATTEMPT: &str = "att_0123456789ABCDEF";
/// The public part of an API key.
pub const API_KEY: &str = "key_01JZ8Q6X3S9V7K2M4N5P6R8T0W";
/// Its secret part.
pub const API_KEY_SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
/// A contact.
pub const CONTACT: &str = "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W";
/// The day by which an invoice is to be paid.
pub const DUE_ON: &str = "2026-08-11";
/// The key of an outbox row: its invoice's partition, and its place in there.
pub const ROW: [&str; 2] = ["INV#inv_06H019056BSE6S5MG44VC36ND6", "M#unpaid/first/b533d4547eaa5a0f/email"];

/// A function's folder of sample events.
#[must_use]
pub fn folder(function: &str) -> PathBuf {
    root().join("functions").join(function).join("events")
}

/// A sample event as it stands.
///
/// # Panics
/// When there is none of that name.
#[must_use]
pub fn sample(function: &str, name: &str) -> String {
    let file = folder(function).join(name);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A sample event with something else in the places of what stands in it.
///
/// # Panics
/// When it does not hold what is to be replaced.
#[must_use]
pub fn filled(function: &str, name: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(sample(function, name), |event, (old, new)| {
        assert!(event.contains(old), "{function}/{name} does not hold {old}");
        event.replace(old, new)
    })
}

/// A sample event of an HTTP request with another body and other headers.
///
/// # Panics
/// When it is no such event.
#[must_use]
pub fn carrying(function: &str, name: &str, headers: &[(String, String)], body: &[u8]) -> String {
    let mut event: Value = serde_json::from_str(&sample(function, name)).unwrap();
    for (name, value) in headers {
        event["headers"][name.to_lowercase()] = Value::from(value.as_str());
    }
    event["body"] = Value::from(str::from_utf8(body).unwrap());
    event.to_string()
}
