//! What the gateway tells by itself: once, twice, in any order, late, forged, and about nothing of ours.

use chrono::TimeDelta;
use local::sandbox_gateway::{Fault, Notice, WebhookMode};
use serde_json::{Value, json};
use tests::{
    paying::id_and_pay_url,
    table::operations,
    world::{BAD_CARD, GOOD_CARD, World, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";

/// An invoice of 100.00 that was paid at the gateway, and what the gateway has to tell of it.
async fn paid(w: &World) -> (Value, Vec<Notice>) {
    let invoice = w.sent_invoice("100.00", DUE).await;
    let session = w.open_checkout(id_and_pay_url(&invoice).1).await;
    w.gateway.pay(&session, GOOD_CARD).unwrap();
    let notices = w.gateway.take_webhooks();
    (invoice, notices)
}

async fn paid_once(w: &World, id: &str, told: &str) {
    assert_eq!((w.stands(id).await.as_str(), w.charged()), ("0.00 closed", vec![10_000]), "{told}");
    let journal = w.journal(id).await;
    let applied = journal.iter().filter(|entry| entry["type"] == "money_allocated").count();
    assert_eq!((applied, w.payments(id).await.len()), (1, 1), "{told}");
}

#[tokio::test(start_paused = true)]
async fn f17_f18_every_order_of_a_payments_notices_and_its_return_page_ends_in_the_same_state() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for page_at in 0..=3 {
            story(START, async |w| {
                let (invoice, notices) = paid(w).await;
                let (id, pay_url) = id_and_pay_url(&invoice);
                let back = format!("{pay_url}/return");
                for (at, which) in order.into_iter().enumerate() {
                    if at == page_at {
                        assert!(w.open(&back).await.expect(200).text.contains("Thank you"));
                    }
                    let _ = w.deliver(&notices[which]).await.expect(204);
                }
                assert!(w.open(&back).await.expect(200).text.contains("Thank you"));
                paid_once(w, id, &format!("{order:?}, page at {page_at}")).await;
            })
            .await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f16_a_duplicate_notice_is_one_read_no_write_and_no_call() {
    story(START, async |w| {
        let invoice = w.sent_invoice("100.00", DUE).await;
        let (id, pay_url) = id_and_pay_url(&invoice);
        let session = w.open_checkout(pay_url).await;
        w.gateway.set_webhook_mode(WebhookMode::Double);
        w.gateway.pay(&session, BAD_CARD).unwrap();
        w.gateway.pay(&session, GOOD_CARD).unwrap();
        let notices = w.gateway.take_webhooks();
        assert_eq!(notices.len(), 8);
        for pair in notices.chunks(2) {
            assert_eq!(pair[0].body, pair[1].body);
            let _ = w.deliver(&pair[0]).await.expect(204);
            let (before, asked) = (w.snapshot().await, w.gateway.exchanges().len());
            // A charge is none of the objects that are followed: what is known of it is that its event was seen.
            let of_a_charge = String::from_utf8_lossy(&pair[0].body).contains(r#""type": "charge."#);
            w.table.take_calls();
            for _ in 0..2 {
                let _ = w.deliver(&pair[1]).await.expect(204);
                let calls = w.table.take_calls();
                assert_eq!(operations(&calls), [if of_a_charge { "PutItem" } else { "GetItem" }]);
                assert_eq!(calls[0].status, Some(if of_a_charge { 400 } else { 200 }));
            }
            assert_eq!((w.snapshot().await, w.gateway.exchanges().len()), (before, asked));
        }
        paid_once(w, id, "doubled").await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f16_two_copies_of_a_notice_at_once_settle_once() {
    story(START, async |w| {
        let (invoice, notices) = paid(w).await;
        let w: &World = w;
        let copies = notices.iter().chain(&notices).map(|notice| w.deliver(notice));
        for answer in futures::future::join_all(copies).await {
            let _ = answer.expect(204);
        }
        paid_once(w, id_and_pay_url(&invoice).0, "at once").await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_decline_told_by_a_notice_is_noted_and_the_checkout_stays_open() {
    story(START, async |w| {
        let invoice = w.sent_invoice("100.00", DUE).await;
        let (id, pay_url) = id_and_pay_url(&invoice);
        let session = w.open_checkout(pay_url).await;
        w.gateway.pay(&session, BAD_CARD).unwrap();
        assert_eq!(w.deliver_notices().await, [204]);
        assert_eq!((w.stands(id).await.as_str(), w.tries(id).await), ("100.00 open", vec!["awaiting_payer".to_owned()]));
        assert_eq!(w.invoice(id).await["attempts"][0]["decline"]["code"], "generic_decline");
        assert_eq!(w.open_checkout(pay_url).await, session);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f20_a_notice_is_believed_for_300_seconds_after_its_signing_and_refused_unread_from_then_on() {
    for (seconds, status) in [(0, 204), (299, 204), (300, 204), (301, 400), (-300, 204), (-301, 400), (86_400, 400)] {
        story(START, async |w| {
            let (_, notices) = paid(w).await;
            w.pass(TimeDelta::seconds(seconds));
            let before = w.snapshot().await;
            w.table.take_calls();
            let _ = w.deliver(&notices[0]).await.expect(status);
            assert_eq!(w.table.take_calls().is_empty(), status == 400, "{seconds}");
            assert_eq!(w.snapshot().await == before, status == 400, "{seconds}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_forged_or_unsigned_notice_is_refused_without_a_read() {
    story(START, async |w| {
        let (_, notices) = paid(w).await;
        let signed = |change: &dyn Fn(&str) -> Option<String>| {
            let headers = notices[0].headers.iter().filter_map(|(name, value)| {
                let value = if name == "Stripe-Signature" { change(value)? } else { value.clone() };
                Some((name.clone(), value))
            });
            Notice { headers: headers.collect(), body: notices[0].body.clone() }
        };
        let mut other_body = notices[0].clone();
        other_body.body.push(b' ');
        let forged = [
            signed(&|_| None),
            signed(&|_| Some(String::new())),
            signed(&|value| Some(value.replace("v1=", "v0="))),
            signed(&|value| Some(value.replace("t=", "t=1"))),
            signed(&|value| value.split_once(',').map(|(time, _)| format!("{time},v1={}", "0".repeat(64)))),
            other_body,
        ];
        let before = w.snapshot().await;
        w.table.take_calls();
        for notice in &forged {
            let problem = w.deliver(notice).await.expect(400).json();
            assert_eq!(problem["code"], "signature_invalid");
        }
        assert!(w.table.take_calls().is_empty());
        assert_eq!(w.snapshot().await, before);
        let _ = w.deliver(&notices[0]).await.expect(204);
    })
    .await;
}

/// How a notice of a payment is turned into one of something else.
type Turn = fn(&mut Value);

#[tokio::test(start_paused = true)]
async fn f22_f23_a_notice_about_nothing_of_ours_is_taken_and_settles_nothing() {
    const OTHER: &str = "inv_00000000000000000000000001";
    let cases: [(&str, Turn, &[&str]); 6] = [
        ("the other mode", |event| event["livemode"] = json!(true), &[]),
        ("another account", |event| event["account"] = json!("acct_1AbCdEfGhIjKlMnO"), &[]),
        (
            "an unknown invoice",
            |event| event["data"]["object"]["metadata"]["remit_invoice"] = json!(OTHER),
            &["GetItem", "GetItem", "PutItem"],
        ),
        ("no metadata", |event| event["data"]["object"]["metadata"] = json!({}), &["PutItem"]),
        ("another object", |event| event["data"]["object"]["object"] = json!("refund"), &["PutItem"]),
        ("an event without an object", |event| event["data"] = json!({}), &[]),
    ];
    for (told, turn, calls) in cases {
        story(START, async |w| {
            let (invoice, notices) = paid(w).await;
            let asked = w.gateway.exchanges().len();
            let turned = w.signed_anew(&notices[2], turn);
            w.table.take_calls();
            let _ = w.deliver(&turned).await.expect(204);
            assert_eq!(operations(&w.table.take_calls()), calls, "{told}");
            assert_eq!(w.gateway.exchanges().len(), asked, "{told}");
            assert_eq!(w.stands(id_and_pay_url(&invoice).0).await, "100.00 open", "{told}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_notice_whose_object_cannot_be_read_is_refused_unwritten_and_settles_when_it_comes_again() {
    use local::sandbox_gateway::Call::RetrieveSession as On;
    let faults = [
        Fault::LoseBeforeEffect { on: On },
        Fault::LoseAnswerAfterEffect { on: On },
        Fault::ServerError { on: On },
        Fault::RateLimited { on: On },
    ];
    for fault in faults {
        story(START, async |w| {
            let (invoice, notices) = paid(w).await;
            let before = w.snapshot().await;
            w.gateway.inject(fault);
            let answer = w.deliver(&notices[2]).await.expect(503);
            assert_eq!(answer.header("retry-after"), "60", "{fault:?}");
            assert_eq!(w.snapshot().await, before, "{fault:?}");
            let _ = w.deliver(&notices[2]).await.expect(204);
            paid_once(w, id_and_pay_url(&invoice).0, &format!("{fault:?}")).await;
        })
        .await;
    }
}
