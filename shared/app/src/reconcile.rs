//! After a table was restored: what happened since the backup is asked of the gateway, and what nobody can know is not done twice.

use crate::{
    AppError, Caller, Deps,
    commit::{Around, Records, commit_changes},
    settlement::{Case, Word, ask, settle_with, word},
};
use chrono::{DateTime, Utc};
use domain::{
    attempt::{Attempt, AttemptEvent, AttemptState, CheckoutState, How, Look, Order, Purpose},
    changes::Changes,
    ids::{AttemptId, InvoiceId},
    invoice::{
        Invoice, SlotClass,
        journal::{DocumentEvent, Event, SlotEvent},
        status::StatusCode,
    },
    message::{Content, Message, MessageState},
    payment::Origin,
    pii::{EmailAddress, RecipientRef},
    record::{Actor, Subject},
    reminder::pass_over,
    settings::Business,
};
use gateway::{Gateway, ListedCheckout, NotTold, Ours};
use store::{CommitError, RunRecord, lists::Due, queries::InvoiceFolder};

/// The name under which it is written down, and that stands in journals.
pub const RESTORE: &str = "restore";

/// The time of which the table knows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Where the backup ends.
    pub since: DateTime<Utc>,
    /// When everything had stopped.
    pub until: DateTime<Utc>,
}

/// What becomes of the links that customers have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// They go on opening; one that was taken back in the gap opens again.
    Keep,
    /// All are taken back; customers get new ones with the next mail.
    Revoke,
}

/// Why it did not come to its end. What was done until then stays, and it is run again.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The table, or the business's settings.
    #[error(transparent)]
    App(#[from] AppError),
    /// The gateway did not tell which checkouts there are.
    #[error("the gateway's checkouts cannot be listed: {0}")]
    Gateway(#[from] NotTold),
}

impl From<store::StoreError> for ReconcileError {
    fn from(error: store::StoreError) -> Self {
        Self::App(error.into())
    }
}

/// What was done, in numbers, and what is left for staff.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Whether the invoice numbers were raised.
    pub numbers_raised: bool,
    /// Mails that may have gone out in the gap, and are not sent again.
    pub mails_uncertain: u64,
    /// Invoices whose reminders of the gap are over.
    pub reminders_passed_over: u64,
    /// Invoices whose links were taken back.
    pub links_revoked: u64,
    /// Tries that the table knew and the gateway was asked about.
    pub attempts_asked: u64,
    /// Tries of the gap that were written down again from what the gateway tells.
    pub attempts_rebuilt: u64,
    /// What staff must look at.
    pub left: Vec<Left>,
}

/// A checkout that could not be given back to its invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The gateway's id of it.
    pub session_ref: String,
    /// Whose it is.
    pub invoice_id: InvoiceId,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// What was collected, if anything was.
    pub collected: Option<domain::money::Money>,
    /// Why it is left.
    pub why: &'static str,
}

const NO_INVOICE: &str = "its invoice was made after the backup and is gone";
const A_DRAFT: &str = "its invoice was sent after the backup and is a draft again";
const ANOTHER_TRY: &str = "another try of the invoice is still open";
const NOT_OURS: &str = "it is in a currency or units that are not ours";
const SILENT: &str = "the gateway did not tell how far it has come";

