//! What several use cases do at the gateway: ask it, settle a try with what it says, close an open checkout.

use crate::{
    AppError, Caller, Deps,
    change::{Around, commit_events, lost_race},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    attempt::{Attempt, AttemptState, CheckoutReport, CheckoutState},
    ids::AttemptId,
    invoice::{
        Invoice,
        journal::{Event, MoneyEvent},
        settle::{given_up, looked, settle, unanswered},
    },
    link::{Link, Purpose},
    outcome::Outcome,
    settings::Business,
};
use gateway::{Answer, CheckoutOrder, Gateway, RefusalClass};
use store::{
    CommitError,
    queries::{InvoiceFolder, Part},
};

/// Hours after which an idempotency key may have been forgotten by the gateway, so that nothing is sent under it again.
///
/// Source: Stripe, Idempotent requests: keys are kept for at least 24 hours.
const KEY_HOURS: i64 = 23;

/// Minutes after which no request of ours is on its way any more: a function lives 30 seconds and a call 20; clocks may differ.
const UNDER_WAY_MINUTES: i64 = 5;

/// What is known of a try after the gateway was asked.
#[derive(Debug)]
pub(crate) enum Word {
    /// What it says.
    Report(Box<CheckoutReport>),
    /// Certainly nothing was or will be collected.
    Nothing,
    /// No answer; ask again later.
    Silence,
}

/// The order that opens a try's checkout: the same today as when it was first sent.
pub(crate) async fn open_checkout(deps: &Deps, gateway: &Gateway, attempt: &Attempt, folder: &InvoiceFolder) -> Answer {
    let invoice = &folder.invoice.value;
    let link = Link { purpose: Purpose::Pay, invoice_id: invoice.id.clone(), recipient: attempt.recipient, version: attempt.link_version };
    let token = deps.links.sign_with(attempt.link_key, &link);
    let page = format!("{}/p/{}", deps.base_url, token.reveal());
    let number = invoice.number.as_ref().map_or_else(|| invoice.id.to_string(), ToString::to_string);
    let addresses = folder.text.bill_to.emails.iter().map(|e| &e.address);
    let email = addresses.clone().find(|address| address.reference() == attempt.recipient).or_else(|| folder.text.bill_to.main_email());
    gateway
        .open_checkout(&CheckoutOrder {
            attempt,
            description: &format!("Invoice {number}"),
            email,
            return_url: &format!("{page}/return?attempt={}", attempt.id),
            cancel_url: &format!("{page}/cancel"),
        })
        .await
}

/// Asks the gateway about a try: reads its checkout, or, when its creation was never answered, sends the same order again
/// under the same key as long as that can only bring the first answer.
pub(crate) async fn ask(deps: &Deps, attempt: &Attempt, folder: &InvoiceFolder, now: DateTime<Utc>) -> Word {
    let Some(gateway) = deps.gateway.as_ref().filter(|gateway| gateway.name() == attempt.gateway) else {
        return Word::Silence;
    };
    // Nobody is to pay at a checkout whose time is over, or that asks for another amount than is owed by now.
    let closing = now >= attempt.expires_at || is_outdated(&folder.invoice.value, attempt);
    if let Some(session) = &attempt.session_ref {
        return if closing { word(gateway.expire_checkout(session).await) } else { look(gateway, attempt, session).await };
    }
    if now >= attempt.taken_at + TimeDelta::hours(KEY_HOURS) {
        // Nobody was ever given the checkout's address, and it has closed by itself since.
        return Word::Nothing;
    }
    match open_checkout(deps, gateway, attempt, folder).await {
        // The first answer is told again as it was then; what became of it since must be read.
        Answer::Report(report) if closing => word(gateway.expire_checkout(&report.session_ref).await),
        Answer::Report(report) => look(gateway, attempt, &report.session_ref).await,
        // Its time is over, and nobody was ever given its address: whether it was opened or not, nobody can pay there.
        Answer::Refused(_) | Answer::Unknown(_) if now >= attempt.expires_at => Word::Nothing,
        // Half an hour before it would close a checkout can no longer be opened: the first order never arrived.
        Answer::Refused(refusal) if refusal.class == RefusalClass::Request && !refusal.code.contains("idempotency") => Word::Nothing,
        Answer::Refused(refusal) => {
            tracing::warn!(attempt = %attempt.id, code = refusal.code, "the gateway refused to tell");
            look_for(gateway, attempt, now).await
        }
        Answer::Unknown(why) => {
            tracing::warn!(attempt = %attempt.id, %why, "the gateway did not tell");
            look_for(gateway, attempt, now).await
        }
    }
}

