//! The table fails while a customer pays, at every call in turn: after the story's own repair there is one charge, the
//! invoice is closed, and every journal folds.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tests::{
    paying::id_and_pay_url,
    table::{CallSite, FaultPlan, TableFault},
    world::{GOOD_CARD, World, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";
const FAULTS: [TableFault; 8] = [
    TableFault::LoseBeforeEffect,
    TableFault::LoseAnswerAfterEffect,
    TableFault::Throttle,
    TableFault::TransactionConflict,
    TableFault::TransactionThrottled,
    TableFault::ServerError,
    TableFault::Crash,
    TableFault::CrashAfterEffect,
];

/// Which part of paying meets the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Click,
    Return,
    Notice,
    Settling,
}

/// Whether only the first sending of a call meets the fault, or every retry of it as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lasts {
    Once,
    ForTheCall,
}

/// Lets the nth call meet a fault. What is sent again unchanged is a retry of the same call.
fn nth_call(nth: usize, fault: TableFault, lasts: Lasts) -> FaultPlan {
    let seen: Mutex<Vec<(String, String)>> = Mutex::default();
    Arc::new(move |site: &CallSite| {
        let call = (site.operation.clone(), site.request.to_string());
        let mut seen = seen.lock().unwrap();
        let retry = seen.last() == Some(&call);
        if !retry {
            seen.push(call);
        }
        let hit = seen.len() == nth + 1 && (!retry || lasts == Lasts::ForTheCall);
        if hit { fault } else { TableFault::None }
    })
}

/// The commit arrives and its answer is lost; sent once more by the SDK, it meets a conflict.
#[tokio::test(start_paused = true)]
async fn f44_f45_staff_are_not_refused_what_their_own_lost_commit_has_done() {
    for (path, body, status) in [
        ("payments", serde_json::json!({ "amount": { "amount": "100.00", "currency": "EUR" }, "method": "cash" }), 201),
        ("void", serde_json::json!({}), 200),
    ] {
        story(START, async |w| {
            let invoice = w.sent_invoice("100.00", DUE).await;
            let id = id_and_pay_url(&invoice).0;
            let sent = Mutex::new(0);
            w.table.set_fault_plan(Arc::new(move |site: &CallSite| {
                if site.operation != "TransactWriteItems" {
                    return TableFault::None;
                }
                let mut sent = sent.lock().unwrap();
                *sent += 1;
                match *sent {
                    1 => TableFault::LoseAnswerAfterEffect,
                    2 => TableFault::TransactionConflict,
                    _ => TableFault::None,
                }
            }));
            let _ = w.post(&format!("/v1/invoices/{id}/{path}"), &body).await.expect(status);
            assert!(w.payments(id).await.len() <= 1, "{path}");
        })
        .await;
    }
}

/// Neither staff nor the gateway hear of it when others are at the same items for a moment.
#[tokio::test(start_paused = true)]
async fn f45_a_transaction_that_others_are_in_the_way_of_is_tried_again_by_itself() {
    for fault in [TableFault::TransactionConflict, TableFault::TransactionThrottled] {
        story(START, async |w| {
            let (cash, card) = (w.sent_invoice("100.00", DUE).await, w.sent_invoice("100.00", DUE).await);
            // Of reads and of commits every other one, each counted for itself.
            let transactions: Mutex<std::collections::BTreeMap<String, u32>> = Mutex::default();
            w.table.set_fault_plan(Arc::new(move |site: &CallSite| {
                let mut transactions = transactions.lock().unwrap();
                let made = transactions.entry(site.operation.clone()).or_default();
                *made += 1;
                if *made % 2 == 1 && site.operation.starts_with("Transact") { fault } else { TableFault::None }
            }));
            let amount = serde_json::json!({ "amount": { "amount": "100.00", "currency": "EUR" }, "method": "cash" });
            let _ = w.post(&format!("/v1/invoices/{}/payments", id_and_pay_url(&cash).0), &amount).await.expect(201);
            let session = w.open_checkout(id_and_pay_url(&card).1).await;
            w.gateway.pay(&session, GOOD_CARD).unwrap();
            assert_eq!(w.deliver_notices().await, [204, 204, 204], "{fault:?}");
            w.table.clear_faults();
            for invoice in [&cash, &card] {
                assert_eq!(w.stands(id_and_pay_url(invoice).0).await, "0.00 closed", "{fault:?}");
            }
        })
        .await;
    }
}

