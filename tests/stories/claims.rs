//! One object at the gateway is one payment of one attempt, whatever its metadata says.

use chrono::TimeDelta;
use local::sandbox_gateway::{Call, Fault};
use serde_json::json;
use tests::{
    paying::id_and_pay_url,
    world::{BAD_CARD, GOOD_CARD, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";

#[tokio::test(start_paused = true)]
async fn own_01_one_capture_settles_one_attempt_and_another_that_shows_it_is_left_to_staff() {
    for told in ["page", "notice", "settling"] {
        story(START, async |w| {
            let contact = w.contact("Ada Lovelace", "ada@example.com").await;
            let (first, second) = (w.invoice_for(&contact, "100.00", DUE, true).await, w.invoice_for(&contact, "100.00", DUE, true).await);
            let session = w.open_checkout(id_and_pay_url(&first).1).await;
            w.gateway.pay(&session, GOOD_CARD).unwrap();
            w.deliver_notices().await;
            let (id, pay_url) = id_and_pay_url(&second);
            if told == "settling" {
                w.gateway.inject(Fault::LoseAnswerAfterEffect { on: Call::CreateSession });
                let _ = w.click_again(pay_url, "10000").await.expect(503);
            } else {
                let session = w.open_checkout(pay_url).await;
                if told == "notice" {
                    w.gateway.pay(&session, BAD_CARD).unwrap();
                }
            }
            w.let_the_gateway_show_the_first_payment_everywhere();
            let page = match told {
                "page" => w.open(&format!("{pay_url}/return")).await.expect(200).text,
                "notice" => {
                    assert!(w.deliver_notices().await.iter().all(|status| *status == 204));
                    String::new()
                }
                _ => {
                    w.settle_for(5).await;
                    String::new()
                }
            };
            assert!(!page.contains("Thank you"), "{page}");
            assert_eq!((w.stands(id).await.as_str(), w.tries(id).await), ("100.00 open", vec!["conflicted".to_owned()]), "{told}");
            assert_eq!(w.invoice(id).await["facets"]["processing"], true, "{told}");
            assert_eq!((w.payments(id).await.len(), w.charged()), (0, vec![10_000]), "{told}");
            assert_eq!(w.stands(id_and_pay_url(&first).0).await, "0.00 closed", "{told}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn f22_a_notice_whose_checkout_belongs_to_another_attempt_settles_nothing() {
    story(START, async |w| {
        let (first, second) = (w.sent_invoice("100.00", DUE).await, w.sent_invoice("100.00", DUE).await);
        let paid = w.open_checkout(id_and_pay_url(&first).1).await;
        let _ = w.open_checkout(id_and_pay_url(&second).1).await;
        let other = w.invoice(id_and_pay_url(&second).0).await["attempts"][0]["id"].clone();
        w.gateway.pay(&paid, GOOD_CARD).unwrap();
        let notices = w.gateway.take_webhooks();
        for invoice in [json!(id_and_pay_url(&first).0), json!(id_and_pay_url(&second).0)] {
            let turned = w.signed_anew(&notices[2], |event| {
                event["id"] = json!(format!("evt_turned{}", invoice.as_str().unwrap().len()));
                event["data"]["object"]["metadata"]["remit_attempt"] = other.clone();
                event["data"]["object"]["metadata"]["remit_invoice"] = invoice.clone();
            });
            let _ = w.deliver(&turned).await.expect(204);
            for invoice in [&first, &second] {
                assert_eq!(w.stands(id_and_pay_url(invoice).0).await, "100.00 open");
            }
        }
        w.pass(TimeDelta::minutes(5));
        let _ = w.deliver(&w.signed_now(&notices[2])).await.expect(204);
        assert_eq!(w.stands(id_and_pay_url(&first).0).await, "0.00 closed");
        assert_eq!(w.stands(id_and_pay_url(&second).0).await, "100.00 open");
    })
    .await;
}

/// Paid late in the evening in Berlin, and noticed on the next day.
#[tokio::test(start_paused = true)]
async fn own_01_a_receipt_is_dated_on_the_day_on_which_the_money_moved() {
    story("2026-11-02T22:40:00Z", async |w| {
        let invoice = w.sent_invoice("100.00", DUE).await;
        let (id, pay_url) = id_and_pay_url(&invoice);
        let session = w.open_checkout(pay_url).await;
        w.pass(TimeDelta::minutes(10));
        w.gateway.pay(&session, GOOD_CARD).unwrap();
        w.pass(TimeDelta::hours(13));
        w.deliver_notices().await;
        let payment = w.payments(id).await.remove(0);
        assert_eq!((&payment["received_on"], &payment["paid_at"]), (&json!("2026-11-02"), &json!("2026-11-02T22:50:00.000Z")));
        assert_eq!(payment["recorded_at"], "2026-11-03T11:50:00.000Z");
        w.dispatch().await;
        let receipt = w.mails().into_iter().rfind(|mail| mail.subject().starts_with("Receipt")).unwrap();
        assert!(receipt.text().unwrap().contains("2 November 2026"));
    })
    .await;
}

/// The gateway says that the checkout expired unpaid, and its payment succeeded all the same.
#[tokio::test(start_paused = true)]
async fn own_01_money_of_a_checkout_that_expired_while_it_was_paid_settles_the_invoice() {
    for told in ["notice", "settling", "void"] {
        story(START, async |w| {
            let invoice = w.sent_invoice("100.00", DUE).await;
            let (id, pay_url) = id_and_pay_url(&invoice);
            let session = w.open_checkout(pay_url).await;
            w.gateway.pay(&session, GOOD_CARD).unwrap();
            w.let_the_gateway_say_that_paid_checkouts_expired();
            match told {
                "notice" => drop(w.deliver_notices().await),
                "settling" => w.settle_for(65).await,
                _ => drop(w.post(&format!("/v1/invoices/{id}/void"), &json!({})).await.expect(409)),
            }
            assert_eq!((w.stands(id).await.as_str(), w.tries(id).await), ("0.00 closed", vec!["applied".to_owned()]), "{told}");
        })
        .await;
    }
}
