//! Every key shape of the table, on one page.
//!
//! | Record | `pk` | `sk` |
//! |---|---|---|
//! | invoice: state, words | `INV#{invoice}` | `A#STATE`, `A#TEXT` |
//! | its journal, outbox rows | `INV#{invoice}` | `J#{seq}`, `M#{message key}` |
//! | attempt: state, journal | `ATT#{attempt}` | `A#STATE`, `J#{seq}` |
//! | payment: state, journal, outbox rows | `PAY#{payment}` | `A#STATE`, `J#{seq}`, `M#{message key}` |
//! | contact: state, journal | `CON#{contact}` | `A#STATE`, `J#{seq}` |
//! | its credits, and their journals | `CON#{contact}` | `C#{credit}`, `D#{credit}#{seq}` |
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
//! | `outbox` | `outbox#{shard of 16}` | instant | rows not handed over, by their time |
//! | `by_kind` | `invoice`, `contact`, `product`, `api_key`, `attempt` | id | everything of a kind, oldest first |
//! | `by_kind` | `payment` | `{instant}#{payment}` | payments, oldest first |
//! | `by_status` | `{status}` | invoice | invoices by status |
//! | `by_contact` | `{contact}` | invoice, attempt, `pay#{instant}#{payment}` | a contact's invoices, attempts, payments |
//! | `by_due_date` | `owing` | `{due date}#{invoice}` | invoices with something owed |
//!
//! Every index is sparse and read for candidates only: what is decided is decided on the table. An instant is RFC 3339 in
//! UTC with milliseconds, so that text order is time order.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use domain::{
    automation::Sweep,
    ids::{ApiKeyId, AttemptId, ContactId, CreditId, InvoiceId, PaymentId, ProductId},
    invoice::status::StatusCode,
    payment::Payment,
    record::Subject,
};

/// Shards of the due index and of the outbox index.
pub const SHARDS: u8 = 16;

pub(crate) const STATE: &str = "A#STATE";
pub(crate) const TEXT: &str = "A#TEXT";
pub(crate) const JOURNAL: &str = "J#";
pub(crate) const CREDITS: &str = "C#";
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

pub(crate) fn attempt(id: &AttemptId) -> String {
    format!("ATT#{id}")
}

pub(crate) fn payment(id: &PaymentId) -> String {
    format!("PAY#{id}")
}

pub(crate) fn credit(id: &CreditId) -> String {
    format!("{CREDITS}{id}")
}

/// A record's partition.
pub(crate) fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Invoice(id) => invoice(id),
        Subject::Attempt(id) => attempt(id),
        Subject::Payment(id) => payment(id),
        Subject::Contact(id) | Subject::Credit(id, _) => contact(id),
        Subject::Product(id) => product(id),
        Subject::Business => business(),
    }
}

/// What the sort keys of a record's journal begin with.
pub(crate) fn journal(subject: &Subject) -> String {
    match subject {
        Subject::Credit(_, id) => format!("D#{id}#"),
        Subject::Invoice(_) | Subject::Attempt(_) | Subject::Payment(_) | Subject::Contact(_) | Subject::Product(_) | Subject::Business => {
            JOURNAL.to_owned()
        }
    }
}

pub(crate) fn entry(subject: &Subject, seq: u64) -> String {
    format!("{}{seq:012}", journal(subject))
}

pub(crate) fn message(key: &str) -> String {
    format!("{MESSAGES}{key}")
}

/// The record and message key of an outbox row's keys, as stream records carry them.
#[must_use]
pub fn parse_message_key(pk: &str, sk: &str) -> Option<(Subject, String)> {
    let subject = match pk.split_once('#')? {
        ("INV", id) => Subject::Invoice(InvoiceId::parse(id).ok()?),
        ("PAY", id) => Subject::Payment(PaymentId::parse(id).ok()?),
        _ => return None,
    };
    Some((subject, sk.strip_prefix(MESSAGES)?.to_owned()))
}

/// The shard of the outbox in which a record's rows are.
pub(crate) fn shard(subject: &Subject) -> u8 {
    match subject {
        Subject::Invoice(id) => id.shard(SHARDS),
        Subject::Attempt(id) => id.shard(SHARDS),
        Subject::Payment(id) => id.shard(SHARDS),
        Subject::Contact(id) | Subject::Credit(id, _) => id.shard(SHARDS),
        Subject::Product(id) => id.shard(SHARDS),
        Subject::Business => 0,
    }
}

/// Where a record stands in a list by time.
pub(crate) fn by_time(at: DateTime<Utc>, id: &str) -> String {
    format!("{}#{id}", instant(at))
}

/// Where a payment stands among a contact's.
pub(crate) fn payment_of_contact(payment: &Payment) -> String {
    format!("{PAYMENTS_OF_CONTACT}{}", by_time(payment.recorded_at, payment.id.as_str()))
}

/// What the places of a contact's payments begin with.
pub(crate) const PAYMENTS_OF_CONTACT: &str = "pay#";

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
