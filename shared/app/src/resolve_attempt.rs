//! Staff say what really became of an attempt that the gateway does not tell of, or tells otherwise.

use crate::{
    Answered, AppError, Caller, Deps,
    change::{idempotency_record, replay},
    commit::{Around, Races, commit_changes},
    settlement::{Case, Word, ask, settle_with, word},
};
use domain::{
    attempt::{AttemptState, CheckoutState, Outcome},
    ids::AttemptId,
    invoice::{
        refusal::Refusal,
        resolve::{Resolution, resolve},
    },
    pii::Pii,
};
use store::{CommitError, Lost};

/// Ends an attempt with what staff say. The gateway is asked once more before: what it tells goes first. `seen` is the version that the
/// client read, `note` how staff know.
///
/// # Errors
/// [`AppError::Stale`]; refusals by `ATT-RESOLVE`, when the attempt is not stuck, or the gateway has told meanwhile what became of it.
pub async fn resolve_attempt(
    deps: &Deps,
    caller: &Caller,
    id: &AttemptId,
    seen: Option<u64>,
    said: &Resolution,
    note: &Pii,
) -> Result<Answered<AttemptId>, AppError> {
    let now = deps.clock.now();
    if let Some(answered) = replay(deps, caller).await? {
        return Ok(answered);
    }
    let business = deps.business(now).await?;
    let record = idempotency_record(caller, id.as_str(), now);
    let mut case = Case::load(deps, id).await?;
    if seen.is_some_and(|seen| seen != case.attempt.head.seq) {
        return Err(AppError::Stale);
    }
    if case.attempt.value.is_stuck() {
        case = told_meanwhile(deps, caller, case, said.outcome, &business).await?;
    }
    let without_money = matches!(case.attempt.value.state, AttemptState::Cancelled | AttemptState::Expired | AttemptState::Declined);
    if without_money && said.outcome == Outcome::Nothing {
        // It has come to what staff say.
        return Ok(Answered { value: id.clone(), replayed: false });
    }
    let mut races = Races::default();
    loop {
        let today = business.zone.date_at(now);
        let (changes, _) = resolve(&case.invoices(), &case.attempt.value, said, today, now)?;
        let contact = match case.folders.first() {
            Some(folder) => deps.store.find_contact(&folder.invoice.value.contact_id).await?,
            None => None,
        };
        let around = Around { contact: contact.as_ref(), note: Some(note), idempotency: record.as_ref(), ..Around::new(&business) };
        match commit_changes(deps, &deps.context(caller, "ATT-RESOLVE", now), &case.records(), &changes, around).await {
            Ok(_) => return Ok(Answered { value: id.clone(), replayed: false }),
            Err(CommitError::Lost(Lost::Idempotency)) => return replay(deps, caller).await?.ok_or(AppError::Busy),
            Err(CommitError::Lost(Lost::Claimed)) => return Err(Refusal::ClaimedElsewhere.into()),
            Err(CommitError::Lost(_)) => {
                races.lost(deps).await?;
                if let Some(answered) = replay(deps, caller).await? {
                    return Ok(Answered { replayed: false, ..answered });
                }
                case = Case::load(deps, id).await?;
            }
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
}

/// Asks the gateway once more, and closes what may be open there, so that nobody pays after staff have said that nothing was paid.
async fn told_meanwhile(
    deps: &Deps,
    caller: &Caller,
    case: Case,
    outcome: Outcome,
    business: &domain::settings::Business,
) -> Result<Case, AppError> {
    let now = deps.clock.now();
    let attempt = &case.attempt.value;
    let said = match (&attempt.session_ref, &deps.gateway) {
        (Some(session), Some(gateway)) if gateway.name() == attempt.gateway => word(gateway.expire_checkout(session).await),
        _ => ask(deps, &case, now).await,
    };
    let said = match (&said, &deps.gateway) {
        (Word::Report(report), Some(gateway)) if report.state == CheckoutState::Open => {
            word(gateway.expire_checkout(&report.session_ref).await)
        }
        _ => said,
    };
    let may_be_open = attempt.session_ref.is_some() && now < attempt.open_until() && attempt.state != AttemptState::Conflicted;
    match said {
        // Somebody may still be paying there.
        Word::Silence | Word::Gone if outcome == Outcome::Nothing && may_be_open => Err(AppError::GatewayUnanswered),
        // Nobody tells: that is why staff do.
        Word::Silence | Word::Gone => Ok(case),
        said @ (Word::Report(_) | Word::Nothing) => settle_with(deps, caller, case, &said, business, now).await,
    }
}
