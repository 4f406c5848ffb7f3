//! The business as one careful clerk would keep it: what was ordered and confirmed, one thing after another.

use crate::book::Book;
use domain::invoice::{Invoice, status::StatusCode};
use std::{cell::RefCell, collections::BTreeMap};
use tests::world::World;

/// What was confirmed about one invoice.
#[derive(Debug, Clone, Default)]
struct Confirmed {
    contact: String,
    total: i64,
    cash: i64,
    draft: bool,
    voided: bool,
}

/// All that was confirmed.
#[derive(Debug, Default)]
pub struct Model {
    invoices: RefCell<BTreeMap<String, Confirmed>>,
    ids: RefCell<Vec<String>>,
}

impl Model {
    /// An invoice was made.
    pub fn made(&self, id: &str, contact: &str, total: i64) {
        let confirmed = Confirmed { contact: contact.to_owned(), total, ..Confirmed::default() };
        self.invoices.borrow_mut().insert(id.to_owned(), confirmed);
        self.ids.borrow_mut().push(id.to_owned());
    }

    /// It is a draft yet.
    pub fn drafted(&self, id: &str) {
        self.change(id, |confirmed| confirmed.draft = true);
    }

    /// It was sent.
    pub fn sent(&self, id: &str) {
        self.change(id, |confirmed| confirmed.draft = false);
    }

    /// It was thrown away as a draft.
    pub fn deleted(&self, id: &str) {
        self.ids.borrow_mut().retain(|made| made != id);
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Confirmed)) {
        if let Some(confirmed) = self.invoices.borrow_mut().get_mut(id) {
            change(confirmed);
        }
    }

    /// Cash was written down.
    pub fn paid_in_cash(&self, id: &str, minor: i64) {
        self.change(id, |confirmed| confirmed.cash += minor);
    }

    /// It was cancelled.
    pub fn voided(&self, id: &str) {
        self.change(id, |confirmed| confirmed.voided = true);
    }

    /// Its lines were changed.
    pub fn revised(&self, id: &str, total: i64) {
        self.change(id, |confirmed| confirmed.total = total);
    }

    /// Every invoice that was made.
    #[must_use]
    pub fn invoices(&self) -> Vec<String> {
        self.ids.borrow().clone()
    }

    /// How many invoices the API lists.
    pub async fn listed(&self, world: &World) -> usize {
        world.get("/v1/invoices?limit=100").await.json()["data"].as_array().map_or(0, Vec::len)
    }

    /// What the table says of an invoice, against what was confirmed and what the gateway captured.
    pub async fn compare(&self, book: &Book, world: &World, invoice: &Invoice, captured: i64) {
        let id = invoice.id.as_str();
        let confirmed = self.invoices.borrow()[id].clone();
        let money = confirmed.cash + captured;
        let (status, balance) = if confirmed.voided {
            (StatusCode::Voided, 0)
        } else if confirmed.draft {
            (StatusCode::Draft, confirmed.total)
        } else if money >= confirmed.total {
            (StatusCode::Closed, 0)
        } else {
            (StatusCode::Open, confirmed.total - money)
        };
        if (invoice.status.code(), invoice.balance().minor()) != (status, balance) {
            let is = format!("{} {}", invoice.status.code().name(), invoice.balance());
            book.broken("model", format!("{id} is {is}, and should be {} {balance}: {confirmed:?}, {captured} captured", status.name()));
        }
        let credit = if confirmed.voided { money } else { (money - confirmed.total).max(0) };
        let contact = world.get(&format!("/v1/contacts/{}", confirmed.contact)).await.json();
        let kept: i64 =
            contact["credit_balance"].as_array().into_iter().flatten().map(|sum| minor(sum["amount"].as_str().unwrap_or("0"))).sum();
        if kept != credit {
            book.broken("I3", format!("{id}: the contact has {kept} in credit, and should have {credit}"));
        }
    }
}

fn minor(amount: &str) -> i64 {
    amount.replace('.', "").parse().unwrap_or_default()
}
