//! Does the state follow from the journal? Every record can be rebuilt from its entries, and tampering shows.

use crate::{
    Store, StoreError,
    error::unavailable,
    items::{
        Item,
        attempt::write_attempt,
        journal::{StoredEntry, read_entry},
        others,
        outbox::read_message,
        payment::write_payment,
        sort_key, string_of,
    },
    queries::{InvoiceFolder, contact_folder, folder},
};
use domain::{
    attempt::Attempt,
    currency::Currency,
    digest::Digest,
    invoice::{
        Invoice,
        journal::{AttemptEvent, Event, MoneyEvent},
    },
    message::Message,
    money::Money,
    payment::Payment,
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

/// One invoice as its partition holds it, and what does not agree in it.
#[derive(Debug)]
pub struct Looked {
    /// The invoice with its attempts and payments; none when there is none, or no longer.
    pub folder: Option<InvoiceFolder>,
    /// Its outbox.
    pub messages: Vec<Message>,
    /// What does not agree, a sentence each.
    pub findings: Vec<String>,
}

/// Folds one invoice's journal, given all items of its partition, and compares.
///
/// # Errors
/// [`StoreError::Corrupt`] when an item cannot be understood.
pub fn look_at_invoice(pk: &str, mut items: Vec<Item>) -> Result<Looked, StoreError> {
    items.sort_by(|a, b| sort_key(a).cmp(sort_key(b)));
    let mut audit = Audit::default();
    audit_partition(pk, &items, &mut audit)?;
    let messages = items.iter().filter(|item| sort_key(item).starts_with(crate::keys::MESSAGES)).map(read_message);
    Ok(Looked { folder: folder(&items)?, messages: messages.collect::<Result<_, _>>()?, findings: audit.findings })
}

impl Store {
    /// Reads the whole table, folds every journal and compares it with what is stored.
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
        for (pk, mut items) in partitions {
            items.sort_by(|a, b| sort_key(a).cmp(sort_key(b)));
            audit_partition(&pk, &items, &mut audit)?;
        }
        Ok(audit)
    }
}

fn audit_partition(pk: &str, items: &[Item], audit: &mut Audit) -> Result<(), StoreError> {
    let entries: Vec<StoredEntry> =
        items.iter().filter(|item| sort_key(item).starts_with("J#")).map(read_entry).collect::<Result<_, _>>()?;
    let journaled = ["INV#", "CON#", "PRD#", "BUSINESS"].iter().any(|prefix| pk.starts_with(prefix));
    if !journaled {
        return Ok(());
    }
    audit.records += 1;
    audit.entries += entries.len();
    let mut head = Head::START;
    for (place, stored) in entries.iter().enumerate() {
        head = head.after(stored.canonical.as_bytes());
        if head.hash != stored.hash || stored.entry.seq != place as u64 + 1 || head.seq != stored.entry.seq {
            audit.findings.push(format!("{pk}: entry {} breaks the chain", stored.entry.seq));
            return Ok(());
        }
    }
    let findings = match pk.split_once('#') {
        Some(("INV", _)) => audit_invoice(items, &entries, head)?,
        Some(("CON", _)) => audit_contact(items, &entries, head)?,
        Some(_) | None => audit_plain(pk, items, &entries, head)?,
    };
    audit.findings.extend(findings.into_iter().map(|finding| format!("{pk}: {finding}")));
    Ok(())
}

/// An invoice, its attempts and payments, folded from its entries.
#[derive(Default)]
struct Folded {
    invoice: Option<Invoice>,
    attempts: BTreeMap<String, Attempt>,
    payments: BTreeMap<String, Payment>,
}

fn fold(entries: &[StoredEntry]) -> Result<Folded, String> {
    let mut folded = Folded::default();
    for stored in entries {
        let entry = &stored.entry;
        let Fact::Invoice(event) = &entry.fact else { return Err(format!("entry {} is not an invoice's", entry.seq)) };
        let domain::record::Subject::Invoice(id) = &entry.subject else { return Err(format!("entry {} has another subject", entry.seq)) };
        let next = match folded.invoice.take() {
            None => Invoice::begin(id.clone(), event, entry.at),
            Some(invoice) => invoice.evolve(event, entry.at),
        };
        folded.invoice = Some(next.map_err(|error| format!("entry {}: {error}", entry.seq))?);
        match event {
            Event::Attempt(AttemptEvent::Dispatched(attempt)) => {
                folded.attempts.insert(attempt.id.to_string(), attempt.as_ref().clone());
            }
            Event::Attempt(event @ (AttemptEvent::Moved { attempt_id, .. } | AttemptEvent::Looked { attempt_id, .. })) => {
                let Some(attempt) = folded.attempts.remove(attempt_id.as_str()) else {
                    return Err(format!("entry {} moves an attempt that never began", entry.seq));
                };
                folded.attempts.insert(attempt_id.to_string(), attempt.evolve(event));
            }
            Event::Money(MoneyEvent::Applied(payment)) => {
                folded.payments.insert(payment.id.to_string(), payment.as_ref().clone());
            }
            Event::Document(_) | Event::Chase(_) => {}
        }
    }
    Ok(folded)
}

