//! The main job: an invoice goes out, is opened, is paid, and is chased.

use serde_json::json;
use tests::world::{BAD_CARD, GOOD_CARD, story};

const START: &str = "2026-11-02T10:00:00Z";

#[tokio::test(start_paused = true)]
async fn flow_an_invoice_is_sent_opened_paid_and_receipted() {
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", "2026-11-16").await;
        let id = invoice["id"].as_str().unwrap();
        assert_eq!(invoice["number"], "INV-00001");
        w.dispatch().await;
        assert_eq!(w.subjects().len(), 1);
        let mail = &w.mails()[0];
        let page_url = invoice["links"]["invoice_url"].as_str().unwrap();
        assert!(mail.text().unwrap().contains("165.00"));
        let page = w.open(page_url).await.expect(200);
        assert!(page.text.contains("INV-00001") && page.text.contains("EUR 165.00"));
        let pay_url = invoice["links"]["pay_url"].as_str().unwrap();
        let session = w.open_checkout(pay_url).await;
        w.gateway.pay(&session, GOOD_CARD).unwrap();
        let back = w.open(&format!("{pay_url}/return")).await.expect(200);
        assert!(back.text.contains("165.00"), "{}", back.text);
        assert_eq!(w.stands(id).await, "0.00 closed");
        assert_eq!(w.deliver_notices().await, [204, 204, 204]);
        w.dispatch().await;
        assert_eq!(w.subjects().len(), 2, "{:?}", w.subjects());
        assert_eq!(w.gateway.charges().len(), 1);
        let mut events = w.events();
        events.sort();
        assert_eq!(events, ["invoice.closed", "invoice.sent", "invoice.viewed", "payment.applied"]);
        let payments = w.get(&format!("/v1/payments?invoice_id={id}")).await.expect(200).json();
        assert_eq!(payments["data"].as_array().map(Vec::len), Some(1), "{payments:#}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_declined_card_then_another_in_the_same_checkout_is_one_attempt_and_one_charge() {
    story(START, async |w| {
        let invoice = w.sent_invoice("100.00", "2026-11-16").await;
        let (id, pay_url) = (invoice["id"].as_str().unwrap(), invoice["links"]["pay_url"].as_str().unwrap());
        let session = w.open_checkout(pay_url).await;
        let _ = w.gateway.pay(&session, BAD_CARD).unwrap();
        let back = w.open(&format!("{pay_url}/return")).await.expect(200);
        assert!(!back.text.contains("received"), "{}", back.text);
        assert_eq!(w.open_checkout(pay_url).await, session);
        let _ = w.gateway.pay(&session, GOOD_CARD).unwrap();
        w.deliver_notices().await;
        assert_eq!(w.stands(id).await, "0.00 closed");
        assert_eq!((w.gateway.charges().len(), w.gateway.sessions().len()), (1, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn act_pay_offline_parts_add_up_and_no_more_than_is_owed_is_taken() {
    story(START, async |w| {
        let invoice = w.sent_invoice("100.00", "2026-11-16").await;
        let id = invoice["id"].as_str().unwrap();
        let path = format!("/v1/invoices/{id}/payments");
        let cash = |amount: &str| json!({ "amount": { "amount": amount, "currency": "EUR" }, "method": "cash" });
        let _ = w.post(&path, &cash("40.00")).await.expect(201);
        assert_eq!(w.stands(id).await, "60.00 open");
        let refused = w.post(&path, &cash("60.01")).await.expect(422).json();
        assert_eq!((refused["rule"].as_str(), refused["field"].as_str()), (Some("G2"), Some("amount")));
        let _ = w.post(&path, &cash("60.00")).await.expect(201);
        assert_eq!(w.stands(id).await, "0.00 closed");
        w.dispatch().await;
        assert_eq!(w.mails().len(), 2, "{:?}", w.subjects());
    })
    .await;
}
