//! What a gateway's word does to an attempt and the invoices it collects for.
//!
//! The answer to our call, the return page, a webhook and the five-minute settling all end here, so that whichever comes
//! second changes nothing.

use crate::{
    attempt::{Attempt, AttemptEvent, AttemptState, CheckoutReport, CheckoutState, Look, Order},
    changes::Changes,
    credit::{Credit, CreditCause, CreditEvent},
    invoice::{
        Invoice, MoneyLine,
        journal::{Event, MoneyEvent, SlotEvent},
        refusal::Refusal,
        status::Status,
    },
    money::Money,
    outcome::Outcome,
    payment::{Allocation, Method, Payment, PaymentEvent, PaymentType, Surplus, SurplusCause, credit_of_payment, id_of_gateway_object},
};
use chrono::{DateTime, NaiveDate, Utc};

/// Settles an attempt with what the gateway says of its checkout. `invoices` are those of its orders, `today` the local date on
/// which the money moved.
///
/// `Unchanged` when all of it is known already, or is older than what is known.
///
/// # Errors
/// [`Refusal`] when the sums do not work out.
pub fn settle(
    invoices: &[&Invoice],
    attempt: &Attempt,
    report: &CheckoutReport,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Outcome<Changes>, Refusal> {
    let target = target(attempt, report, now);
    let session_ref = Some(report.session_ref.clone());
    let intent_ref = report.intent_ref.clone().or_else(|| attempt.intent_ref.clone());
    let decline = report.decline.clone().or_else(|| attempt.decline.clone());
    let moved = |state: AttemptState, payment: Option<&Payment>| AttemptEvent::Moved {
        state,
        session_ref: session_ref.clone(),
        intent_ref: intent_ref.clone(),
        decline: decline.clone(),
        payment_id: payment.map(|payment| payment.id.clone()).or_else(|| attempt.payment_id.clone()),
    };
    if target == attempt.state {
        let nothing_new = attempt.session_ref.is_some() && (report.decline.is_none() || report.decline == attempt.decline);
        if nothing_new || !target.holds_slot() {
            return Ok(Outcome::Unchanged);
        }
        let look = attempt.next_look(target, 0, now);
        return Ok(Outcome::Changed(Changes::of_attempt(&attempt.id, vec![moved(target, None)], look)));
    }
    if target == AttemptState::Conflicted && attempt.resolved.is_some() {
        return Ok(Outcome::Unchanged);
    }
    let by_way_of_processing = attempt.state == AttemptState::AwaitingPayer && target == AttemptState::Declined;
    if !by_way_of_processing && !attempt.state.may_become(target) {
        return Ok(Outcome::Unchanged);
    }
    let mut books = Books::new(invoices, attempt, target, now);
    let mut events = Vec::new();
    if by_way_of_processing {
        events.push(moved(AttemptState::Processing, None));
    }
    let payment = match (target, &report.state) {
        (AttemptState::Applied, CheckoutState::Paid(method)) => Some(books.collect(report, method, today)?),
        _ => None,
    };
    events.push(moved(target, payment.as_ref()));
    books.changes.attempts.insert(0, (attempt.id.clone(), events, attempt.next_look(target, 0, now)));
    if let Some(payment) = payment {
        books.changes.payments.push((payment.id.clone(), vec![PaymentEvent::Recorded(Box::new(payment))]));
    }
    Ok(Outcome::Changed(books.changes))
}

fn target(attempt: &Attempt, report: &CheckoutReport, now: DateTime<Utc>) -> AttemptState {
    match &report.state {
        // Only money can conflict. What is open with another amount is closed by whoever asked, and collected nothing.
        CheckoutState::Paid(_) | CheckoutState::Processing if report.amount != attempt.amount => AttemptState::Conflicted,
        CheckoutState::Open => AttemptState::AwaitingPayer,
        CheckoutState::Paid(_) => AttemptState::Applied,
        CheckoutState::Processing => AttemptState::Processing,
        CheckoutState::Failed => AttemptState::Declined,
        CheckoutState::Expired if now < attempt.open_until() => AttemptState::Cancelled,
        CheckoutState::Expired => AttemptState::Expired,
    }
}

/// Slot events of an attempt's invoices when it comes to a state. They follow from the attempt alone: an invoice that was read before
/// its attempt may show an older slot, and its event then loses against the invoice's head instead of being left out.
fn slots(invoices: &[&Invoice], attempt: &Attempt, target: AttemptState) -> Changes {
    let mut changes = Changes::default();
    if !attempt.state.holds_slot() || attempt.state.slot_class() == target.slot_class() {
        return changes;
    }
    for invoice in invoices {
        let attempt_id = attempt.id.clone();
        let event = match target.slot_class() {
            None => SlotEvent::Freed { attempt_id },
            Some(class) => SlotEvent::Reclassified { attempt_id, class },
        };
        changes.invoices.push((invoice.id.clone(), vec![event.into()]));
    }
    changes
}

/// The invoices of one attempt while its money is put where it belongs.
pub(super) struct Books<'a> {
    invoices: &'a [&'a Invoice],
    attempt: &'a Attempt,
    pub(super) changes: Changes,
    now: DateTime<Utc>,
}

