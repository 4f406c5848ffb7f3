//! What can happen to an invoice.

use crate::{
    attempt::{Attempt, AttemptState, Decline},
    automation::StepRef,
    currency::Currency,
    digest::Digest,
    ids::{AttemptId, ContactId, CreditId},
    invoice::line::Line,
    money::{Money, Rounding},
    numbering::Number,
    payment::Payment,
    pii::RecipientRef,
    reminder::Skip,
};
use chrono::{DateTime, NaiveDate, Utc};

/// Everything of an invoice that its author decides, apart from words: those stand beside, named by a salted digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// The invoice date.
    pub invoice_date: NaiveDate,
    /// The local date on which it is due.
    pub due_on: NaiveDate,
    /// The lines.
    pub lines: Vec<Line>,
    /// How they are rounded.
    pub rounding: Rounding,
    /// Whether mails go out for it at all.
    pub deliver: Deliver,
    /// Whether it is reminded of.
    pub reminders_on: bool,
    /// Salted digest of names, addresses, notes and line texts.
    pub text: Digest,
}

/// How the invoice reaches its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deliver {
    /// By mail.
    Email,
    /// Not by us: staff hand over the link.
    None,
}

/// What became of a reminder's step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepOutcome {
    /// A mail was put into the outbox.
    Enqueued,
    /// It is over without a mail.
    Skipped(Skip),
    /// It waits until then.
    Moved {
        /// Until when.
        to: DateTime<Utc>,
        /// Why.
        reason: Skip,
    },
}

/// Something that happened to an invoice, its attempts or its payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It was written down.
    Drafted {
        /// Who is billed.
        contact_id: ContactId,
        /// In which currency.
        currency: Currency,
        /// What it says.
        body: Body,
    },
    /// It was changed.
    Revised {
        /// The new revision, from 2.
        rev: u32,
        /// Raised when the due date moved, so that reminders count anew.
        due_version: u32,
        /// What it says now.
        body: Body,
    },
    /// A draft was thrown away.
    Deleted,
    /// It was sent for the first time: numbered, and owed unless its total is zero.
    Sent {
        /// Its number.
        number: Number,
    },
    /// Staff asked for the money again.
    PaymentRequested,
    /// Somebody opened its page for the first time.
    Viewed {
        /// Whose link it was.
        recipient: RecipientRef,
    },
    /// A try took the slot, before any call.
    AttemptDispatched(Box<Attempt>),
    /// A try came to another state, or its references became known.
    AttemptMoved {
        /// The try.
        attempt_id: AttemptId,
        /// How far it has come.
        state: AttemptState,
        /// The gateway's checkout.
        session_ref: Option<String>,
        /// The gateway's payment.
        intent_ref: Option<String>,
        /// The last no.
        decline: Option<Decline>,
        /// When to ask the gateway next.
        look_at: Option<DateTime<Utc>>,
    },
    /// The gateway was asked about a try and had nothing new, or did not answer.
    AttemptLooked {
        /// The try.
        attempt_id: AttemptId,
        /// How often that happened.
        looks: u32,
        /// When to ask next.
        look_at: Option<DateTime<Utc>>,
    },
    /// Money was received.
    PaymentApplied(Box<Payment>),
    /// It was cancelled.
    Voided {
        /// Money that had been applied and became the contact's credit.
        credit: Option<(CreditId, Money)>,
    },
    /// A reminder's step was dealt with.
    StepTaken {
        /// Which.
        step: StepRef,
        /// Counting from which due date.
        due_version: u32,
        /// What became of it.
        outcome: StepOutcome,
    },
    /// All links to it that were written so far were taken back.
    LinksRevoked,
}

impl Event {
    /// Its name in API and journal.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Drafted { .. } => "drafted",
            Self::Revised { .. } => "revised",
            Self::Deleted => "deleted",
            Self::Sent { .. } => "sent",
            Self::PaymentRequested => "payment_requested",
            Self::Viewed { .. } => "viewed",
            Self::AttemptDispatched(_) => "attempt_dispatched",
            Self::AttemptMoved { .. } => "attempt_moved",
            Self::AttemptLooked { .. } => "attempt_looked",
            Self::PaymentApplied(_) => "payment_applied",
            Self::Voided { .. } => "voided",
            Self::StepTaken { .. } => "step_taken",
            Self::LinksRevoked => "links_revoked",
        }
    }
}
