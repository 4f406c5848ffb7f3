//! Every five minutes: ask the gateway about attempts whose outcome nobody has told, and move money off voided invoices where that was
//! cut short. Once a day: hold all that it collected against what is known.

use crate::{
    AppError, Caller, Deps,
    change::move_money_of_voided,
    measures::Measure,
    settlement::{Case, Word, ask, settle_with, word},
    sweep::{Budget, Run, Slice, Source, Walk, nothing_due, record},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    attempt::AttemptState,
    automation::Sweep,
    ids::AttemptId,
    record::{Actor, Subject},
    settings::Business,
};
use gateway::{Answer, Why};
use store::lists::Due;

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
            Due::Attempt(attempt_id) => settle_one(deps, &caller, attempt_id, &business, now).await,
            Due::Invoice(id) => move_money_of_voided(deps, &caller, id, now).await,
            Due::Message(..) => Ok(false),
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
/// try was given up before. A payment of ours whose attempt is not there, or that cannot be read, is an error for somebody to look at, and
/// keeps none of the others waiting. When the gateway does not answer, the day counts as not looked at, and the next run tries again.
async fn look_back(deps: &Deps, caller: &Caller, business: &Business, since: DateTime<Utc>, now: DateTime<Utc>) -> Result<Run, AppError> {
    let (mut run, mut silent) = (Run::default(), 0_u32);
    let Some(gateway) = &deps.gateway else { return Ok(run) };
    let listed = gateway.list_checkouts(since).await.map_err(|why| {
        tracing::warn!(%why, "the gateway did not list its checkouts");
        AppError::GatewayUnanswered
    })?;
    for checkout in listed.into_iter().filter(|checkout| checkout.paid) {
        let Some(ours) = checkout.ours else { continue };
        let found = deps.store.find_attempt(&ours.attempt_id).await?;
        match found {
            Some(found) if matches!(found.value.state, AttemptState::Applied | AttemptState::Conflicted) => run.passed += 1,
            Some(found) => {
                let answer = gateway.read_checkout(&checkout.session_ref).await;
                if matches!(answer, Answer::Unknown(Why::Unreadable(_))) {
                    tracing::error!(attempt = %ours.attempt_id, "a payment that nobody told of cannot be read at the gateway");
                    run.failed += 1;
                    continue;
                }
                let said = word(answer);
                if matches!(said, Word::Silence) {
                    silent += 1;
                    continue;
                }
                settle_with(deps, caller, Case::around(deps, found, &[]).await?, &said, business, now).await?;
                run.done += 1;
            }
            None => {
                tracing::error!(invoice = %ours.invoice_id, attempt = %ours.attempt_id, "a payment at the gateway has no attempt here");
                run.failed += 1;
            }
        }
    }
    if silent > 0 {
        tracing::warn!(silent, "the gateway did not tell of all that it collected");
        return Err(AppError::GatewayUnanswered);
    }
    Ok(run)
}

async fn settle_one(deps: &Deps, caller: &Caller, id: &AttemptId, business: &Business, now: DateTime<Utc>) -> Result<bool, AppError> {
    let found = deps.store.find_attempt(id).await?.ok_or(AppError::NotFound { what: "attempt" })?;
    if !found.value.state.holds_slot() || found.value.look.at.is_none_or(|at| at > now) {
        return Ok(false);
    }
    let case = Case::around(deps, found, &[]).await?;
    let word = ask(deps, &case, now).await;
    let silent = matches!(word, Word::Silence);
    let case = settle_with(deps, caller, case, &word, business, now).await?;
    if silent {
        tracing::warn!(attempt = %id, "still without an outcome");
    }
    let attempt = &case.attempt.value;
    let waits_for_nobody = match attempt.state {
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
    if waits_for_nobody {
        deps.measures.note(Measure::AttemptsWithoutOutcome, 1);
    }
    Ok(true)
}
