//! Requests to the payment provider, and answers in its name, held against its published schema.
//!
//! `REMIT_VENDOR_SCHEMAS` names the folder with the schema. Without it nothing is checked; in CI that is a failure.
//! `REMIT_VENDOR_COUNTS` names a file that gets a line for every check: method, path as a template, requests, answers.
//! Both are read from the root of the repository where they are not absolute.
#![expect(clippy::panic, clippy::unwrap_used, reason = "what a test stands on may fail loudly")]

mod form;
mod schema;
#[cfg(test)]
mod tests;

use schema::{Endpoint, Schema};
use serde_json::Value;
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::OnceLock,
};

const FILE: &str = "stripe-openapi-2023-08-16-subset.json";

static SCHEMA: OnceLock<Option<Schema>> = OnceLock::new();

/// Checks one request: its address, the pairs of its query and the pairs of its form, decoded.
///
/// The path is one that was asked for or one of the schema's templates.
///
/// # Panics
/// When the request does not follow the schema.
pub fn check_request(method: &str, path: &str, query: &[(String, String)], form: &[(String, String)]) {
    let Some(schema) = published() else { return };
    let faults = schema.request_faults(method, path, query, form);
    assert!(faults.is_empty(), "request {method} {path}: {faults:#?}\nquery {query:#?}\nform {form:#?}");
    note(schema.find(method, path), 1, 0);
}

/// Checks one answer. Of an address that the schema does not hold, only the 404 for an unknown address is right.
///
/// The path is one that was asked for or one of the schema's templates.
///
/// # Panics
/// When the answer does not follow the schema.
pub fn check_answer(method: &str, path: &str, status: u16, body: &Value) {
    let Some(schema) = published() else { return };
    let faults = schema.answer_faults(method, path, status, body);
    assert!(faults.is_empty(), "answer {status} {method} {path}: {faults:#?}\n{body:#}");
    note(schema.find(method, path), 0, 1);
}

fn published() -> Option<&'static Schema> {
    SCHEMA
        .get_or_init(|| {
            let Some(folder) = variable("REMIT_VENDOR_SCHEMAS").filter(|folder| !folder.is_empty()) else {
                assert!(variable("CI").is_none(), "REMIT_VENDOR_SCHEMAS is not set, so nothing would be checked");
                return None;
            };
            let path = from_root(&folder).join(FILE);
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            Some(Schema::new(serde_json::from_str(&text).unwrap()))
        })
        .as_ref()
}

/// Adds what was checked to the file that `REMIT_VENDOR_COUNTS` names.
fn note(endpoint: Option<Endpoint<'_>>, requests: u8, answers: u8) {
    let (Some(file), Some(endpoint)) = (variable("REMIT_VENDOR_COUNTS"), endpoint) else { return };
    let mut file = fs::OpenOptions::new().create(true).append(true).open(from_root(&file)).unwrap();
    file.write_all(format!("{endpoint} {requests} {answers}\n").as_bytes()).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "where schemas and counts lie is said from outside")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn from_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}
