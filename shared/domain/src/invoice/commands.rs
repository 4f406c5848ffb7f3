//! What may be done to an invoice: each command answers with the events it makes, or with the rule that forbids it.

use crate::{
    attempt::{Attempt, AttemptEvent, AttemptState},
    changes::Changes,
    credit::{Credit, CreditCause, CreditEvent},
    ids::PaymentId,
    invoice::{
        Invoice, SlotClass,
        actions::{Action, Circumstances, in_flight, reachable, ready_to_send},
        journal::{Body, ChaseEvent, DocumentEvent, Event, MoneyEvent, SlotEvent},
        line::{MAX_LINES, totals},
        refusal::Refusal,
        settle::line_of,
        status::{Status, StatusCode},
    },
    money::Money,
    numbering::Number,
    outcome::Outcome,
    payment::{Allocation, Method, Origin, Payment, PaymentEvent, PaymentType, credit_of_void},
    pii::RecipientRef,
};
use chrono::{DateTime, NaiveDate, Utc};

/// How much of an invoice may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditScope {
    /// Everything.
    Full,
    /// Notes, due date and reminders.
    Limited,
}

/// Money that staff received outside any gateway.
#[derive(Debug, Clone)]
pub struct OfflinePayment {
    /// The id the record will have.
    pub id: PaymentId,
    /// How much.
    pub amount: Money,
    /// How.
    pub method: Method,
    /// A cheque number or a transfer's reference.
    pub reference: Option<String>,
    /// The local date of receipt.
    pub received_on: NaiveDate,
}

/// Checks what an invoice is to say, before it is written down.
///
/// # Errors
/// [`Refusal`] naming the field.
pub fn check_body(body: &Body, currency: crate::currency::Currency) -> Result<(), Refusal> {
    if body.lines.len() > MAX_LINES {
        return Err(Refusal::TooManyLines { given: body.lines.len() });
    }
    if body.due_on < body.invoice_date {
        return Err(Refusal::DueBeforeInvoice { invoice_date: body.invoice_date, due_on: body.due_on });
    }
    totals(&body.lines, currency, body.rounding).map(|_| ()).map_err(|(index, error)| Refusal::Line { index, error })
}

/// Payments whose money one commit moves to credits: four items each, beside the invoice's own.
pub const MOVED_AT_ONCE: usize = 20;

impl Invoice {
    /// How much may change now (G3).
    ///
    /// # Errors
    /// [`Refusal::Status`] outside draft and open.
    pub fn edit_scope(&self) -> Result<EditScope, Refusal> {
        Action::Edit.allowed_in(self.status.code())?;
        let untouched = self.sums.received.is_zero() && in_flight(self).is_ok();
        Ok(if untouched || self.status.code() == StatusCode::Draft { EditScope::Full } else { EditScope::Limited })
    }

    /// Changes what it says. Whoever calls has closed an open checkout before.
    ///
    /// # Errors
    /// [`Refusal`] naming the rule.
    pub fn revise(&self, body: Body) -> Result<Outcome<Vec<Event>>, Refusal> {
        let scope = self.edit_scope()?;
        check_body(&body, self.currency)?;
        if scope == EditScope::Limited {
            if body.lines != self.body.lines {
                return Err(Refusal::EditLimited { field: "lines" });
            }
            if body.invoice_date != self.body.invoice_date {
                return Err(Refusal::EditLimited { field: "invoice_date" });
            }
        }
        if body.lines != self.body.lines {
            self.slot_free()?;
        }
        if self.status.code() == StatusCode::Open && body.lines.is_empty() {
            return Err(Refusal::NoLines);
        }
        if body == self.body {
            return Ok(Outcome::Unchanged);
        }
        let due_version = if body.due_on == self.body.due_on { self.due_version } else { self.due_version + 1 };
        Ok(Outcome::Changed(vec![Event::Document(DocumentEvent::Revised { rev: self.rev + 1, due_version, body })]))
    }

    /// Sends a draft (R4 #2): it takes the number and is owed, or is closed at once when its total is zero (I16).
    ///
    /// # Errors
    /// [`Refusal`]: status, or G4.
    pub fn send(&self, number: Number, has_recipient: bool, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
        Action::Send.allowed_in(self.status.code())?;
        ready_to_send(self, has_recipient)?;
        Ok(self.with_close(vec![Event::Document(DocumentEvent::Sent { number })], now)?)
    }

