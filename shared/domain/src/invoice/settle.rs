//! What a gateway's word does to a try and its invoice.
//!
//! The answer to our call, the return page, a webhook and the five-minute settling all end here, so that whichever comes
//! second changes nothing.

use crate::{
    attempt::{Attempt, AttemptState, CheckoutReport, CheckoutState},
    invoice::{
        Invoice,
        journal::{AttemptEvent, Event, MoneyEvent},
        refusal::Refusal,
        status::Status,
    },
    money::Money,
    outcome::Outcome,
    payment::{Method, Payment, Surplus, SurplusCause, credit_of_payment, id_of_gateway_object},
};
use chrono::{DateTime, NaiveDate, Utc};

/// Settles a try with what the gateway says of its checkout.
///
/// `Unchanged` when all of it is known already, or is older than what is known.
///
/// # Errors
/// [`Refusal`] when the sums do not work out.
pub fn settle(
    invoice: &Invoice,
    attempt: &Attempt,
    report: &CheckoutReport,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Outcome<Vec<Event>>, Refusal> {
    let target = target(attempt, report, now);
    let moved = |state: AttemptState| {
        Event::Attempt(AttemptEvent::Moved {
            attempt_id: attempt.id.clone(),
            state,
            session_ref: Some(report.session_ref.clone()),
            intent_ref: report.intent_ref.clone().or_else(|| attempt.intent_ref.clone()),
            decline: report.decline.clone().or_else(|| attempt.decline.clone()),
            look_at: attempt.next_look_at(state, 0, now),
        })
    };
    if target == attempt.state {
        let nothing_new = attempt.session_ref.is_some() && (report.decline.is_none() || report.decline == attempt.decline);
        return Ok(if nothing_new || !target.holds_slot() { Outcome::Unchanged } else { Outcome::Changed(vec![moved(target)]) });
    }
    let by_way_of_processing = attempt.state == AttemptState::AwaitingPayer && target == AttemptState::Declined;
    if !by_way_of_processing && !attempt.state.may_become(target) {
        return Ok(Outcome::Unchanged);
    }
    let mut events = Vec::new();
    if by_way_of_processing {
        events.push(moved(AttemptState::Processing));
    }
    events.push(moved(target));
    if let (AttemptState::Applied, CheckoutState::Paid(method)) = (target, &report.state) {
        events.push(Event::Money(MoneyEvent::Applied(Box::new(payment(invoice, attempt, report, method, today, now)?))));
    }
    if let (AttemptState::Applied, Some(slot)) = (target, &invoice.slot)
        && slot.attempt_id != attempt.id
    {
        // Another attempt's checkout is open for what is owed no longer. It is looked at now, which closes it.
        events.push(AttemptEvent::Looked { attempt_id: slot.attempt_id.clone(), looks: 0, look_at: Some(now) }.into());
    }
    Ok(Outcome::Changed(events))
}

fn target(attempt: &Attempt, report: &CheckoutReport, now: DateTime<Utc>) -> AttemptState {
    match &report.state {
        // Only money can conflict. What is open with another amount is closed by whoever asked, and collected nothing.
        CheckoutState::Paid(_) | CheckoutState::Processing if report.amount != attempt.amount => AttemptState::Conflicted,
        CheckoutState::Open => AttemptState::AwaitingPayer,
        CheckoutState::Paid(_) => AttemptState::Applied,
        CheckoutState::Processing => AttemptState::Processing,
        CheckoutState::Failed => AttemptState::Declined,
        CheckoutState::Expired if now < attempt.expires_at => AttemptState::Cancelled,
        CheckoutState::Expired => AttemptState::Expired,
    }
}

fn payment(
    invoice: &Invoice,
    attempt: &Attempt,
    report: &CheckoutReport,
    method: &Method,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Payment, Refusal> {
    let gateway_ref = report.intent_ref.clone().unwrap_or_else(|| report.session_ref.clone());
    let id = id_of_gateway_object(&attempt.gateway, &gateway_ref);
    let owed = match invoice.status {
        Status::Open | Status::Collections { .. } => invoice.balance(),
        Status::WrittenOff { amount, .. } => amount,
        Status::Draft | Status::Closed { .. } | Status::Declined { .. } | Status::Refunded { .. } | Status::Voided { .. } => {
            Money::zero(invoice.currency)
        }
    };
    let allocated = report.amount.min(owed)?;
    let rest = report.amount.minus(allocated)?;
    let surplus = rest.is_positive().then(|| Surplus { credit_id: credit_of_payment(&id), amount: rest, cause: cause(invoice, attempt) });
    Ok(Payment {
        id,
        invoice_id: invoice.id.clone(),
        contact_id: invoice.contact_id.clone(),
        amount: report.amount,
        allocated,
        surplus,
        method: method.clone(),
        reference: None,
        attempt_id: Some(attempt.id.clone()),
        gateway_ref: Some(gateway_ref),
        origin: attempt.origin,
        received_on: today,
        recorded_at: now,
    })
}

fn cause(invoice: &Invoice, attempt: &Attempt) -> SurplusCause {
    if !attempt.state.holds_slot() {
        SurplusCause::LateSuccess
    } else if invoice.rev != attempt.invoice_rev || !invoice.status.is_owing() {
        SurplusCause::InvoiceChanged
    } else {
        SurplusCause::PaidTwice
    }
}

/// Notes that the gateway gave no answer about a try: unknown, and to be asked again.
#[must_use]
pub fn unanswered(attempt: &Attempt, now: DateTime<Utc>) -> Outcome<Vec<Event>> {
    if !attempt.state.holds_slot() {
        return Outcome::Unchanged;
    }
    let attempt_id = attempt.id.clone();
    if attempt.state.may_become(AttemptState::Unknown) {
        let look_at = attempt.next_look_at(AttemptState::Unknown, 0, now);
        return Outcome::Changed(vec![Event::Attempt(AttemptEvent::Moved {
            attempt_id,
            state: AttemptState::Unknown,
            session_ref: attempt.session_ref.clone(),
            intent_ref: attempt.intent_ref.clone(),
            decline: attempt.decline.clone(),
            look_at,
        })]);
    }
    looked(attempt, now)
}

/// Notes that a look-up brought nothing new.
#[must_use]
pub fn looked(attempt: &Attempt, now: DateTime<Utc>) -> Outcome<Vec<Event>> {
    if !attempt.state.holds_slot() {
        return Outcome::Unchanged;
    }
    let looks = attempt.looks + 1;
    let look_at = attempt.next_look_at(attempt.state, looks, now);
    Outcome::Changed(vec![Event::Attempt(AttemptEvent::Looked { attempt_id: attempt.id.clone(), looks, look_at })])
}

/// Ends a try whose order certainly had no effect at the gateway. One whose checkout is known was ordered once more meanwhile, with
/// success: what was said of the first order says nothing of that.
#[must_use]
pub fn given_up(attempt: &Attempt) -> Outcome<Vec<Event>> {
    if attempt.session_ref.is_some() || !attempt.state.may_become(AttemptState::Cancelled) {
        return Outcome::Unchanged;
    }
    Outcome::Changed(vec![Event::Attempt(AttemptEvent::Moved {
        attempt_id: attempt.id.clone(),
        state: AttemptState::Cancelled,
        session_ref: None,
        intent_ref: attempt.intent_ref.clone(),
        decline: attempt.decline.clone(),
        look_at: None,
    })])
}
