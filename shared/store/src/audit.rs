//! Does the state follow from the journal, and do records agree with each other? Every record can be rebuilt from its entries, and
//! tampering shows.

use crate::{
    Store, StoreError,
    error::{Corrupt, unavailable},
    items::{
        Item,
        attempt::{key_digest, read_attempt},
        credit::read_credit,
        invoice::read_invoice,
        journal::{StoredEntry, read_entry},
        others,
        outbox::read_message,
        payment::read_payment,
        read, sort_key, string_of,
        words::read_text,
    },
    keys,
};
use domain::{
    attempt::{Attempt, Look},
    credit::Credit,
    digest::Digest,
    ids::{AttemptId, CreditId, InvoiceId, PaymentId},
    invoice::Invoice,
    message::Message,
    money::Money,
    payment::{Payment, id_of_gateway_object},
    record::{Fact, Head, RecordEvent},
};
use std::collections::BTreeMap;

/// What an audit of the whole table saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// Records whose journal was folded.
    pub records: usize,
    /// Entries read.
    pub entries: usize,
    /// What does not agree, a sentence each.
    pub findings: Vec<String>,
}

/// The records whose money and slots belong together.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// Invoices.
    pub invoices: BTreeMap<InvoiceId, Invoice>,
    /// Attempts.
    pub attempts: BTreeMap<AttemptId, Attempt>,
    /// Payments.
    pub payments: BTreeMap<PaymentId, Payment>,
    /// Credits.
    pub credits: BTreeMap<CreditId, Credit>,
}

/// One partition: the records in it, its outbox, and what does not agree in it.
#[derive(Debug, Default)]
pub struct Looked {
    /// The records in it.
    pub books: Books,
    /// Its outbox.
    pub messages: Vec<Message>,
    /// Records and entries.
    counts: (usize, usize),
    /// What does not agree, a sentence each.
    pub findings: Vec<String>,
}