    /// Asks for the money again.
    ///
    /// # Errors
    /// [`Refusal`]: status, G1, G5, or asked within the last 60 seconds without `force`.
    pub fn request_payment(&self, circumstances: &Circumstances, force: bool, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
        Action::RequestPayment.allowed_in(self.status.code())?;
        if !self.amount_due().is_positive() {
            return Err(Refusal::NothingOwed);
        }
        reachable(circumstances)?;
        let seconds = self.requested_at.or(self.sent_at).map(|asked| (now - asked).num_seconds());
        match seconds {
            Some(seconds) if seconds < 60 && !force => Err(Refusal::AskedJustNow { seconds }),
            Some(_) | None => Ok(vec![Event::Chase(ChaseEvent::Requested)]),
        }
    }

    /// Logs money received outside any gateway (R4 #5, #7). Whoever calls has closed an open checkout before.
    ///
    /// # Errors
    /// [`Refusal`]: status, G1, G2.
    pub fn record_offline(&self, offered: &OfflinePayment, today: NaiveDate, now: DateTime<Utc>) -> Result<Changes, Refusal> {
        Action::Pay.allowed_in(self.status.code())?;
        self.slot_free()?;
        if offered.amount.currency() != self.currency {
            return Err(Refusal::Currency { invoice: self.currency.code(), given: offered.amount.currency().code() });
        }
        if !offered.amount.is_positive() {
            return Err(Refusal::NotPositive);
        }
        let balance = self.amount_due();
        if balance.is_zero() {
            return Err(Refusal::NothingOwed);
        }
        if offered.amount.exceeds(balance)? {
            return Err(Refusal::ExceedsBalance { balance, offered: offered.amount });
        }
        if offered.received_on > today {
            return Err(Refusal::ReceivedInFuture { today });
        }
        let payment = Payment {
            id: offered.id.clone(),
            kind: PaymentType::Payment,
            parent_id: None,
            contact_id: self.contact_id.clone(),
            amount: offered.amount,
            allocations: vec![Allocation { invoice_id: self.id.clone(), amount: offered.amount }],
            surplus: None,
            taken_back: Money::zero(self.currency),
            method: offered.method.clone(),
            reference: offered.reference.clone(),
            attempt_id: None,
            gateway: None,
            gateway_ref: None,
            origin: Origin::Staff,
            paid_at: None,
            received_on: offered.received_on,
            recorded_at: now,
        };
        let allocated = MoneyEvent::Allocated(line_of(&payment, PaymentType::Payment, offered.amount));
        let mut changes = Changes::of_invoice(&self.id, self.with_close(vec![allocated.into()], now)?);
        changes.payments.push((payment.id.clone(), vec![PaymentEvent::Recorded(Box::new(payment))]));
        Ok(changes)
    }

    /// Cancels it (R4 #23): nothing is owed; what lies on it becomes the contact's credit, payment by payment. Whoever calls has closed
    /// an open checkout before, and gives the payments that lie on it. Money of more than [`MOVED_AT_ONCE`] payments is moved by
    /// [`Invoice::move_to_credit`] afterwards.
    ///
    /// # Errors
    /// [`Refusal`]: status, G8, G9.
    pub fn void(&self, payments: &[&Payment], acknowledge_captured_funds: bool) -> Result<Changes, Refusal> {
        Action::Void.allowed_in(self.status.code())?;
        self.slot_free()?;
        if self.sums.received.is_positive() && !acknowledge_captured_funds {
            return Err(Refusal::NeedsAcknowledgement { received: self.sums.received });
        }
        let (mut changes, moved, events) = self.moved_to_credit(payments)?;
        let left = self.sums.received.minus(moved)?;
        let cancelled = self.total.minus(self.sums.credited)?.minus(self.sums.written_off)?.minus(left)?;
        let voided = DocumentEvent::Voided { cancelled }.into();
        changes.invoices.push((self.id.clone(), events.into_iter().chain([voided]).collect()));
        Ok(changes)
    }

