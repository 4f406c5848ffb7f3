//! The journal of an invoice.

use super::value::{Amount, instant};
use crate::problem::ApiProblem;
use app::AppError;
use domain::record::{Actor, Head};
use serde::Serialize;
use serde_json::Value;
use store::StoredEntry;
use utoipa::ToSchema;

/// Who did it.
#[derive(Serialize, ToSchema)]
#[schema(as = JournalActor, examples(json!({"kind": "staff", "id": "key_01JZ8Q6X3S9V7K2M4N5P6R8T0W"})))]
pub(crate) struct ActorBody {
    /// `staff`, `user`, `customer`, `system` or `gateway`.
    pub kind: &'static str,
    /// The API key, the login's subject, the recipient's reference, the function, the gateway.
    pub id: String,
}

impl From<&Actor> for ActorBody {
    fn from(actor: &Actor) -> Self {
        let (kind, id) = match actor {
            Actor::Staff(key) => ("staff", key.to_string()),
            Actor::User(user) => ("user", user.as_str().to_owned()),
            Actor::Customer(recipient) => ("customer", recipient.hex()),
            Actor::System(function) => ("system", function.clone()),
            Actor::Gateway(gateway) => ("gateway", gateway.clone()),
        };
        Self { kind, id }
    }
}

/// Why it was done.
#[derive(Serialize, ToSchema)]
#[schema(as = JournalCause, examples(json!({"request_id": "req_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "rule": "ACT-SEND-DRAFT"})))]
pub(crate) struct CauseBody {
    /// The request or run.
    pub request_id: String,
    /// The rule that made it happen or allowed it.
    pub rule: String,
}

/// One entry.
#[derive(Serialize, ToSchema)]
#[schema(as = JournalEntry)]
pub(crate) struct EntryBody {
    /// Its place, from 1, without a gap.
    pub seq: u64,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// Who.
    pub actor: ActorBody,
    /// Why.
    pub cause: CauseBody,
    /// What happened, in order: each has its `type`, sums in minor units, texts as digests.
    #[schema(value_type = Vec<Object>)]
    pub events: Vec<Value>,
    /// How the record stands after it.
    pub status: Option<String>,
    /// What an invoice asks for after it.
    pub amount_due: Option<Amount>,
    /// The text that the hash is over, byte for byte.
    pub canonical: String,
    /// SHA-256 over this entry and all before it, in hex.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
}

impl EntryBody {
    fn read(stored: &StoredEntry) -> Result<Self, ApiProblem> {
        let canonical: Value = serde_json::from_str(&stored.canonical).map_err(|error| AppError::Defect(error.to_string()))?;
        let events = canonical.get("events").and_then(Value::as_array).cloned().unwrap_or_default();
        let entry = &stored.entry;
        Ok(Self {
            seq: entry.seq,
            at: instant(entry.at),
            actor: (&entry.actor).into(),
            cause: CauseBody { request_id: entry.cause.request_id.to_string(), rule: entry.cause.rule.clone() },
            events,
            status: entry.status.clone(),
            amount_due: entry.amount_due.map(Amount::from),
            canonical: stored.canonical.clone(),
            hash: stored.hash.hex(),
        })
    }
}

/// Entries of a journal, oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Journal)]
pub(crate) struct JournalBody {
    /// The entries.
    pub data: Vec<EntryBody>,
    /// Give this as `cursor` for the next entries; null at the end.
    pub next_cursor: Option<String>,
    /// Whether the hashes of these entries, and of the one before them, make an unbroken chain.
    pub verified: bool,
}

impl JournalBody {
    /// The rows behind a head, in order.
    pub fn read(before: Head, rows: &[StoredEntry], next_cursor: Option<String>) -> Result<Self, ApiProblem> {
        let mut head = before;
        let mut verified = true;
        for row in rows {
            head = head.after(row.canonical.as_bytes());
            verified &= head.hash == row.hash && head.seq == row.entry.seq;
        }
        Ok(Self { data: rows.iter().map(EntryBody::read).collect::<Result<_, _>>()?, next_cursor, verified })
    }
}
