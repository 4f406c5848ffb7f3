//! Staff log money they received outside any gateway.

use crate::{
    Answered, AppError, Caller, Deps,
    change::{Frame, change_invoice},
    millis,
};
use chrono::NaiveDate;
use domain::{
    ids::{InvoiceId, PaymentId},
    invoice::commands::OfflinePayment,
    money::Money,
    payment::Method,
};

/// Money that was received.
#[derive(Debug, Clone)]
pub struct Received {
    /// How much: the balance or a part of it.
    pub amount: Money,
    /// How.
    pub method: Method,
    /// A cheque number or a transfer's reference.
    pub reference: Option<String>,
    /// The local date of receipt; today when left out.
    pub received_on: Option<NaiveDate>,
}

/// Logs an offline payment, after closing an open checkout; one that turns out to be paid is settled first.
/// `seen` is the `ETag` the client read. Answers with the payment.
///
/// # Errors
/// [`AppError::Stale`]; refusals by `ACT-PAY-STATUS`, G1 and G2; [`AppError::GatewayUnanswered`] while an open checkout cannot be closed.
pub async fn record_payment(
    deps: &Deps,
    caller: &Caller,
    id: &InvoiceId,
    seen: Option<&str>,
    received: &Received,
) -> Result<Answered<PaymentId>, AppError> {
    let now = deps.clock.now();
    let payment_id = PaymentId::at(millis(now), deps.entropy.number());
    let frame = Frame { fence: true, ..Frame::new(caller, "ACT-PAY-OFFLINE", id, seen, now) };
    change_invoice(deps, frame, &payment_id, |loaded| {
        let today = loaded.business.zone.date_at(now);
        let offered = OfflinePayment {
            id: payment_id.clone(),
            amount: received.amount,
            method: received.method.clone(),
            reference: received.reference.clone(),
            received_on: received.received_on.unwrap_or(today),
        };
        Ok(Some(loaded.invoice().record_offline(&offered, today, now)?.into()))
    })
    .await
}