impl Store {
    /// Reads the whole table, folds every journal, compares it with what is stored, and compares records with each other.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit(&self) -> Result<Audit, StoreError> {
        let mut partitions: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        let mut start = None;
        loop {
            let page = self.client.scan().table_name(&self.table).consistent_read(true).set_exclusive_start_key(start).send().await;
            let page = page.map_err(|error| unavailable("Scan", &error))?;
            for item in page.items.unwrap_or_default() {
                partitions.entry(string_of(&item, "pk").unwrap_or_default().to_owned()).or_default().push(item);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        let mut audit = Audit::default();
        let mut books = Books::default();
        for (pk, items) in partitions {
            let looked = look_at_partition(&pk, items)?;
            audit.records += looked.counts.0;
            audit.entries += looked.counts.1;
            audit.findings.extend(looked.findings);
            books.add(looked.books);
        }
        audit.findings.extend(books.disagreements());
        Ok(audit)
    }
}

/// Folds the journals of one partition, given all its items, and compares.
///
/// # Errors
/// [`StoreError::Corrupt`] when an item cannot be understood.
pub fn look_at_partition(pk: &str, mut items: Vec<Item>) -> Result<Looked, StoreError> {
    items.sort_by(|a, b| sort_key(a).cmp(sort_key(b)));
    let mut looked = Looked::default();
    let journaled = ["INV#", "ATT#", "PAY#", "CON#", "PRD#", "BUSINESS"].iter().any(|prefix| pk.starts_with(prefix));
    if !journaled {
        return Ok(looked);
    }
    let messages = items.iter().filter(|item| sort_key(item).starts_with(keys::MESSAGES)).map(read_message);
    looked.messages = messages.collect::<Result<_, _>>()?;
    look_at_record(pk, keys::STATE, keys::JOURNAL, &items, &mut looked)?;
    for credit in items.iter().map(sort_key).filter_map(|sk| sk.strip_prefix(keys::CREDITS)) {
        let (state, journal) = (format!("{}{credit}", keys::CREDITS), format!("D#{credit}#"));
        look_at_record(pk, &state, &journal, &items, &mut looked)?;
    }
    Ok(looked)
}

fn look_at_record(pk: &str, state: &str, journal: &str, items: &[Item], looked: &mut Looked) -> Result<(), StoreError> {
    let entries: Vec<StoredEntry> =
        items.iter().filter(|item| sort_key(item).starts_with(journal)).map(read_entry).collect::<Result<_, _>>()?;
    looked.counts.0 += 1;
    looked.counts.1 += entries.len();
    let mut head = Head::START;
    for (place, stored) in entries.iter().enumerate() {
        head = head.after(stored.canonical.as_bytes());
        if head.hash != stored.hash || stored.entry.seq != place as u64 + 1 || head.seq != stored.entry.seq {
            looked.findings.push(format!("{pk} {state}: entry {} breaks the chain", stored.entry.seq));
            return Ok(());
        }
    }
    let stored = items.iter().find(|item| sort_key(item) == state);
    let folded = match fold(&entries) {
        Ok(folded) => folded,
        Err(finding) => {
            looked.findings.push(format!("{pk} {state}: {finding}"));
            return Ok(());
        }
    };
    let (found, stands_on) = match (stored, &folded) {
        (None, Folded::Invoice(invoice)) if invoice.deleted => return Ok(()),
        (None, _) => {
            looked.findings.push(format!("{pk} {state}: the state is missing"));
            return Ok(());
        }
        (Some(item), folded) => folded.against(item, items, &mut looked.books)?,
    };
    if stands_on != head {
        looked.findings.push(format!("{pk} {state}: the state does not stand on its last entry"));
    }
    looked.findings.extend(found.into_iter().map(|finding| format!("{pk} {state}: {finding}")));
    Ok(())
}

/// A record, folded from its entries.
enum Folded {
    Nothing,
    Invoice(Box<Invoice>),
    Attempt(Box<Attempt>),
    Payment(Box<Payment>),
    Credit(Box<Credit>),
    Plain(Digest),
}

fn fold(entries: &[StoredEntry]) -> Result<Folded, String> {
    let mut folded = Folded::Nothing;
    for StoredEntry { entry, .. } in entries {
        for fact in &entry.facts {
            folded = next(folded, fact, &entry.subject, entry.at).map_err(|why| format!("entry {}: {why}", entry.seq))?;
        }
        let stands = match &folded {
            Folded::Invoice(invoice) => (Some(invoice.status.code().name()), Some(invoice.amount_due())),
            Folded::Attempt(attempt) => (Some(attempt.state.name()), None),
            Folded::Nothing | Folded::Payment(_) | Folded::Credit(_) | Folded::Plain(_) => (None, None),
        };
        if stands != (entry.status.as_deref(), entry.amount_due) {
            return Err(format!("entry {} says {:?} {:?}, and its events {stands:?}", entry.seq, entry.status, entry.amount_due));
        }
    }
    Ok(folded)
}

fn next(before: Folded, fact: &Fact, subject: &domain::record::Subject, at: chrono::DateTime<chrono::Utc>) -> Result<Folded, String> {
    let out_of_place = || "an event that cannot come here".to_owned();
    Ok(match (before, fact) {
        (Folded::Nothing, Fact::Invoice(event)) => {
            let domain::record::Subject::Invoice(id) = subject else { return Err(out_of_place()) };
            Folded::Invoice(Box::new(Invoice::begin(id.clone(), event, at).map_err(|error| error.to_string())?))
        }
        (Folded::Invoice(invoice), Fact::Invoice(event)) => {
            Folded::Invoice(Box::new(invoice.evolve(event, at).map_err(|error| error.to_string())?))
        }
        (Folded::Nothing, Fact::Attempt(event)) => Folded::Attempt(Box::new(Attempt::evolve(None, event).ok_or_else(out_of_place)?)),
        (Folded::Attempt(attempt), Fact::Attempt(event)) => {
            Folded::Attempt(Box::new(Attempt::evolve(Some(*attempt), event).ok_or_else(out_of_place)?))
        }
        (Folded::Nothing, Fact::Payment(event)) => Folded::Payment(Box::new(Payment::evolve(None, event).ok_or_else(out_of_place)?)),
        (Folded::Payment(payment), Fact::Payment(event)) => {
            Folded::Payment(Box::new(Payment::evolve(Some(*payment), event).ok_or_else(out_of_place)?))
        }
        (Folded::Nothing, Fact::Credit(event)) => Folded::Credit(Box::new(Credit::evolve(None, event).ok_or_else(out_of_place)?)),
        (Folded::Credit(credit), Fact::Credit(event)) => {
            Folded::Credit(Box::new(Credit::evolve(Some(*credit), event).ok_or_else(out_of_place)?))
        }
        (Folded::Nothing, Fact::Record(RecordEvent::Created { details }))
        | (Folded::Plain(_), Fact::Record(RecordEvent::Changed { details })) => Folded::Plain(*details),
        (_, _) => return Err(out_of_place()),
    })
}

impl Folded {
    /// What does not agree with the stored state, and the head it stands on. The record as stored goes into the books.
    fn against(&self, item: &Item, items: &[Item], books: &mut Books) -> Result<(Vec<String>, Head), StoreError> {
        let mut findings = Vec::new();
        let mut compare = |stored: &dyn std::fmt::Debug, folded: &dyn std::fmt::Debug, equal: bool| {
            if !equal {
                findings.push(format!("the state is {stored:?}, its journal says {folded:?}"));
            }
        };
        let head = match self {
            Self::Invoice(folded) => {
                let (stored, head) = read_invoice(item)?;
                compare(&stored, folded, stored == **folded);
                let words = items.iter().find(|item| sort_key(item) == keys::TEXT).map(read_text).transpose()?;
                if words.is_none_or(|(words, salt)| words.digest(salt.as_bytes()) != stored.body.text) {
                    findings.push("the words are not the ones the journal names".to_owned());
                }
                books.invoices.insert(stored.id.clone(), stored);
                head
            }
            Self::Attempt(folded) => {
                let (stored, head) = read_attempt(item)?;
                let told = Attempt { key: key_digest(&stored.key), look: Look::default(), note: None, ..stored.clone() };
                compare(&told, folded, told == **folded);
                books.attempts.insert(stored.id.clone(), stored);
                head
            }
            Self::Payment(folded) => {
                let (stored, head) = read_payment(item)?;
                compare(&stored, folded, stored == **folded);
                books.payments.insert(stored.id.clone(), stored);
                head
            }
            Self::Credit(folded) => {
                let (stored, head) = read_credit(item)?;
                compare(&stored, folded, stored == **folded);
                books.credits.insert(stored.id.clone(), stored);
                head
            }
            Self::Plain(details) => {
                let (digest, head) = plain(item)?;
                compare(&digest, details, digest == *details);
                head
            }
            Self::Nothing => {
                findings.push("there is a state and no journal".to_owned());
                Head::START
            }
        };
        Ok((findings, head))
    }
}

/// The digest of a stored record without a family of events, and the head it stands on.
fn plain(item: &Item) -> Result<(Digest, Head), StoreError> {
    let pk = string_of(item, "pk").unwrap_or_default();
    if pk == keys::business() {
        let (business, head) = others::read_business(item)?;
        return Ok((others::business_digest(&business), head));
    }
    match pk.split_once('#') {
        Some(("CON", _)) => {
            let (contact, salt, head) = others::read_contact(item)?;
            Ok((contact.details.digest(salt.as_bytes()), head))
        }
        Some(("PRD", _)) => {
            let (product, head) = read::<others::ProductItem>(item)?.read()?;
            Ok((others::product_digest(&product), head))
        }
        Some(_) | None => Err(Corrupt::new(pk, "a record of no known kind").into()),
    }
}

impl Books {
    /// Adds what another partition holds.
    pub fn add(&mut self, other: Self) {
        self.invoices.extend(other.invoices);
        self.attempts.extend(other.attempts);
        self.payments.extend(other.payments);
        self.credits.extend(other.credits);
    }

