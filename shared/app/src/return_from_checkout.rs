//! A customer comes back from the gateway's checkout: ask how it went, settle it, and say so.

use crate::{
    AppError, Caller, Deps,
    open_invoice::load_by_link,
    settlement::{Word, ask, settle_with},
};
use domain::{
    attempt::{AttemptState, Decline},
    ids::AttemptId,
    link::Link,
    payment::Payment,
    record::Actor,
};
use store::queries::{InvoiceFolder, Part};

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
    let folder = load_by_link(deps, link, Part::WithPayments, now).await?;
    let attempt = match attempt_id {
        Some(id) => folder.attempts.iter().find(|attempt| attempt.id == *id).ok_or(AppError::NotFound { what: "attempt" })?,
        None => match folder.attempts.last() {
            Some(attempt) => attempt,
            None => return Ok((folder, Returned::NotPaid(None))),
        },
    };
    let id = attempt.id.clone();
    let folder = if attempt.state.holds_slot() {
        let business = deps.business(now).await?;
        let caller = Caller::new(deps, Actor::Customer(link.recipient), now);
        match ask(deps, attempt, &folder, now).await {
            // An open checkout that cannot be looked up right now is no less open; whether it was paid is not known.
            Word::Silence if attempt.state == AttemptState::Processing => folder,
            Word::Silence => return Ok((folder, Returned::Unknown)),
            word @ (Word::Report(_) | Word::Nothing) => {
                settle_with(deps, &caller, folder, &id, &word, &business, now).await?;
                load_by_link(deps, link, Part::WithPayments, now).await?
            }
        }
    } else {
        folder
    };
    let Some(attempt) = folder.attempts.iter().find(|attempt| attempt.id == id) else {
        return Err(AppError::NotFound { what: "attempt" });
    };
    let returned = match attempt.state {
        AttemptState::Applied => match folder.payments.iter().find(|p| p.attempt_id.as_ref() == Some(&id)) {
            Some(payment) => Returned::Paid(Box::new(payment.clone())),
            None => Returned::Unknown,
        },
        AttemptState::Processing => Returned::Processing,
        AttemptState::AwaitingPayer
        | AttemptState::RequiresAction
        | AttemptState::Declined
        | AttemptState::Expired
        | AttemptState::Cancelled => Returned::NotPaid(attempt.decline.clone()),
        AttemptState::Prepared | AttemptState::Dispatched | AttemptState::Unknown | AttemptState::Conflicted => Returned::Unknown,
    };
    Ok((folder, returned))
}
