//! Staff end an attempt that nobody else can end, with what really happened.

use crate::{
    attempt::{Attempt, AttemptEvent, AttemptState, Outcome},
    changes::Changes,
    digest::Digest,
    ids::PaymentId,
    invoice::{Invoice, refusal::Refusal, settle::Books},
    money::Money,
    payment::{Method, Payment, PaymentEvent, PaymentType, id_of_gateway_object},
};
use chrono::{DateTime, NaiveDate, Utc};

/// Look-ups in vain after which an attempt counts as one that the gateway does not tell of.
const IN_VAIN: u32 = 3;

/// What staff say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// What it came to.
    pub outcome: Outcome,
    /// How much was collected; what was ordered when left out.
    pub amount: Option<Money>,
    /// The gateway's own id of the money, if staff know it.
    pub gateway_ref: Option<String>,
}

impl Attempt {
    /// Whether staff may say what became of it: it holds its slots, and the gateway does not end it.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        let undecided = matches!(self.state, AttemptState::Unknown | AttemptState::Processing | AttemptState::Conflicted);
        self.state.holds_slot() && (undecided || self.look.count >= IN_VAIN)
    }
}

/// Ends an attempt as staff say. `invoices` are those of its orders. Answers with the changes and the payment they make, if any.
///
/// # Errors
/// [`Refusal`]: it is not stuck, or the amount does not fit.
pub fn resolve(
    invoices: &[&Invoice],
    attempt: &Attempt,
    said: &Resolution,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Result<(Changes, Option<PaymentId>), Refusal> {
    if !attempt.is_stuck() {
        return Err(Refusal::NotStuck { state: attempt.state });
    }
    let amount = said.amount.unwrap_or(attempt.amount);
    if amount.currency() != attempt.amount.currency() {
        return Err(Refusal::Currency { invoice: attempt.amount.currency().code(), given: amount.currency().code() });
    }
    if !amount.is_positive() {
        return Err(Refusal::NotPositive);
    }
    let target = if said.outcome == Outcome::Nothing { AttemptState::Cancelled } else { AttemptState::Applied };
    let mut books = Books::new(invoices, attempt, target, now);
    let mut payment = (said.outcome != Outcome::Nothing).then(|| stated(attempt, said, amount, today, now));
    match (&mut payment, said.outcome) {
        (Some(payment), Outcome::Collected) => books.spread(payment)?,
        (Some(payment), Outcome::Refund) => {
            payment.taken_back = amount;
            let refund = refund_of(payment)?;
            books.changes.payments.push((refund.id.clone(), vec![PaymentEvent::Recorded(Box::new(refund))]));
        }
        (_, Outcome::Collected | Outcome::Nothing | Outcome::Refund) => {}
    }
    let payment_id = payment.as_ref().map(|payment| payment.id.clone());
    let moved = AttemptEvent::Moved {
        state: target,
        session_ref: attempt.session_ref.clone(),
        intent_ref: said.gateway_ref.clone().or_else(|| attempt.intent_ref.clone()),
        decline: attempt.decline.clone(),
        payment_id: payment_id.clone(),
    };
    let look = attempt.next_look(target, 0, now);
    books.changes.attempts.insert(0, (attempt.id.clone(), vec![AttemptEvent::Resolved(said.outcome), moved], look));
    if let Some(payment) = payment {
        books.changes.payments.insert(0, (payment.id.clone(), vec![PaymentEvent::Recorded(Box::new(payment))]));
    }
    Ok((books.changes, payment_id))
}

/// The payment that staff state, under the gateway's id of the money as far as it is known. Without one its own follows from the
/// attempt: it has one at most.
fn stated(attempt: &Attempt, said: &Resolution, amount: Money, today: NaiveDate, now: DateTime<Utc>) -> Payment {
    let gateway_ref = said.gateway_ref.clone().or_else(|| attempt.intent_ref.clone());
    let id = match &gateway_ref {
        Some(object) => id_of_gateway_object(&attempt.gateway, object),
        None => PaymentId::of_digest(Digest::of(&[b"stated", attempt.id.as_str().as_bytes()]).bytes()),
    };
    Payment {
        id,
        kind: PaymentType::Payment,
        parent_id: None,
        contact_id: attempt.contact_id.clone(),
        amount,
        allocations: Vec::new(),
        surplus: None,
        taken_back: Money::zero(amount.currency()),
        method: Method::GatewayOther,
        reference: None,
        attempt_id: Some(attempt.id.clone()),
        gateway: gateway_ref.as_ref().map(|_| attempt.gateway.clone()),
        gateway_ref,
        origin: attempt.origin,
        paid_at: None,
        received_on: today,
        recorded_at: now,
    }
}

/// The record of what was given back at the gateway.
fn refund_of(payment: &Payment) -> Result<Payment, Refusal> {
    Ok(Payment {
        id: PaymentId::of_digest(Digest::of(&[b"stated refund", payment.id.as_str().as_bytes()]).bytes()),
        kind: PaymentType::Refund,
        parent_id: Some(payment.id.clone()),
        amount: Money::zero(payment.amount.currency()).minus(payment.amount)?,
        taken_back: Money::zero(payment.amount.currency()),
        attempt_id: None,
        gateway: None,
        gateway_ref: None,
        ..payment.clone()
    })
}