fn audit_invoice(items: &[Item], entries: &[StoredEntry], head: Head) -> Result<Vec<String>, StoreError> {
    let folded = match fold(entries) {
        Ok(folded) => folded,
        Err(finding) => return Ok(vec![finding]),
    };
    let mut findings = Vec::new();
    let stored = folder(items)?;
    match (&stored, &folded.invoice) {
        (None, Some(invoice)) if invoice.deleted => {}
        (Some(stored), Some(invoice)) => {
            if stored.invoice.value != *invoice {
                findings.push(format!("the state is {:?}, its journal says {invoice:?}", stored.invoice.value));
            }
            if stored.invoice.head != head {
                findings.push("the state does not stand on its last entry".to_owned());
            }
            if stored.text.digest(stored.salt.as_bytes()) != invoice.body.text {
                findings.push("the words are not the ones the journal names".to_owned());
            }
        }
        (None, _) | (Some(_), None) => findings.push("state and journal do not belong together".to_owned()),
    }
    for (prefix, expected) in [
        ("B#", folded.attempts.values().map(write_attempt).collect::<Result<Vec<_>, _>>()?),
        ("C#", folded.payments.values().map(write_payment).collect::<Result<Vec<_>, _>>()?),
    ] {
        let found: BTreeMap<&str, &Item> =
            items.iter().filter(|item| sort_key(item).starts_with(prefix)).map(|item| (sort_key(item), item)).collect();
        let expected: BTreeMap<&str, &Item> = expected.iter().map(|item| (sort_key(item), item)).collect();
        if found != expected {
            findings.push(format!("records {prefix} are {found:?}, the journal says {expected:?}"));
        }
    }
    Ok(findings)
}

fn record_events(entries: &[StoredEntry]) -> (Option<Digest>, BTreeMap<Currency, Money>, Vec<String>) {
    let mut details = None;
    let mut credit: BTreeMap<Currency, Money> = BTreeMap::new();
    let mut findings = Vec::new();
    for stored in entries {
        match &stored.entry.fact {
            Fact::Record(RecordEvent::Created { details: digest } | RecordEvent::Changed { details: digest }) => details = Some(*digest),
            Fact::Record(RecordEvent::Credited { amount, .. }) => {
                let before = credit.get(&amount.currency()).copied().unwrap_or_else(|| Money::zero(amount.currency()));
                match before.plus(*amount) {
                    Ok(sum) => {
                        credit.insert(amount.currency(), sum);
                    }
                    Err(error) => findings.push(error.to_string()),
                }
            }
            Fact::Invoice(_) => findings.push(format!("entry {} is an invoice's", stored.entry.seq)),
        }
    }
    (details, credit, findings)
}

fn audit_contact(items: &[Item], entries: &[StoredEntry], head: Head) -> Result<Vec<String>, StoreError> {
    let (details, credit, mut findings) = record_events(entries);
    let Some(state) = items.iter().find(|item| sort_key(item) == crate::keys::STATE) else {
        findings.push("the state is missing".to_owned());
        return Ok(findings);
    };
    let stored = contact_folder(state)?;
    if details != Some(stored.contact.value.details.digest(stored.salt.as_bytes())) {
        findings.push("the details are not the ones the journal names".to_owned());
    }
    if credit != stored.contact.value.credit {
        findings.push(format!("the credit is {:?}, the journal says {credit:?}", stored.contact.value.credit));
    }
    if head != stored.contact.head {
        findings.push("the state does not stand on its last entry".to_owned());
    }
    Ok(findings)
}

fn audit_plain(pk: &str, items: &[Item], entries: &[StoredEntry], head: Head) -> Result<Vec<String>, StoreError> {
    let (details, _, mut findings) = record_events(entries);
    let Some(state) = items.iter().find(|item| sort_key(item) == crate::keys::STATE) else {
        findings.push("the state is missing".to_owned());
        return Ok(findings);
    };
    let (digest, stands_on) = if pk == "BUSINESS" {
        let (business, head) = others::read_business(state)?;
        (others::business_digest(&business), head)
    } else {
        let (product, head) = crate::items::read::<others::ProductItem>(state)?.read()?;
        (others::product_digest(&product), head)
    };
    if details != Some(digest) {
        findings.push("the details are not the ones the journal names".to_owned());
    }
    if stands_on != head {
        findings.push("the state does not stand on its last entry".to_owned());
    }
    Ok(findings)
}
