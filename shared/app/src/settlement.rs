//! What several use cases do at the gateway: ask it, settle a try with what it says, close an open checkout.

use crate::{
    AppError, Caller, Deps,
    commit::{Around, Races, Records, commit_changes},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    attempt::{Attempt, AttemptState, CheckoutReport, CheckoutState, How},
    changes::Changes,
    ids::{AttemptId, InvoiceId},
    invoice::{
        Invoice,
        settle::{claimed_elsewhere, given_up, gone, looked, settle, unanswered},
    },
    link::{Link, Purpose},
    outcome::Outcome,
    settings::Business,
};
use gateway::{Answer, CheckoutOrder, Gateway, RefusalClass};
use store::{CommitError, GatewayEventRecord, Lost, Stored, queries::InvoiceFolder};

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
    /// The gateway does not know the checkout.
    Gone,
    /// No answer; ask again later.
    Silence,
}

/// An attempt, the invoices it collects for, and who else holds their slots.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub attempt: Stored<Attempt>,
    /// The invoices, in the order of its orders.
    pub folders: Vec<InvoiceFolder>,
    /// Other attempts in the slots of these invoices.
    others: Vec<Stored<Attempt>>,
}

impl Case {
    /// Loads an attempt with everything around it.
    pub async fn load(deps: &Deps, id: &AttemptId) -> Result<Self, AppError> {
        let attempt = deps.store.find_attempt(id).await?.ok_or(AppError::NotFound { what: "attempt" })?;
        Self::around(deps, attempt, &[]).await
    }

    /// What is around an attempt that was just loaded, with invoices that were loaded before it.
    pub async fn around(deps: &Deps, attempt: Stored<Attempt>, known: &[&InvoiceFolder]) -> Result<Self, AppError> {
        let mut folders = Vec::new();
        for order in attempt.value.orders() {
            folders.push(match known.iter().find(|folder| folder.invoice.value.id == order.invoice_id) {
                Some(folder) => (*folder).clone(),
                None => deps.load_invoice(&order.invoice_id).await?,
            });
        }
        let mut others = Vec::new();
        for folder in &folders {
            if let Some(slot) = folder.invoice.value.slot.as_ref().filter(|slot| slot.attempt_id != attempt.value.id) {
                others.push(in_slot(deps, &slot.attempt_id).await?);
            }
        }
        Ok(Self { attempt, folders, others })
    }

    /// What has just begun: nobody else is in the slot.
    pub fn begun(attempt: Stored<Attempt>, folder: InvoiceFolder) -> Self {
        Self { attempt, folders: vec![folder], others: Vec::new() }
    }

    pub fn invoices(&self) -> Vec<&Invoice> {
        self.folders.iter().map(|folder| &folder.invoice.value).collect()
    }

    pub fn records(&self) -> Records {
        let attempts = std::iter::once(&self.attempt).chain(&self.others).cloned().collect();
        Records { invoices: self.folders.iter().map(|folder| folder.invoice.clone()).collect(), attempts, ..Records::default() }
    }

    /// The same after a commit.
    pub fn after(self, records: Records) -> Self {
        let mut attempts = records.attempts.into_iter();
        let attempt = attempts.next().unwrap_or(self.attempt);
        let folders = self.folders.into_iter().zip(records.invoices);
        Self {
            attempt,
            folders: folders.map(|(folder, invoice)| InvoiceFolder { invoice, ..folder }).collect(),
            others: attempts.collect(),
        }
    }

    /// One of its invoices.
    pub fn folder(&self, id: &InvoiceId) -> Option<&InvoiceFolder> {
        self.folders.iter().find(|folder| folder.invoice.value.id == *id)
    }

    /// Whether its amount is not what is owed now. Late money for an earlier attempt does that.
    fn is_outdated(&self) -> bool {
        let as_owed =
            |invoice: &Invoice| self.attempt.value.order_of(&invoice.id).is_some_and(|order| order.amount == invoice.amount_due());
        !self.folders.iter().all(|folder| as_owed(&folder.invoice.value))
    }
}

/// The attempt in an invoice's slot.
pub(crate) async fn in_slot(deps: &Deps, id: &AttemptId) -> Result<Stored<Attempt>, AppError> {
    deps.store.find_attempt(id).await?.ok_or_else(|| AppError::Defect(format!("{id} is in a slot, and is gone")))
}

