//! EventBridge's `PutEvents`: what it refuses as a whole, what it refuses entry by entry, and what it keeps.

use super::{EventsFault, Recorded, answers};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};

const MOST_ENTRIES: usize = 10;
const MOST_BYTES: usize = 256 * 1024;

/// An event that was put.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedEvent {
    /// The id `PutEvents` answered with.
    pub id: String,
    /// `Source`.
    pub source: String,
    /// `DetailType`.
    pub detail_type: String,
    /// `Detail`, a JSON object.
    pub detail: Value,
    /// `Resources`.
    pub resources: Vec<String>,
    /// The bus's name.
    pub bus: String,
    /// `Time`, or else when it was put.
    pub at: DateTime<Utc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    time: Option<Number>,
}

struct EntryRefusal {
    code: &'static str,
    message: String,
}

pub(super) fn put(recorded: &mut Recorded, now: DateTime<Utc>, body: &[u8]) -> Response {
    let entries = match entries(body) {
        Ok(entries) => entries,
        Err(refusal) => return answers::refused_by_target(StatusCode::BAD_REQUEST, "ValidationException", refusal),
    };
    let fault = recorded.event_faults.pop_front();
    if fault == Some(EventsFault::LoseBeforeEffect) {
        return answers::lost();
    }

    let mut results = Vec::new();
    let mut accepted = Vec::new();
    let mut failed = 0;
    for (n, entry) in entries.into_iter().enumerate() {
        let number = recorded.events.len() + accepted.len() + 1;
        let outcome = if n == 0 && fault == Some(EventsFault::PartialFailure) {
            Err(EntryRefusal { code: "ThrottlingException", message: "Rate exceeded".to_owned() })
        } else {
            entry.recorded(number, now)
        };
        match outcome {
            Ok(event) => {
                results.push(json!({ "EventId": event.id }));
                accepted.push(event);
            }
            Err(refusal) => {
                failed += 1;
                results.push(json!({ "ErrorCode": refusal.code, "ErrorMessage": refusal.message }));
            }
        }
    }
    if let Some(disk) = &recorded.disk
        && let Err(error) = disk.keep_events(&accepted)
    {
        return answers::refused_by_target(StatusCode::INTERNAL_SERVER_ERROR, "InternalException", &format!("{error:#}"));
    }
    recorded.events.append(&mut accepted);

    if fault == Some(EventsFault::LoseAnswerAfterEffect) {
        return answers::lost();
    }
    answers::by_target(&json!({ "FailedEntryCount": failed, "Entries": results }))
}

fn entries(body: &[u8]) -> Result<Vec<Entry>, &'static str> {
    let PutEvents { entries } = serde_json::from_slice(body).map_err(|_| "the request is not one of PutEvents")?;
    if entries.is_empty() {
        return Err("1 validation error detected: 'entries' must have at least 1 member");
    }
    if entries.len() > MOST_ENTRIES {
        return Err("1 validation error detected: 'entries' must have at most 10 members");
    }
    if entries.iter().map(Entry::size).sum::<usize>() > MOST_BYTES {
        return Err("Total size of the entries in the request is over the limit.");
    }
    Ok(entries)
}

impl Entry {
    /// As EventBridge counts it: 14 bytes for a time, and the UTF-8 of everything else.
    fn size(&self) -> usize {
        let texts = [&self.source, &self.detail_type, &self.detail];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let resources: usize = self.resources.iter().map(String::len).sum();
        texts + resources + if self.time.is_some() { 14 } else { 0 }
    }

    fn recorded(self, number: usize, now: DateTime<Utc>) -> Result<RecordedEvent, EntryRefusal> {
        let source = required("Source", self.source)?;
        if source.starts_with("aws.") {
            let message = "Not authorized for the source.".to_owned();
            return Err(EntryRefusal { code: "NotAuthorizedForSourceException", message });
        }
        let detail_type = required("DetailType", self.detail_type)?;
        let detail = required("Detail", self.detail)?;
        let detail = match serde_json::from_str(&detail) {
            Ok(detail @ Value::Object(_)) => detail,
            _ => return Err(EntryRefusal { code: "MalformedDetail", message: "Detail is malformed.".to_owned() }),
        };
        let bus = self.event_bus_name.as_deref().map_or("default", |bus| bus.rsplit('/').next().unwrap_or(bus));
        Ok(RecordedEvent {
            id: format!("00000000-0000-4000-8000-{number:012}"),
            source,
            detail_type,
            detail,
            resources: self.resources,
            bus: bus.to_owned(),
            at: self.time.as_ref().and_then(whole_second).unwrap_or(now),
        })
    }
}

fn required(name: &str, value: Option<String>) -> Result<String, EntryRefusal> {
    value.filter(|text| !text.is_empty()).ok_or_else(|| EntryRefusal {
        code: "InvalidArgument",
        message: format!("Parameter {name} is not valid. Reason: {name} is a required argument."),
    })
}

fn whole_second(time: &Number) -> Option<DateTime<Utc>> {
    let text = time.to_string();
    let second = text.split('.').next()?.parse().ok()?;
    DateTime::from_timestamp(second, 0)
}
