//! A gateway tells us something by itself: a hint, read before it is believed, settled once.

use crate::{
    AppError, Caller, Deps,
    change::{Around, commit_events, lost_race},
    settlement::{Word, close_outdated, decide, look},
};
use domain::{attempt::Attempt, ids::InvoiceId, invoice::Invoice, outcome::Outcome, record::Actor};
use gateway::{Gateway, Notice};
use store::{CommitError, GatewayEventRecord, Lost, Stored, queries::Part};

/// What a notice led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// It settled something, or noted how far it has come.
    Applied,
    /// All of it was known.
    Known,
    /// The same event was recorded before.
    Duplicate,
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
            Self::Unmatched => "unmatched",
            Self::Foreign => "foreign",
        }
    }
}

/// Carries a verified notice out: one transaction read, one gateway call, one commit that also writes the event's row.
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
    let (Some(invoice_id), Some(attempt_id), Some(contact_id)) = (&notice.invoice_id, &notice.attempt_id, &notice.contact_id) else {
        return write_down(deps, &record(Noted::Unmatched), Noted::Unmatched).await;
    };
    let business = deps.business(now).await?;
    let caller = Caller::new(deps, Actor::Gateway(gateway.name().to_owned()), now);
    let mut said: Option<Word> = None;
    let mut races = 0;
    loop {
        let found = deps.store.find_for_notice(gateway.name(), &notice.event_id, invoice_id, attempt_id, contact_id).await?;
        if found.event.is_some() {
            return Ok(Noted::Duplicate);
        }
        let (Some(invoice), Some(attempt), Some(contact)) = (found.invoice, found.attempt, found.contact) else {
            return write_down(deps, &record(Noted::Unmatched), Noted::Unmatched).await;
        };
        let Some(session) = notice.session_ref.as_ref().or(attempt.session_ref.as_ref()) else {
            return write_down(deps, &record(Noted::Known), Noted::Known).await;
        };
        let word = match said.take() {
            Some(word) => word,
            None => look(gateway, &attempt, session).await,
        };
        if matches!(word, Word::Silence) {
            return Err(AppError::GatewayUnanswered);
        }
        let another_is_open = invoice.value.slot.as_ref().is_some_and(|slot| slot.attempt_id != attempt.id);
        let (invoice, attempts) = if another_is_open { with_all(deps, invoice_id).await? } else { (invoice, vec![attempt]) };
        let Some(attempt) = attempts.iter().find(|attempt| attempt.id == *attempt_id) else {
            return Err(AppError::Defect(format!("{attempt_id} is gone from {invoice_id}")));
        };
        let Outcome::Changed(events) = decide(&invoice.value, attempt, &word, &business, now)? else {
            return write_down(deps, &record(Noted::Known), Noted::Known).await;
        };
        let event = record(Noted::Applied);
        let around = Around {
            business: &business,
            contact: Some(&contact),
            attempts: &attempts,
            text: None,
            number: None,
            idempotency: None,
            gateway_event: Some(&event),
        };
        let context = deps.context(&caller, "R2", now);
        match commit_events(deps, &context, Some(&invoice), invoice_id, &events, around).await {
            Ok(_) => {
                if another_is_open {
                    close_outdated(deps, &caller, deps.load_invoice(invoice_id, Part::WithAttempts).await?, &business, now).await;
                }
                return Ok(Noted::Applied);
            }
            Err(CommitError::Lost(Lost::Event)) => return Ok(Noted::Duplicate),
            Err(CommitError::Lost(lost)) => lost_race(deps, lost, &mut races).await?,
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
        said = Some(word);
    }
}

/// The invoice with all its attempts, for money that changes what another one's open checkout may ask for.
async fn with_all(deps: &Deps, id: &InvoiceId) -> Result<(Stored<Invoice>, Vec<Attempt>), AppError> {
    let folder = deps.load_invoice(id, Part::WithAttempts).await?;
    Ok((folder.invoice, folder.attempts))
}

async fn write_down(deps: &Deps, record: &GatewayEventRecord, noted: Noted) -> Result<Noted, AppError> {
    match deps.store.record_gateway_event(record).await {
        Ok(()) => Ok(noted),
        Err(CommitError::Lost(_)) => Ok(Noted::Duplicate),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
