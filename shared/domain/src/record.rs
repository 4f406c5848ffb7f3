//! The journal's frame: entries in a chain, for every kind of record.

use crate::{
    access::UserId,
    digest::Digest,
    ids::{ApiKeyId, ContactId, CreditId, InvoiceId, PaymentId, ProductId, RequestId},
    invoice::journal::Event,
    money::Money,
    pii::RecipientRef,
};
use chrono::{DateTime, Utc};

/// Whose journal it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An invoice with its attempts and payments.
    Invoice(InvoiceId),
    /// A contact.
    Contact(ContactId),
    /// A product.
    Product(ProductId),
    /// The business and its settings.
    Business,
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
    /// A contact got unapplied credit.
    Credited {
        /// The credit.
        credit_id: CreditId,
        /// How much.
        amount: Money,
        /// The invoice it came from.
        invoice_id: InvoiceId,
        /// The payment it came from; none when a paid invoice was voided.
        payment_id: Option<PaymentId>,
    },
}

/// What an entry tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Of an invoice.
    Invoice(Event),
    /// Of anything else.
    Record(RecordEvent),
}

/// One entry of a journal.
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
    /// What.
    pub fact: Fact,
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