/// Goes through a restored table before anything else works on it again. May be run twice, and killed anywhere.
///
/// # Errors
/// [`ReconcileError`].
pub async fn reconcile(deps: &Deps, gap: Gap, next_number: u64, links: Links) -> Result<Reconciled, ReconcileError> {
    let now = deps.clock.now();
    let business = deps.business(now).await?;
    // Asked for first: without it nothing is begun.
    let checkouts = match &deps.gateway {
        Some(gateway) => gateway.list_checkouts(gap.since).await?,
        None => Vec::new(),
    };
    let caller = Caller::new(deps, Actor::System(RESTORE.to_owned()), now);
    let again = deps.store.find_run(RESTORE).await?.is_some_and(|run| run.finished_at >= gap.until);
    let pass = Pass { deps, caller, business, gap, now, links: if again { Links::Keep } else { links } };
    let mut done = Reconciled { numbers_raised: deps.store.raise_next_number(next_number).await?, ..Reconciled::default() };
    let mut from = None;
    loop {
        let (found, next) = deps.store.walk_records(from).await?;
        for due in found {
            match due {
                Due::Message(subject, key) => done.mails_uncertain += u64::from(pass.doubt(&subject, &key).await?),
                Due::Invoice(invoice_id) => pass.look_through(&invoice_id, &mut done).await?,
                Due::Attempt(attempt_id) => pass.ask_about(&attempt_id, &mut done).await?,
            }
        }
        from = next;
        if from.is_none() {
            break;
        }
    }
    if let Some(gateway) = &deps.gateway {
        // The oldest first, as they happened.
        for checkout in checkouts.iter().rev() {
            if let Some(ours) = &checkout.ours {
                pass.take_back(gateway, checkout, ours, &mut done).await?;
            }
        }
    }
    let function = RESTORE.to_owned();
    let day = pass.business.zone.date_at(now);
    let run = RunRecord { function, day, finished_at: now, done: done.attempts_rebuilt, failed: done.left.len() as u64 };
    deps.store.put_run(&run).await.map_err(AppError::from)?;
    Ok(done)
}

struct Pass<'a> {
    deps: &'a Deps,
    caller: Caller,
    business: Business,
    gap: Gap,
    now: DateTime<Utc>,
    links: Links,
}

