//! What an invoice says, and whether it is sent, seen or cancelled.

use super::Event;
use crate::{
    currency::Currency,
    digest::Digest,
    ids::ContactId,
    invoice::{Chase, EvolveError, Invoice, Sums, line::Line, line::totals, status::Status},
    money::{Money, Rounding},
    numbering::Number,
    pii::RecipientRef,
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

/// Something that happened to the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentEvent {
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
    /// Somebody opened its page for the first time.
    Viewed {
        /// Whose link it was.
        recipient: RecipientRef,
    },
    /// It was cancelled. Money that lies on it is moved to credits in the same commit, or in those that follow.
    Voided {
        /// What of the total neither documents took off nor money still pays.
        cancelled: Money,
    },
    /// All links to it that were written so far were revoked.
    LinksRevoked,
}

impl DocumentEvent {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Drafted { .. } => "drafted",
            Self::Revised { .. } => "revised",
            Self::Deleted => "deleted",
            Self::Sent { .. } => "sent",
            Self::Viewed { .. } => "viewed",
            Self::Voided { .. } => "voided",
            Self::LinksRevoked => "links_revoked",
        }
    }
}

impl Invoice {
    pub(in crate::invoice) fn evolve_document(&mut self, event: &DocumentEvent, at: DateTime<Utc>) -> Result<(), EvolveError> {
        match event {
            DocumentEvent::Drafted { .. } => return Err(EvolveError::OutOfPlace(event.name())),
            DocumentEvent::Revised { rev, due_version, body } => self.become_revised(*rev, *due_version, body, at)?,
            DocumentEvent::Deleted => self.deleted = true,
            DocumentEvent::Sent { number } => self.become_sent(number, at),
            DocumentEvent::Viewed { recipient } => self.viewed = Some((at, *recipient)),
            DocumentEvent::Voided { cancelled } => {
                self.status = Status::Voided { at };
                self.sums.cancelled = self.sums.cancelled.plus(*cancelled)?;
            }
            DocumentEvent::LinksRevoked => self.link_version = self.link_version.saturating_add(1),
        }
        Ok(())
    }

    fn become_revised(&mut self, rev: u32, due_version: u32, body: &Body, at: DateTime<Utc>) -> Result<(), EvolveError> {
        let sums = totals(&body.lines, self.currency, body.rounding).map_err(|(i, _)| EvolveError::Line(i))?;
        if due_version != self.due_version
            && let Some(chase) = &mut self.chase
        {
            chase.since = at;
            chase.moved = None;
        }
        self.rev = rev;
        self.due_version = due_version;
        self.total = sums.total;
        self.body = body.clone();
        Ok(())
    }

    fn become_sent(&mut self, number: &Number, at: DateTime<Utc>) {
        self.number = Some(number.clone());
        self.sent_at = Some(at);
        self.status = Status::Open;
        let last_mailed_at = (self.body.deliver == Deliver::Email).then_some(at);
        self.chase = Some(Chase { since: at, moved: None, last_mailed_at });
    }
}

/// The invoice as its first event leaves it.
pub(in crate::invoice) fn begun(id: crate::ids::InvoiceId, event: &Event, at: DateTime<Utc>) -> Result<Invoice, EvolveError> {
    let Event::Document(DocumentEvent::Drafted { contact_id, currency, body }) = event else {
        return Err(EvolveError::OutOfPlace(event.name()));
    };
    let sums = totals(&body.lines, *currency, body.rounding).map_err(|(i, _)| EvolveError::Line(i))?;
    Ok(Invoice {
        id,
        contact_id: contact_id.clone(),
        currency: *currency,
        status: Status::Draft,
        number: None,
        rev: 1,
        due_version: 1,
        body: body.clone(),
        total: sums.total,
        sums: Sums::none(*currency),
        money: Vec::new(),
        slot: None,
        chase: None,
        link_version: 1,
        created_at: at,
        sent_at: None,
        viewed: None,
        requested_at: None,
        deleted: false,
    })
}
