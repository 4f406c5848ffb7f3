//! Every key shape of the table, on one page.
//!
//! | Record | `pk` | `sk` |
//! |---|---|---|
//! | invoice: state, words | `INV#{invoice}` | `A#STATE`, `A#TEXT` |
//! | its attempts, payments | `INV#{invoice}` | `B#{attempt}`, `C#{payment}` |
//! | its journal, outbox rows | `INV#{invoice}` | `J#{seq}`, `M#{message key}` |
//! | contact: state, credits, journal | `CON#{contact}` | `A#STATE`, `C#{credit}`, `J#{seq}` |
//! | product: state, journal | `PRD#{product}` | `A#STATE`, `J#{seq}` |
//! | business: state, journal | `BUSINESS` | `A#STATE`, `J#{seq}` |
//! | API key, also the bootstrap key's record | `KEY#{key}` | `A#STATE` |
//! | idempotency record | `IDEM#{digest of scope and key}` | `A#STATE` |
//! | gateway event | `EVT#{gateway}#{event}` | `A#STATE` |
//! | number series | `NUM#{series}` | `A#STATE` |
//! | record of a sweep | `RUN#{function}` | `A#STATE` |
//!
//! | Index | partition | sort | holds |
//! |---|---|---|---|
//! | `due` | `{function}#{shard of 16}` | instant | invoices with a step to come, attempts to be asked about |
//! | `outbox` | `outbox#{shard of 16}` | instant | rows not handed over: their time, or the end of their lease |
//! | `by_kind` | `invoice`, `contact`, `product`, `api_key` | id | everything of a kind, oldest first |
//! | `by_status` | `{status}` | invoice | invoices by status |
//! | `by_contact` | `{contact}` | invoice | a contact's invoices |
//! | `by_due_date` | `owing` | `{due date}#{invoice}` | invoices with something owed |
//!
//! Every index is sparse and read for candidates only: what is decided is decided on the table. An instant is RFC 3339 in
//! UTC with milliseconds, so that text order is time order.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use domain::{
    automation::Sweep,
    ids::{ApiKeyId, AttemptId, ContactId, CreditId, InvoiceId, PaymentId, ProductId},
    invoice::status::StatusCode,
    record::Subject,
};

/// Shards of the due index and of the outbox index.
pub const SHARDS: u8 = 16;

pub(crate) const STATE: &str = "A#STATE";
pub(crate) const TEXT: &str = "A#TEXT";
pub(crate) const JOURNAL: &str = "J#";
pub(crate) const MESSAGES: &str = "M#";

/// An index of the table: its name and the attributes it is keyed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// The attribute that is its partition.
    pub partition: &'static str,
    /// The attribute that is its sort key.
    pub sort: &'static str,
    /// Whether the items' summaries are copied into it.
    pub with_summary: bool,
}

/// What is due, by function and shard.
pub const DUE: Index = Index { name: "due", partition: "due_pk", sort: "due_at", with_summary: false };
/// What is to be handed over, by shard.
pub const OUTBOX: Index = Index { name: "outbox", partition: "outbox_pk", sort: "outbox_at", with_summary: false };
/// Everything of a kind.
pub const BY_KIND: Index = Index { name: "by_kind", partition: "kind_pk", sort: "kind_sk", with_summary: true };
/// Invoices by status.
pub const BY_STATUS: Index = Index { name: "by_status", partition: "status_pk", sort: "status_sk", with_summary: true };
/// Invoices by contact.
pub const BY_CONTACT: Index = Index { name: "by_contact", partition: "contact_pk", sort: "contact_sk", with_summary: true };
/// Invoices with something owed, by due date.
pub const BY_DUE_DATE: Index = Index { name: "by_due_date", partition: "owing_pk", sort: "owing_sk", with_summary: true };

/// Every index.
pub const INDEXES: [Index; 6] = [DUE, OUTBOX, BY_KIND, BY_STATUS, BY_CONTACT, BY_DUE_DATE];

/// The attribute that lists show, copied into their indexes.
pub const SUMMARY: &str = "summary";
/// The attribute after which DynamoDB may delete an item, in seconds since 1970.
pub const TTL: &str = "ttl";

pub(crate) fn invoice(id: &InvoiceId) -> String {
    format!("INV#{id}")
}

pub(crate) fn contact(id: &ContactId) -> String {
    format!("CON#{id}")
}

pub(crate) fn product(id: &ProductId) -> String {
    format!("PRD#{id}")
}

pub(crate) fn business() -> String {
    "BUSINESS".to_owned()
}

pub(crate) fn api_key(id: &ApiKeyId) -> String {
    format!("KEY#{id}")
}

pub(crate) fn idempotency(digest: &domain::digest::Digest) -> String {
    format!("IDEM#{}", digest.hex())
}

pub(crate) fn gateway_event(gateway: &str, event_id: &str) -> String {
    format!("EVT#{gateway}#{event_id}")
}

pub(crate) fn number_series(series: &str) -> String {
    format!("NUM#{series}")
}

pub(crate) fn run(function: &str) -> String {
    format!("RUN#{function}")
}

pub(crate) fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Invoice(id) => invoice(id),
        Subject::Contact(id) => contact(id),
        Subject::Product(id) => product(id),
        Subject::Business => business(),
    }
}

pub(crate) fn attempt(id: &AttemptId) -> String {
    format!("B#{id}")
}

pub(crate) fn payment(id: &PaymentId) -> String {
    format!("C#{id}")
}

pub(crate) fn credit(id: &CreditId) -> String {
    format!("C#{id}")
}

pub(crate) fn entry(seq: u64) -> String {
    format!("{JOURNAL}{seq:012}")
}

pub(crate) fn message(key: &str) -> String {
    format!("{MESSAGES}{key}")
}

/// The invoice and message key of an outbox row's keys, as stream records carry them.
#[must_use]
pub fn parse_message_key(pk: &str, sk: &str) -> Option<(InvoiceId, String)> {
    let invoice_id = InvoiceId::parse(pk.strip_prefix("INV#")?).ok()?;
    Some((invoice_id, sk.strip_prefix(MESSAGES)?.to_owned()))
}

pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

pub(crate) fn due_partition(sweep: Sweep, shard: u8) -> String {
    format!("{}#{shard:02}", sweep.name())
}

pub(crate) fn outbox_partition(shard: u8) -> String {
    format!("outbox#{shard:02}")
}

pub(crate) fn status_partition(status: StatusCode) -> &'static str {
    status.name()
}

pub(crate) const OWING: &str = "owing";

pub(crate) fn owing_sort(due_on: NaiveDate, id: &InvoiceId) -> String {
    format!("{due_on}#{id}")
}
