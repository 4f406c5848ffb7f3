//! What was confirmed, one thing after another, and what must therefore be there.

use crate::{client::minor, site::Site};
use serde_json::Value;
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

#[derive(Debug, Clone, Default)]
struct Confirmed {
    contact: String,
    total: i64,
    cash: BTreeMap<String, i64>,
    voided: bool,
}

/// All that was confirmed.
#[derive(Debug)]
pub struct Model {
    there_before: usize,
    invoices: RefCell<BTreeMap<String, Confirmed>>,
}

impl Model {
    /// Nothing beside what a new folder holds.
    pub async fn of(site: &Site) -> Self {
        Self { there_before: site.list("/v1/invoices").await.len(), invoices: RefCell::default() }
    }

    /// An invoice was made and sent.
    pub fn made(&self, id: &str, contact: &str, total: i64) {
        let confirmed = Confirmed { contact: contact.to_owned(), total, ..Confirmed::default() };
        self.invoices.borrow_mut().insert(id.to_owned(), confirmed);
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Confirmed)) {
        self.invoices.borrow_mut().get_mut(id).map(change).unwrap();
    }

    /// Cash was written down.
    pub fn paid_in_cash(&self, id: &str, reference: &str, minor: i64) {
        self.change(id, |confirmed| assert_eq!(confirmed.cash.insert(reference.to_owned(), minor), None));
    }

    /// Its lines were changed.
    pub fn revised(&self, id: &str, total: i64) {
        self.change(id, |confirmed| confirmed.total = total);
    }

    /// It was cancelled.
    pub fn voided(&self, id: &str) {
        self.change(id, |confirmed| confirmed.voided = true);
    }

    /// Holds what is there against what was confirmed, and says how much that was.
    pub async fn compare(&self, site: &Site) -> String {
        let mut captured: BTreeMap<String, i64> = BTreeMap::new();
        for checkout in site.checkouts().await.iter().filter(|checkout| checkout["payment_status"] == "paid") {
            let invoice = checkout["metadata"]["remit_invoice"].as_str().unwrap().to_owned();
            *captured.entry(invoice).or_default() += checkout["amount_total"].as_i64().unwrap();
        }
        let invoices = self.invoices.borrow().clone();
        for (id, confirmed) in &invoices {
            one(site, id, confirmed, captured.get(id).copied().unwrap_or_default()).await;
        }
        let listed = site.list("/v1/invoices").await;
        assert_eq!(listed.len(), invoices.len() + self.there_before, "invoices that nobody was told of, or that are gone");
        let numbers: BTreeSet<&str> = listed.iter().filter_map(|invoice| invoice["number"].as_str()).collect();
        let expected: BTreeSet<String> = (1..=numbers.len()).map(|number| format!("INV-{number:05}")).collect();
        assert!(numbers.iter().copied().eq(expected.iter().map(String::as_str)), "{numbers:?}");
        let mails = site.local("messages").await;
        let mut keys = BTreeSet::new();
        for mail in mails.as_array().unwrap() {
            assert!(keys.insert(mail["tags"].to_string()), "{mail} went out twice");
        }
        let money: i64 = captured.values().sum();
        format!("{} invoices, {} mails, {money} cents by card", invoices.len(), keys.len())
    }
}

async fn rows(site: &Site, path: &str) -> Vec<Value> {
    site.read(path).await["data"].as_array().unwrap().clone()
}

async fn one(site: &Site, id: &str, confirmed: &Confirmed, captured: i64) {
    let invoice = site.read(&format!("/v1/invoices/{id}")).await;
    let cash: i64 = confirmed.cash.values().sum();
    let money = cash + captured;
    let (status, balance) = if confirmed.voided {
        ("voided", 0)
    } else if money >= confirmed.total {
        ("closed", 0)
    } else {
        ("open", confirmed.total - money)
    };
    let what = format!("{id}: {confirmed:?}, {captured} by card, and it is {invoice}");
    assert_eq!((invoice["status"]["code"].as_str().unwrap(), minor(&invoice["balance"])), (status, balance), "{what}");
    let payments = rows(site, &format!("/v1/payments?invoice_id={id}")).await;
    let by_hand = payments.iter().filter(|payment| payment["method"]["kind"] == "cash");
    let by_hand: Vec<(&str, i64)> = by_hand.map(|payment| (payment["reference"].as_str().unwrap(), minor(&payment["amount"]))).collect();
    assert_eq!(by_hand.len(), confirmed.cash.len(), "{what}: {by_hand:?}");
    assert!(by_hand.iter().all(|(reference, minor)| confirmed.cash.get(*reference) == Some(minor)), "{what}: {by_hand:?}");
    let by_card: i64 = payments.iter().filter(|payment| payment["method"]["kind"] != "cash").map(|payment| minor(&payment["amount"])).sum();
    assert_eq!(by_card, captured, "{what}");
    let credit = site.read(&format!("/v1/contacts/{}", confirmed.contact)).await["credit_balance"].clone();
    let credit: i64 = credit.as_array().unwrap().iter().map(minor).sum();
    assert_eq!(credit, if confirmed.voided { money } else { (money - confirmed.total).max(0) }, "{what}");
    assert_eq!(site.read(&format!("/v1/invoices/{id}/journal?limit=100")).await["verified"], true, "{what}");
    let messages = rows(site, &format!("/v1/messages?invoice_id={id}")).await;
    let unpaid: Vec<&Value> = messages.iter().filter(|message| message["kind"] == "unpaid").collect();
    assert!(unpaid.len() == 1, "{what}: {unpaid:?}");
    let waits = |message: &&Value| ["claimed", "planned"].contains(&message["state"].as_str().unwrap());
    assert!(!messages.iter().any(|message| waits(&message)), "{what}: {messages:?}");
    let attempts = invoice["attempts"].as_array().unwrap();
    let open = ["prepared", "dispatched", "unknown", "awaiting_payer"];
    assert!(!attempts.iter().any(|attempt| open.contains(&attempt["state"].as_str().unwrap())), "{what}");
}