impl<'a> Books<'a> {
    pub(super) fn new(invoices: &'a [&'a Invoice], attempt: &'a Attempt, target: AttemptState, now: DateTime<Utc>) -> Self {
        Self { invoices, attempt, changes: slots(invoices, attempt, target), now }
    }

    /// The payment that the attempt collected, with what it does to each invoice.
    fn collect(&mut self, report: &CheckoutReport, method: &Method, today: NaiveDate) -> Result<Payment, Refusal> {
        let attempt = self.attempt;
        let gateway_ref = report.intent_ref.clone().unwrap_or_else(|| report.session_ref.clone());
        let id = id_of_gateway_object(&attempt.gateway, &gateway_ref);
        let mut payment = Payment {
            id,
            kind: PaymentType::Payment,
            parent_id: None,
            contact_id: attempt.contact_id.clone(),
            amount: report.amount,
            allocations: Vec::new(),
            surplus: None,
            taken_back: Money::zero(report.amount.currency()),
            method: method.clone(),
            reference: None,
            attempt_id: Some(attempt.id.clone()),
            gateway: Some(attempt.gateway.clone()),
            gateway_ref: Some(gateway_ref),
            origin: attempt.origin,
            paid_at: report.paid_at,
            received_on: today,
            recorded_at: self.now,
        };
        self.spread(&mut payment)?;
        Ok(payment)
    }

    /// Puts a payment's money on the invoices of the orders. What is beyond all of them is credit.
    pub(super) fn spread(&mut self, payment: &mut Payment) -> Result<(), Refusal> {
        let mut left = payment.amount;
        for order in self.attempt.orders() {
            left = self.pay(order, left, payment)?;
        }
        let Some(first) = self.attempt.orders().first().filter(|_| left.is_positive()) else { return Ok(()) };
        let mut events = Vec::new();
        self.surplus(first, left, SurplusCause::PaidTwice, payment, &mut events)?;
        match self.invoices.iter().find(|invoice| invoice.id == first.invoice_id) {
            Some(invoice) => self.happened(invoice, events),
            None => Ok(()),
        }
    }

    /// Keeps money that an order's invoice does not owe as credit.
    fn surplus(
        &mut self,
        order: &Order,
        rest: Money,
        cause: SurplusCause,
        payment: &mut Payment,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let credit_id = credit_of_payment(&payment.id);
        let (payment_id, known) = (payment.id.clone(), payment.surplus.take());
        let sum = known.as_ref().map_or(Ok(rest), |known| known.amount.plus(rest))?;
        payment.surplus = Some(Surplus { credit_id: credit_id.clone(), amount: sum, cause: known.map_or(cause, |known| known.cause) });
        events.push(MoneyEvent::Overpaid { payment_id, credit_id, amount: rest, cause }.into());
        self.grant(payment, order);
        Ok(())
    }

    /// Puts an order's part of the money on its invoice, and what that does not owe into credit. Answers with the money left.
    fn pay(&mut self, order: &Order, left: Money, payment: &mut Payment) -> Result<Money, Refusal> {
        let share = order.amount.min(left)?;
        let invoice = self.invoices.iter().find(|invoice| invoice.id == order.invoice_id);
        let owed = invoice.map_or_else(|| Money::zero(share.currency()), |invoice| owed(invoice));
        let allocated = share.min(owed)?;
        let rest = share.minus(allocated)?;
        payment.allocations.push(Allocation { invoice_id: order.invoice_id.clone(), amount: allocated });
        let mut events = Vec::new();
        if let Some(invoice) = invoice {
            events.push(self.received(invoice, payment, allocated).into());
        }
        if rest.is_positive() {
            let cause = cause(invoice.copied(), self.attempt, order);
            self.surplus(order, rest, cause, payment, &mut events)?;
        }
        if let Some(invoice) = invoice {
            self.happened(invoice, events)?;
        }
        Ok(left.minus(share)?)
    }

    fn received(&self, invoice: &Invoice, payment: &Payment, amount: Money) -> MoneyEvent {
        let written_off = matches!(invoice.status, Status::WrittenOff { .. });
        let kind = if written_off { PaymentType::Recovery } else { PaymentType::Payment };
        let line = line_of(payment, kind, amount);
        if written_off { MoneyEvent::Recovered(line) } else { MoneyEvent::Allocated(line) }
    }

    /// Notes what happened to an invoice, closes it when nothing is left, and has another attempt's checkout closed that asks for more.
    fn happened(&mut self, invoice: &Invoice, events: Vec<Event>) -> Result<(), Refusal> {
        let place = self.changes.invoices.iter().position(|(id, _)| *id == invoice.id);
        let mut all = place.map_or_else(Vec::new, |place| self.changes.invoices.remove(place).1);
        all.extend(events);
        let all = invoice.with_close(all, self.now)?;
        self.changes.invoices.push((invoice.id.clone(), all));
        if let Some(slot) = invoice.slot.as_ref().filter(|slot| slot.attempt_id != self.attempt.id) {
            let at = Some(self.now);
            self.changes.attempts.push((slot.attempt_id.clone(), vec![AttemptEvent::Outdated], Look { count: 0, at }));
        }
        Ok(())
    }

    /// The contact's credit for all that the payment brought beyond what was owed.
    fn grant(&mut self, payment: &Payment, order: &Order) {
        let Some(surplus) = &payment.surplus else { return };
        let credit = Credit {
            id: surplus.credit_id.clone(),
            contact_id: payment.contact_id.clone(),
            payment_id: payment.id.clone(),
            invoice_id: order.invoice_id.clone(),
            amount: surplus.amount,
            left: surplus.amount,
            taken_back: Money::zero(surplus.amount.currency()),
            cause: CreditCause::Surplus(surplus.cause),
            uses: Vec::new(),
        };
        self.changes.credits = vec![(credit.id.clone(), vec![CreditEvent::Granted(Box::new(credit))])];
    }
}