/// The order that opens an attempt's checkout: the same today as when it was first sent.
pub(crate) async fn open_checkout(deps: &Deps, gateway: &Gateway, case: &Case) -> Answer {
    let attempt = &case.attempt.value;
    let How::Hosted { recipient, link_version, link_key, .. } = attempt.how;
    let Some(folder) = case.folders.first() else { return Answer::Unknown(gateway::Why::Unreadable("an attempt without an order")) };
    let invoice = &folder.invoice.value;
    let link = Link { purpose: Purpose::Pay, invoice_id: invoice.id.clone(), recipient, version: link_version };
    let token = deps.links.sign_with(link_key, &link);
    let page = format!("{}/p/{}", deps.base_url, token.reveal());
    let number = invoice.number.as_ref().map_or_else(|| invoice.id.to_string(), ToString::to_string);
    let addresses = folder.text.bill_to.emails.iter().map(|e| &e.address);
    let email = addresses.clone().find(|address| address.reference() == recipient).or_else(|| folder.text.bill_to.main_email());
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

/// Asks the gateway about an attempt: reads its checkout, or, when its creation was never answered, sends the same order again
/// under the same key as long as that can only bring the first answer.
pub(crate) async fn ask(deps: &Deps, case: &Case, now: DateTime<Utc>) -> Word {
    let attempt = &case.attempt.value;
    let Some(gateway) = deps.gateway.as_ref().filter(|gateway| gateway.name() == attempt.gateway) else {
        return Word::Silence;
    };
    // Nobody is to pay at a checkout whose time is over, or that asks for another amount than is owed by now.
    let closing = now >= attempt.open_until() || case.is_outdated();
    if let Some(session) = &attempt.session_ref {
        return if closing { word(gateway.expire_checkout(session).await) } else { look(gateway, attempt, session).await };
    }
    if now >= attempt.taken_at + TimeDelta::hours(KEY_HOURS) {
        // Nobody was ever given the checkout's address, and it has closed by itself since.
        return Word::Nothing;
    }
    match open_checkout(deps, gateway, case).await {
        // The first answer is told again as it was then; what became of it since must be read.
        Answer::Report(report) if closing => word(gateway.expire_checkout(&report.session_ref).await),
        Answer::Report(report) => look(gateway, attempt, &report.session_ref).await,
        // Its time is over, and nobody was ever given its address: whether it was opened or not, nobody can pay there.
        Answer::Refused(_) | Answer::Unknown(_) if now >= attempt.open_until() => Word::Nothing,
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

pub(crate) fn word(answer: Answer) -> Word {
    match answer {
        Answer::Report(report) => Word::Report(Box::new(report)),
        Answer::Refused(refusal) if refusal.class == RefusalClass::NotThere => Word::Gone,
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

/// What the gateway's word makes of an attempt and its invoices.
pub(crate) fn decide(case: &Case, word: &Word, business: &Business, now: DateTime<Utc>) -> Result<Outcome<Changes>, AppError> {
    let (invoices, attempt) = (case.invoices(), &case.attempt.value);
    Ok(match word {
        Word::Report(report) => settle(&invoices, attempt, report, business.zone.date_at(report.paid_at.unwrap_or(now)), now)?,
        Word::Nothing => given_up(&invoices, attempt, now),
        Word::Gone => gone(&invoices, attempt, now),
        Word::Silence => unanswered(&invoices, attempt, now),
    })
}

/// Settles an attempt with the gateway's word. Then closes the open checkouts whose amount is no longer what is owed; when that fails,
/// the sweep finds them due.
pub(crate) async fn settle_with(
    deps: &Deps,
    caller: &Caller,
    case: Case,
    word: &Word,
    business: &Business,
    now: DateTime<Utc>,
) -> Result<Case, AppError> {
    let case = settle_one(deps, caller, case, word, business, now).await?;
    Ok(close_outdated(deps, caller, case, business, now).await)
}

/// Closes the checkouts in the slots of a case's invoices when they ask for another amount than is owed by now.
pub(crate) async fn close_outdated(deps: &Deps, caller: &Caller, case: Case, business: &Business, now: DateTime<Utc>) -> Case {
    let mut case = case;
    let open = |attempt: &Attempt| {
        attempt.state.holds_slot()
            && attempt.session_ref.is_some()
            && !matches!(attempt.state, AttemptState::Processing | AttemptState::Conflicted)
    };
    let folders = case.folders.clone();
    let known: Vec<&InvoiceFolder> = folders.iter().collect();
    for other in std::mem::take(&mut case.others) {
        let id = other.value.id.clone();
        let closed = async {
            let other = Case::around(deps, other, &known).await?;
            if !open(&other.attempt.value) || !other.is_outdated() {
                return Ok(());
            }
            let said = ask(deps, &other, now).await;
            settle_one(deps, caller, other, &said, business, now).await.map(|_| ())
        };
        if let Err::<(), AppError>(error) = closed.await {
            tracing::warn!(attempt = %id, %error, "an outdated checkout stays open until the next look");
        }
    }
    if open(&case.attempt.value) && case.is_outdated() {
        let said = ask(deps, &case, now).await;
        match settle_one(deps, caller, case.clone(), &said, business, now).await {
            Ok(after) => return after,
            Err(error) => tracing::warn!(attempt = %case.attempt.value.id, %error, "an outdated checkout stays open until the next look"),
        }
    }
    case
}

/// Loads, decides, commits, and again when a race was lost.
async fn settle_one(
    deps: &Deps,
    caller: &Caller,
    case: Case,
    word: &Word,
    business: &Business,
    now: DateTime<Utc>,
) -> Result<Case, AppError> {
    let mut case = case;
    let mut races = Races::default();
    loop {
        let attempt = &case.attempt.value;
        let changes = match decide(&case, word, business, now)? {
            Outcome::Unchanged if matches!(word, Word::Report(_)) && attempt.look.at.is_some_and(|at| at <= now) => {
                match looked(attempt, now) {
                    Outcome::Changed(changes) => changes,
                    Outcome::Unchanged => return Ok(case),
                }
            }
            Outcome::Unchanged => return Ok(case),
            Outcome::Changed(changes) => changes,
        };
        match commit_case(deps, caller, &case, &changes, business, None, now).await {
            Ok(records) => return Ok(case.after(records)),
            Err(CommitError::Lost(lost)) => {
                races.lost(deps).await?;
                let id = case.attempt.value.id.clone();
                case = Case::load(deps, &id).await?;
                if lost == Lost::Claimed
                    && let Some(changes) = claimed(deps, &case, word, &changes, now).await?
                    && let Ok(records) = commit_case(deps, caller, &case, &changes, business, None, now).await
                {
                    return Ok(case.after(records));
                }
            }
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
}

/// What becomes of an attempt whose money is another attempt's payment; none when the payment is its own.
pub(crate) async fn claimed(
    deps: &Deps,
    case: &Case,
    word: &Word,
    changes: &Changes,
    now: DateTime<Utc>,
) -> Result<Option<Changes>, AppError> {
    let (Word::Report(report), Some((id, _))) = (word, changes.payments.first()) else { return Ok(None) };
    let attempt = &case.attempt.value;
    let holder = deps.store.find_payment(id).await?.and_then(|payment| payment.value.attempt_id);
    let elsewhere = holder.is_some_and(|holder| holder != attempt.id)
        && attempt.resolved.is_none()
        && attempt.state.may_become(AttemptState::Conflicted);
    if elsewhere {
        tracing::error!(attempt = %attempt.id, payment = %id, "the gateway shows money that another attempt has collected");
    }
    Ok(elsewhere.then(|| claimed_elsewhere(&case.invoices(), attempt, report, now)))
}

/// Commits what is decided of a case. Who paid is told.
pub(crate) async fn commit_case(
    deps: &Deps,
    caller: &Caller,
    case: &Case,
    changes: &Changes,
    business: &Business,
    gateway_event: Option<&GatewayEventRecord>,
    now: DateTime<Utc>,
) -> Result<Records, CommitError> {
    let contact = match case.folders.first().filter(|_| !changes.payments.is_empty()) {
        Some(folder) => deps.store.find_contact(&folder.invoice.value.contact_id).await?,
        None => None,
    };
    let around = Around { contact: contact.as_ref(), gateway_event, ..Around::new(business) };
    commit_changes(deps, &deps.context(caller, "R2", now), &case.records(), changes, around).await
}

/// Closes the checkout that holds an invoice's slot, so that nothing can be paid there while something else is decided. One that turns
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
        let Some(slot) = &folder.invoice.value.slot else { return Ok(folder) };
        let attempt = in_slot(deps, &slot.attempt_id).await?;
        if !attempt.value.state.holds_slot() {
            // It ended after the invoice was read.
            folder = deps.load_invoice(&folder.invoice.value.id).await?;
            continue;
        }
        let case = Case::around(deps, attempt, &[&folder]).await?;
        let attempt = &case.attempt.value;
        let word = match (attempt.state, &attempt.session_ref, &deps.gateway) {
            (AttemptState::AwaitingPayer | AttemptState::Unknown | AttemptState::RequiresAction, Some(session), Some(gateway)) => {
                word(gateway.expire_checkout(session).await)
            }
            (AttemptState::Processing | AttemptState::Conflicted, _, _) => return Ok(folder),
            _ => ask(deps, &case, now).await,
        };
        if matches!(word, Word::Silence) || (matches!(word, Word::Gone) && now < attempt.open_until()) {
            return Err(AppError::GatewayUnanswered);
        }
        let open = matches!(&word, Word::Report(report) if report.state == CheckoutState::Open);
        let case = settle_with(deps, caller, case, &word, business, now).await?;
        folder = match case.folder(&folder.invoice.value.id) {
            // Its slot is as the case left it, unless somebody else was there meanwhile.
            Some(settled) if settled.invoice.value.slot.is_none() => settled.clone(),
            Some(_) | None => deps.load_invoice(&folder.invoice.value.id).await?,
        };
        if !open {
            return Ok(folder);
        }
    }
    Ok(folder)
}
