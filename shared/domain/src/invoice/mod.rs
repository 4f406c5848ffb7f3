//! The invoice: a request for payment, and what became of it.

pub mod actions;
pub mod commands;
pub mod journal;
pub mod line;
pub mod refusal;
pub mod resolve;
pub mod settle;
pub mod status;

use crate::{
    automation::StepRef,
    calendar::days_between,
    contact::ContactDetails,
    currency::Currency,
    digest::Digest,
    ids::{AttemptId, ContactId, InvoiceId, PaymentId},
    money::{Money, MoneyError},
    numbering::Number,
    payment::PaymentType,
    pii::{Pii, RecipientRef},
};
use chrono::{DateTime, NaiveDate, Utc};
use journal::{Body, Event};
use line::{LineText, Totals, totals};
use status::{Status, StatusCode};

/// The longest customer or internal note, in characters.
pub const MAX_NOTE: usize = 4000;

/// The one attempt that may be collecting right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Which.
    pub attempt_id: AttemptId,
    /// What it means for the invoice.
    pub class: SlotClass,
}

/// What an attempt in the slot means for its invoice. It changes less often than the attempt's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotClass {
    /// A checkout is open, or about to be. Nobody has paid.
    Open,
    /// The customer must do something before the money moves.
    Action,
    /// Money may be on its way, so nothing else may be decided about the invoice (guards G2, G8).
    InFlight,
}

impl SlotClass {
    /// Its name in API, table and journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Action => "action",
            Self::InFlight => "in_flight",
        }
    }

    /// The class of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        [Self::Open, Self::Action, Self::InFlight].into_iter().find(|class| class.name() == name)
    }
}

/// What a page says of money that came in or went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoneyLine {
    /// The payment.
    pub payment_id: PaymentId,
    /// What kind of fact it is.
    pub kind: PaymentType,
    /// What of it lies on this invoice; less than zero for money out.
    pub amount: Money,
    /// How it was paid, for people: `Visa •••• 4242`.
    pub label: String,
    /// The local date of it.
    pub on: NaiveDate,
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

/// What became of an invoice's total, each folded from events that name the record they come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// What is allocated to it: payments less what was given or taken back. May be less than zero.
    pub received: Money,
    /// What documents took off: refunds of settled invoices, credit notes.
    pub credited: Money,
    /// What was given up, less what was recovered since.
    pub written_off: Money,
    /// What a void took off.
    pub cancelled: Money,
    /// What refunds under way have reserved of what was received.
    pub refund_reserved: Money,
    /// What open disputes hold of what was received.
    pub disputed: Money,
}

impl Sums {
    /// Nothing has happened yet.
    #[must_use]
    pub fn none(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self { received: zero, credited: zero, written_off: zero, cancelled: zero, refund_reserved: zero, disputed: zero }
    }
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
    /// What its author decided, apart from words.
    pub body: Body,
    /// All there is to pay, tax included.
    pub total: Money,
    /// What became of the total.
    pub sums: Sums,
    /// Money in and out, as it came.
    pub money: Vec<MoneyLine>,
    /// The attempt that may be collecting right now.
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
        journal::begun(id, event, at)
    }

    /// The invoice after one more event: the only way from state to state, for commands and for the fold of a journal.
    ///
    /// # Errors
    /// [`EvolveError`] when the event cannot come here.
    pub fn evolve(mut self, event: &Event, at: DateTime<Utc>) -> Result<Self, EvolveError> {
        match event {
            Event::Document(event) => self.evolve_document(event, at)?,
            Event::Slot(event) => self.evolve_slot(event),
            Event::Money(event) => self.evolve_money(event, at)?,
            Event::Chase(event) => self.evolve_chase(event, at),
        }
        Ok(self)
    }

    /// What is still to be paid: `total − credited − received − written_off − cancelled` (R1). Never negative.
    #[must_use]
    pub fn balance(&self) -> Money {
        let Sums { received, credited, written_off, cancelled, .. } = self.sums;
        let rest = [received, credited, written_off, cancelled].into_iter().try_fold(self.total, Money::minus);
        rest.ok().filter(|rest| rest.is_positive()).unwrap_or_else(|| Money::zero(self.currency))
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
        totals(&self.body.lines, self.currency, self.body.rounding).map_err(|(i, _)| EvolveError::Line(i))
    }

    /// Whether an attempt may be moving money right now (facet `processing`).
    #[must_use]
    pub fn is_processing(&self) -> bool {
        self.slot.as_ref().is_some_and(|slot| slot.class == SlotClass::InFlight)
    }

    /// Whether it is owed and its due date has passed (facet `past_due`).
    #[must_use]
    pub fn is_past_due(&self, today: NaiveDate) -> bool {
        self.amount_due().is_positive() && today > self.body.due_on
    }

    /// Days since the due date while past due; the first is 1.
    #[must_use]
    pub fn days_overdue(&self, today: NaiveDate) -> i64 {
        if self.is_past_due(today) { days_between(self.body.due_on, today) } else { 0 }
    }

    /// Whether a part was paid and a part is left (facet `partially_paid`).
    #[must_use]
    pub fn is_partially_paid(&self) -> bool {
        self.sums.received.is_positive() && self.amount_due().is_positive()
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
