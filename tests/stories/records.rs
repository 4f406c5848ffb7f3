//! Records that staff look at beside invoices: who asks, payments, credits, and journals that anyone can verify.

use crate::access::{claims, logged_in, with_logins};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tests::{
    paying::id_and_pay_url,
    world::{GOOD_CARD, World, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";

#[tokio::test(start_paused = true)]
async fn whoever_asks_is_told_who_they_are_and_what_they_may() {
    story(START, async |w| {
        let me = w.get("/v1/me").await.expect(200).json();
        assert_eq!((&me["actor"]["kind"], &me["role"], &me["mode"]), (&json!("staff"), &json!("owner"), &json!("test")), "{me}");
        assert_eq!(me["scopes"], json!(["read", "write", "refund", "admin"]));
        assert!(me["actor"]["name"].as_str().is_some_and(|name| !name.is_empty()), "{me}");
        with_logins(w);
        let ada = claims("73d4c8e2-ada", &json!({ "custom:remit_role": "read_only" }));
        let me = logged_in(w, &ada, "GET", "/v1/me", "", &Value::Null).await.expect(200).json();
        assert_eq!(me["actor"], json!({ "kind": "user", "id": "73d4c8e2-ada", "name": null }));
        assert_eq!((&me["role"], &me["scopes"]), (&json!("read_only"), &json!(["read"])));
    })
    .await;
}

/// The recipe of the README: SHA-256 over the name of the format, the hash before and the text, each after its length in eight bytes.
fn chained(before: &[u8], canonical: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in [&b"journal 1"[..], before, canonical.as_bytes()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}

/// A paid invoice, and another one that was voided after a part had been paid; the contact of both.
async fn two_invoices(w: &World) -> (String, String) {
    let contact = w.contact("Ada Lovelace", "ada@example.com").await;
    let paid = w.invoice_for(&contact, "100.00", DUE, true).await;
    let session = w.open_checkout(id_and_pay_url(&paid).1).await;
    w.gateway.pay(&session, GOOD_CARD).unwrap();
    w.deliver_notices().await;
    w.pass(chrono::TimeDelta::minutes(1));
    let voided = w.invoice_for(&contact, "60.00", DUE, true).await;
    let path = format!("/v1/invoices/{}", voided["id"].as_str().unwrap());
    let cash = json!({ "amount": { "amount": "40.00", "currency": "EUR" }, "method": "cash" });
    let _ = w.post(&format!("{path}/payments"), &cash).await.expect(201);
    let _ = w.post(&format!("{path}/void"), &json!({ "acknowledge_captured_funds": true })).await.expect(200);
    (contact, paid["id"].as_str().unwrap().to_owned())
}

#[tokio::test(start_paused = true)]
async fn own_05_every_journal_can_be_verified_from_what_the_api_answers() {
    story(START, async |w| {
        let (contact, invoice) = two_invoices(w).await;
        let of = |list: Value| list["data"][0]["id"].as_str().unwrap().to_owned();
        let attempt = of(w.get(&format!("/v1/attempts?contact_id={contact}")).await.expect(200).json());
        let payment = of(w.get(&format!("/v1/payments?invoice_id={invoice}")).await.expect(200).json());
        for path in [
            format!("/v1/invoices/{invoice}"),
            format!("/v1/contacts/{contact}"),
            format!("/v1/attempts/{attempt}"),
            format!("/v1/payments/{payment}"),
        ] {
            let journal = w.get(&format!("{path}/journal?limit=100")).await.expect(200).json();
            let mut head = vec![0; 32];
            for (place, entry) in journal["data"].as_array().unwrap().iter().enumerate() {
                head = chained(&head, entry["canonical"].as_str().unwrap());
                assert_eq!((&entry["hash"], &entry["seq"]), (&json!(HEXLOWER.encode(&head)), &json!(place + 1)), "{path}");
                let told: Value = serde_json::from_str(entry["canonical"].as_str().unwrap()).unwrap();
                assert_eq!(told["events"], entry["events"], "{path}");
            }
            assert_ne!(head, vec![0; 32], "{path}");
        }
        let last =
            w.get(&format!("/v1/invoices/{invoice}/journal?limit=100")).await.json()["data"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["status"], &last["amount_due"]["amount"]), (&json!("closed"), &json!("0.00")));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn payments_and_credits_of_a_contact_say_where_every_cent_lies() {
    story(START, async |w| {
        let (contact, _) = two_invoices(w).await;
        for path in ["/v1/payments".to_owned(), format!("/v1/payments?contact_id={contact}&type=payment&status=succeeded")] {
            let listed = w.get(&path).await.expect(200).json();
            let row = |row: &Value| {
                let lies = row["allocations"][0]["amount"]["amount"].as_str().unwrap().to_owned();
                format!("{} {} of {}", row["method"]["kind"].as_str().unwrap(), lies, row["amount"]["amount"].as_str().unwrap())
            };
            let rows: Vec<String> = listed["data"].as_array().unwrap().iter().map(row).collect();
            assert_eq!(rows, ["cash 0.00 of 40.00", "card 100.00 of 100.00"], "newest first, {path}");
            let one = w.get(&format!("/v1/payments/{}", listed["data"][0]["id"].as_str().unwrap())).await.expect(200).json();
            assert_eq!(one, listed["data"][0]);
        }
        assert_eq!(w.get("/v1/payments?type=refund").await.expect(200).json()["data"], json!([]));
        let credits = w.get(&format!("/v1/contacts/{contact}/credits")).await.expect(200).json();
        let credit = &credits["data"][0];
        assert_eq!((&credit["left"]["amount"], &credit["cause"], &credit["uses"]), (&json!("40.00"), &json!("void"), &json!([])));
        assert_eq!(w.credit(&contact).await, ["40.00 EUR"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn lists_of_payments_and_attempts_go_on_by_cursor_and_leave_out_no_row() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        for _ in 0..5 {
            let invoice = w.invoice_for(&contact, "100.00", DUE, true).await;
            let session = w.open_checkout(id_and_pay_url(&invoice).1).await;
            w.gateway.pay(&session, GOOD_CARD).unwrap();
            w.deliver_notices().await;
            w.pass(chrono::TimeDelta::minutes(1));
        }
        for list in ["payments", "attempts"] {
            for filter in [String::new(), format!("&contact_id={contact}")] {
                let (mut seen, mut cursor) = (Vec::new(), String::new());
                loop {
                    let page = w.get(&format!("/v1/{list}?limit=2{filter}{cursor}")).await.expect(200).json();
                    seen.extend(page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
                    let Some(next) = page["next_cursor"].as_str() else { break };
                    cursor = format!("&cursor={next}");
                }
                let mut once = seen.clone();
                once.sort();
                once.dedup();
                assert_eq!((seen.len(), once.len()), (5, 5), "{list}{filter}");
            }
        }
    })
    .await;
}
