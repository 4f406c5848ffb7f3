//! Several at once at one invoice: payers, and staff who change it while a payer pays.

use futures::future::{join, join_all};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{
    paying::id_and_pay_url,
    world::{GOOD_CARD, Reply, World, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";

#[tokio::test(start_paused = true)]
async fn f07_own_01_payers_in_parallel_share_one_session_and_one_charge() {
    for payers in 2..=8 {
        story(START, async |w| {
            let invoice = w.sent_invoice("165.00", DUE).await;
            let (id, pay_url) = id_and_pay_url(&invoice);
            let w: &World = w;
            let sessions = join_all((0..payers).map(|_| w.open_checkout(pay_url))).await;
            assert!(sessions.iter().all(|session| *session == sessions[0]), "{payers}: {sessions:?}");
            assert_eq!((w.gateway.sessions().len(), w.tries(id).await.len()), (1, 1), "{payers}");
            w.gateway.pay(&sessions[0], GOOD_CARD).unwrap();
            let back = format!("{pay_url}/return");
            for page in join_all((0..payers).map(|_| w.open(&back))).await {
                assert!(page.expect(200).text.contains("Thank you"), "{payers}");
            }
            w.deliver_notices().await;
            assert_eq!((w.stands(id).await.as_str(), w.charged()), ("0.00 closed", vec![16_500]), "{payers}");
            assert_eq!(w.payments(id).await.len(), 1, "{payers}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn own_01_an_order_that_is_refused_late_does_not_end_the_try_that_a_second_click_has_opened() {
    story(START, async |w| {
        w.let_the_gateway_refuse_the_first_order_after(Duration::from_secs(5));
        let invoice = w.sent_invoice("165.00", DUE).await;
        let (id, pay_url) = id_and_pay_url(&invoice);
        let (first, second) = join(w.click_again(pay_url, "16500"), w.click_again(pay_url, "16500")).await;
        assert_eq!((first.status.as_u16(), second.status.as_u16()), (503, 303));
        assert_eq!(w.tries(id).await, ["awaiting_payer"]);
        let third = w.click_again(pay_url, "16500").await.expect(303);
        assert_eq!(third.header("location"), second.header("location"));
        assert_eq!(w.payable().len(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f07_own_01_payers_with_links_of_their_own_leave_one_payable_session_at_most() {
    for payers in 2..=5_usize {
        story(START, async |w| {
            let address = |at: usize| format!("payer{at}@example.com");
            let emails: Vec<Value> = (0..payers).map(|at| json!({ "address": address(at), "cc_invoices": at > 0 })).collect();
            let contact = w.post("/v1/contacts", &json!({ "name": "Ada Lovelace", "emails": emails })).await.expect(201).json();
            let invoice = w.invoice_for(contact["id"].as_str().unwrap(), "165.00", DUE, true).await;
            w.dispatch().await;
            let w: &World = w;
            let urls: Vec<String> = (0..payers).map(|at| w.mailed_pay_url(&address(at))).collect();
            let answers = join_all(urls.iter().map(|url| w.click_again(url, "16500"))).await;
            assert!(answers.iter().any(|answer| answer.status == 303), "{payers}: {answers:?}");
            let payable = w.payable();
            assert_eq!(payable.len(), 1, "{payers}");
            for session in w.gateway.sessions() {
                let _ = w.gateway.pay(&session.id, GOOD_CARD);
            }
            w.deliver_notices().await;
            let (id, _) = id_and_pay_url(&invoice);
            assert_eq!((w.stands(id).await.as_str(), w.charged()), ("0.00 closed", vec![16_500]), "{payers}");
        })
        .await;
    }
}

/// What staff do while a payer presses Pay.
async fn staff(w: &World, id: &str, what: &str) -> Reply {
    let money = |amount: &str| json!({ "amount": amount, "currency": "EUR" });
    let line = json!({ "name": "Studio hours", "quantity": "1", "unit_price": money("80.00") });
    match what {
        "void" => w.post(&format!("/v1/invoices/{id}/void"), &json!({})).await,
        "cash" => w.post(&format!("/v1/invoices/{id}/payments"), &json!({ "amount": money("60.00"), "method": "cash" })).await,
        "edit" => w.patch(&format!("/v1/invoices/{id}"), &json!({ "lines": [line] })).await,
        "due" => w.patch(&format!("/v1/invoices/{id}"), &json!({ "due_on": "2026-11-30" })).await,
        other => panic!("staff do not {other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn f08_f09_f11_own_01_a_payer_and_staff_at_once_never_leave_a_checkout_that_asks_for_more_than_is_owed() {
    for what in ["void", "cash", "edit", "due"] {
        for lead in 0..16 {
            story(START, async |w| {
                let invoice = w.sent_invoice("100.00", DUE).await;
                let (id, pay_url) = id_and_pay_url(&invoice);
                let w: &World = w;
                let late = async {
                    for _ in 0..lead {
                        tokio::task::yield_now().await;
                    }
                    staff(w, id, what).await
                };
                let (payer, staff) = futures::join!(w.click_again(pay_url, "10000"), late);
                let told = format!("{what} {lead}: payer {}, staff {}", payer.status, staff.status);
                let due = w.invoice(id).await["amount_due"]["amount"].as_str().unwrap().to_owned();
                let open = w.gateway.sessions().into_iter().filter(|session| w.payable().contains(&session.id));
                let asked: Vec<String> =
                    open.map(|session| format!("{}.{:02}", session.amount_minor / 100, session.amount_minor % 100)).collect();
                assert!(asked.len() <= 1 && asked.iter().all(|asked| *asked == due), "{told}, asks {asked:?} of {due}");
                assert!(staff.status.is_success() || staff.status == 503, "{told}");
                for session in w.payable() {
                    w.gateway.pay(&session, GOOD_CARD).unwrap();
                }
                w.deliver_notices().await;
                assert!(w.credit(invoice["contact_id"].as_str().unwrap()).await.is_empty(), "{told}");
            })
            .await;
        }
    }
}