    /// Where records contradict each other, a sentence each. Both sides must be in the books.
    #[must_use]
    pub fn disagreements(&self) -> Vec<String> {
        let mut findings = Vec::new();
        self.slots(&mut findings);
        self.allocations(&mut findings);
        self.collected(&mut findings);
        self.money(&mut findings);
        findings
    }

    /// Who holds a slot is in it, and who is in it holds it.
    fn slots(&self, findings: &mut Vec<String>) {
        for invoice in self.invoices.values() {
            let Some(slot) = &invoice.slot else { continue };
            let attempt = self.attempts.get(&slot.attempt_id);
            let agrees = attempt.is_some_and(|it| it.order_of(&invoice.id).is_some() && it.state.slot_class() == Some(slot.class));
            if !agrees {
                let state = attempt.map(|attempt| attempt.state.name());
                findings.push(format!("{}: {} is in the slot as {}, and is {state:?}", invoice.id, slot.attempt_id, slot.class.name()));
            }
        }
        // One that came to a conflict after its end is in no slot any more.
        let holds = |attempt: &&Attempt| attempt.state.holds_slot() && attempt.state != domain::attempt::AttemptState::Conflicted;
        for attempt in self.attempts.values().filter(holds) {
            for order in attempt.orders() {
                let slot = self.invoices.get(&order.invoice_id).and_then(|invoice| invoice.slot.as_ref());
                if slot.is_none_or(|slot| slot.attempt_id != attempt.id) {
                    findings.push(format!("{} is {} and not in the slot of {}", attempt.id, attempt.state.name(), order.invoice_id));
                }
            }
        }
    }

