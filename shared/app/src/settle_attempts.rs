//! Every five minutes: ask the gateway about tries whose outcome nobody has told.

use crate::{
    AppError, Caller, Deps,
    measures::Measure,
    settlement::{Word, ask, settle_with},
    sweep::{Budget, Run, Slice, Source, Walk, record},
};
use chrono::TimeDelta;
use domain::{
    attempt::{Attempt, AttemptState},
    automation::Sweep,
    ids::{AttemptId, InvoiceId},
    record::Actor,
};
use store::{lists::Due, queries::Part};

/// How long a try may wait for neither payer nor bank before somebody should know.
const WAITED: TimeDelta = TimeDelta::minutes(15);

/// Settles what is due: 16 queries when nothing is.
///
/// # Errors
/// [`AppError`] when the sweep cannot begin; a single try that fails is counted and does not stop the rest.
pub async fn settle_attempts(deps: &Deps, budget: Budget<'_>) -> Result<Run, AppError> {
    let now = deps.clock.now();
    let sweep = Sweep::Collections;
    let business = match deps.business(now).await {
        Ok(business) => business,
        // Nothing can be due in a stack that was never set up.
        Err(AppError::NoBusiness) => return Ok(Run::default()),
        Err(error) => return Err(error),
    };
    let before = deps.store.find_run(sweep.name()).await?;
    let caller = Caller::new(deps, Actor::System(sweep.name().to_owned()), now);
    let source = Source::Sweep(sweep);
    let mut walk = Walk::begin(deps, source, Slice::whole(source, now)).await?;
    while let Some(due) = walk.next(deps, budget).await? {
        let outcome = match &due {
            Due::Attempt(invoice_id, attempt_id) => settle_one(deps, &caller, invoice_id, attempt_id, &business, now).await,
            Due::Invoice(_) | Due::Message(..) => Ok(false),
        };
        walk.count(&due, outcome);
    }
    let run = walk.end(deps);
    record(deps, sweep, &business, before, &run).await?;
    Ok(run)
}

async fn settle_one(
    deps: &Deps,
    caller: &Caller,
    invoice_id: &InvoiceId,
    attempt_id: &AttemptId,
    business: &domain::settings::Business,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<bool, AppError> {
    let folder = deps.load_invoice(invoice_id, Part::WithAttempts).await?;
    let Some(attempt) = folder.attempts.iter().find(|attempt| attempt.id == *attempt_id).cloned() else {
        return Err(AppError::NotFound { what: "attempt" });
    };
    if !attempt.state.holds_slot() || attempt.look_at.is_none_or(|at| at > now) {
        return Ok(false);
    }
    let word = ask(deps, &attempt, &folder, now).await;
    let silent = matches!(word, Word::Silence);
    let folder = settle_with(deps, caller, folder, attempt_id, &word, business, now).await?;
    if silent {
        tracing::warn!(invoice = %invoice_id, attempt = %attempt_id, "still without an outcome");
    }
    let waits_for_nobody = |attempt: &Attempt| match attempt.state {
        AttemptState::Prepared | AttemptState::Dispatched | AttemptState::Unknown => now - attempt.taken_at > WAITED,
        AttemptState::Conflicted => true,
        AttemptState::AwaitingPayer
        | AttemptState::RequiresAction
        | AttemptState::Processing
        | AttemptState::Applied
        | AttemptState::Declined
        | AttemptState::Expired
        | AttemptState::Cancelled => false,
    };
    if folder.attempts.iter().any(|attempt| attempt.id == *attempt_id && waits_for_nobody(attempt)) {
        deps.measures.note(Measure::AttemptsWithoutOutcome, 1);
    }
    Ok(true)
}
