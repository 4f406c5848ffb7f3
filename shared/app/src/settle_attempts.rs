//! Every five minutes: ask the gateway about tries whose outcome nobody has told. Once a day: hold all that it collected against what
//! is known.

use crate::{
    AppError, Caller, Deps,
    measures::Measure,
    settlement::{Word, ask, settle_with, word},
    sweep::{Budget, Run, Slice, Source, Walk, nothing_due, record},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    attempt::{Attempt, AttemptState},
    automation::Sweep,
    ids::{AttemptId, InvoiceId},
    record::{Actor, Subject},
    settings::Business,
};
use store::{lists::Due, queries::Part};

/// How long a try may wait for neither payer nor bank before somebody should know.
const WAITED: TimeDelta = TimeDelta::minutes(15);
/// How far back of the last time payments are held against what is known, once a day.
const LOOKED_BACK: TimeDelta = TimeDelta::hours(48);

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
        Err(AppError::NoBusiness) => return Ok(nothing_due(deps, sweep)),
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
    let mut run = walk.end(deps);
    if before.as_ref().is_none_or(|record| record.day != business.zone.date_at(now)) {
        let since = match &before {
            Some(record) => record.finished_at.min(now),
            None => set_up(deps, now).await?,
        } - LOOKED_BACK;
        let looked = look_back(deps, &caller, &business, since, now).await?;
        deps.measures.note(Measure::RecordsFailed, looked.failed);
        run.done += looked.done;
        run.failed += looked.failed;
    }
    record(deps, sweep, &business, before, &run).await?;
    Ok(run)
}

/// When the business was set up: nothing was collected for it before.
async fn set_up(deps: &Deps, now: DateTime<Utc>) -> Result<DateTime<Utc>, AppError> {
    let first = deps.store.list_entries(&Subject::Business, 0, 1).await?;
    Ok(first.rows.first().map_or(now, |stored| stored.entry.at))
}

/// Settles money that the gateway collected since two days before the last time, and that nobody told of: a notice was lost for good, and the
/// try was given up before. A payment of ours whose try is not there is an error for somebody to look at. When the gateway does not
/// answer, the day counts as not looked at, and the next run tries again.
async fn look_back(deps: &Deps, caller: &Caller, business: &Business, since: DateTime<Utc>, now: DateTime<Utc>) -> Result<Run, AppError> {
    let mut run = Run::default();
    let Some(gateway) = &deps.gateway else { return Ok(run) };
    let listed = gateway.list_checkouts(since).await.map_err(|why| {
        tracing::warn!(%why, "the gateway did not list its checkouts");
        AppError::GatewayUnanswered
    })?;
    for checkout in listed.into_iter().filter(|checkout| checkout.paid) {
        let Some(ours) = checkout.ours else { continue };
        let folder = deps.store.find_invoice(&ours.invoice_id, Part::WithAttempts).await?;
        let state =
            folder.as_ref().and_then(|folder| folder.attempts.iter().find(|attempt| attempt.id == ours.attempt_id)).map(|a| a.state);
        match (folder, state) {
            (Some(_), Some(AttemptState::Applied | AttemptState::Conflicted)) => run.passed += 1,
            (Some(folder), Some(_)) => {
                let said = word(gateway.read_checkout(&checkout.session_ref).await);
                if matches!(said, Word::Silence) {
                    return Err(AppError::GatewayUnanswered);
                }
                settle_with(deps, caller, folder, &ours.attempt_id, &said, business, now).await?;
                run.done += 1;
            }
            (None, _) | (_, None) => {
                tracing::error!(invoice = %ours.invoice_id, attempt = %ours.attempt_id, "a payment at the gateway has no try here");
                run.failed += 1;
            }
        }
    }
    Ok(run)
}

async fn settle_one(
    deps: &Deps,
    caller: &Caller,
    invoice_id: &InvoiceId,
    attempt_id: &AttemptId,
    business: &Business,
    now: DateTime<Utc>,
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
