//! A gateway tells us something by itself: a hint, read before it is believed, settled once.

use crate::{
    AppError, Caller, Deps,
    commit::Races,
    settlement::{Case, Word, claimed, close_outdated, commit_case, decide, look},
};
use domain::{attempt::Attempt, outcome::Outcome, record::Actor};
use gateway::{Gateway, Notice};
use store::{CommitError, GatewayEventRecord, Lost};

/// What a notice led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// It settled something, or noted how far it has come.
    Applied,
    /// All of it was known.
    Known,
    /// The same event was recorded before.
    Duplicate,
    /// Its money is another attempt's payment already; staff have to look.
    ClaimedElsewhere,
    /// It is about nothing of ours.
    Unmatched,
    /// It is of the other mode or of another account, and was not written down.
    Foreign,
}

impl Noted {
    /// Its name in the table and in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Known => "ignored_old",
            Self::Duplicate => "duplicate",
            Self::ClaimedElsewhere => "claimed_elsewhere",
            Self::Unmatched => "unmatched",
            Self::Foreign => "foreign",
        }
    }
}

/// Carries a verified notice out: the event, the attempt and its invoices are read, then one gateway call, and one commit that also writes
/// the event's row.
///
/// # Idempotency
/// The event's row is written with what it settles; a duplicate is one read and no write.
///
/// # Errors
/// [`AppError::GatewayUnanswered`] when the object cannot be read, so that the gateway tells again.
pub async fn record_gateway_notice(deps: &Deps, gateway: &Gateway, notice: &Notice) -> Result<Noted, AppError> {
    let now = deps.clock.now();
    if notice.livemode != gateway.is_live() || notice.account.is_some() {
        return Ok(Noted::Foreign);
    }
    let record = |noted: Noted| GatewayEventRecord {
        gateway: gateway.name().to_owned(),
        event_id: notice.event_id.clone(),
        kind: notice.kind.clone(),
        outcome: noted.name().to_owned(),
        received_at: now,
    };
    let Some(attempt_id) = &notice.attempt_id else {
        return write_down(deps, &record(Noted::Unmatched), Noted::Unmatched).await;
    };
    if deps.store.find_gateway_event(gateway.name(), &notice.event_id).await?.is_some() {
        return Ok(Noted::Duplicate);
    }
    let Some(attempt) = deps.store.find_attempt(attempt_id).await?.filter(|found| is_about(notice, &found.value)) else {
        return write_down(deps, &record(Noted::Unmatched), Noted::Unmatched).await;
    };
    let Some(session) = notice.session_ref.clone().or_else(|| attempt.value.session_ref.clone()) else {
        return write_down(deps, &record(Noted::Known), Noted::Known).await;
    };
    let business = deps.business(now).await?;
    let caller = Caller::new(deps, Actor::Gateway(gateway.name().to_owned()), now);
    let word = look(gateway, &attempt.value, &session).await;
    if matches!(word, Word::Gone) {
        return write_down(deps, &record(Noted::Unmatched), Noted::Unmatched).await;
    }
    if matches!(word, Word::Silence) {
        return Err(AppError::GatewayUnanswered);
    }
    let mut case = Case::around(deps, attempt, &[]).await?;
    let mut races = Races::default();
    loop {
        let Outcome::Changed(changes) = decide(&case, &word, &business, now)? else {
            return write_down(deps, &record(Noted::Known), Noted::Known).await;
        };
        let event = record(Noted::Applied);
        let lost = match commit_case(deps, &caller, &case, &changes, &business, Some(&event), now).await {
            Ok(records) => {
                close_outdated(deps, &caller, case.after(records), &business, now).await;
                return Ok(Noted::Applied);
            }
            Err(CommitError::Lost(Lost::Event)) => return Ok(Noted::Duplicate),
            Err(CommitError::Lost(lost)) => lost,
            Err(CommitError::Store(error)) => return Err(error.into()),
        };
        races.lost(deps).await?;
        let id = case.attempt.value.id.clone();
        case = Case::load(deps, &id).await?;
        if lost == Lost::Claimed
            && let Some(changes) = claimed(deps, &case, &word, &changes, now).await?
        {
            let event = record(Noted::ClaimedElsewhere);
            commit_case(deps, &caller, &case, &changes, &business, Some(&event), now).await?;
            return Ok(Noted::ClaimedElsewhere);
        }
    }
}

/// Whether a notice that names an attempt is about its own checkout: one session never settles another attempt.
fn is_about(notice: &Notice, attempt: &Attempt) -> bool {
    let same = |theirs: &Option<String>, ours: &Option<String>| theirs.is_none() || ours.is_none() || theirs == ours;
    let ours = same(&notice.session_ref, &attempt.session_ref)
        && notice.invoice_id.as_ref().is_none_or(|invoice| attempt.order_of(invoice).is_some());
    if !ours {
        tracing::error!(attempt = %attempt.id, event = notice.event_id, "a notice names an attempt whose checkout or invoice is another one");
    }
    ours
}

async fn write_down(deps: &Deps, record: &GatewayEventRecord, noted: Noted) -> Result<Noted, AppError> {
    match deps.store.record_gateway_event(record).await {
        Ok(()) => Ok(noted),
        Err(CommitError::Lost(_)) => Ok(Noted::Duplicate),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
