//! A customer presses Pay: find the open checkout or open one, and say where it is.

use crate::{
    AppError, Caller, Deps,
    commit::{Around, Races, Records, commit_changes},
    millis,
    settlement::{Case, Word, ask, asks_for_another_amount, fence, in_slot, look, open_checkout, settle_with},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    attempt::{Attempt, AttemptState, CheckoutReport, CheckoutState, How, Look, Order, Purpose, checkout_closes_at},
    ids::AttemptId,
    invoice::Invoice,
    link::Link,
    payment::Origin,
    pii::Pii,
    record::Actor,
    settings::Business,
};
use gateway::{Answer, Gateway, RefusalClass};
use store::{CommitError, queries::InvoiceFolder};

/// What the payer saw when they pressed Pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The invoice's revision.
    pub rev: u32,
    /// The amount due, in minor units.
    pub amount_due_minor: i64,
}

/// What pressing Pay led to.
#[derive(Debug)]
pub enum Started {
    /// The payer goes to the gateway.
    GoTo {
        /// The checkout's address.
        url: Pii,
    },
    /// The payer stays and is told why.
    Stay(Box<InvoiceFolder>, Why),
    /// Pay was pressed too often with this link. Nothing was read or asked.
    TooOften {
        /// How long until it is carried out again.
        wait: TimeDelta,
    },
}

/// Why a payer stays on the pay page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Nothing is owed any more.
    NothingOwed,
    /// The invoice changed since the page was loaded.
    Changed,
    /// A payment is on its way.
    Processing,
    /// The gateway did not answer; what happened there will be found out.
    TryLater,
    /// The gateway does not take this payment.
    Refused,
    /// No gateway can take it.
    NoGateway(String),
}

/// The least time that must be left for an open checkout to be worth going to.
const LEFT: TimeDelta = TimeDelta::minutes(2);
/// How often an order that is being made right now is waited for.
const WAITS: u32 = 8;

/// Finds or opens the checkout for what is owed. The attempt is committed before the gateway is called.
///
/// # Idempotency
/// One invoice has one slot: a second click, a second browser, Back, all end at the same checkout while recipient, revision
/// and amount are the same and time is left; else it is closed before another is opened.
///
/// # Errors
/// [`AppError::NotFound`] for a link that opens nothing; [`AppError::Store`] when the table does not answer.
pub async fn start_payment(deps: &Deps, link: &Link, seen: Seen) -> Result<Started, AppError> {
    let now = deps.clock.now();
    if let Some(wait) = deps.presses.count(link, now) {
        return Ok(Started::TooOften { wait });
    }
    let business = deps.business(now).await?;
    let caller = Caller::new(deps, Actor::Customer(link.recipient), now);
    let payer = Payer { deps, caller: &caller, link, business: &business, now };
    let mut waits = 0;
    let mut races = Races::default();
    loop {
        let folder = crate::open_invoice::load_by_link(deps, link, now).await?;
        let invoice = &folder.invoice.value;
        let stay = |folder: InvoiceFolder, why: Why| Ok(Started::Stay(Box::new(folder), why));
        let due = invoice.amount_due();
        if due.is_zero() {
            return stay(folder, Why::NothingOwed);
        }
        if seen.rev != invoice.rev || seen.amount_due_minor != due.minor() {
            return stay(folder, Why::Changed);
        }
        let Some(gateway) = &deps.gateway else {
            return stay(folder, Why::NoGateway("no payment gateway is set up".to_owned()));
        };
        if let Err(unsupported) = gateway.supports(due) {
            return stay(folder, Why::NoGateway(unsupported.to_string()));
        }
        let next = match &invoice.slot {
            None => payer.open(gateway, folder).await?,
            Some(slot) => {
                let attempt = in_slot(deps, &slot.attempt_id).await?;
                payer.resume(gateway, Case::around(deps, attempt, &[&folder]).await?, folder, waits).await?
            }
        };
        match next {
            Next::Done(started) => return Ok(started),
            Next::Again => races.lost(deps).await?,
            Next::Wait => {
                waits += 1;
                tokio::time::sleep(std::time::Duration::from_millis(250)).await;
            }
        }
    }
}

enum Next {
    Done(Started),
    /// Something changed: look again.
    Again,
    /// Another click is at the gateway right now.
    Wait,
}

struct Payer<'a> {
    deps: &'a Deps,
    caller: &'a Caller,
    link: &'a Link,
    business: &'a Business,
    now: DateTime<Utc>,
}

