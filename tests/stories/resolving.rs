//! Money cannot get stuck: every state of an attempt has ways out, each walked here, and staff can end what nobody else ends.

use chrono::TimeDelta;
use domain::{
    attempt::{
        Attempt, AttemptState, Outcome,
        ends::{ENDS, Way},
    },
    ids::{AttemptId, InvoiceId},
    invoice::resolve::{Resolution, resolve},
};
use local::sandbox_gateway::{Call, Fault};
use serde_json::{Value, json};
use tests::{
    paying::id_and_pay_url,
    world::{GOOD_CARD, World, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";

/// An attempt of an invoice of 100.00 in a state, as far as the sandbox can bring it there; its invoice, pay page and checkout.
async fn brought_to(w: &mut World, state: AttemptState) -> Option<(String, String, Option<String>)> {
    let invoice = w.sent_invoice("100.00", DUE).await;
    let (id, pay_url) = id_and_pay_url(&invoice);
    let (id, pay_url) = (id.to_owned(), pay_url.to_owned());
    match state {
        AttemptState::AwaitingPayer => drop(w.open_checkout(&pay_url).await),
        AttemptState::Unknown => {
            w.gateway.inject(Fault::LoseAnswerAfterEffect { on: Call::CreateSession });
            let _ = w.click_again(&pay_url, "10000").await.expect(503);
        }
        AttemptState::Conflicted => {
            let session = w.open_checkout(&pay_url).await;
            w.gateway.pay(&session, GOOD_CARD).unwrap();
            w.let_the_gateway_say_another_amount();
            let _ = w.open(&format!("{pay_url}/return")).await.expect(200);
        }
        AttemptState::Expired => {
            // The day's payments are held against what is known before that.
            w.start("collections").await;
            // It is paid at the last moment, and the gateway says so only later.
            let session = w.open_checkout(&pay_url).await;
            w.gateway.pay(&session, GOOD_CARD).unwrap();
            w.let_the_gateway_only_pretend_to_expire();
            w.pass(TimeDelta::minutes(61));
            w.start("collections").await;
            w.let_the_gateway_tell_the_truth();
        }
        AttemptState::Cancelled => {
            let _ = w.open_checkout(&pay_url).await;
            w.let_the_gateway_only_pretend_to_expire();
            let cash = json!({ "amount": { "amount": "40.00", "currency": "EUR" }, "method": "cash" });
            let _ = w.post(&format!("/v1/invoices/{id}/payments"), &cash).await.expect(201);
            w.let_the_gateway_tell_the_truth();
        }
        // Left within a request, or reached by bank debits and authentication alone.
        AttemptState::Prepared
        | AttemptState::Dispatched
        | AttemptState::RequiresAction
        | AttemptState::Processing
        | AttemptState::Declined
        | AttemptState::Applied => return None,
    }
    assert_eq!(w.tries(&id).await, [state.name()]);
    let open = w.payable().first().cloned();
    Some((id, pay_url, open))
}

async fn attempt_of(w: &World, invoice: &str) -> Value {
    w.get(&format!("/v1/attempts?invoice_id={invoice}")).await.expect(200).json()["data"][0].clone()
}

/// Takes one way out.
async fn take(w: &World, way: Way, minutes: u32, (id, pay_url, open): &(String, String, Option<String>)) {
    match way {
        Way::Paid => {
            if let Some(session) = open {
                w.gateway.pay(session, GOOD_CARD).unwrap();
            }
            w.deliver_notices().await;
        }
        Way::Return => {
            if let Some(session) = open {
                w.gateway.pay(session, GOOD_CARD).unwrap();
            }
            drop(w.open(&format!("{pay_url}/return")).await.expect(200));
        }
        Way::Press => drop(w.click_again(pay_url, "10000").await),
        Way::Notice => {
            w.pass(TimeDelta::minutes(61));
            w.gateway.expire_due();
            w.deliver_notices().await;
        }
        Way::Sweep => w.settle_for(i64::from(minutes)).await,
        Way::Staff => drop(w.post(&format!("/v1/invoices/{id}/void"), &json!({})).await.expect(200)),
        Way::Resolve => {
            let attempt = attempt_of(w, id).await["id"].as_str().unwrap().to_owned();
            let said = json!({ "outcome": "nothing", "reason": "Nothing on the statement" });
            drop(w.post(&format!("/v1/attempts/{attempt}/resolve"), &said).await.expect(200));
        }
    }
}

#[test]
fn every_state_of_an_attempt_stands_in_the_table_and_only_what_is_applied_has_no_way_out() {
    let states: Vec<AttemptState> = ENDS.iter().map(|(state, _)| *state).collect();
    assert_eq!(states, AttemptState::ALL);
    for (state, ways) in ENDS {
        assert_eq!(ways.is_empty(), state == AttemptState::Applied, "{}", state.name());
    }
}

#[tokio::test(start_paused = true)]
async fn every_way_out_of_a_state_leads_out_of_it_within_its_time() {
    let mut walked = 0;
    for (state, ways) in ENDS {
        for (way, minutes) in ways {
            story(START, async |w| {
                let Some(scene) = brought_to(w, state).await else { return };
                let begun = w.now();
                take(w, *way, *minutes, &scene).await;
                let now = attempt_of(w, &scene.0).await["state"].as_str().unwrap().to_owned();
                assert_ne!(now, state.name(), "{} by {way:?}", state.name());
                let waited = if *way == Way::Notice { 61 } else { i64::from(*minutes) };
                assert!(w.now() - begun <= TimeDelta::minutes(waited), "{} by {way:?}", state.name());
                walked += 1;
            })
            .await;
        }
    }
    assert_eq!(walked, 13);
}

/// An attempt in a state, with its invoice, without the way there.
async fn in_state(w: &World, state: AttemptState) -> (domain::invoice::Invoice, Attempt) {
    let invoice = w.sent_invoice("100.00", DUE).await;
    let _ = w.open_checkout(id_and_pay_url(&invoice).1).await;
    let id = InvoiceId::parse(id_and_pay_url(&invoice).0).unwrap();
    let attempt = AttemptId::parse(attempt_of(w, id.as_str()).await["id"].as_str().unwrap()).unwrap();
    let mut attempt = w.deps.store.find_attempt(&attempt).await.unwrap().unwrap().value;
    attempt.state = state;
    attempt.look.count = 3;
    (w.deps.store.find_invoice(&id).await.unwrap().unwrap().invoice.value, attempt)
}

#[tokio::test(start_paused = true)]
async fn att_resolve_ends_every_state_that_holds_a_slot_and_no_other() {
    story(START, async |w| {
        for state in AttemptState::ALL {
            let (invoice, attempt) = in_state(w, state).await;
            for outcome in Outcome::ALL {
                let said = Resolution { outcome, amount: None, gateway_ref: None };
                let resolved = resolve(&[&invoice], &attempt, &said, w.now().date_naive(), w.now());
                assert_eq!(resolved.is_ok(), state.holds_slot(), "{} {}", state.name(), outcome.name());
            }
        }
    })
    .await;
}

/// What staff say of a conflict over 100.00, and what comes of it: the attempt, the invoice, the contact's credit, the payments' types
/// and amounts.
type Said = (Value, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

#[tokio::test(start_paused = true)]
async fn att_resolve_a_conflict_is_ended_with_what_really_happened_and_nothing_books_it_again() {
    let money = |amount: &str| json!({ "amount": amount, "currency": "EUR" });
    let cases: [Said; 5] = [
        (json!({ "outcome": "collected" }), "applied", "0.00 closed", &[], &["payment 100.00"]),
        (json!({ "outcome": "collected", "amount": money("100.01") }), "applied", "0.00 closed", &["0.01 EUR"], &["payment 100.01"]),
        (json!({ "outcome": "collected", "amount": money("60.00") }), "applied", "40.00 open", &[], &["payment 60.00"]),
        (json!({ "outcome": "nothing" }), "cancelled", "100.00 open", &[], &[]),
        (json!({ "outcome": "refund", "amount": money("100.01") }), "applied", "100.00 open", &[], &["refund -100.01", "payment 100.01"]),
    ];
    for (mut said, state, stands, credit, payments) in cases {
        story(START, async |w| {
            let (id, pay_url, _) = brought_to(w, AttemptState::Conflicted).await.unwrap();
            let attempt = attempt_of(w, &id).await;
            assert_eq!(attempt["may_be_resolved"], true);
            said["reason"] = json!("The statement of 2 November");
            let path = format!("/v1/attempts/{}/resolve", attempt["id"].as_str().unwrap());
            let resolved = w.api("POST", &path, Some("once"), Some(&said)).await.expect(200).json();
            assert_eq!((&resolved["state"], &resolved["note"]), (&json!(state), &said["reason"]), "{said}");
            let _ = w.api("POST", &path, Some("once"), Some(&said)).await.expect(200);
            let again = w.api("POST", &path, Some("another"), Some(&said)).await;
            if state == "applied" {
                let again = again.expect(409).json();
                assert_eq!((&again["code"], &again["rule"]), (&json!("attempt_not_stuck"), &json!("ATT-RESOLVE")), "{said}");
            } else {
                assert_eq!(again.status, 200, "it has come to what staff say");
            }
            let contact = resolved["contact_id"].as_str().unwrap();
            for told in ["at once", "by notice", "by the payer", "a day later"] {
                match told {
                    "by notice" => drop(w.deliver_notices().await),
                    "by the payer" => {
                        drop(w.open(&format!("{pay_url}/return?attempt={}", attempt["id"].as_str().unwrap())).await.expect(200))
                    }
                    "a day later" => {
                        w.pass(TimeDelta::days(1));
                        w.start("collections").await;
                        assert_eq!(attempt_of(w, &id).await["state"], state, "{said}: what staff said stands");
                    }
                    _ => {}
                }
                assert_eq!(w.stands(&id).await, stands, "{said} {told}");
                assert_eq!(w.credit(contact).await, credit, "{said} {told}");
                let listed = w.get(&format!("/v1/payments?contact_id={contact}")).await.expect(200).json();
                let line = |row: &Value| format!("{} {}", row["type"].as_str().unwrap(), row["amount"]["amount"].as_str().unwrap());
                let mut listed: Vec<String> = listed["data"].as_array().unwrap().iter().map(line).collect();
                listed.sort_by(|a, b| b.cmp(a));
                let mut expected: Vec<&str> = payments.to_vec();
                expected.sort_by(|a, b| b.cmp(a));
                assert_eq!(listed, expected, "{said} {told}");
            }
            assert!(w.journal_of("attempts", attempt["id"].as_str().unwrap()).await.contains(&"attempt_resolved".to_owned()));
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn att_resolve_an_open_checkout_is_not_for_staff_to_end_and_what_the_gateway_tells_meanwhile_goes_first() {
    story(START, async |w| {
        let (id, ..) = brought_to(w, AttemptState::AwaitingPayer).await.unwrap();
        let attempt = attempt_of(w, &id).await;
        assert_eq!(attempt["may_be_resolved"], false);
        let path = format!("/v1/attempts/{}/resolve", attempt["id"].as_str().unwrap());
        let said = json!({ "outcome": "nothing", "reason": "The customer says so" });
        let refused = w.post(&path, &said).await.expect(409).json();
        assert!(refused["detail"].as_str().unwrap().contains("still tells"), "{refused}");
        assert_eq!(w.payable().len(), 1, "the customer's checkout stays open");
    })
    .await;
    story(START, async |w| {
        let (id, _, open) = brought_to(w, AttemptState::Unknown).await.unwrap();
        w.gateway.pay(&open.unwrap(), GOOD_CARD).unwrap();
        let path = format!("/v1/attempts/{}/resolve", attempt_of(w, &id).await["id"].as_str().unwrap());
        let said = json!({ "outcome": "nothing", "reason": "The customer says so" });
        let refused = w.post(&path, &said).await.expect(409).json();
        assert!(refused["detail"].as_str().unwrap().contains("applied"), "{refused}");
        assert_eq!(w.stands(&id).await, "0.00 closed");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_checkout_that_the_gateway_does_not_know_is_over_when_it_would_have_closed() {
    story(START, async |w| {
        let (id, pay_url, _) = brought_to(w, AttemptState::AwaitingPayer).await.unwrap();
        w.let_the_gateway_forget_every_checkout();
        let _ = w.post(&format!("/v1/invoices/{id}/void"), &json!({})).await.expect(503);
        w.settle_for(50).await;
        assert!(w.invoice(&id).await["attempts"][0]["state"] != "expired");
        w.settle_for(20).await;
        assert_eq!(w.tries(&id).await, ["expired"]);
        let entries = w.journal_of("attempts", attempt_of(w, &id).await["id"].as_str().unwrap()).await;
        assert!(entries.len() <= 5, "{entries:?}");
        w.let_the_gateway_tell_the_truth();
        let _ = w.click_again(&pay_url, "10000").await.expect(303);
    })
    .await;
}

/// Money of another amount comes for an attempt that was over, while a newer one is in the slot; staff end the conflict.
#[tokio::test(start_paused = true)]
async fn own_01_ending_a_conflict_that_came_late_leaves_the_newer_checkout_in_its_slot() {
    story(START, async |w| {
        let (id, pay_url, open) = brought_to(w, AttemptState::Cancelled).await.unwrap();
        let old = attempt_of(w, &id).await["id"].as_str().unwrap().to_owned();
        let _ = w.click_again(&pay_url, "6000").await.expect(303);
        w.gateway.pay(open.as_ref().unwrap(), GOOD_CARD).unwrap();
        w.let_the_gateway_say_another_amount();
        w.deliver_notices().await;
        let newer = w.tries(&id).await;
        assert_eq!(newer, ["conflicted", "awaiting_payer"]);
        w.let_the_gateway_tell_the_truth();
        let said = json!({ "outcome": "nothing", "reason": "It is not ours" });
        let _ = w.post(&format!("/v1/attempts/{old}/resolve"), &said).await;
        let _ = w.click_again(&pay_url, "6000").await.expect(303);
        assert_eq!(w.tries(&id).await.len(), 2, "the newer checkout is the same as before");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_resolution_that_does_not_fit_names_its_field() {
    story(START, async |w| {
        let (id, ..) = brought_to(w, AttemptState::Conflicted).await.unwrap();
        let path = format!("/v1/attempts/{}/resolve", attempt_of(w, &id).await["id"].as_str().unwrap());
        let dollars = json!({ "amount": "1.00", "currency": "USD" });
        for (said, field) in [
            (json!({ "outcome": "paid", "reason": "x" }), "outcome"),
            (json!({ "outcome": "nothing" }), "reason"),
            (json!({ "outcome": "nothing", "reason": " " }), "reason"),
            (json!({ "outcome": "nothing", "reason": "x", "amount": { "amount": "1.00", "currency": "EUR" } }), "amount"),
            (json!({ "outcome": "collected", "reason": "x", "amount": dollars }), "amount"),
            (json!({ "outcome": "collected", "reason": "x", "amount": { "amount": "0.00", "currency": "EUR" } }), "amount"),
            (json!({ "outcome": "collected", "reason": "x", "gateway_ref": "pi 1" }), "gateway_ref"),
        ] {
            let refused = w.post(&path, &said).await;
            assert!(refused.status.is_client_error(), "{said}");
            assert!(refused.json()["field"].as_str().is_some_and(|named| named.starts_with(field)), "{said}: {}", refused.text);
        }
        let _ = w.post("/v1/attempts/att_0000000000000001/resolve", &json!({ "outcome": "nothing", "reason": "x" })).await.expect(404);
    })
    .await;
}