async fn walk(w: &World, step: Step, pay_url: &str) {
    match step {
        Step::Click => drop(w.click_again(pay_url, "10000").await),
        Step::Return => drop(w.open(&format!("{pay_url}/return")).await),
        Step::Notice => drop(w.deliver_notices().await),
        Step::Settling => {
            let has_time = || true;
            let _ = collections::handle(&w.deps, &has_time).await;
        }
    }
}

/// Pays an invoice with a fault at the nth call of a step. Tells whether the fault was met.
async fn pays(w: &World, step: Step, nth: usize, fault: TableFault, lasts: Lasts) -> bool {
    let told = format!("{step:?}, call {nth}, {fault:?}, {lasts:?}");
    let invoice = w.sent_invoice("100.00", DUE).await;
    let (id, pay_url) = id_and_pay_url(&invoice);
    if step != Step::Click {
        w.gateway.pay(&w.open_checkout(pay_url).await, GOOD_CARD).unwrap();
    }
    if step == Step::Settling {
        w.pass(chrono::TimeDelta::minutes(65));
    }
    w.table.take_calls();
    w.table.set_fault_plan(nth_call(nth, fault, lasts));
    let notices = w.gateway.take_webhooks();
    let walked = async {
        if step == Step::Notice {
            for notice in &notices {
                drop(w.deliver(notice).await);
            }
        } else {
            walk(w, step, pay_url).await;
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(60), walked).await;
    w.table.clear_faults();
    let met = w.table.take_calls().iter().any(|call| call.fault == fault);

    // The repair: the payer clicks or looks again, the gateway tells again, the settling runs again.
    match step {
        Step::Click => {
            let answer = w.click_again(pay_url, "10000").await;
            assert_eq!(answer.status, 303, "{told}: {}", answer.text);
            assert_eq!((w.payable().len(), w.gateway.sessions().len()), (1, 1), "{told}");
            w.gateway.pay(&w.payable()[0], GOOD_CARD).unwrap();
            assert!(w.open(&format!("{pay_url}/return")).await.text.contains("Thank you"), "{told}");
        }
        Step::Return => assert!(w.open(&format!("{pay_url}/return")).await.text.contains("Thank you"), "{told}"),
        Step::Notice => {
            for notice in &notices {
                assert_eq!(w.deliver(notice).await.status, 204, "{told}");
            }
        }
        Step::Settling => w.settle_for(15).await,
    }
    assert_eq!((w.stands(id).await.as_str(), w.charged()), ("0.00 closed", vec![10_000]), "{told}");
    assert_eq!((w.payments(id).await.len(), w.tries(id).await), (1, vec!["applied".to_owned()]), "{told}");
    met
}

async fn at_every_call(step: Step, lasts: Lasts, faults: &[TableFault], at_least: usize) {
    for fault in faults {
        for nth in 0.. {
            let mut met = false;
            story(START, async |w| met = pays(w, step, nth, *fault, lasts).await).await;
            if !met && nth >= at_least {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f01_f02_f43_f44_a_click_survives_a_fault_at_each_of_its_calls() {
    at_every_call(Step::Click, Lasts::Once, &FAULTS[..4], 3).await;
    at_every_call(Step::Click, Lasts::ForTheCall, &FAULTS, 3).await;
}

#[tokio::test(start_paused = true)]
async fn f02_f43_f44_a_return_page_survives_a_fault_at_each_of_its_calls() {
    at_every_call(Step::Return, Lasts::Once, &FAULTS[..4], 3).await;
    at_every_call(Step::Return, Lasts::ForTheCall, &FAULTS, 3).await;
}

#[tokio::test(start_paused = true)]
async fn f16_f43_f44_a_payments_notices_survive_a_fault_at_each_of_their_calls() {
    at_every_call(Step::Notice, Lasts::Once, &FAULTS[..4], 5).await;
    at_every_call(Step::Notice, Lasts::ForTheCall, &FAULTS, 5).await;
}

#[tokio::test(start_paused = true)]
async fn f02_f43_f44_i17_the_settling_survives_a_fault_at_each_of_its_calls() {
    let faults = [TableFault::LoseBeforeEffect, TableFault::LoseAnswerAfterEffect, TableFault::CrashAfterEffect];
    at_every_call(Step::Settling, Lasts::ForTheCall, &faults, 20).await;
}
