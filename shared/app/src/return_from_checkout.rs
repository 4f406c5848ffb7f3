//! A customer comes back from the gateway's checkout: ask how it went, settle it, and say so.

use crate::{
    AppError, Caller, Deps,
    open_invoice::load_by_link,
    settlement::{Case, Word, ask, settle_with},
};
use domain::{
    attempt::{AttemptState, Decline},
    ids::{AttemptId, PaymentId},
    link::Link,
    payment::Payment,
    record::Actor,
};
use store::queries::InvoiceFolder;

/// How the try went, as far as it is known.
#[derive(Debug)]
pub enum Returned {
    /// Paid.
    Paid(Box<Payment>),
    /// Received and still under way.
    Processing,
    /// Not paid yet; with the last no, if there was one.
    NotPaid(Option<Decline>),
    /// The gateway does not say; it will be found out.
    Unknown,
}

/// Asks the gateway about the try and records what it says.
///
/// # Errors
/// [`AppError::NotFound`] for a link that opens nothing, or a try of another invoice.
pub async fn return_from_checkout(deps: &Deps, link: &Link, attempt_id: Option<&AttemptId>) -> Result<(InvoiceFolder, Returned), AppError> {
    let now = deps.clock.now();
    let folder = load_by_link(deps, link, now).await?;
    let in_slot = folder.invoice.value.slot.as_ref().map(|slot| slot.attempt_id.clone());
    let Some(id) = attempt_id.cloned().or(in_slot) else {
        return match folder.invoice.value.money.last() {
            Some(line) => paid(deps, folder.clone(), Some(&line.payment_id)).await,
            None => Ok((folder, Returned::NotPaid(None))),
        };
    };
    let attempt = deps.store.find_attempt(&id).await?.filter(|found| found.value.order_of(&link.invoice_id).is_some());
    let case = Case::around(deps, attempt.ok_or(AppError::NotFound { what: "attempt" })?, &[&folder]).await?;
    let case = if case.attempt.value.state.holds_slot() {
        let business = deps.business(now).await?;
        let caller = Caller::new(deps, Actor::Customer(link.recipient), now);
        match ask(deps, &case, now).await {
            // An open checkout that cannot be looked up right now is no less open; whether it was paid is not known.
            Word::Silence if case.attempt.value.state == AttemptState::Processing => case,
            Word::Silence => return Ok((folder, Returned::Unknown)),
            word @ (Word::Report(_) | Word::Nothing | Word::Gone) => settle_with(deps, &caller, case, &word, &business, now).await?,
        }
    } else {
        case
    };
    let attempt = &case.attempt.value;
    let folder = case.folder(&link.invoice_id).cloned().unwrap_or(folder);
    match attempt.state {
        AttemptState::Applied => paid(deps, folder, attempt.payment_id.as_ref()).await,
        AttemptState::Processing => Ok((folder, Returned::Processing)),
        AttemptState::AwaitingPayer
        | AttemptState::RequiresAction
        | AttemptState::Declined
        | AttemptState::Expired
        | AttemptState::Cancelled => Ok((folder, Returned::NotPaid(attempt.decline.clone()))),
        AttemptState::Prepared | AttemptState::Dispatched | AttemptState::Unknown | AttemptState::Conflicted => {
            Ok((folder, Returned::Unknown))
        }
    }
}

async fn paid(deps: &Deps, folder: InvoiceFolder, payment: Option<&PaymentId>) -> Result<(InvoiceFolder, Returned), AppError> {
    let found = match payment {
        Some(id) => deps.store.find_payment(id).await?,
        None => None,
    };
    // What was given back already was not received.
    if found.as_ref().is_some_and(|payment| !payment.value.taken_back.is_zero()) {
        return Ok((folder, Returned::NotPaid(None)));
    }
    Ok((folder, found.map_or(Returned::Unknown, |payment| Returned::Paid(Box::new(payment.value)))))
}