impl Pass<'_> {
    /// A mail that was about to go out may have gone out since: it is not sent again, and staff see that nobody knows.
    async fn doubt(&self, subject: &Subject, key: &str) -> Result<bool, AppError> {
        let Some(found) = self.deps.store.find_message(subject, key).await? else { return Ok(false) };
        let open = matches!(found.state, MessageState::Planned | MessageState::Claimed { .. });
        let mail = matches!(found.content, Content::Mail { .. });
        if !open || !mail || found.planned_at > self.gap.until || found.send_at > self.gap.until {
            return Ok(false);
        }
        let after = Message { state: MessageState::Uncertain { at: self.now }, ..found.clone() };
        match self.deps.store.move_message(&found, &after).await {
            Ok(()) => Ok(true),
            Err(CommitError::Lost(_)) => Err(AppError::Busy),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// Ends the reminders of the gap, and takes links back.
    async fn look_through(&self, invoice_id: &InvoiceId, done: &mut Reconciled) -> Result<(), AppError> {
        let folder = self.deps.load_invoice(invoice_id).await?;
        let invoice = &folder.invoice.value;
        let mut events = pass_over(invoice, &self.business, &self.deps.automations, self.gap.until);
        done.reminders_passed_over += u64::from(!events.is_empty());
        if self.links == Links::Revoke && invoice.links_open(self.now) {
            events.push(Event::Document(DocumentEvent::LinksRevoked));
            done.links_revoked += 1;
        }
        if !events.is_empty() {
            self.commit(&Records::of_invoice(&folder.invoice), &Changes::of_invoice(invoice_id, events)).await?;
        }
        Ok(())
    }

    /// Asks the gateway about an attempt that was open.
    async fn ask_about(&self, id: &AttemptId, done: &mut Reconciled) -> Result<(), AppError> {
        let found = self.deps.store.find_attempt(id).await?;
        let Some(attempt) = found.filter(|found| found.value.state.holds_slot()) else { return Ok(()) };
        done.attempts_asked += 1;
        let case = Case::around(self.deps, attempt, &[]).await?;
        let said = ask(self.deps, &case, self.now).await;
        settle_with(self.deps, &self.caller, case, &said, &self.business, self.now).await.map(|_| ())
    }

    /// Gives a checkout of the gap back to its invoice.
    async fn take_back(&self, gateway: &Gateway, checkout: &ListedCheckout, ours: &Ours, done: &mut Reconciled) -> Result<(), AppError> {
        let folder = match self.deps.store.find_invoice(&ours.invoice_id).await? {
            None => return self.leave(gateway, checkout, ours, NO_INVOICE, done).await,
            Some(folder) if folder.invoice.value.status.code() == StatusCode::Draft => {
                return self.leave(gateway, checkout, ours, A_DRAFT, done).await;
            }
            Some(folder) => folder,
        };
        if let Some(found) = self.deps.store.find_attempt(&ours.attempt_id).await? {
            // Known, and settled: only money that came late is news.
            if !found.value.state.holds_slot() && found.value.state != AttemptState::Applied {
                let said = word(gateway.read_checkout(&checkout.session_ref).await);
                let case = Case::around(self.deps, found, &[&folder]).await?;
                settle_with(self.deps, &self.caller, case, &said, &self.business, self.now).await?;
            }
            return Ok(());
        }
        let said = word(gateway.read_checkout(&checkout.session_ref).await);
        if matches!(said, Word::Silence | Word::Gone) {
            return self.leave(gateway, checkout, ours, SILENT, done).await;
        }
        if folder.invoice.value.slot.is_some() {
            return self.leave(gateway, checkout, ours, ANOTHER_TRY, done).await;
        }
        let Some(attempt) = self.rebuilt(gateway, checkout, ours, &folder) else {
            return self.leave(gateway, checkout, ours, NOT_OURS, done).await;
        };
        let taken = SlotEvent::Taken { attempt_id: attempt.id.clone(), class: SlotClass::Open };
        let mut changes = Changes::of_invoice(&ours.invoice_id, vec![taken.into()]);
        let look = attempt.next_look(attempt.state, 0, self.now);
        changes.attempts.push((attempt.id.clone(), vec![AttemptEvent::Dispatched(Box::new(attempt))], look));
        self.commit(&Records::of_invoice(&folder.invoice), &changes).await?;
        let case = Case::load(self.deps, &ours.attempt_id).await?;
        settle_with(self.deps, &self.caller, case, &said, &self.business, self.now).await?;
        done.attempts_rebuilt += 1;
        Ok(())
    }

    /// The try as far as the gateway tells of it. Its idempotency key is a new one: nothing is sent under it, as its checkout is there.
    fn rebuilt(&self, gateway: &Gateway, checkout: &ListedCheckout, ours: &Ours, folder: &InvoiceFolder) -> Option<Attempt> {
        let invoice: &Invoice = &folder.invoice.value;
        let amount = checkout.amount.filter(|amount| amount.currency() == invoice.currency)?;
        Some(Attempt {
            id: ours.attempt_id.clone(),
            purpose: Purpose::Collect { orders: vec![Order { invoice_id: ours.invoice_id.clone(), rev: invoice.rev, amount }] },
            how: How::Hosted {
                recipient: folder.text.bill_to.main_email().map_or(RecipientRef::ANYONE, EmailAddress::reference),
                link_version: invoice.link_version,
                link_key: self.deps.links.current(),
                open_until: checkout.expires_at,
            },
            contact_id: invoice.contact_id.clone(),
            amount,
            origin: Origin::PayPage,
            gateway: gateway.name().to_owned(),
            key: self.deps.entropy.token(),
            taken_at: checkout.opened_at,
            state: AttemptState::Dispatched,
            session_ref: Some(checkout.session_ref.clone()),
            intent_ref: None,
            decline: None,
            payment_id: None,
            resolved: None,
            look: Look::default(),
            note: None,
        })
    }

    /// Closes a checkout that nobody should pay any more, and notes it for staff if money was or may be collected.
    async fn leave(
        &self,
        gateway: &Gateway,
        checkout: &ListedCheckout,
        ours: &Ours,
        why: &'static str,
        done: &mut Reconciled,
    ) -> Result<(), AppError> {
        let said = word(gateway.expire_checkout(&checkout.session_ref).await);
        let collected = match &said {
            Word::Report(report) => match &report.state {
                CheckoutState::Expired | CheckoutState::Failed => return Ok(()),
                CheckoutState::Paid(_) => Some(report.amount),
                CheckoutState::Open | CheckoutState::Processing => None,
            },
            Word::Nothing | Word::Gone | Word::Silence => None,
        };
        let (session_ref, invoice_id) = (checkout.session_ref.clone(), ours.invoice_id.clone());
        done.left.push(Left { session_ref, invoice_id, opened_at: checkout.opened_at, collected, why });
        Ok(())
    }

    async fn commit(&self, before: &Records, changes: &Changes) -> Result<(), AppError> {
        let context = self.deps.context(&self.caller, "f55", self.now);
        match commit_changes(self.deps, &context, before, changes, Around::new(&self.business)).await {
            Ok(_) => Ok(()),
            Err(CommitError::Lost(_)) => Err(AppError::Busy),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}
