//! A customer pays: one checkout and one charge, whatever they click, wherever they come from and whether they come back.

use axum::{
    body::Body,
    http::{Request, header},
};
use chrono::TimeDelta;
use local::sandbox_gateway::{PayError, PayOutcome, WebhookMode};
use serde_json::{Value, json};
use tests::{
    paying::id_and_pay_url,
    world::{GOOD_CARD, Reply, World, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";
const NEVER_COMES_BACK: &str = "4000000000003220";

/// One charge of 165.00 at the gateway, one payment of it here, and nothing left to pay.
async fn paid_once(w: &World, id: &str) {
    assert_eq!(w.stands(id).await, "0.00 closed");
    assert_eq!(w.charged(), [16_500]);
    assert_eq!(w.payments(id).await.len(), 1);
    assert!(w.payable().is_empty(), "{:?}", w.payable());
}

#[tokio::test(start_paused = true)]
async fn f07_a_second_click_back_and_a_reload_end_at_the_same_checkout_and_one_charge() {
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", DUE).await;
        let (id, pay_url) = id_and_pay_url(&invoice);
        let session = w.open_checkout(pay_url).await;
        assert_eq!(w.open_checkout(pay_url).await, session);
        let _ = w.open(&format!("{pay_url}/cancel")).await.expect(200);
        assert_eq!(w.open_checkout(pay_url).await, session);
        w.pass(TimeDelta::minutes(10));
        assert_eq!(w.open_checkout(pay_url).await, session);
        w.gateway.pay(&session, GOOD_CARD).unwrap();
        let answer = w.click_again(pay_url, "16500").await.expect(200);
        assert!(!answer.text.contains("<form"), "{}", answer.text);
        paid_once(w, id).await;
        assert_eq!(w.deliver_notices().await, [204, 204, 204]);
        paid_once(w, id).await;
        assert_eq!((w.gateway.sessions().len(), w.tries(id).await), (1, vec!["applied".to_owned()]));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn own_01_a_second_browser_with_anothers_link_closes_the_first_checkout() {
    story(START, async |w| {
        let emails = json!([{ "address": "ada@example.com" }, { "address": "office@example.com", "cc_invoices": true }]);
        let contact = w.post("/v1/contacts", &json!({ "name": "Ada Lovelace", "emails": emails })).await.expect(201).json();
        let invoice = w.invoice_for(contact["id"].as_str().unwrap(), "165.00", DUE, true).await;
        w.dispatch().await;
        let [ada, office] = ["ada@example.com", "office@example.com"].map(|address| w.mailed_pay_url(address));
        assert_ne!(ada, office);
        let first = w.open_checkout(&ada).await;
        let second = w.open_checkout(&office).await;
        assert_eq!(w.payable(), std::slice::from_ref(&second));
        assert_eq!(w.gateway.pay(&first, GOOD_CARD), Err(PayError::SessionExpired));
        w.gateway.pay(&second, GOOD_CARD).unwrap();
        w.deliver_notices().await;
        let (id, _) = id_and_pay_url(&invoice);
        assert_eq!(w.tries(id).await, ["cancelled", "applied"]);
        paid_once(w, id).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f09_a_form_of_another_revision_or_sum_is_answered_with_a_conflict_and_opens_nothing() {
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", DUE).await;
        let (_, pay_url) = id_and_pay_url(&invoice);
        let before = w.snapshot().await;
        for (rev, amount_due, status) in [
            ("2", "16500", 409),
            ("0", "16500", 409),
            ("1", "16499", 409),
            ("1", "0", 409),
            ("1", "-16500", 409),
            ("1", "165.00", 400),
            ("one", "16500", 400),
            ("-1", "16500", 400),
        ] {
            let answer = w.submit(pay_url, &[("rev", rev), ("amount_due", amount_due)]).await.expect(status);
            assert_eq!(answer.text.contains("The invoice changed while this page was open"), status == 409, "{rev} {amount_due}");
        }
        assert_eq!(w.snapshot().await, before);
        assert!(w.gateway.exchanges().is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn paying_twice_on_the_gateways_own_page_is_one_charge_and_one_payment() {
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", DUE).await;
        let (id, pay_url) = id_and_pay_url(&invoice);
        let session = w.open_checkout(pay_url).await;
        let Ok(PayOutcome::Paid { return_to }) = w.gateway.pay(&session, GOOD_CARD) else { panic!("not paid") };
        assert_eq!(w.gateway.pay(&session, GOOD_CARD), Ok(PayOutcome::AlreadyComplete { return_to: return_to.clone() }));
        assert!(w.open(&return_to).await.expect(200).text.contains("Thank you"));
        w.deliver_notices().await;
        paid_once(w, id).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_payer_who_never_comes_back_is_settled_by_the_notice() {
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", DUE).await;
        let (id, pay_url) = id_and_pay_url(&invoice);
        let session = w.open_checkout(pay_url).await;
        assert_eq!(w.gateway.pay(&session, NEVER_COMES_BACK), Ok(PayOutcome::PaidWithoutReturn));
        assert_eq!(w.stands(id).await, "165.00 open");
        w.deliver_notices().await;
        paid_once(w, id).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f19_with_all_notices_lost_a_payer_who_never_comes_back_is_settled_once_the_checkout_has_closed() {
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", DUE).await;
        let (id, pay_url) = id_and_pay_url(&invoice);
        w.gateway.set_webhook_mode(WebhookMode::Lose);
        // The first run of a day holds its payments against what is known; this story is about the others.
        w.start("collections").await;
        let session = w.open_checkout(pay_url).await;
        w.gateway.pay(&session, NEVER_COMES_BACK).unwrap();
        w.settle_for(60).await;
        assert_eq!(w.stands(id).await, "165.00 open");
        w.settle_for(5).await;
        paid_once(w, id).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_cancel_page_changes_nothing_and_offers_to_continue() {
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", DUE).await;
        let (_, pay_url) = id_and_pay_url(&invoice);
        let session = w.open_checkout(pay_url).await;
        let (before, asked) = (w.snapshot().await, w.gateway.exchanges().len());
        let page = w.open(&format!("{pay_url}/cancel")).await.expect(200);
        assert!(page.text.contains("You came back without paying") && page.text.contains("Continue to payment"), "{}", page.text);
        assert_eq!((w.snapshot().await, w.gateway.exchanges().len()), (before, asked));
        assert_eq!(w.open_checkout(pay_url).await, session);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_checkout_is_gone_back_to_until_two_minutes_before_it_closes_then_fenced_and_replaced() {
    for (seconds, first) in [(57 * 60 + 59, None), (58 * 60, Some("cancelled")), (3_599, Some("cancelled")), (3_600, Some("expired"))] {
        story(START, async |w| {
            let invoice = w.sent_invoice("165.00", DUE).await;
            let (id, pay_url) = id_and_pay_url(&invoice);
            let session = w.open_checkout(pay_url).await;
            w.pass(TimeDelta::seconds(seconds));
            let next = w.open_checkout(pay_url).await;
            assert_eq!(next == session, first.is_none(), "{seconds}");
            assert_eq!(w.payable(), std::slice::from_ref(&next), "{seconds}");
            assert_eq!(w.tries(id).await.first().map(String::as_str), first.or(Some("awaiting_payer")), "{seconds}");
            w.gateway.pay(&next, GOOD_CARD).unwrap();
            w.deliver_notices().await;
            paid_once(w, id).await;
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn reloading_the_return_page_tells_the_same_and_changes_nothing() {
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", DUE).await;
        let (id, pay_url) = id_and_pay_url(&invoice);
        let session = w.open_checkout(pay_url).await;
        let Ok(PayOutcome::Paid { return_to }) = w.gateway.pay(&session, GOOD_CARD) else { panic!("not paid") };
        let page = w.open(&return_to).await.expect(200).text;
        assert!(page.contains("Thank you") && page.contains("EUR 165.00"), "{page}");
        let before = w.snapshot().await;
        for _ in 0..3 {
            assert_eq!(w.open(&return_to).await.expect(200).text, page);
        }
        assert_eq!(w.snapshot().await, before);
        paid_once(w, id).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_return_page_knows_only_tries_of_its_own_invoice() {
    story(START, async |w| {
        let (mine, other) = (w.sent_invoice("165.00", DUE).await, w.sent_invoice("165.00", DUE).await);
        let ((_, pay_url), (other_id, other_pay_url)) = (id_and_pay_url(&mine), id_and_pay_url(&other));
        assert!(w.open(&format!("{pay_url}/return")).await.expect(200).text.contains("Not paid yet"));
        w.open_checkout(other_pay_url).await;
        let foreign = w.invoice(other_id).await["attempts"][0]["id"].as_str().unwrap().to_owned();
        for attempt in [foreign.as_str(), "att_0123456789ABCDEF", "x", "", other_id] {
            let page = w.open(&format!("{pay_url}/return?attempt={attempt}")).await.expect(404);
            assert!(!page.text.contains("INV-"), "{}", page.text);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_form_sent_from_another_site_opens_nothing() {
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", DUE).await;
        let (_, pay_url) = id_and_pay_url(&invoice);
        let before = w.snapshot().await;
        let path = pay_url.strip_prefix(tests::world::BASE).unwrap();
        let send = async |site: &str, kind: &str| -> Reply {
            let request = Request::builder().method("POST").uri(path).header("sec-fetch-site", site).header(header::CONTENT_TYPE, kind);
            w.send(request.body(Body::from("rev=1&amount_due=16500")).unwrap()).await
        };
        let form = "application/x-www-form-urlencoded";
        for (site, kind, status) in [("cross-site", form, 403), ("same-origin", "text/plain", 415)] {
            let _ = send(site, kind).await.expect(status);
            assert_eq!((w.snapshot().await, w.gateway.exchanges().len()), (before.clone(), 0));
        }
        for site in ["same-origin", "same-site", "none"] {
            let _ = send(site, form).await.expect(303);
        }
    })
    .await;
}

/// What nobody can pay online: a page without a button, and a form that opens nothing.
async fn offline_only(w: &World, invoice: &Value, minor: &str) {
    let (_, pay_url) = id_and_pay_url(invoice);
    let page = w.open(pay_url).await.expect(200);
    assert!(!page.text.contains("<form") && page.text.contains("cannot be paid online"), "{}", page.text);
    let before = w.snapshot().await;
    let _ = w.click_again(pay_url, minor).await.expect(200);
    assert_eq!((w.snapshot().await, w.gateway.exchanges().len()), (before, 0));
}

#[tokio::test(start_paused = true)]
async fn f13_a_sum_the_gateway_cannot_take_is_shown_without_a_button() {
    for (currency, amount, minor) in [("KWD", "165.000", "165000"), ("EUR", "0.10", "10")] {
        story(START, async |w| {
            let contact = w.contact("Ada Lovelace", "ada@example.com").await;
            let line = json!({ "name": "Studio hours", "quantity": "1", "unit_price": { "amount": amount, "currency": currency } });
            let body = json!({ "contact_id": contact, "due_on": DUE, "send": true, "currency": currency, "lines": [line] });
            let invoice = w.post("/v1/invoices", &body).await.expect(201).json();
            offline_only(w, &invoice, minor).await;
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_gateway_an_invoice_is_shown_without_a_button() {
    story(START, async |w| {
        w.rebuild(|mut deps| {
            deps.gateway = None;
            deps
        });
        let invoice = w.sent_invoice("165.00", DUE).await;
        offline_only(w, &invoice, "16500").await;
    })
    .await;
}
