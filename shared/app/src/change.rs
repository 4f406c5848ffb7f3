//! Load, decide, commit: the frame that every change of an invoice runs in.

use crate::{AppError, Deps, measures::Measure, millis};
use chrono::{DateTime, Utc};
use domain::{
    attempt::{Attempt, AttemptState},
    contact::{Contact, ContactDetails},
    digest::Digest,
    ids::{CreditId, InvoiceId, RequestId},
    invoice::{
        Invoice, InvoiceText,
        journal::{AttemptEvent, DocumentEvent, Event, MoneyEvent},
    },
    message::caused_by,
    money::Money,
    record::{Actor, Cause},
    reminder::next_step,
    settings::Business,
};
use store::{
    CommitError, GatewayEventRecord, IdempotencyRecord, Lost, Stored,
    commits::{Commit, Committed, ContactWrite, Context, CreditWrite, InvoiceWrite},
    queries::{ContactFolder, InvoiceFolder, Part},
};

/// How often a lost race is run again.
pub(crate) const RACES: u32 = 3;
/// How often a lost race for a number is run again.
pub(crate) const NUMBER_RACES: u32 = 40;

/// A key under which a request is carried out once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Digest of the key, which holds for the whole business.
    pub key: Digest,
    /// Digest of method, path and body.
    pub request: Digest,
}

/// Who asks, and under which key.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// The request or run.
    pub request_id: RequestId,
    /// The key under which it is carried out once.
    pub idempotency: Option<Idempotency>,
}

impl Caller {
    /// A caller without a key, for functions that nobody watches and for customers.
    #[must_use]
    pub fn new(deps: &Deps, actor: Actor, now: DateTime<Utc>) -> Self {
        Self { actor, request_id: deps.request_id(now), idempotency: None }
    }
}

/// What a request brought, and whether it was carried out by an earlier one under the same key.
#[derive(Debug, Clone)]
pub struct Answered<T> {
    /// What it brought.
    pub value: T,
    /// Whether this was a replay.
    pub replayed: bool,
}

impl Deps {
    pub(crate) fn context(&self, caller: &Caller, rule: &str, now: DateTime<Utc>) -> Context {
        Context {
            at: now,
            actor: caller.actor.clone(),
            cause: Cause { request_id: caller.request_id.clone(), rule: rule.to_owned() },
            token: self.entropy.token(),
        }
    }

    /// What an earlier request under the caller's key made, by id.
    pub(crate) async fn replayed(&self, caller: &Caller) -> Result<Option<String>, AppError> {
        let now = self.clock.now();
        let Some(idempotency) = &caller.idempotency else { return Ok(None) };
        match self.store.find_idempotency(&idempotency.key, now).await? {
            None => Ok(None),
            Some(record) if record.request == idempotency.request => Ok(Some(record.result)),
            Some(_) => Err(AppError::KeyReused),
        }
    }

    pub(crate) async fn load_invoice(&self, id: &InvoiceId, part: Part) -> Result<InvoiceFolder, AppError> {
        self.store.find_invoice(id, part).await?.ok_or(AppError::NotFound { what: "invoice" })
    }

    pub(crate) async fn load_contact(&self, invoice: &Invoice) -> Result<ContactFolder, AppError> {
        self.store.find_contact(&invoice.contact_id).await?.ok_or_else(|| AppError::Defect(format!("{} has no contact", invoice.id)))
    }
}

pub(crate) fn idempotency_record(caller: &Caller, result: &str, now: DateTime<Utc>) -> Option<IdempotencyRecord> {
    caller.idempotency.as_ref().map(|i| IdempotencyRecord { key: i.key, request: i.request, result: result.to_owned(), at: now })
}

/// What a decision changes.
#[derive(Debug, Default)]
pub(crate) struct Change {
    /// What happened.
    pub events: Vec<Event>,
    /// New words and their salt.
    pub text: Option<(InvoiceText, String)>,
}

impl From<Vec<Event>> for Change {
    fn from(events: Vec<Event>) -> Self {
        Self { events, text: None }
    }
}

/// What a commit is made of beside its events.
pub(crate) struct Around<'a> {
    pub business: &'a Business,
    /// Who is told; needed only by events that tell somebody or credit the contact.
    pub contact: Option<&'a ContactFolder>,
    pub attempts: &'a [Attempt],
    pub text: Option<(&'a InvoiceText, &'a str)>,
    pub number: Option<u64>,
    pub idempotency: Option<&'a IdempotencyRecord>,
    pub gateway_event: Option<&'a GatewayEventRecord>,
}

/// The invoice and its attempts after a commit.
#[derive(Debug)]
pub(crate) struct After {
    pub invoice: Stored<Invoice>,
    pub attempts: Vec<Attempt>,
}