impl Payer<'_> {
    /// Takes the slot, then opens a checkout, then writes down where it is.
    async fn open(&self, gateway: &Gateway, folder: InvoiceFolder) -> Result<Next, AppError> {
        let attempt = self.attempt(gateway, &folder.invoice.value);
        let changes = folder.invoice.value.start_attempt(attempt.clone(), self.now)?;
        let context = self.deps.context(self.caller, "OWN-01", self.now);
        let before = Records::of_invoice(&folder.invoice);
        let after = match commit_changes(self.deps, &context, &before, &changes, Around::new(self.business)).await {
            Ok(after) => after,
            Err(CommitError::Lost(_)) => return Ok(Next::Again),
            Err(CommitError::Store(error)) => return Err(error.into()),
        };
        let (Some(invoice), Some(begun)) = (after.invoices.into_iter().next(), after.attempts.into_iter().next()) else {
            return Err(AppError::Defect(format!("{} was committed and is not there", attempt.id)));
        };
        let case = Case::begun(begun, InvoiceFolder { invoice, ..folder });
        let (word, why) = match open_checkout(self.deps, gateway, &case).await {
            Answer::Report(report) if asks_for_another_amount(&attempt, &report) => {
                (look(gateway, &attempt, &report.session_ref).await, Why::Refused)
            }
            Answer::Report(report) => (Word::Report(Box::new(report)), Why::Processing),
            Answer::Refused(refusal) => {
                tracing::error!(attempt = %attempt.id, code = refusal.code, class = refusal.class.name(), "the gateway refused a checkout");
                match refusal.class {
                    RefusalClass::Configuration | RefusalClass::Request | RefusalClass::NotThere => (Word::Nothing, Why::Refused),
                    RefusalClass::RateLimited => (Word::Nothing, Why::TryLater),
                    RefusalClass::KeyInFlight => (Word::Silence, Why::TryLater),
                }
            }
            Answer::Unknown(why) => {
                tracing::warn!(attempt = %attempt.id, %why, "no answer to a checkout");
                (Word::Silence, Why::TryLater)
            }
        };
        self.conclude(case, word, why).await
    }

    /// Goes on with the attempt that holds the slot: the same checkout again, or its end before another.
    async fn resume(&self, gateway: &Gateway, case: Case, folder: InvoiceFolder, waits: u32) -> Result<Next, AppError> {
        let (invoice, attempt) = (&folder.invoice.value, &case.attempt.value);
        match attempt.state {
            AttemptState::Processing | AttemptState::Conflicted => {
                return Ok(Next::Done(Started::Stay(Box::new(folder), Why::Processing)));
            }
            AttemptState::Dispatched if waits < WAITS && self.now < attempt.taken_at + TimeDelta::seconds(30) => return Ok(Next::Wait),
            // It came to its end after the invoice was read.
            AttemptState::Applied | AttemptState::Declined | AttemptState::Expired | AttemptState::Cancelled => return Ok(Next::Again),
            AttemptState::Prepared
            | AttemptState::Dispatched
            | AttemptState::AwaitingPayer
            | AttemptState::RequiresAction
            | AttemptState::Unknown => {}
        }
        let as_owed = |order: &Order| order.rev == invoice.rev && order.amount == invoice.amount_due();
        let same =
            attempt.recipient() == self.link.recipient && attempt.orders().len() == 1 && attempt.order_of(&invoice.id).is_some_and(as_owed);
        if !same || self.now + LEFT >= attempt.open_until() {
            return match fence(self.deps, self.caller, folder.clone(), self.business, self.now).await {
                Ok(_) => Ok(Next::Again),
                Err(AppError::GatewayUnanswered) => Ok(Next::Done(Started::Stay(Box::new(folder), Why::TryLater))),
                Err(error) => Err(error),
            };
        }
        let said = match &attempt.session_ref {
            Some(session) => look(gateway, attempt, session).await,
            None => ask(self.deps, &case, self.now).await,
        };
        if matches!(said, Word::Silence | Word::Gone) && attempt.state == AttemptState::AwaitingPayer {
            // An open checkout stays what it is when one look-up fails.
            return Ok(Next::Done(Started::Stay(Box::new(folder), Why::TryLater)));
        }
        self.conclude(case, said, Why::TryLater).await
    }

    /// Settles what the gateway said, and sends the payer on when its checkout is open.
    async fn conclude(&self, case: Case, said: Word, why: Why) -> Result<Next, AppError> {
        let case = settle_with(self.deps, self.caller, case, &said, self.business, self.now).await?;
        let url = match &said {
            Word::Report(report) => open_url(report).cloned(),
            Word::Nothing | Word::Gone | Word::Silence => None,
        };
        let Some(folder) = case.folder(&self.link.invoice_id).cloned() else { return Ok(Next::Again) };
        let holds = case.attempt.value.state == AttemptState::AwaitingPayer;
        match (url, &said) {
            (Some(url), _) if holds => Ok(Next::Done(Started::GoTo { url })),
            // To open one more would bring the same.
            (_, Word::Report(report)) if report.state == CheckoutState::Expired && why == Why::Refused => {
                Ok(Next::Done(Started::Stay(Box::new(folder), why)))
            }
            (_, Word::Report(_)) => Ok(Next::Again),
            (_, Word::Nothing | Word::Gone | Word::Silence) => Ok(Next::Done(Started::Stay(Box::new(folder), why))),
        }
    }

    fn attempt(&self, gateway: &Gateway, invoice: &Invoice) -> Attempt {
        let order = Order { invoice_id: invoice.id.clone(), rev: invoice.rev, amount: invoice.amount_due() };
        Attempt {
            id: AttemptId::at(millis(self.now), self.deps.entropy.number()),
            amount: order.amount,
            purpose: Purpose::Collect { orders: vec![order] },
            how: How::Hosted {
                recipient: self.link.recipient,
                link_version: self.link.version,
                link_key: self.deps.links.current(),
                open_until: checkout_closes_at(self.now),
            },
            contact_id: invoice.contact_id.clone(),
            origin: Origin::PayPage,
            gateway: gateway.name().to_owned(),
            key: self.deps.entropy.token(),
            taken_at: self.now,
            state: AttemptState::Dispatched,
            session_ref: None,
            intent_ref: None,
            decline: None,
            payment_id: None,
            resolved: None,
            look: Look::default(),
            note: None,
        }
    }
}

fn open_url(report: &CheckoutReport) -> Option<&Pii> {
    report.url.as_ref().filter(|_| report.state == CheckoutState::Open)
}