    /// Moves what still lies on a voided invoice to the contact's credit, of [`MOVED_AT_ONCE`] payments at most. Unchanged when nothing
    /// does.
    ///
    /// # Errors
    /// [`Refusal::Money`] when the sums cannot be told.
    pub fn move_to_credit(&self, payments: &[&Payment]) -> Result<Outcome<Changes>, Refusal> {
        if !self.has_money_to_move() {
            return Ok(Outcome::Unchanged);
        }
        let (mut changes, _, events) = self.moved_to_credit(payments)?;
        changes.invoices.push((self.id.clone(), events));
        Ok(Outcome::Changed(changes))
    }

    /// Whether it was voided and money still lies on it.
    #[must_use]
    pub fn has_money_to_move(&self) -> bool {
        matches!(self.status, Status::Voided { .. }) && self.sums.received.is_positive()
    }

    /// What moves the first payments that lie here to credits, how much that is, and what happens to the invoice.
    fn moved_to_credit(&self, payments: &[&Payment]) -> Result<(Changes, Money, Vec<Event>), Refusal> {
        let (mut changes, mut events, mut moved) = (Changes::default(), Vec::new(), Money::zero(self.currency));
        let lies_here = |payment: &Payment| {
            let part = payment.allocations.iter().find(|part| part.invoice_id == self.id && part.amount.is_positive());
            part.map(|part| (payment.id.clone(), part.amount))
        };
        for (payment_id, amount) in payments.iter().filter_map(|payment| lies_here(payment)).take(MOVED_AT_ONCE) {
            let (invoice_id, credit_id) = (self.id.clone(), credit_of_void(&payment_id, &self.id));
            let credit = Credit {
                id: credit_id.clone(),
                contact_id: self.contact_id.clone(),
                payment_id: payment_id.clone(),
                invoice_id: invoice_id.clone(),
                amount,
                left: amount,
                taken_back: Money::zero(self.currency),
                cause: CreditCause::Void,
                uses: Vec::new(),
            };
            changes.credits.push((credit_id.clone(), vec![CreditEvent::Granted(Box::new(credit))]));
            let to_credit = PaymentEvent::MovedToCredit { invoice_id, amount, credit_id: credit_id.clone() };
            changes.payments.push((payment_id.clone(), vec![to_credit]));
            events.push(MoneyEvent::MovedToCredit { payment_id, amount, credit_id }.into());
            moved = moved.plus(amount)?;
        }
        Ok((changes, moved, events))
    }

    /// Throws a draft away (R4 #24).
    ///
    /// # Errors
    /// [`Refusal::Status`]: a sent invoice is voided, never deleted.
    pub fn delete(&self) -> Result<Vec<Event>, Refusal> {
        Action::Delete.allowed_in(self.status.code())?;
        Ok(vec![Event::Document(DocumentEvent::Deleted)])
    }

    /// Notes that its page was opened, the first time only.
    #[must_use]
    pub fn view(&self, recipient: RecipientRef) -> Option<Event> {
        let shown = self.viewed.is_none() && !matches!(self.status, Status::Draft);
        shown.then_some(Event::Document(DocumentEvent::Viewed { recipient }))
    }

    /// Takes the slot for an attempt that is for this invoice alone, before any call.
    ///
    /// # Errors
    /// [`Refusal`]: nothing owed, slot taken, or another sum than is owed.
    pub fn start_attempt(&self, attempt: Attempt, now: DateTime<Utc>) -> Result<Changes, Refusal> {
        Action::Pay.allowed_in(self.status.code())?;
        if !self.amount_due().is_positive() {
            return Err(Refusal::NothingOwed);
        }
        self.slot_free()?;
        let as_owed = attempt.order_of(&self.id).is_some_and(|order| order.amount == self.amount_due() && order.rev == self.rev);
        if !as_owed || attempt.state != AttemptState::Dispatched {
            return Err(Refusal::PageOutdated);
        }
        let taken = SlotEvent::Taken { attempt_id: attempt.id.clone(), class: SlotClass::Open };
        let mut changes = Changes::of_invoice(&self.id, vec![taken.into()]);
        let look = attempt.next_look(attempt.state, 0, now);
        changes.attempts.push((attempt.id.clone(), vec![AttemptEvent::Dispatched(Box::new(attempt))], look));
        Ok(changes)
    }

    /// Whether no attempt holds the slot.
    ///
    /// # Errors
    /// [`Refusal::InFlight`].
    pub fn slot_free(&self) -> Result<(), Refusal> {
        match &self.slot {
            Some(slot) => Err(Refusal::InFlight { class: slot.class }),
            None => Ok(()),
        }
    }
}
