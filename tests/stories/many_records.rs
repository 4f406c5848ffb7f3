//! One commit changes as many records as fit: a payment of twenty invoices, and forty changes of one contact at once.

use chrono::TimeDelta;
use domain::{
    attempt::{Attempt, AttemptEvent, AttemptState, CheckoutReport, CheckoutState, How, Look, Order, Purpose},
    changes::Changes,
    contact::ContactDetails,
    credit::Credit,
    ids::{AttemptId, InvoiceId, RequestId},
    invoice::{Invoice, SlotClass, commands::MOVED_AT_ONCE, journal::SlotEvent, settle::settle},
    message::{Message, caused_by, caused_by_payment},
    money::Money,
    outcome::Outcome,
    payment::{Method, Origin, Payment},
    pii::RecipientRef,
    record::{Actor, Cause, Fact, Head},
};
use futures::future::join_all;
use serde_json::json;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use store::{
    CommitError, StoreError, Stored,
    commits::{Commit, Context, Record, RecordWrite},
};
use tests::{
    table::{CallSite, TableFault, operations},
    world::{World, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";

/// Records after a change, as the frame of the use cases folds them.
struct Folded {
    invoices: Vec<(Head, Invoice, Vec<Fact>)>,
    attempts: Vec<(Head, Attempt, Vec<Fact>)>,
    payments: Vec<(Payment, Vec<Fact>)>,
    credits: Vec<(Credit, Vec<Fact>)>,
    messages: Vec<Message>,
}

fn fold(w: &World, changes: &Changes, invoices: &[Stored<Invoice>], attempt: Option<&Stored<Attempt>>, contact: &ContactDetails) -> Folded {
    let at = w.now();
    let mut folded = Folded { invoices: vec![], attempts: vec![], payments: vec![], credits: vec![], messages: vec![] };
    for (id, events) in &changes.invoices {
        let before = invoices.iter().find(|stored| stored.value.id == *id).unwrap();
        let after = events.iter().fold(before.value.clone(), |invoice, event| invoice.evolve(event, at).unwrap());
        folded.messages.extend(caused_by(events, Some(&before.value), &after, contact, at));
        folded.invoices.push((before.head, after, events.iter().cloned().map(Fact::Invoice).collect()));
    }
    for (_, events, look) in &changes.attempts {
        let known = attempt.map(|stored| stored.value.clone());
        let mut after = events.iter().fold(known, Attempt::evolve).unwrap();
        after.look = *look;
        let head = attempt.map_or(Head::START, |stored| stored.head);
        folded.attempts.push((head, after, events.iter().cloned().map(Fact::Attempt).collect()));
    }
    for (_, events) in &changes.payments {
        let after = events.iter().fold(None, Payment::evolve).unwrap();
        folded.messages.extend(caused_by_payment(&after, true, contact, at));
        folded.payments.push((after, events.iter().cloned().map(Fact::Payment).collect()));
    }
    for (_, events) in &changes.credits {
        folded.credits.push((events.iter().fold(None, Credit::evolve).unwrap(), events.iter().cloned().map(Fact::Credit).collect()));
    }
    folded
}

async fn commit(w: &World, folded: &Folded) -> Result<Vec<Head>, CommitError> {
    let context = Context {
        at: w.now(),
        actor: Actor::System("story".to_owned()),
        cause: Cause { request_id: RequestId::at(1, 1), rule: "R2".to_owned() },
        token: format!("{}-{}", folded.payments.len(), folded.invoices.len()),
    };
    let mut records = Vec::new();
    for (before, invoice, facts) in &folded.invoices {
        records.push(RecordWrite { before: *before, after: Record::Invoice { invoice, next: None, text: None }, facts: facts.clone() });
    }
    for (before, attempt, facts) in &folded.attempts {
        records.push(RecordWrite { before: *before, after: Record::Attempt(attempt), facts: facts.clone() });
    }
    for (payment, facts) in &folded.payments {
        records.push(RecordWrite { before: Head::START, after: Record::Payment(payment), facts: facts.clone() });
    }
    for (credit, facts) in &folded.credits {
        records.push(RecordWrite { before: Head::START, after: Record::Credit(credit), facts: facts.clone() });
    }
    w.deps.store.commit(&Commit { records, messages: &folded.messages, ..Commit::new(&context) }).await
}

/// An attempt that is to collect for all of them, in the slot of each.
async fn begun(w: &World, invoices: &[Stored<Invoice>]) -> (Vec<Stored<Invoice>>, Stored<Attempt>) {
    let orders: Vec<Order> = invoices
        .iter()
        .map(|stored| Order { invoice_id: stored.value.id.clone(), rev: stored.value.rev, amount: stored.value.amount_due() })
        .collect();
    let amount = orders.iter().try_fold(Money::zero(invoices[0].value.currency), |sum, order| sum.plus(order.amount)).unwrap();
    let attempt = Attempt {
        id: AttemptId::at(1, 1),
        purpose: Purpose::Collect { orders },
        how: How::Hosted { recipient: RecipientRef::ANYONE, link_version: 1, link_key: 1, open_until: w.now() + TimeDelta::hours(1) },
        contact_id: invoices[0].value.contact_id.clone(),
        amount,
        origin: Origin::PayPage,
        gateway: "stripe".to_owned(),
        key: "key".to_owned(),
        taken_at: w.now(),
        state: AttemptState::Dispatched,
        session_ref: None,
        intent_ref: None,
        decline: None,
        payment_id: None,
        resolved: None,
        look: Look::default(),
        note: None,
    };
    let mut changes = Changes::of_attempt(&attempt.id, vec![AttemptEvent::Dispatched(Box::new(attempt.clone()))], Look::default());
    for stored in invoices {
        let taken = SlotEvent::Taken { attempt_id: attempt.id.clone(), class: SlotClass::Open };
        changes.invoices.push((stored.value.id.clone(), vec![taken.into()]));
    }
    let folded = fold(w, &changes, invoices, None, &ContactDetails::default());
    let heads = commit(w, &folded).await.unwrap();
    let taken = folded.invoices.iter().zip(&heads).map(|((_, invoice, _), head)| Stored { value: invoice.clone(), head: *head });
    (taken.collect(), Stored { value: attempt, head: heads[invoices.len()] })
}

async fn stored(w: &World, contact: &str, count: usize) -> Vec<Stored<Invoice>> {
    let mut invoices = Vec::new();
    for _ in 0..count {
        let invoice = w.invoice_for(contact, "100.00", DUE, true).await;
        let id = InvoiceId::parse(invoice["id"].as_str().unwrap()).unwrap();
        invoices.push(w.deps.store.find_invoice(&id).await.unwrap().unwrap().invoice);
    }
    invoices
}

#[tokio::test(start_paused = true)]
async fn own_01_a_payment_of_twenty_invoices_of_one_contact_is_one_commit() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let (invoices, attempt) = begun(w, &stored(w, &contact, 20).await).await;
        let report = CheckoutReport {
            session_ref: "cs_1".to_owned(),
            intent_ref: Some("pi_1".to_owned()),
            amount: attempt.value.amount,
            state: CheckoutState::Paid(Method::GatewayOther),
            decline: None,
            paid_at: None,
            url: None,
        };
        let values: Vec<&Invoice> = invoices.iter().map(|stored| &stored.value).collect();
        let settled = settle(&values, &attempt.value, &report, w.now().date_naive(), w.now()).unwrap();
        let Outcome::Changed(changes) = settled else { panic!("unchanged") };
        let known = w.deps.store.find_contact(&attempt.value.contact_id).await.unwrap().unwrap();
        let folded = fold(w, &changes, &invoices, Some(&attempt), &known.contact.value.details);
        w.table.take_calls();
        commit(w, &folded).await.unwrap();
        assert_eq!(operations(&w.table.take_calls()), ["TransactWriteItems"]);
        for stored in &invoices {
            assert_eq!(w.stands(stored.value.id.as_str()).await, "0.00 closed");
        }
        let receipts = folded.messages.iter().filter(|message| message.key.starts_with("receipt/")).count();
        assert_eq!((folded.payments.len(), receipts), (1, 1), "one payment and one receipt");
        assert_eq!(w.deps.store.find_payment(&folded.payments[0].0.id).await.unwrap().unwrap().value.allocations.len(), 20);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_commit_of_more_than_a_transaction_takes_is_refused_before_it_is_sent() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let invoices = stored(w, &contact, 51).await;
        let changes = Changes {
            invoices: invoices
                .iter()
                .map(|it| (it.value.id.clone(), vec![SlotEvent::Freed { attempt_id: AttemptId::at(1, 1) }.into()]))
                .collect(),
            ..Changes::default()
        };
        let folded = fold(w, &changes, &invoices, None, &ContactDetails::default());
        w.table.take_calls();
        let refused = commit(w, &folded).await.unwrap_err();
        assert!(matches!(refused, CommitError::Store(StoreError::TooMany { items: 102, most: 100 })), "{refused:?}");
        assert!(w.table.take_calls().is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn forty_voids_of_one_contact_at_once_are_forty_answers_and_forty_credits() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let mut ids = Vec::new();
        for _ in 0..40 {
            let invoice = w.invoice_for(&contact, "100.00", DUE, true).await;
            let id = invoice["id"].as_str().unwrap().to_owned();
            let cash = json!({ "amount": { "amount": "10.00", "currency": "EUR" }, "method": "cash" });
            let _ = w.post(&format!("/v1/invoices/{id}/payments"), &cash).await.expect(201);
            ids.push(id);
        }
        let void = json!({ "acknowledge_captured_funds": true });
        let paths: Vec<String> = ids.iter().map(|id| format!("/v1/invoices/{id}/void")).collect();
        let answers = join_all(paths.iter().map(|path| w.post(path, &void))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 40);
        assert_eq!(w.credit(&contact).await, ["400.00 EUR"]);
    })
    .await;
}

