//! One commit: what a decision changes is folded into each record and written at once, with what is to be told.

use crate::{AppError, Deps, caller::Caller, measures::Measure};
use chrono::{DateTime, Utc};
use domain::{
    attempt::{Attempt, AttemptEvent, AttemptState},
    changes::Changes,
    contact::ContactDetails,
    credit::Credit,
    invoice::{Invoice, InvoiceText, journal::Deliver},
    message::{Message, caused_by, caused_by_payment},
    payment::{Payment, PaymentEvent, PaymentType},
    pii::Pii,
    record::{Cause, Fact, Head},
    reminder::next_step,
    settings::Business,
};
use store::{
    CommitError, GatewayEventRecord, IdempotencyRecord, StoreError, Stored,
    commits::{Commit, Context, Record, RecordWrite},
    queries::ContactFolder,
};

/// The records that a decision was made on, as they were loaded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Records {
    pub invoices: Vec<Stored<Invoice>>,
    pub attempts: Vec<Stored<Attempt>>,
    pub payments: Vec<Stored<Payment>>,
}

impl Records {
    pub fn of_invoice(invoice: &Stored<Invoice>) -> Self {
        Self { invoices: vec![invoice.clone()], ..Self::default() }
    }
}

/// What a commit is made of beside its changes.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub business: &'a Business,
    /// Who is told; needed only by changes that tell somebody.
    pub contact: Option<&'a ContactFolder>,
    /// New words of the one invoice that changes, and their salt.
    pub text: Option<(&'a InvoiceText, &'a str)>,
    /// What staff write on the one attempt that changes.
    pub note: Option<&'a Pii>,
    pub number: Option<u64>,
    pub idempotency: Option<&'a IdempotencyRecord>,
    pub gateway_event: Option<&'a GatewayEventRecord>,
}

impl<'a> Around<'a> {
    /// Nothing but the settings.
    pub fn new(business: &'a Business) -> Self {
        Self { business, contact: None, text: None, note: None, number: None, idempotency: None, gateway_event: None }
    }
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

    /// Commits records that no decision of the domain changes.
    pub(crate) async fn commit(&self, commit: &Commit<'_>) -> Result<Vec<Head>, CommitError> {
        self.store.commit(commit).await
    }
}

fn defect(error: impl std::fmt::Display) -> CommitError {
    CommitError::Store(StoreError::Defect(error.to_string()))
}

/// A record before and after, with what happened to it.
struct Step<R> {
    head: Head,
    before: Option<R>,
    after: R,
    facts: Vec<Fact>,
}

/// Folds events into a record, which may be a new one.
fn step<R: Clone, E: Clone>(
    known: Option<&Stored<R>>,
    events: &[E],
    fold: impl Fn(Option<R>, &E) -> Result<R, String>,
    fact: impl Fn(E) -> Fact,
) -> Result<Step<R>, CommitError> {
    let before = known.map(|stored| stored.value.clone());
    let mut after = before.clone();
    for event in events {
        after = Some(fold(after, event).map_err(defect)?);
    }
    let after = after.ok_or_else(|| defect("a change of a record that was not loaded"))?;
    let head = known.map_or(Head::START, |stored| stored.head);
    Ok(Step { head, before, after, facts: events.iter().cloned().map(fact).collect() })
}

fn in_place<E, R>(evolve: fn(Option<R>, &E) -> Option<R>, name: fn(&E) -> &'static str) -> impl Fn(Option<R>, &E) -> Result<R, String> {
    move |before, event| evolve(before, event).ok_or_else(|| format!("`{}` cannot come here", name(event)))
}

/// Every record that changes.
struct Steps {
    invoices: Vec<Step<Invoice>>,
    attempts: Vec<Step<Attempt>>,
    payments: Vec<Step<Payment>>,
    credits: Vec<Step<Credit>>,
}

impl Steps {
    fn fold(before: &Records, changes: &Changes, at: DateTime<Utc>) -> Result<Self, CommitError> {
        let mut steps = Self { invoices: Vec::new(), attempts: Vec::new(), payments: Vec::new(), credits: Vec::new() };
        for (id, events) in &changes.invoices {
            let known = before.invoices.iter().find(|stored| stored.value.id == *id);
            let fold = |invoice: Option<Invoice>, event: &_| match invoice {
                None => Invoice::begin(id.clone(), event, at).map_err(|error| error.to_string()),
                Some(invoice) => invoice.evolve(event, at).map_err(|error| error.to_string()),
            };
            steps.invoices.push(step(known, events, fold, Fact::Invoice)?);
        }
        for (id, events, look) in &changes.attempts {
            let known = before.attempts.iter().find(|stored| stored.value.id == *id);
            let mut step = step(known, events, in_place(Attempt::evolve, AttemptEvent::name), Fact::Attempt)?;
            step.after.look = *look;
            steps.attempts.push(step);
        }
        for (id, events) in &changes.payments {
            let known = before.payments.iter().find(|stored| stored.value.id == *id);
            steps.payments.push(step(known, events, in_place(Payment::evolve, PaymentEvent::name), Fact::Payment)?);
        }
        for (_, events) in &changes.credits {
            steps.credits.push(step(None, events, in_place(Credit::evolve, domain::credit::CreditEvent::name), Fact::Credit)?);
        }
        Ok(steps)
    }