/// Commits events on an invoice: state, journal, outbox, attempts, payments, surplus, in one transaction.
pub(crate) async fn commit_events(
    deps: &Deps,
    context: &Context,
    before: Option<&Stored<Invoice>>,
    id: &InvoiceId,
    events: &[Event],
    around: Around<'_>,
) -> Result<After, CommitError> {
    let defect = |error: &dyn std::fmt::Display| CommitError::Store(store::StoreError::Defect(error.to_string()));
    let mut after = before.map(|stored| stored.value.clone());
    for event in events {
        after = Some(match after {
            None => Invoice::begin(id.clone(), event, context.at).map_err(|e| defect(&e))?,
            Some(invoice) => invoice.evolve(event, context.at).map_err(|e| defect(&e))?,
        });
    }
    let Some(after) = after else { return Err(defect(&"no event")) };
    let (attempts, changed) = follow(around.attempts, events);
    let nobody = ContactDetails::default();
    let told = around.contact.map_or(&nobody, |folder| &folder.contact.value.details);
    let messages = caused_by(events, before.map(|stored| &stored.value), &after, told, context.at);
    let credits = credits(&after, events);
    let credited = around.contact.map(|folder| credit_contact(&folder.contact.value, &credits)).transpose().map_err(|e| defect(&e))?;
    let contact = match (around.contact, &credited) {
        (Some(folder), Some(after)) if !credits.is_empty() => {
            Some(ContactWrite { before: folder.contact.head, after, salt: &folder.salt, details_changed: false, credits: &credits })
        }
        (None, _) if !credits.is_empty() => return Err(defect(&"credit without a contact")),
        (_, _) => None,
    };
    let commit = Commit {
        invoice: Some(InvoiceWrite {
            before: before.map_or(domain::record::Head::START, |stored| stored.head),
            after: &after,
            events,
            text: around.text,
            attempts: &changed,
            messages: &messages,
            next: next_step(&after, around.business, &deps.automations),
        }),
        contact,
        number: around.number,
        idempotency: around.idempotency,
        gateway_event: around.gateway_event,
        ..Commit::new(context)
    };
    let Committed { invoice: head } = deps.store.commit(&commit).await?;
    // Only a person can end it, so somebody is told wherever it is found.
    let conflicted = |event: &Event| matches!(event, Event::Attempt(AttemptEvent::Moved { state: AttemptState::Conflicted, .. }));
    if events.iter().any(conflicted) {
        deps.measures.note(Measure::AttemptsWithoutOutcome, 1);
    }
    let head = head.unwrap_or(domain::record::Head::START);
    Ok(After { invoice: Stored { value: after, head }, attempts })
}

/// All attempts after the events, and those that changed.
fn follow(before: &[Attempt], events: &[Event]) -> (Vec<Attempt>, Vec<Attempt>) {
    let mut all: Vec<Attempt> = before.to_vec();
    for event in events {
        let Event::Attempt(event) = event else { continue };
        if let AttemptEvent::Dispatched(attempt) = event {
            all.push(attempt.as_ref().clone());
        }
        all = all.into_iter().map(|attempt| attempt.evolve(event)).collect();
    }
    let changed = all.iter().filter(|attempt| !before.contains(attempt)).cloned().collect();
    (all, changed)
}

fn credits(invoice: &Invoice, events: &[Event]) -> Vec<CreditWrite> {
    let credit = |id: &CreditId, amount: Money, cause, payment_id| CreditWrite {
        id: id.clone(),
        amount,
        cause,
        invoice_id: invoice.id.clone(),
        payment_id,
    };
    let mut credits = Vec::new();
    for event in events {
        if let Event::Money(MoneyEvent::Applied(payment)) = event
            && let Some(surplus) = &payment.surplus
        {
            credits.push(credit(&surplus.credit_id, surplus.amount, surplus.cause.name(), Some(payment.id.clone())));
        }
        if let Event::Document(DocumentEvent::Voided { credit: Some((id, amount)) }) = event {
            credits.push(credit(id, *amount, "void", None));
        }
    }
    credits
}

fn credit_contact(contact: &Contact, credits: &[CreditWrite]) -> Result<Contact, domain::money::MoneyError> {
    credits.iter().try_fold(contact.clone(), |contact, credit| contact.credited(credit.amount))
}

/// What a decision is made on.
pub(crate) struct Loaded {
    pub folder: InvoiceFolder,
    pub contact: ContactFolder,
    pub business: Business,
    /// The next free number, if the change takes one.
    pub number: Option<u64>,
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
    /// Take an invoice number.
    pub number: bool,
    pub now: DateTime<Utc>,
}

