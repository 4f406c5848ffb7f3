//! The invoice: a request for payment, and what became of it.

pub mod actions;
pub mod commands;
pub mod journal;
pub mod line;
pub mod refusal;
pub mod settle;
pub mod status;

use crate::{
    attempt::AttemptState,
    automation::StepRef,
    calendar::days_between,
    contact::ContactDetails,
    currency::Currency,
    digest::Digest,
    ids::{AttemptId, ContactId, InvoiceId},
    money::{Money, MoneyError, Rounding},
    numbering::Number,
    pii::{Pii, RecipientRef},
};
use chrono::{DateTime, NaiveDate, Utc};
use journal::{Body, Deliver, Event, StepOutcome};
use line::{Line, LineText, Totals, totals};
use status::{Status, StatusCode};

/// The longest customer or internal note, in characters.
pub const MAX_NOTE: usize = 4000;

/// The one try that may be collecting right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Which.
    pub attempt_id: AttemptId,
    /// How far it has come.
    pub state: AttemptState,
}

/// How far reminding has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chase {
    /// Steps dated at or before this are over or never were.
    pub since: DateTime<Utc>,
    /// A step that waits for another day.
    pub moved: Option<(StepRef, DateTime<Utc>)>,
    /// When a mail about this invoice was last put into the outbox.
    pub last_mailed_at: Option<DateTime<Utc>>,
}

/// An invoice without its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// Its id.
    pub id: InvoiceId,
    /// Who is billed.
    pub contact_id: ContactId,
    /// In which currency.
    pub currency: Currency,
    /// Where it stands.
    pub status: Status,
    /// Its number, once sent.
    pub number: Option<Number>,
    /// Raised with every change of what it says, from 1.
    pub rev: u32,
    /// Raised when the due date moves, from 1.
    pub due_version: u32,
    /// The invoice date.
    pub invoice_date: NaiveDate,
    /// The local date on which it is due.
    pub due_on: NaiveDate,
    /// Its lines.
    pub lines: Vec<Line>,
    /// How they are rounded.
    pub rounding: Rounding,
    /// All there is to pay, tax included.
    pub total: Money,
    /// The sum of what is allocated to it.
    pub received: Money,
    /// Whether mails go out for it at all.
    pub deliver: Deliver,
    /// Whether it is reminded of.
    pub reminders_on: bool,
    /// Salted digest of its words.
    pub text: Digest,
    /// The try that may be collecting right now.
    pub slot: Option<Slot>,
    /// How far reminding has come; none before it is sent.
    pub chase: Option<Chase>,
    /// Raised to revoke every link written before.
    pub link_version: u16,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
    /// When it was first sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// When its page was first opened, and whose link it was.
    pub viewed: Option<(DateTime<Utc>, RecipientRef)>,
    /// When staff last asked for the money.
    pub requested_at: Option<DateTime<Utc>>,
    /// Set once a draft was thrown away.
    pub deleted: bool,
}

/// An invoice's words, which stand beside it and can be erased without breaking its journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceText {
    /// Who is billed, as it was when written.
    pub bill_to: ContactDetails,
    /// The words of each line, in order.
    pub lines: Vec<LineText>,
    /// For the customer; at most [`MAX_NOTE`] characters, or empty.
    pub customer_note: String,
    /// For staff only; never reaches a page or a mail.
    pub internal_note: Pii,
    /// Terms as they were when written.
    pub terms: String,
}

/// The journal tells something that cannot have happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvolveError {
    /// The first event is not the draft, or a draft comes twice.
    #[error("`{0}` cannot come here")]
    OutOfPlace(&'static str),
    /// The sums do not work out.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A line does not work out.
    #[error("line {0} does not work out")]
    Line(usize),
}

