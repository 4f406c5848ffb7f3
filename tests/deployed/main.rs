//! The deployed stack does the main job: real functions behind the real template, on whatever speaks AWS's APIs.
//!
//! `.ci/deployed` deploys it, says where everything is, and looks at the logs afterwards. Mails go to the recorder and payments to
//! the sandbox gateway, which this test serves itself. It talks to processes from outside, so it polls, bounded.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
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

/// Staff who carry a token of the issuer that the stack trusts are let in with their role. Nobody else comes as far as the function.
async fn staff_log_in(stack: &Stack) {
    let (tokens, mut refused) = stack.tokens();
    let ask = async |method: &str, path: &str, token: &str, body: Option<&Value>| {
        let (status, answer) = stack.staff(method, path, Some(token), body).await;
        (status, answer["code"].as_str().or(answer["message"].as_str()).unwrap_or_default().to_owned())
    };
    let said = |status: u16, text: &str| (status, text.to_owned());
    let contact = json!({ "name": "Emmy Noether" });
    for (who, reading, writing) in [
        ("owner", said(200, ""), said(201, "")),
        ("reader", said(200, ""), said(403, "scope_missing")),
        ("nobody", said(403, "role_missing"), said(403, "role_missing")),
        ("access", said(401, "id_token_needed"), said(401, "id_token_needed")),
    ] {
        assert_eq!(ask("GET", "/login/v1/contacts", &tokens[who], None).await, reading, "{who}");
        assert_eq!(ask("POST", "/login/v1/contacts", &tokens[who], Some(&contact)).await, writing, "{who}");
    }
    let (claims, signature) = (&tokens["owner"].rsplit_once('.').unwrap().0, &tokens["reader"].rsplit_once('.').unwrap().1);
    refused.insert("with another's signature".to_owned(), format!("{claims}.{signature}"));
    refused.insert("that is an API key".to_owned(), stack.own_key().await);
    assert_eq!(refused.len(), 5);
    for (why, token) in &refused {
        assert_eq!(ask("GET", "/login/v1/contacts", token, None).await, said(401, "Unauthorized"), "a token {why}");
    }
    assert_eq!(stack.staff("GET", "/login/v1/contacts", None, None).await.0, 401);
    assert_eq!(ask("GET", "/v1/contacts", &tokens["owner"], None).await, said(401, "unauthenticated"));
}

#[tokio::test]
#[ignore = "needs a deployed stack; `.ci/deployed` has one"]
async fn a_deployed_stack_knows_its_staff_sends_reminds_is_upgraded_paid_and_restored() {
    let stack = Stack::connect().await;
    let today = Utc::now().date_naive();
    let day = |days: i64| (today + TimeDelta::days(days)).to_string();

    // Staff: the bootstrap key opens the API, and nothing else does.
    assert_eq!(stack.staff("GET", "/v1/business", Some("key_00000000000000000000000000_0"), None).await.0, 401);
    assert_eq!(stack.staff("GET", "/v1/business", None, None).await.0, 401);
    staff_log_in(&stack).await;
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

    // It stands on the customers' domain below the path name, and so does what it leads to; nothing does without the name.
    let below = format!("{}/", stack.customer_url());
    assert!(page_url.starts_with(&below) && below.ends_with(".com/bills/"), "{page_url}");
    assert!(page.text.contains("/bills/p/") && !page.text.contains("temporary address"), "{}", page.text);
    assert_ne!(stack.open(&page_url.replace("/bills/", "/")).await.status, 200);

    // Where nothing is, the answer is ours and not the gateway's.
    assert!(stack.open(&format!("{below}nothing")).await.expect(404).text.contains("</html>"));
    let (status, nothing) = stack.staff("GET", "/nothing", None, None).await;
    assert_eq!((status, &nothing["code"]), (404, &json!("not_found")));

    // An invoice sent ten days ago is due in three days: its sweep, fired by its rule, reminds of it, once.
    let grace = stack.contact("Grace Hopper", "grace@example.com").await;
    for number in ["INV-00002", "INV-00003"] {
        stack.send_ten_days_ago(&invoice(&grace, &day(3))).await;
        let reminder = stack.mail_of(&format!("Reminder: invoice {number}"), PATIENCE).await;
        assert!(reminder.contains("165.00"));
    }
    let mails = |start: &str| stack.subjects().into_iter().filter(|subject| subject.starts_with(start)).count();
    assert_eq!(mails("Reminder"), 2, "the sweep that found the second has left the first alone");

    // Keys are rotated and the stack is upgraded: what was mailed before still opens, and what is signed now opens too.
    stack.operated(&["rotate"]).await;
    stack.operated(&["deploy", "upgraded.yaml"]).await;
    assert!(stack.open(&page_url).await.expect(200).text.contains("INV-00001"));
    let pay_url = stack.get(&format!("/v1/invoices/{id}")).await["links"]["pay_url"].as_str().unwrap().to_owned();
    assert_ne!(pay_url, sent["links"]["pay_url"].as_str().unwrap(), "signed with the new key");
    let since = stack.backup().await;

    // The customer pays at the gateway and comes back.
    let checkout = stack.press_pay(&pay_url).await;
    let back = stack.pay_at(&checkout).await;
    let thanks = stack.open(&back).await.expect(200);
    assert!(thanks.text.contains("Thank you for your payment"), "{}", thanks.text);
    assert_eq!(stack.deliver_notices().await, [204, 204, 204]);
    let receipt = stack.mail_of("Receipt", PATIENCE).await;
    assert!(receipt.contains("165.00"));
    let closed = stack.get(&format!("/v1/invoices/{id}")).await;
    assert_eq!((&closed["status"]["code"], &closed["balance"]["amount"]), (&json!("closed"), &json!("0.00")), "{closed:#}");
    assert_eq!(stack.gateway.charges().len(), 1);

    // The table is lost back to before the payment. It is restored, and the gateway tells what is missing; no reminder goes out again.
    stack.bring_back(&since).await;
    let closed = stack.get(&format!("/v1/invoices/{id}")).await;
    assert_eq!((&closed["status"]["code"], &closed["attempts"][0]["state"]), (&json!("closed"), &json!("applied")), "{closed:#}");
    let next = stack.api("POST", "/v1/invoices", &invoice(&contact, &day(20))).await;
    assert_eq!(next["number"], "INV-01000");
    stack.mail_of("Invoice INV-01000", PATIENCE).await;
    assert_eq!((mails("Reminder"), mails("Invoice INV-00001")), (2, 1), "{:?}", stack.subjects());
    assert_eq!(stack.gateway.charges().len(), 1);

    // The upgrade is rolled back: the release before reads what the other one wrote.
    stack.operated(&["deploy", "every-minute.yaml"]).await;
    assert!(stack.open(&page_url).await.expect(200).text.contains("INV-00001"));

    // What is stored is what the journals tell; what was shown and used stands in no log.
    let audit = stack.store.audit().await.unwrap();
    assert!(audit.findings.is_empty() && audit.records >= 5, "{audit:#?}");
    stack.write_down_what_no_log_may_hold();
}
