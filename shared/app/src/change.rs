//! Load, decide, commit: the frame that every change of an invoice runs in.

use crate::{
    AppError, Deps,
    caller::{Answered, Caller},
    commit::{Around, Races, Records, commit_changes},
    millis,
    settlement::fence,
};
use chrono::{DateTime, Utc};
use domain::{
    changes::Changes,
    ids::{IdError, InvoiceId},
    invoice::{Invoice, InvoiceText},
    outcome::Outcome,
    payment::Payment,
    record::Head,
    settings::Business,
};
use std::{
    fmt::Display,
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
};
use store::{
    CommitError, IdempotencyRecord, Lost, Stored,
    commits::{Commit, Record, RecordWrite},
    queries::{ContactFolder, InvoiceFolder},
};

pub(crate) fn idempotency_record(caller: &Caller, result: &str, now: DateTime<Utc>) -> Option<IdempotencyRecord> {
    caller.idempotency.as_ref().map(|i| IdempotencyRecord { key: i.key, request: i.request, result: result.to_owned(), at: now })
}

/// What a decision changes, and new words with their salt.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub changes: Changes,
    pub text: Option<(InvoiceText, String)>,
}

impl From<Changes> for Change {
    fn from(changes: Changes) -> Self {
        Self { changes, text: None }
    }
}

/// What a decision is made on.
pub(crate) struct Loaded {
    pub folder: InvoiceFolder,
    pub contact: ContactFolder,
    pub business: Business,
    /// The payments that lie on the invoice, if the change moves them.
    pub payments: Vec<Stored<Payment>>,
    /// The next free number, if the change takes one.
    pub number: Option<u64>,
}

impl Loaded {
    pub fn invoice(&self) -> &Invoice {
        &self.folder.invoice.value
    }
}

/// Which invoice is changed, under which rule, and what the change needs.
pub(crate) struct Frame<'a> {
    pub caller: &'a Caller,
    pub rule: &'a str,
    pub id: &'a InvoiceId,
    /// The `ETag` that the client read, if the change depends on it.
    pub seen: Option<&'a str>,
    /// Close an open checkout first.
    pub fence: bool,
    /// Load the payments that lie on it.
    pub payments: bool,
    /// Take an invoice number.
    pub number: bool,
    pub now: DateTime<Utc>,
}

impl<'a> Frame<'a> {
    /// A change that needs nothing but the invoice.
    pub fn new(caller: &'a Caller, rule: &'a str, id: &'a InvoiceId, seen: Option<&'a str>, now: DateTime<Utc>) -> Self {
        Self { caller, rule, id, seen, fence: false, payments: false, number: false, now }
    }
}