    /// What payments say lies on invoices is what invoices say of them. What was taken back since stands on the invoice as a line of its
    /// own, and came off the payment.
    fn allocations(&self, findings: &mut Vec<String>) {
        let mut lines: BTreeMap<(&InvoiceId, &PaymentId), Money> = BTreeMap::new();
        let mut add = |invoice, payment, amount: Money| {
            let sum = lines.entry((invoice, payment)).or_insert_with(|| Money::zero(amount.currency()));
            *sum = sum.plus(amount).unwrap_or(*sum);
        };
        for invoice in self.invoices.values() {
            for line in &invoice.money {
                add(&invoice.id, &line.payment_id, line.amount);
                if let Some(parent) = self.payments.get(&line.payment_id).and_then(|payment| payment.parent_id.as_ref()) {
                    add(&invoice.id, parent, line.amount);
                }
            }
        }
        for payment in self.payments.values() {
            for part in &payment.allocations {
                let said = lines.remove(&(&part.invoice_id, &payment.id));
                if said != Some(part.amount) {
                    findings.push(format!("{}: {} lies on {}, which says {said:?}", payment.id, part.amount, part.invoice_id));
                }
            }
        }
        for ((invoice, payment), amount) in lines {
            findings.push(format!("{invoice}: {amount} of {payment}, which does not say so"));
        }
    }

    /// An attempt that collected names its payment, and the payment names it; the payment's id is its object's.
    fn collected(&self, findings: &mut Vec<String>) {
        for attempt in self.attempts.values() {
            let applied = attempt.state == domain::attempt::AttemptState::Applied;
            let payment = attempt.payment_id.as_ref().and_then(|id| self.payments.get(id));
            let names_it = payment.is_some_and(|payment| payment.attempt_id.as_ref() == Some(&attempt.id));
            if applied != names_it {
                findings.push(format!("{} is {} beside its payment {:?}", attempt.id, attempt.state.name(), attempt.payment_id));
            }
        }
        for payment in self.payments.values() {
            let attempt = payment.attempt_id.as_ref().map(|id| self.attempts.get(id).and_then(|attempt| attempt.payment_id.as_ref()));
            if attempt.is_some_and(|names| names != Some(&payment.id)) {
                findings.push(format!("{}: its attempt does not name it", payment.id));
            }
            if let (Some(gateway), Some(object)) = (&payment.gateway, &payment.gateway_ref)
                && id_of_gateway_object(gateway, object) != payment.id
            {
                findings.push(format!("{} does not have the id of {object}", payment.id));
            }
        }
    }

    /// Every cent of a payment lies on an invoice or in a credit, or was taken back, and what is left of a credit is what was not spent.
    fn money(&self, findings: &mut Vec<String>) {
        let mut left: BTreeMap<&PaymentId, Vec<Money>> = BTreeMap::new();
        for credit in self.credits.values() {
            let spent = credit.uses.iter().try_fold(credit.left, |sum, spent| sum.plus(spent.amount));
            let spent = spent.and_then(|sum| sum.plus(credit.taken_back));
            if spent != Ok(credit.amount) {
                findings.push(format!("{}: {} of {} are left, and its uses do not say so", credit.id, credit.left, credit.amount));
            }
            if !self.payments.contains_key(&credit.payment_id) {
                findings.push(format!("{}: its payment {} is not there", credit.id, credit.payment_id));
            }
            left.entry(&credit.payment_id).or_default().push(credit.left);
        }
        for payment in self.payments.values().filter(|payment| payment.parent_id.is_none()) {
            let credits = left.remove(&payment.id).unwrap_or_default();
            let parts = payment.allocated().and_then(|sum| credits.into_iter().try_fold(sum, Money::plus));
            let parts = parts.and_then(|sum| sum.plus(payment.taken_back));
            if parts != Ok(payment.amount) {
                findings.push(format!("{}: of {} only {parts:?} is accounted for", payment.id, payment.amount));
            }
            let back = self.payments.values().filter(|other| other.parent_id.as_ref() == Some(&payment.id));
            let back = back.into_iter().try_fold(payment.taken_back, |sum, other| sum.plus(other.amount));
            if back.is_ok_and(|rest| !rest.is_zero()) {
                findings.push(format!("{}: {} was taken back, and its refunds say otherwise", payment.id, payment.taken_back));
            }
        }
    }
}