/// What an invoice's page says of a payment.
pub(super) fn line_of(payment: &Payment, kind: PaymentType, amount: Money) -> Box<MoneyLine> {
    Box::new(MoneyLine { payment_id: payment.id.clone(), kind, amount, label: payment.method.label(), on: payment.received_on })
}

/// What money for an invoice may come to lie on it.
fn owed(invoice: &Invoice) -> Money {
    match invoice.status {
        Status::Open | Status::Collections { .. } => invoice.balance(),
        Status::WrittenOff { .. } => invoice.sums.written_off,
        Status::Draft | Status::Closed { .. } | Status::Declined { .. } | Status::Refunded { .. } | Status::Voided { .. } => {
            Money::zero(invoice.currency)
        }
    }
}

fn cause(invoice: Option<&Invoice>, attempt: &Attempt, order: &Order) -> SurplusCause {
    if !attempt.state.holds_slot() {
        SurplusCause::LateSuccess
    } else if invoice.is_none_or(|invoice| invoice.rev != order.rev || matches!(invoice.status, Status::Voided { .. })) {
        SurplusCause::InvoiceChanged
    } else {
        SurplusCause::PaidTwice
    }
}

/// Notes that the gateway gave no answer about an attempt: unknown, and to be asked again.
#[must_use]
pub fn unanswered(invoices: &[&Invoice], attempt: &Attempt, now: DateTime<Utc>) -> Outcome<Changes> {
    if !attempt.state.holds_slot() {
        return Outcome::Unchanged;
    }
    if attempt.state.may_become(AttemptState::Unknown) {
        return Outcome::Changed(moved_alone(invoices, attempt, AttemptState::Unknown, now));
    }
    looked(attempt, now)
}

