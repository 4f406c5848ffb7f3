//! The deployed stack does the main job: real functions behind the real template, on whatever speaks AWS's APIs.
//!
//! `.ci/deployed` deploys it, says where everything is, and looks at the logs afterwards. Mails go to the recorder and payments to
//! the sandbox gateway, which this test serves itself. It talks to processes from outside, so it polls, bounded.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "it stands outside of what it looks at, with a clock and servers of its own, and may fail loudly"
)]

mod stack;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use stack::Stack;
use std::time::Duration;

/// The longest that anything takes here: a schedule of a minute, a slow start, and some more.
const PATIENCE: Duration = Duration::from_secs(180);

fn invoice(contact: &str, due_on: &str) -> Value {
    let price = json!({ "amount": "150.00", "currency": "EUR" });
    json!({
        "contact_id": contact, "due_on": due_on, "send": true,
        "lines": [{ "name": "Portrait", "quantity": "1", "unit_price": price, "tax": { "code": "VAT", "rate": "10" } }]
    })
}

#[tokio::test]
#[ignore = "needs a deployed stack; `.ci/deployed` has one"]
async fn a_deployed_stack_sends_is_paid_and_reminds() {
    let stack = Stack::connect().await;
    let today = Utc::now().date_naive();
    let day = |days: i64| (today + TimeDelta::days(days)).to_string();

    // Staff: the bootstrap key opens the API, and nothing else does.
    assert_eq!(stack.staff("GET", "/v1/business", Some("key_00000000000000000000000000_0"), None).await.0, 401);
    assert_eq!(stack.staff("GET", "/v1/business", None, None).await.0, 401);
    let business = json!({
        "name": "Kestrel Studio", "zone": "UTC", "default_currency": "EUR", "email_from": "billing@example.com",
        "reply_to": "hello@example.com", "sweep_hour": 0, "due_default_days": 14, "terms": ""
    });
    stack.api("PUT", "/v1/business", &business).await;
    let contact = stack.contact("Mary Shelley", "mary@example.com").await;
    let sent = stack.api("POST", "/v1/invoices", &invoice(&contact, &day(20))).await;
    let id = sent["id"].as_str().unwrap();

    // The mail comes by way of the table's stream, and its link opens the page.
    let mail = stack.mail_of("Invoice INV-00001", PATIENCE).await;
    let page_url = stack.link(&mail, "/i/");
    let page = stack.open(&page_url).await.expect(200);
    assert!(page.text.contains("INV-00001") && page.text.contains("EUR 165.00"), "{}", page.text);

    // The customer pays at the gateway and comes back.
    let pay_url = sent["links"]["pay_url"].as_str().unwrap();
    let checkout = stack.press_pay(pay_url).await;
    let back = stack.pay_at(&checkout).await;
    let thanks = stack.open(&back).await.expect(200);
    assert!(thanks.text.contains("Thank you for your payment"), "{}", thanks.text);
    assert_eq!(stack.deliver_notices().await, [204, 204, 204]);
    let receipt = stack.mail_of("Receipt", PATIENCE).await;
    assert!(receipt.contains("165.00"));
    let closed = stack.get(&format!("/v1/invoices/{id}")).await;
    assert_eq!((&closed["status"]["code"], &closed["balance"]["amount"]), (&json!("closed"), &json!("0.00")), "{closed:#}");
    assert_eq!(stack.gateway.charges().len(), 1);

    // An invoice sent ten days ago is due in three days: its sweep, fired by its rule, reminds of it, once.
    let grace = stack.contact("Grace Hopper", "grace@example.com").await;
    for number in ["INV-00002", "INV-00003"] {
        stack.send_ten_days_ago(&invoice(&grace, &day(3))).await;
        let reminder = stack.mail_of(&format!("Reminder: invoice {number}"), PATIENCE).await;
        assert!(reminder.contains("165.00"));
    }
    let reminders = stack.subjects().into_iter().filter(|subject| subject.starts_with("Reminder")).count();
    assert_eq!(reminders, 2, "the sweep that found the second has left the first alone");

    // What is stored is what the journals tell; what was shown and used stands in no log.
    let audit = stack.store.audit().await.unwrap();
    assert!(audit.findings.is_empty() && audit.records >= 5, "{audit:#?}");
    stack.write_down_what_no_log_may_hold();
}