impl Invoice {
    /// The invoice as its first event leaves it.
    ///
    /// # Errors
    /// [`EvolveError`] when the event is no draft or its lines do not add up.
    pub fn begin(id: InvoiceId, event: &Event, at: DateTime<Utc>) -> Result<Self, EvolveError> {
        let Event::Drafted { contact_id, currency, body } = event else {
            return Err(EvolveError::OutOfPlace(event.name()));
        };
        let sums = totals(&body.lines, *currency, body.rounding).map_err(|(i, _)| EvolveError::Line(i))?;
        Ok(Self {
            id,
            contact_id: contact_id.clone(),
            currency: *currency,
            status: Status::Draft,
            number: None,
            rev: 1,
            due_version: 1,
            invoice_date: body.invoice_date,
            due_on: body.due_on,
            lines: body.lines.clone(),
            rounding: body.rounding,
            total: sums.total,
            received: Money::zero(*currency),
            deliver: body.deliver,
            reminders_on: body.reminders_on,
            text: body.text,
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

    /// The invoice after one more event: the only way from state to state, for commands and for the fold of a journal.
    ///
    /// # Errors
    /// [`EvolveError`] when the event cannot come here.
    pub fn evolve(mut self, event: &Event, at: DateTime<Utc>) -> Result<Self, EvolveError> {
        match event {
            Event::Drafted { .. } => return Err(EvolveError::OutOfPlace(event.name())),
            Event::Revised { rev, due_version, body } => self.become_revised(*rev, *due_version, body, at)?,
            Event::Deleted => self.deleted = true,
            Event::Sent { number } => self.become_sent(number, at),
            Event::PaymentRequested => {
                self.requested_at = Some(at);
                self.mailed(at);
            }
            Event::Viewed { recipient } => self.viewed = Some((at, *recipient)),
            Event::AttemptDispatched(attempt) => self.slot = Some(Slot { attempt_id: attempt.id.clone(), state: attempt.state }),
            Event::AttemptMoved { attempt_id, state, .. } => self.follow_attempt(attempt_id, *state),
            Event::AttemptLooked { .. } => {}
            Event::PaymentApplied(payment) => self.apply_payment(payment.allocated, at)?,
            Event::Voided { credit } => {
                self.status = Status::Voided { at };
                if credit.is_some() {
                    self.received = Money::zero(self.currency);
                }
            }
            Event::StepTaken { step, outcome, .. } => self.take_step(step, outcome, at),
            Event::LinksRevoked => self.link_version = self.link_version.saturating_add(1),
        }
        Ok(self)
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
        self.invoice_date = body.invoice_date;
        self.due_on = body.due_on;
        self.lines = body.lines.clone();
        self.rounding = body.rounding;
        self.total = sums.total;
        self.deliver = body.deliver;
        self.reminders_on = body.reminders_on;
        self.text = body.text;
        Ok(())
    }

    fn become_sent(&mut self, number: &Number, at: DateTime<Utc>) {
        self.number = Some(number.clone());
        self.sent_at = Some(at);
        self.status = if self.total.is_zero() { Status::Closed { at } } else { Status::Open };
        let last_mailed_at = (self.deliver == Deliver::Email).then_some(at);
        self.chase = Some(Chase { since: at, moved: None, last_mailed_at });
    }

    fn mailed(&mut self, at: DateTime<Utc>) {
        if let Some(chase) = &mut self.chase {
            chase.last_mailed_at = Some(at);
        }
    }

    fn follow_attempt(&mut self, attempt_id: &AttemptId, state: AttemptState) {
        let holds = self.slot.as_ref().is_some_and(|slot| slot.attempt_id == *attempt_id);
        if holds {
            self.slot = state.holds_slot().then(|| Slot { attempt_id: attempt_id.clone(), state });
        }
    }

    fn apply_payment(&mut self, allocated: Money, at: DateTime<Utc>) -> Result<(), EvolveError> {
        self.received = self.received.plus(allocated)?;
        match self.status {
            Status::Open | Status::Collections { .. } if self.balance().is_zero() => self.status = Status::Closed { at },
            Status::WrittenOff { amount, at: since } => {
                let left = amount.minus(allocated)?;
                self.status = if left.is_zero() { Status::Closed { at } } else { Status::WrittenOff { at: since, amount: left } };
            }
            Status::Draft
            | Status::Open
            | Status::Collections { .. }
            | Status::Closed { .. }
            | Status::Declined { .. }
            | Status::Refunded { .. }
            | Status::Voided { .. } => {}
        }
        Ok(())
    }

    fn take_step(&mut self, step: &StepRef, outcome: &StepOutcome, at: DateTime<Utc>) {
        let Some(chase) = &mut self.chase else { return };
        match outcome {
            StepOutcome::Enqueued => {
                chase.since = at;
                chase.moved = None;
                chase.last_mailed_at = Some(at);
            }
            StepOutcome::Skipped(_) => {
                chase.since = at;
                if chase.moved.as_ref().is_some_and(|(moved, _)| moved == step) {
                    chase.moved = None;
                }
            }
            StepOutcome::Moved { to, .. } => {
                chase.since = at;
                chase.moved = Some((step.clone(), *to));
            }
        }
    }

    /// What is still to be paid: `total − received`, nothing once voided, never negative (R1).
    #[must_use]
    pub fn balance(&self) -> Money {
        let zero = Money::zero(self.currency);
        match self.status {
            Status::Voided { .. } | Status::WrittenOff { .. } | Status::Closed { .. } | Status::Refunded { .. } => zero,
            Status::Draft | Status::Open | Status::Collections { .. } | Status::Declined { .. } => match self.total.minus(self.received) {
                Ok(rest) if rest.is_positive() => rest,
                Ok(_) | Err(_) => zero,
            },
        }
    }

    /// What the customer is asked for right now.
    #[must_use]
    pub fn amount_due(&self) -> Money {
        if self.status.is_owing() { self.balance() } else { Money::zero(self.currency) }
    }

    /// The lines worked out.
    ///
    /// # Errors
    /// [`EvolveError::Line`], which a stored invoice never gives.
    pub fn totals(&self) -> Result<Totals, EvolveError> {
        totals(&self.lines, self.currency, self.rounding).map_err(|(i, _)| EvolveError::Line(i))
    }

    /// Whether a try may be moving money right now (facet `processing`).
    #[must_use]
    pub fn is_processing(&self) -> bool {
        self.slot.as_ref().is_some_and(|slot| slot.state.is_in_flight())
    }

    /// Whether it is owed and its due date has passed (facet `past_due`).
    #[must_use]
    pub fn is_past_due(&self, today: NaiveDate) -> bool {
        self.amount_due().is_positive() && today > self.due_on
    }

    /// Days since the due date while past due; the first is 1.
    #[must_use]
    pub fn days_overdue(&self, today: NaiveDate) -> i64 {
        if self.is_past_due(today) { days_between(self.due_on, today) } else { 0 }
    }

    /// Whether a part was paid and a part is left (facet `partially_paid`).
    #[must_use]
    pub fn is_partially_paid(&self) -> bool {
        self.received.is_positive() && self.amount_due().is_positive()
    }

    /// Whether links to it still open something: as long as it is owed, and 90 days after its end.
    #[must_use]
    pub fn links_open(&self, now: DateTime<Utc>) -> bool {
        let shown = !self.deleted && self.status.code() != StatusCode::Draft;
        shown && self.status.ended_at().is_none_or(|end| now < end + chrono::TimeDelta::days(90))
    }

    /// What a client saw, for `ETag` and the pay page: revision and amount due. Views and reminders change neither.
    #[must_use]
    pub fn etag(&self) -> String {
        format!("{}-{}-{}", self.rev, self.amount_due().minor(), self.status.code().name())
    }
}

impl InvoiceText {
    /// The salted digest that names these words in the journal.
    #[must_use]
    pub fn digest(&self, salt: &[u8]) -> Digest {
        let details = self.bill_to.parts();
        let mut parts: Vec<&[u8]> = vec![b"invoice text 1", salt];
        parts.extend(details.iter().map(|p| p.as_bytes()));
        for line in &self.lines {
            parts.push(line.name.as_bytes());
            parts.push(line.description.as_bytes());
        }
        parts.extend([self.customer_note.as_bytes(), self.internal_note.reveal().as_bytes(), self.terms.as_bytes()]);
        Digest::of(&parts)
    }
}