/// Looks for a try's checkout among all of that time, when its order cannot be told again: a gateway that failed once answers the same
/// key with the same failure for a day. After some minutes no request is on its way any more, so what is not there never came about.
async fn look_for(gateway: &Gateway, attempt: &Attempt, now: DateTime<Utc>) -> Word {
    if now < attempt.taken_at + TimeDelta::minutes(UNDER_WAY_MINUTES) {
        return Word::Silence;
    }
    // The gateway's clock may be behind ours.
    match gateway.list_checkouts(attempt.taken_at - TimeDelta::minutes(UNDER_WAY_MINUTES)).await {
        Ok(found) => match found.iter().find(|found| found.ours.as_ref().is_some_and(|ours| ours.attempt_id == attempt.id)) {
            Some(found) => look(gateway, attempt, &found.session_ref).await,
            None => Word::Nothing,
        },
        Err(why) => {
            tracing::warn!(attempt = %attempt.id, %why, "the gateway did not list its checkouts");
            Word::Silence
        }
    }
}

/// Reads a try's checkout. If it is open with another amount than was ordered, closes it and tells what became of it.
pub(crate) async fn look(gateway: &Gateway, attempt: &Attempt, session: &str) -> Word {
    let said = word(gateway.read_checkout(session).await);
    if !matches!(&said, Word::Report(report) if asks_for_another_amount(attempt, report)) {
        return said;
    }
    tracing::error!(attempt = %attempt.id, "the gateway's checkout asks for another amount than was ordered, and is closed");
    word(gateway.expire_checkout(session).await)
}

/// Whether a checkout is open for another amount than was ordered.
pub(crate) fn asks_for_another_amount(attempt: &Attempt, report: &CheckoutReport) -> bool {
    report.state == CheckoutState::Open && report.amount != attempt.amount
}

/// Whether a try's amount is not what is owed now. Late money for an earlier try does that.
fn is_outdated(invoice: &Invoice, attempt: &Attempt) -> bool {
    invoice.amount_due() != attempt.amount
}

pub(crate) fn word(answer: Answer) -> Word {
    match answer {
        Answer::Report(report) => Word::Report(Box::new(report)),
        Answer::Refused(refusal) => {
            tracing::warn!(code = refusal.code, class = refusal.class.name(), "the gateway refused");
            Word::Silence
        }
        Answer::Unknown(why) => {
            tracing::warn!(%why, "the gateway did not answer");
            Word::Silence
        }
    }
}

/// What the gateway's word makes of a try and its invoice.
pub(crate) fn decide(
    invoice: &Invoice,
    attempt: &Attempt,
    word: &Word,
    business: &Business,
    now: DateTime<Utc>,
) -> Result<Outcome<Vec<Event>>, AppError> {
    Ok(match word {
        Word::Report(report) => settle(invoice, attempt, report, business.zone.date_at(now), now)?,
        Word::Nothing => given_up(attempt),
        Word::Silence => unanswered(attempt, now),
    })
}

/// Settles a try with the gateway's word. Then closes the open checkout if its amount is no longer what is owed; when that fails, the sweep
/// finds it due.
pub(crate) async fn settle_with(
    deps: &Deps,
    caller: &Caller,
    folder: InvoiceFolder,
    attempt_id: &AttemptId,
    word: &Word,
    business: &Business,
    now: DateTime<Utc>,
) -> Result<InvoiceFolder, AppError> {
    let folder = settle_one(deps, caller, folder, attempt_id, word, business, now).await?;
    Ok(close_outdated(deps, caller, folder, business, now).await)
}