    fn writes<'a>(&'a self, deps: &Deps, around: Around<'a>) -> Vec<RecordWrite<'a>> {
        let write = |head: Head, after: Record<'a>, facts: &[Fact]| RecordWrite { before: head, after, facts: facts.to_vec() };
        let mut writes = Vec::new();
        for step in &self.invoices {
            let next = next_step(&step.after, around.business, &deps.automations);
            writes.push(write(step.head, Record::Invoice { invoice: &step.after, next, text: around.text }, &step.facts));
        }
        writes.extend(self.attempts.iter().map(|step| write(step.head, Record::Attempt(&step.after), &step.facts)));
        writes.extend(self.payments.iter().map(|step| write(step.head, Record::Payment(&step.after), &step.facts)));
        writes.extend(self.credits.iter().map(|step| write(step.head, Record::Credit(&step.after), &step.facts)));
        writes
    }

    /// What the changes leave to be told.
    fn messages(&self, before: &Records, changes: &Changes, contact: &ContactDetails, at: DateTime<Utc>) -> Vec<Message> {
        let mut messages = Vec::new();
        for (step, (_, events)) in self.invoices.iter().zip(&changes.invoices) {
            messages.extend(caused_by(events, step.before.as_ref(), &step.after, contact, at));
        }
        // Money that was given back already is told to nobody.
        let came_in =
            |step: &&Step<Payment>| step.before.is_none() && step.after.kind == PaymentType::Payment && step.after.taken_back.is_zero();
        for step in self.payments.iter().filter(came_in) {
            let by_mail = |invoice: &Invoice| invoice.body.deliver == Deliver::Email;
            let of_it = step.after.allocations.iter().filter_map(|part| before.invoices.iter().find(|it| it.value.id == part.invoice_id));
            messages.extend(caused_by_payment(&step.after, of_it.into_iter().any(|it| by_mail(&it.value)), contact, at));
        }
        messages
    }
}

/// Commits what a decision changes: every record with its journal, outbox, number, idempotency record, gateway's event, in one
/// transaction. Answers with all records as they are afterwards.
pub(crate) async fn commit_changes(
    deps: &Deps,
    context: &Context,
    before: &Records,
    changes: &Changes,
    around: Around<'_>,
) -> Result<Records, CommitError> {
    let mut steps = Steps::fold(before, changes, context.at)?;
    if let (Some(note), [step, ..]) = (around.note, &mut steps.attempts[..]) {
        step.after.note = Some(note.clone());
    }
    let nobody = ContactDetails::default();
    let told = around.contact.map_or(&nobody, |folder| &folder.contact.value.details);
    let messages = steps.messages(before, changes, told, context.at);
    let commit = Commit {
        context,
        records: steps.writes(deps, around),
        messages: &messages,
        api_keys: &[],
        number: around.number,
        idempotency: around.idempotency,
        gateway_event: around.gateway_event,
    };
    let mut heads = deps.commit(&commit).await?.into_iter();
    // Only a person can end it, so somebody is told wherever it is found.
    let conflicted = |step: &&Step<Attempt>| step.after.state == AttemptState::Conflicted && !step.facts.is_empty();
    if steps.attempts.iter().any(|step| conflicted(&step)) {
        deps.measures.note(Measure::AttemptsWithoutOutcome, 1);
    }
    let mut after = before.clone();
    replace(&mut after.invoices, steps.invoices, &mut heads, |invoice| invoice.id.as_str());
    replace(&mut after.attempts, steps.attempts, &mut heads, |attempt| attempt.id.as_str());
    replace(&mut after.payments, steps.payments, &mut heads, |payment| payment.id.as_str());
    Ok(after)
}

/// Puts records as they are now in the place of those before, or behind them.
fn replace<R>(records: &mut Vec<Stored<R>>, steps: Vec<Step<R>>, heads: &mut impl Iterator<Item = Head>, id: impl Fn(&R) -> &str) {
    for (step, head) in steps.into_iter().zip(heads) {
        let now = Stored { value: step.after, head };
        match records.iter_mut().find(|known| id(&known.value) == id(&now.value)) {
            Some(known) => *known = now,
            None => records.push(now),
        }
    }
}

/// How often a race was lost.
#[derive(Debug, Default)]
pub(crate) struct Races(u32);

/// A race is run again so often: with jitter, about ten seconds.
const MOST_RACES: u32 = 40;

impl Races {
    /// Counts a lost race and waits a little: up to 20 ms, then 40, at most 320, by chance. After about ten seconds it gives up.
    pub async fn lost(&mut self, deps: &Deps) -> Result<(), AppError> {
        self.0 += 1;
        if self.0 >= MOST_RACES {
            return Err(AppError::Busy);
        }
        let most = 20_u128 << self.0.min(5).saturating_sub(1);
        let wait = u64::try_from(deps.entropy.number() % most).unwrap_or(20);
        tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
        Ok(())
    }
}