/// Runs a change of one invoice: again when a race was lost, and only once under an idempotency key. `decide` is pure;
/// `None` from it means that nothing is left to do. Answers with the invoice's id.
pub(crate) async fn change_invoice<D>(deps: &Deps, frame: Frame<'_>, decide: D) -> Result<Answered<InvoiceId>, AppError>
where
    D: Fn(&Loaded) -> Result<Option<Change>, AppError>,
{
    let Frame { caller, rule, id, seen, fence, number, now } = frame;
    if let Some(answered) = replay(deps, caller).await? {
        return Ok(answered);
    }
    let business = deps.business(now).await?;
    let record = idempotency_record(caller, id.as_str(), now);
    let mut races = 0;
    loop {
        let folder = deps.load_invoice(id, Part::WithAttempts).await?;
        if seen.is_some_and(|seen| seen != folder.invoice.value.etag()) {
            return Err(AppError::Stale);
        }
        let contact = deps.load_contact(&folder.invoice.value).await?;
        let number = if number { Some(deps.store.next_number().await?) } else { None };
        let mut loaded = Loaded { folder, contact, business: business.clone(), number };
        if fence && loaded.folder.invoice.value.slot.is_some() {
            loaded = close_checkout(deps, caller, loaded, &decide, now).await?;
        }
        let Some(change) = decide(&loaded)? else {
            return Ok(Answered { value: id.clone(), replayed: false });
        };
        let around = Around {
            business: &business,
            contact: Some(&loaded.contact),
            attempts: &loaded.folder.attempts,
            text: change.text.as_ref().map(|(words, salt)| (words, salt.as_str())),
            number: loaded.number,
            idempotency: record.as_ref(),
            gateway_event: None,
        };
        let context = deps.context(caller, rule, now);
        match commit_events(deps, &context, Some(&loaded.folder.invoice), id, &change.events, around).await {
            Ok(_) => return Ok(Answered { value: id.clone(), replayed: false }),
            Err(CommitError::Lost(Lost::Idempotency)) => return replay(deps, caller).await?.ok_or(AppError::Busy),
            Err(CommitError::Lost(lost)) => {
                lost_race(deps, lost, &mut races).await?;
                // The race may have been lost to ourselves: a commit whose answer got lost, and that the SDK sent once more.
                if let Some(answered) = replay(deps, caller).await? {
                    return Ok(Answered { replayed: false, ..answered });
                }
            }
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
}

/// Closes the checkout that is open, but only for a command that would then be allowed: one that is refused anyway leaves the
/// customer's checkout alone.
async fn close_checkout<D>(deps: &Deps, caller: &Caller, mut loaded: Loaded, decide: &D, now: DateTime<Utc>) -> Result<Loaded, AppError>
where
    D: Fn(&Loaded) -> Result<Option<Change>, AppError>,
{
    let slot = loaded.folder.invoice.value.slot.take();
    decide(&loaded)?;
    loaded.folder.invoice.value.slot = slot;
    let folder = crate::settlement::fence(deps, caller, loaded.folder, &loaded.business, now).await?;
    let contact = deps.load_contact(&folder.invoice.value).await?;
    Ok(Loaded { folder, contact, ..loaded })
}

/// What the same request made before, under the caller's key.
pub(crate) async fn replay(deps: &Deps, caller: &Caller) -> Result<Option<Answered<InvoiceId>>, AppError> {
    let parse = |result: String| InvoiceId::parse(&result).map_err(|e| AppError::Defect(e.to_string()));
    Ok(deps.replayed(caller).await?.map(parse).transpose()?.map(|value| Answered { value, replayed: true }))
}

/// Counts a lost race and waits a little, or gives up. Races for what everybody shares may be lost more often.
pub(crate) async fn lost_race(deps: &Deps, lost: Lost, races: &mut u32) -> Result<(), AppError> {
    *races += 1;
    let most = if lost == Lost::Number || lost == Lost::Conflict { NUMBER_RACES } else { RACES };
    if *races >= most {
        return Err(AppError::Busy);
    }
    pause(deps, *races).await;
    Ok(())
}

/// Waits a little before a race is run again: up to 20 ms, then 40, at most 320, by chance.
pub(crate) async fn pause(deps: &Deps, races: u32) {
    let most = 20_u128 << races.min(5).saturating_sub(1);
    let wait = u64::try_from(deps.entropy.number() % most).unwrap_or(20);
    tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
}

/// A new invoice's id.
pub(crate) fn new_invoice_id(deps: &Deps, now: DateTime<Utc>) -> InvoiceId {
    InvoiceId::at(millis(now), deps.entropy.number())
}