/// An invoice that was paid in so many parts of 1.00, one a week.
async fn paid_in_parts(w: &World, parts: usize) -> (String, String) {
    let contact = w.contact("Ada Lovelace", "ada@example.com").await;
    let id = w.invoice_for(&contact, "100.00", DUE, true).await["id"].as_str().unwrap().to_owned();
    let cash = json!({ "amount": { "amount": "1.00", "currency": "EUR" }, "method": "cash" });
    for _ in 0..parts {
        let _ = w.post(&format!("/v1/invoices/{id}/payments"), &cash).await.expect(201);
    }
    (contact, id)
}

#[tokio::test(start_paused = true)]
async fn act_void_status_an_invoice_paid_in_more_parts_than_one_commit_moves_is_voided_and_all_of_it_is_credit() {
    for parts in [MOVED_AT_ONCE, MOVED_AT_ONCE + 1, 3 * MOVED_AT_ONCE - 5] {
        story(START, async |w| {
            let (contact, id) = paid_in_parts(w, parts).await;
            let _ = w.post(&format!("/v1/invoices/{id}/void"), &json!({ "acknowledge_captured_funds": true })).await.expect(200);
            assert_eq!(w.stands(&id).await, "0.00 voided");
            assert_eq!(w.credit(&contact).await, [format!("{parts}.00 EUR")]);
            let run = w.start_for("collections", &json!({}), &|| true).await;
            assert_eq!((run.done, run.passed), (0, 0), "nothing is left for the sweep");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn own_01_a_void_that_is_stopped_owes_nothing_and_the_sweep_moves_the_rest_of_the_money() {
    for fault in [TableFault::Crash, TableFault::ServerError] {
        story(START, async |w| {
            let parts = 2 * MOVED_AT_ONCE + 5;
            let (contact, id) = paid_in_parts(w, parts).await;
            let commits = Mutex::new(0);
            w.table.set_fault_plan(Arc::new(move |site: &CallSite| {
                if site.operation != "TransactWriteItems" {
                    return TableFault::None;
                }
                let mut commits = commits.lock().unwrap();
                *commits += 1;
                if *commits > 1 { fault } else { TableFault::None }
            }));
            let (path, void) = (format!("/v1/invoices/{id}/void"), json!({ "acknowledge_captured_funds": true }));
            let answered = tokio::time::timeout(Duration::from_secs(60), w.post(&path, &void)).await;
            let status = answered.ok().map(|answer| answer.status.as_u16());
            assert_eq!(status, (fault == TableFault::ServerError).then_some(200), "it was voided, whatever becomes of the rest");
            w.table.clear_faults();
            assert_eq!(w.stands(&id).await, "0.00 voided", "in the first commit");
            assert_eq!(w.credit(&contact).await, [format!("{MOVED_AT_ONCE}.00 EUR")]);
            w.start("collections").await;
            assert_eq!(w.credit(&contact).await, [format!("{parts}.00 EUR")]);
            assert_eq!(w.stands(&id).await, "0.00 voided");
        })
        .await;
    }
}