/// Ends an attempt whose checkout the gateway does not know, once it would have closed by itself.
#[must_use]
pub fn gone(invoices: &[&Invoice], attempt: &Attempt, now: DateTime<Utc>) -> Outcome<Changes> {
    // Where money may be moving, not to be known there says nothing of it.
    let moving = attempt.intent_ref.is_some() || attempt.state == AttemptState::Processing;
    if moving || now < attempt.open_until() || !attempt.state.may_become(AttemptState::Expired) {
        return unanswered(invoices, attempt, now);
    }
    Outcome::Changed(moved_alone(invoices, attempt, AttemptState::Expired, now))
}

/// Notes that a look-up brought nothing new.
#[must_use]
pub fn looked(attempt: &Attempt, now: DateTime<Utc>) -> Outcome<Changes> {
    if !attempt.state.holds_slot() {
        return Outcome::Unchanged;
    }
    let look = attempt.next_look(attempt.state, attempt.look.count + 1, now);
    Outcome::Changed(Changes::of_attempt(&attempt.id, Vec::new(), look))
}

/// Ends an attempt whose order certainly had no effect at the gateway. One whose checkout is known was ordered once more meanwhile, with
/// success: what was said of the first order says nothing of that.
#[must_use]
pub fn given_up(invoices: &[&Invoice], attempt: &Attempt, now: DateTime<Utc>) -> Outcome<Changes> {
    if attempt.session_ref.is_some() || !attempt.state.may_become(AttemptState::Cancelled) {
        return Outcome::Unchanged;
    }
    Outcome::Changed(moved_alone(invoices, attempt, AttemptState::Cancelled, now))
}

/// The money that the gateway shows for an attempt is another attempt's payment already. Staff say what really happened.
#[must_use]
pub fn claimed_elsewhere(invoices: &[&Invoice], attempt: &Attempt, report: &CheckoutReport, now: DateTime<Utc>) -> Changes {
    let session_ref = Some(report.session_ref.clone());
    let intent_ref = report.intent_ref.clone().or_else(|| attempt.intent_ref.clone());
    moved_alone(invoices, &Attempt { session_ref, intent_ref, ..attempt.clone() }, AttemptState::Conflicted, now)
}

/// An attempt comes to a state without other news of its checkout.
fn moved_alone(invoices: &[&Invoice], attempt: &Attempt, state: AttemptState, now: DateTime<Utc>) -> Changes {
    let moved = AttemptEvent::Moved {
        state,
        session_ref: attempt.session_ref.clone(),
        intent_ref: attempt.intent_ref.clone(),
        decline: attempt.decline.clone(),
        payment_id: attempt.payment_id.clone(),
    };
    let mut changes = slots(invoices, attempt, state);
    changes.attempts.push((attempt.id.clone(), vec![moved], attempt.next_look(state, 0, now)));
    changes
}