/// Runs a change of one invoice: again when a race was lost, and only once under an idempotency key. `decide` is pure;
/// `None` from it means that nothing is left to do. Answers with what the change makes, by its id.
pub(crate) async fn change_invoice<T, D>(deps: &Deps, frame: Frame<'_>, makes: &T, decide: D) -> Result<Answered<T>, AppError>
where
    T: FromStr<Err = IdError> + Display + Clone,
    D: Fn(&Loaded) -> Result<Option<Change>, AppError>,
{
    let Frame { caller, rule, id, now, .. } = frame;
    if let Some(answered) = replay(deps, caller).await? {
        return Ok(answered);
    }
    let business = deps.business(now).await?;
    let record = idempotency_record(caller, &makes.to_string(), now);
    let mut races = Races::default();
    loop {
        let loaded = load(deps, &frame, &business, &decide).await?;
        let Some(change) = decide(&loaded)? else {
            return Ok(Answered { value: makes.clone(), replayed: false });
        };
        let around = Around {
            contact: Some(&loaded.contact),
            text: change.text.as_ref().map(|(words, salt)| (words, salt.as_str())),
            number: loaded.number,
            idempotency: record.as_ref(),
            ..Around::new(&business)
        };
        let context = deps.context(caller, rule, now);
        let before = Records { payments: loaded.payments, ..Records::of_invoice(&loaded.folder.invoice) };
        match commit_changes(deps, &context, &before, &change.changes, around).await {
            Ok(_) => return Ok(Answered { value: makes.clone(), replayed: false }),
            Err(CommitError::Lost(Lost::Idempotency)) => return replay(deps, caller).await?.ok_or(AppError::Busy),
            Err(CommitError::Lost(_)) => {
                races.lost(deps).await?;
                // The race may have been lost to ourselves: a commit whose answer got lost, and that the SDK sent once more.
                if let Some(answered) = replay(deps, caller).await? {
                    return Ok(Answered { replayed: false, ..answered });
                }
            }
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
        tracing::debug!(invoice = %id, rule, "a race was lost");
    }
}

/// Loads what a change needs. An open checkout is closed first, but only for a command that would then be allowed: one that is refused
/// anyway leaves the customer's checkout alone.
async fn load<D>(deps: &Deps, frame: &Frame<'_>, business: &Business, decide: &D) -> Result<Loaded, AppError>
where
    D: Fn(&Loaded) -> Result<Option<Change>, AppError>,
{
    let folder = deps.load_invoice(frame.id).await?;
    if frame.seen.is_some_and(|seen| seen != folder.invoice.value.etag()) {
        return Err(AppError::Stale);
    }
    let contact = deps.load_contact(&folder.invoice.value).await?;
    let number = if frame.number { Some(deps.store.next_number().await?) } else { None };
    let payments = if frame.payments { payments_on(deps, &folder.invoice.value).await? } else { Vec::new() };
    let mut loaded = Loaded { folder, contact, business: business.clone(), payments, number };
    if !frame.fence || loaded.invoice().slot.is_none() {
        return Ok(loaded);
    }
    let slot = loaded.folder.invoice.value.slot.take();
    decide(&loaded)?;
    loaded.folder.invoice.value.slot = slot;
    let folder = fence(deps, frame.caller, loaded.folder, business, frame.now).await?;
    let contact = deps.load_contact(&folder.invoice.value).await?;
    let payments = if frame.payments { payments_on(deps, &folder.invoice.value).await? } else { Vec::new() };
    Ok(Loaded { folder, contact, payments, ..loaded })
}

/// Moves what still lies on a voided invoice to the contact's credit, commit by commit. Answers whether there was anything.
pub(crate) async fn move_money_of_voided(deps: &Deps, caller: &Caller, id: &InvoiceId, now: DateTime<Utc>) -> Result<bool, AppError> {
    let caller = Caller { idempotency: None, ..caller.clone() };
    let mut moved = false;
    loop {
        let more = AtomicBool::new(false);
        let frame = Frame { payments: true, ..Frame::new(&caller, "ACT-VOID-STATUS", id, None, now) };
        change_invoice(deps, frame, id, |loaded| {
            let payments: Vec<_> = loaded.payments.iter().map(|payment| &payment.value).collect();
            let Outcome::Changed(changes) = loaded.invoice().move_to_credit(&payments)? else { return Ok(None) };
            more.store(true, Ordering::Relaxed);
            Ok(Some(changes.into()))
        })
        .await?;
        if !more.into_inner() {
            return Ok(moved);
        }
        moved = true;
    }
}

/// The payments that lie on an invoice.
pub(crate) async fn payments_on(deps: &Deps, invoice: &Invoice) -> Result<Vec<Stored<Payment>>, AppError> {
    let mut payments = Vec::new();
    for line in invoice.money.iter().filter(|line| line.amount.is_positive()) {
        let found = deps.store.find_payment(&line.payment_id).await?;
        payments.push(found.ok_or_else(|| AppError::Defect(format!("{} of {} is gone", line.payment_id, invoice.id)))?);
    }
    Ok(payments)
}

/// What the same request made before, under the caller's key.
pub(crate) async fn replay<T: FromStr<Err = IdError>>(deps: &Deps, caller: &Caller) -> Result<Option<Answered<T>>, AppError> {
    let parse = |result: String| result.parse::<T>().map_err(|e| AppError::Defect(e.to_string()));
    Ok(deps.replayed(caller).await?.map(parse).transpose()?.map(|value| Answered { value, replayed: true }))
}

/// Writes a new record that has no family of events, once under the caller's key. Answers with its id.
pub(crate) async fn create_record<T: FromStr<Err = IdError> + Display>(
    deps: &Deps,
    caller: &Caller,
    rule: &str,
    id: T,
    record: Record<'_>,
    now: DateTime<Utc>,
) -> Result<Answered<T>, AppError> {
    if let Some(answered) = replay(deps, caller).await? {
        return Ok(answered);
    }
    let idempotency = idempotency_record(caller, &id.to_string(), now);
    let context = deps.context(caller, rule, now);
    let write = RecordWrite::plain(Head::START, record);
    match deps.commit(&Commit { idempotency: idempotency.as_ref(), ..Commit::of(&context, write) }).await {
        Ok(_) => Ok(Answered { value: id, replayed: false }),
        Err(CommitError::Lost(Lost::Idempotency)) => replay(deps, caller).await?.ok_or(AppError::Busy),
        Err(error) => Err(error.into()),
    }
}

/// A new invoice's id.
pub(crate) fn new_invoice_id(deps: &Deps, now: DateTime<Utc>) -> InvoiceId {
    InvoiceId::at(millis(now), deps.entropy.number())
}
