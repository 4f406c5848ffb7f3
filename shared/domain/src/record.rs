//! The journal's frame: entries in a chain, for every kind of record.

use crate::{
    access::UserId,
    attempt::AttemptEvent,
    credit::CreditEvent,
    digest::Digest,
    ids::{ApiKeyId, AttemptId, ContactId, CreditId, InvoiceId, PaymentId, ProductId, RequestId},
    invoice::journal::Event,
    money::Money,
    payment::PaymentEvent,
    pii::RecipientRef,
};
use chrono::{DateTime, Utc};
use std::fmt;

/// Whose journal it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An invoice.
    Invoice(InvoiceId),
    /// An attempt to collect.
    Attempt(AttemptId),
    /// A payment.
    Payment(PaymentId),
    /// A credit of a contact.
    Credit(ContactId, CreditId),
    /// A contact.
    Contact(ContactId),
    /// A product.
    Product(ProductId),
    /// The business and its settings.
    Business,
}

impl fmt::Display for Subject {
    /// Its id, which says its kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invoice(id) => id.fmt(f),
            Self::Attempt(id) => id.fmt(f),
            Self::Payment(id) => id.fmt(f),
            Self::Credit(_, id) => id.fmt(f),
            Self::Contact(id) => id.fmt(f),
            Self::Product(id) => id.fmt(f),
            Self::Business => f.write_str("business"),
        }
    }
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Staff, by the key they used.
    Staff(ApiKeyId),
    /// Staff who logged in, by their identity provider's name for them.
    User(UserId),
    /// A customer, by the recipient their link was written for.
    Customer(RecipientRef),
    /// A function that nobody watches, by its name.
    System(String),
    /// A gateway, by its name.
    Gateway(String),
}

/// Why it was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The request or run.
    pub request_id: RequestId,
    /// The rule that made it happen or allowed it, such as `ACT-VOID-STATUS`.
    pub rule: String,
}

/// What happened to a record that is no invoice. Details are named by a salted digest, never by their text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordEvent {
    /// It began.
    Created {
        /// Salted digest of the details.
        details: Digest,
    },
    /// Its details changed.
    Changed {
        /// Salted digest of the new details.
        details: Digest,
    },
}

/// Something that happened to a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// To an invoice.
    Invoice(Event),
    /// To an attempt.
    Attempt(AttemptEvent),
    /// To a payment.
    Payment(PaymentEvent),
    /// To a credit.
    Credit(CreditEvent),
    /// To anything else.
    Record(RecordEvent),
}

/// One entry of a journal: all that one commit did to one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose journal.
    pub subject: Subject,
    /// Its place, from 1, without a gap.
    pub seq: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// Why.
    pub cause: Cause,
    /// What happened, in order.
    pub facts: Vec<Fact>,
    /// How the record stands after it; none for records without a status.
    pub status: Option<String>,
    /// What an invoice asks for after it.
    pub amount_due: Option<Money>,
}

/// The end of a journal: what the next entry stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The last entry's place; 0 before the first.
    pub seq: u64,
    /// The last entry's hash.
    pub hash: Digest,
}

impl Head {
    /// Before the first entry.
    pub const START: Self = Self { seq: 0, hash: Digest::NONE };

    /// The head after one more entry, whose canonical text is given.
    #[must_use]
    pub fn after(self, canonical: &[u8]) -> Self {
        Self { seq: self.seq + 1, hash: Digest::of(&[b"journal 1", self.hash.bytes(), canonical]) }
    }
}
