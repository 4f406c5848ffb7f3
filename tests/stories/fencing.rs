//! Staff change an invoice while a checkout is open: it is closed at the gateway first, and money that still comes is kept.

use chrono::TimeDelta;
use domain::{
    attempt::{AttemptState, CheckoutReport, CheckoutState},
    ids::InvoiceId,
    invoice::{Invoice, settle::settle, status::Status},
    money::Money,
    outcome::Outcome,
    payment::{Method, PaymentEvent, SurplusCause},
};
use local::sandbox_gateway::{Call, Fault, PayError};
use serde_json::{Value, json};
use tests::{
    paying::id_and_pay_url,
    world::{GOOD_CARD, Reply, World, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";

/// What staff do to an invoice of 100.00, and the status of the answer when nothing is in the way.
const COMMANDS: [(&str, u16); 5] = [("void", 200), ("cash 100.00", 201), ("cash 40.00", 201), ("lines 60.00", 200), ("lines 150.00", 200)];

async fn staff(w: &World, id: &str, command: &str) -> Reply {
    let (what, amount) = command.split_once(' ').unwrap_or((command, ""));
    let money = json!({ "amount": amount, "currency": "EUR" });
    match what {
        "void" => w.post(&format!("/v1/invoices/{id}/void"), &json!({ "acknowledge_captured_funds": amount == "acknowledged" })).await,
        "cash" => w.post(&format!("/v1/invoices/{id}/payments"), &json!({ "amount": money, "method": "cash" })).await,
        "lines" => {
            let lines = json!([{ "name": "Studio hours", "quantity": "1", "unit_price": money }]);
            w.patch(&format!("/v1/invoices/{id}"), &json!({ "lines": lines })).await
        }
        "due" => w.patch(&format!("/v1/invoices/{id}"), &json!({ "due_on": amount })).await,
        other => panic!("staff do not {other}"),
    }
}

/// An invoice of 100.00 with an open checkout, and the checkout.
async fn with_checkout(w: &World) -> (Value, String) {
    let invoice = w.sent_invoice("100.00", DUE).await;
    let session = w.open_checkout(id_and_pay_url(&invoice).1).await;
    (invoice, session)
}

#[tokio::test(start_paused = true)]
async fn f08_f09_f11_an_open_checkout_is_closed_before_staff_change_what_is_owed() {
    let stands = ["0.00 voided", "0.00 closed", "60.00 open", "60.00 open", "150.00 open"];
    for ((command, status), stands) in COMMANDS.into_iter().zip(stands) {
        story(START, async |w| {
            let (invoice, session) = with_checkout(w).await;
            let (id, _) = id_and_pay_url(&invoice);
            let _ = staff(w, id, command).await.expect(status);
            assert_eq!((w.stands(id).await.as_str(), w.tries(id).await), (stands, vec!["cancelled".to_owned()]), "{command}");
            assert_eq!(w.gateway.pay(&session, GOOD_CARD), Err(PayError::SessionExpired), "{command}");
            w.deliver_notices().await;
            assert_eq!((w.stands(id).await.as_str(), w.charged().len()), (stands, 0), "{command}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn another_due_date_leaves_the_open_checkout_alone_and_its_payment_counts_in_full() {
    story(START, async |w| {
        let (invoice, session) = with_checkout(w).await;
        let (id, _) = id_and_pay_url(&invoice);
        let _ = staff(w, id, "due 2026-11-30").await.expect(200);
        assert_eq!(w.payable(), std::slice::from_ref(&session));
        w.gateway.pay(&session, GOOD_CARD).unwrap();
        w.deliver_notices().await;
        assert_eq!(w.stands(id).await, "0.00 closed");
        assert!(w.payments(id).await[0]["surplus"].is_null());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f08_g9_a_fence_that_finds_the_money_settles_it_and_the_command_meets_a_paid_invoice() {
    for (command, status, code) in [
        ("void", 409, "needs_acknowledgement"),
        ("void acknowledged", 200, ""),
        ("cash 100.00", 409, "status_forbids"),
        ("cash 40.00", 409, "status_forbids"),
        ("lines 60.00", 409, "status_forbids"),
    ] {
        story(START, async |w| {
            let (invoice, session) = with_checkout(w).await;
            let (id, _) = id_and_pay_url(&invoice);
            w.gateway.pay(&session, GOOD_CARD).unwrap();
            let answer = staff(w, id, command).await.expect(status);
            let said = answer.json()["code"].as_str().unwrap_or_default().to_owned();
            assert!(said.contains(code), "{command}: {said}");
            let voided = command.ends_with("acknowledged");
            let (stands, credit) = if voided { ("0.00 voided", vec!["100.00 EUR"]) } else { ("0.00 closed", vec![]) };
            for _ in 0..2 {
                assert_eq!((w.stands(id).await.as_str(), w.charged()), (stands, vec![10_000]), "{command}");
                assert_eq!(w.credit(invoice["contact_id"].as_str().unwrap()).await, credit, "{command}");
                assert_eq!((w.payments(id).await.len(), w.tries(id).await), (1, vec!["applied".to_owned()]), "{command}");
                w.deliver_notices().await;
            }
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn g8_while_the_fence_is_unanswered_nothing_changes_and_the_same_command_works_afterwards() {
    let on = Call::ExpireSession;
    for fault in [Fault::LoseBeforeEffect { on }, Fault::LoseAnswerAfterEffect { on }, Fault::ServerError { on }, Fault::RateLimited { on }]
    {
        for (command, status) in COMMANDS {
            story(START, async |w| {
                let (invoice, _) = with_checkout(w).await;
                let (id, _) = id_and_pay_url(&invoice);
                let before = w.snapshot().await;
                w.gateway.inject(fault);
                let answer = staff(w, id, command).await.expect(503);
                assert_eq!((answer.json()["code"].as_str(), answer.header("retry-after")), (Some("gateway_unanswered"), "60"));
                assert_eq!(w.snapshot().await, before, "{command} {fault:?}");
                let _ = staff(w, id, command).await.expect(status);
                assert!(w.payable().is_empty() && w.charged().is_empty(), "{command} {fault:?}");
            })
            .await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn own_01_money_that_comes_after_a_fence_settles_what_is_owed_and_the_rest_is_the_contacts_credit() {
    for (command, before, after, credit) in [
        ("void", "0.00 voided", "0.00 voided", Some("100.00")),
        ("cash 100.00", "0.00 closed", "0.00 closed", Some("100.00")),
        ("cash 40.00", "60.00 open", "0.00 closed", Some("40.00")),
        ("lines 60.00", "60.00 open", "0.00 closed", Some("40.00")),
        ("lines 150.00", "150.00 open", "50.00 open", None),
    ] {
        story(START, async |w| {
            let (invoice, session) = with_checkout(w).await;
            let (id, contact) = (id_and_pay_url(&invoice).0, invoice["contact_id"].as_str().unwrap());
            w.let_the_gateway_only_pretend_to_expire();
            assert!(staff(w, id, command).await.status.is_success(), "{command}");
            assert_eq!((w.stands(id).await.as_str(), w.tries(id).await), (before, vec!["cancelled".to_owned()]), "{command}");
            w.gateway.pay(&session, GOOD_CARD).unwrap();
            assert_eq!(w.deliver_notices().await, [204, 204, 204]);
            assert_eq!((w.stands(id).await.as_str(), w.tries(id).await), (after, vec!["applied".to_owned()]), "{command}");
            assert_eq!(w.credit(contact).await, credit.map(|sum| format!("{sum} EUR")).into_iter().collect::<Vec<_>>(), "{command}");
            let payments = w.payments(id).await;
            let payment = payments.iter().find(|payment| payment["method"]["kind"] == "card").unwrap();
            assert_eq!(payment["surplus"]["amount"]["amount"].as_str(), credit, "{command}");
            assert_eq!(payment["surplus"]["cause"].as_str(), credit.map(|_| "late_success"), "{command}");
            let journal = w.journal(id).await;
            let told = journal.iter().find(|event| event["type"] == "overpaid");
            assert_eq!(told.map(|event| event["cause"].as_str()), credit.map(|_| Some("late_success")), "{command}: {told:?}");
            w.dispatch().await;
            assert_eq!(w.events().contains(&"payment.surplus".to_owned()), credit.is_some(), "{command}");
        })
        .await;
    }
}

/// Money that comes late for an earlier try leaves nothing to pay at the newer try's checkout, which somebody may still have open.
#[tokio::test(start_paused = true)]
async fn own_01_late_money_closes_the_newer_checkout_at_once_or_by_the_next_sweep() {
    for unanswered in [false, true] {
        for told_by in ["notices", "the page"] {
            story(START, async |w| {
                let told = format!("{told_by}, unanswered: {unanswered}");
                let (invoice, first) = with_checkout(w).await;
                let (id, pay_url) = id_and_pay_url(&invoice);
                w.let_the_gateway_only_pretend_to_expire();
                let _ = staff(w, id, "lines 150.00").await.expect(200);
                let _ = staff(w, id, "lines 100.00").await.expect(200);
                w.let_the_gateway_tell_the_truth();
                let second = w.open_checkout(pay_url).await;
                assert_ne!(first, second);
                w.gateway.pay(&first, GOOD_CARD).unwrap();
                if unanswered {
                    w.gateway.inject(Fault::LoseBeforeEffect { on: Call::ExpireSession });
                }
                match told_by {
                    "notices" => assert_eq!(w.deliver_notices().await, [204, 204, 204], "{told}"),
                    _ => {
                        let attempt = w.invoice(id).await["attempts"][0]["id"].as_str().unwrap().to_owned();
                        drop(w.open(&format!("{pay_url}/return?attempt={attempt}")).await);
                        w.deliver_notices().await;
                    }
                }
                assert_eq!((w.stands(id).await.as_str(), w.payable().len()), ("0.00 closed", usize::from(unanswered)), "{told}");
                w.pass(TimeDelta::minutes(5));
                collections::handle(&w.deps, &|| true).await.unwrap();
                assert!(w.payable().is_empty(), "{told}");
                assert_eq!(w.gateway.pay(&second, GOOD_CARD), Err(PayError::SessionExpired), "{told}");
                assert_eq!((w.charged(), w.tries(id).await), (vec![10_000], vec!["applied".to_owned(), "cancelled".to_owned()]), "{told}");
            })
            .await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f18_a_notice_older_than_a_late_success_takes_nothing_back() {
    story(START, async |w| {
        let (invoice, session) = with_checkout(w).await;
        let (id, _) = id_and_pay_url(&invoice);
        w.let_the_gateway_only_pretend_to_expire();
        let _ = staff(w, id, "void").await.expect(200);
        w.gateway.pay(&session, GOOD_CARD).unwrap();
        let notices = w.gateway.take_webhooks();
        let _ = w.deliver(&notices[2]).await.expect(204);
        let before = (w.stands(id).await, w.journal(id).await);
        let expired = w.signed_anew(&notices[2], |event| {
            event["id"] = json!("evt_0000000000000000");
            event["type"] = json!("checkout.session.expired");
            event["data"]["object"]["status"] = json!("expired");
            event["data"]["object"]["payment_status"] = json!("unpaid");
        });
        let _ = w.deliver(&expired).await.expect(204);
        assert_eq!((w.stands(id).await, w.journal(id).await), before);
    })
    .await;
}

/// What an invoice of 100.00 has become when its try turns out to be paid.
type Meanwhile = fn(&mut Invoice);
/// What of the money the invoice does not owe, and why.
type Surplus = Option<(i64, SurplusCause)>;

#[tokio::test(start_paused = true)]
async fn own_01_every_surplus_has_one_of_three_causes() {
    let forty: Meanwhile = |invoice| invoice.sums.received = Money::from_minor(4_000, invoice.currency).unwrap();
    let revised: Meanwhile = |invoice| {
        invoice.rev += 1;
        invoice.sums.received = Money::from_minor(4_000, invoice.currency).unwrap();
    };
    let voided: Meanwhile = |invoice| invoice.status = Status::Voided { at: invoice.created_at };
    let cases: [(&str, AttemptState, Meanwhile, Surplus); 7] = [
        ("nothing happened", AttemptState::AwaitingPayer, |_| {}, None),
        ("a late success that is still owed", AttemptState::Expired, |_| {}, None),
        ("a late success beyond the balance", AttemptState::Expired, forty, Some((4_000, SurplusCause::LateSuccess))),
        ("a late success of a voided invoice", AttemptState::Cancelled, voided, Some((10_000, SurplusCause::LateSuccess))),
        ("paid outside the slot", AttemptState::AwaitingPayer, forty, Some((4_000, SurplusCause::PaidTwice))),
        ("revised meanwhile", AttemptState::AwaitingPayer, revised, Some((4_000, SurplusCause::InvoiceChanged))),
        ("voided meanwhile", AttemptState::Unknown, voided, Some((10_000, SurplusCause::InvoiceChanged))),
    ];
    story(START, async |w| {
        let (invoice, session_ref) = with_checkout(w).await;
        let id = InvoiceId::parse(id_and_pay_url(&invoice).0).unwrap();
        let folder = w.deps.store.find_invoice(&id).await.unwrap().unwrap();
        let slot = folder.invoice.value.slot.clone().unwrap();
        let found = w.deps.store.find_attempt(&slot.attempt_id).await.unwrap().unwrap();
        for (told, state, meanwhile, surplus) in cases {
            let mut invoice = folder.invoice.value.clone();
            meanwhile(&mut invoice);
            let mut attempt = found.value.clone();
            attempt.state = state;
            let report = CheckoutReport {
                session_ref: session_ref.clone(),
                intent_ref: Some("pi_1".to_owned()),
                amount: attempt.amount,
                state: CheckoutState::Paid(Method::GatewayOther),
                decline: None,
                paid_at: None,
                url: None,
            };
            let settled = settle(&[&invoice], &attempt, &report, invoice.body.due_on, w.now()).unwrap();
            let Outcome::Changed(changes) = settled else { panic!("{told}: unchanged") };
            let [(_, recorded)] = &changes.payments[..] else { panic!("{told}: {changes:?}") };
            let [PaymentEvent::Recorded(payment)] = &recorded[..] else { panic!("{told}: {recorded:?}") };
            let kept = payment.surplus.as_ref().map(|surplus| (surplus.amount.minor(), surplus.cause));
            assert_eq!(kept, surplus, "{told}");
            assert_eq!(payment.allocated().unwrap().minor(), 10_000 - surplus.map_or(0, |(rest, _)| rest), "{told}");
        }
    })
    .await;
}