/// Closes the open checkout when it asks for another amount than is owed by now.
pub(crate) async fn close_outdated(
    deps: &Deps,
    caller: &Caller,
    folder: InvoiceFolder,
    business: &Business,
    now: DateTime<Utc>,
) -> InvoiceFolder {
    let open =
        |attempt: &&Attempt| attempt.session_ref.is_some() && !matches!(attempt.state, AttemptState::Processing | AttemptState::Conflicted);
    let Some(attempt) = folder.slot_attempt().filter(open).filter(|attempt| is_outdated(&folder.invoice.value, attempt)).cloned() else {
        return folder;
    };
    let said = ask(deps, &attempt, &folder, now).await;
    match settle_one(deps, caller, folder.clone(), &attempt.id, &said, business, now).await {
        Ok(after) => after,
        Err(error) => {
            tracing::warn!(attempt = %attempt.id, %error, "an outdated checkout stays open until the next look");
            folder
        }
    }
}

/// Loads, decides, commits, and again when a race was lost.
async fn settle_one(
    deps: &Deps,
    caller: &Caller,
    folder: InvoiceFolder,
    attempt_id: &AttemptId,
    word: &Word,
    business: &Business,
    now: DateTime<Utc>,
) -> Result<InvoiceFolder, AppError> {
    let mut folder = folder;
    let mut races = 0;
    loop {
        let invoice_id = folder.invoice.value.id.clone();
        let Some(attempt) = folder.attempts.iter().find(|a| a.id == *attempt_id) else {
            return Err(AppError::NotFound { what: "attempt" });
        };
        let events = match decide(&folder.invoice.value, attempt, word, business, now)? {
            Outcome::Unchanged if matches!(word, Word::Report(_)) && attempt.look_at.is_some_and(|at| at <= now) => {
                match looked(attempt, now) {
                    Outcome::Changed(events) => events,
                    Outcome::Unchanged => return Ok(folder),
                }
            }
            Outcome::Unchanged => return Ok(folder),
            Outcome::Changed(events) => events,
        };
        let tells = events.iter().any(|event| matches!(event, Event::Money(MoneyEvent::Applied(_))));
        let contact = if tells { Some(deps.load_contact(&folder.invoice.value).await?) } else { None };
        let around = Around {
            business,
            contact: contact.as_ref(),
            attempts: &folder.attempts,
            text: None,
            number: None,
            idempotency: None,
            gateway_event: None,
        };
        let context = deps.context(caller, "R2", now);
        match commit_events(deps, &context, Some(&folder.invoice), &invoice_id, &events, around).await {
            Ok(after) => {
                folder.invoice = after.invoice;
                folder.attempts = after.attempts;
                return Ok(folder);
            }
            Err(CommitError::Lost(lost)) => {
                lost_race(deps, lost, &mut races).await?;
                folder = deps.load_invoice(&invoice_id, Part::WithAttempts).await?;
            }
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
}

/// Closes the checkout that holds the slot, so that nothing can be paid there while something else is decided. One that turns
/// out to be paid is settled instead; the caller then decides on the invoice as that leaves it.
pub(crate) async fn fence(
    deps: &Deps,
    caller: &Caller,
    folder: InvoiceFolder,
    business: &Business,
    now: DateTime<Utc>,
) -> Result<InvoiceFolder, AppError> {
    let mut folder = folder;
    for _ in 0..2 {
        let Some(attempt) = folder.slot_attempt().cloned() else { return Ok(folder) };
        let word = match (attempt.state, &attempt.session_ref, &deps.gateway) {
            (AttemptState::AwaitingPayer | AttemptState::Unknown | AttemptState::RequiresAction, Some(session), Some(gateway)) => {
                word(gateway.expire_checkout(session).await)
            }
            (AttemptState::Processing | AttemptState::Conflicted, _, _) => return Ok(folder),
            _ => ask(deps, &attempt, &folder, now).await,
        };
        if matches!(word, Word::Silence) {
            return Err(AppError::GatewayUnanswered);
        }
        let open = matches!(&word, Word::Report(report) if report.state == CheckoutState::Open);
        folder = settle_with(deps, caller, folder, &attempt.id, &word, business, now).await?;
        if !open {
            return Ok(folder);
        }
    }
    Ok(folder)
}
