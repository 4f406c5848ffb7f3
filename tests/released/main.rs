//! The binaries that are deployed, each under a Runtime API, answer their sample events.
//!
//! `.ci/release-binaries` builds them, `.ci/released` runs this. It talks to processes, so it lives by the real clock.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test may fail loudly")]

mod stage;

use chrono::TimeDelta;
use local::sandbox_gateway::{Notice, PayOutcome};
use serde_json::{Value, json};
use stage::{Stage, same_as_before};
use tests::{
    lambda::{
        Process, Surroundings, functions, root,
        samples::{self, ATTEMPT, DUE_ON, ROW, TOKEN},
    },
    paying::id_and_pay_url,
    world::GOOD_CARD,
};

#[test]
#[ignore = "needs the binaries of sam build"]
fn every_function_has_a_binary_and_every_sample_is_sent_here() {
    let here = include_str!("main.rs");
    let all = functions();
    assert_eq!(all.len(), std::fs::read_dir(root().join("functions")).unwrap().count());
    for function in all {
        assert!(function.binary().exists(), "{} is not built; .ci/release-binaries builds it", function.binary().display());
        assert!(here.contains(&format!("Stage::open(\"{}\")", function.name)), "{} is not started here", function.name);
        for sample in std::fs::read_dir(samples::folder(&function.name)).unwrap() {
            let sample = sample.unwrap().file_name().into_string().unwrap();
            assert!(here.contains(&format!("\"{sample}\"")), "{}/{sample} is not sent here", function.name);
        }
    }
}

#[tokio::test]
#[ignore = "needs the binaries of sam build"]
async fn the_invoice_page_opens_by_a_signed_link_alone() {
    let mut stage = Stage::open("invoice-page").await;
    let invoice = stage.around.world.sent_invoice("165.00", &stage.around.day(14)).await;
    let token = stage.token(&invoice["links"]["invoice_url"]);
    same_as_before("invoice-page", &stage.send("open.json", &[(TOKEN, &token)]).await);
    same_as_before("invoice-page-forged-link", &stage.send("open.json", &[]).await);
    let id = invoice["id"].as_str().unwrap();
    let journal = stage.around.world.journal(id).await;
    assert!(journal.iter().any(|entry| entry["type"] == "viewed"), "{journal:#?}");
    stage.close().await;
}

#[tokio::test]
#[ignore = "needs the binaries of sam build"]
async fn the_pay_page_leads_to_the_checkout_and_back() {
    let mut stage = Stage::open("pay-page").await;
    stage.around.world.gateway.set_public_url(stage.around.gateway.clone());
    let invoice = stage.around.world.sent_invoice("165.00", &stage.around.day(14)).await;
    let token = stage.token(&invoice["links"]["pay_url"]);
    same_as_before("pay-page", &stage.send("show.json", &[(TOKEN, &token)]).await);
    same_as_before("pay-page-forged-link", &stage.send("show.json", &[]).await);
    let checkout = stage.send("pay.json", &[(TOKEN, &token)]).await;
    same_as_before("pay-page-pressed", &checkout);

    let session = checkout["headers"]["location"].as_str().unwrap().rsplit('/').next().unwrap();
    let paid = stage.around.world.gateway.pay(session, GOOD_CARD).unwrap();
    let PayOutcome::Paid { return_to } = paid else { panic!("{paid:?}") };
    let attempt = return_to.split_once("attempt=").unwrap().1.split('&').next().unwrap();
    same_as_before("pay-page-back", &stage.send("return.json", &[(TOKEN, &token), (ATTEMPT, attempt)]).await);
    let (id, _) = id_and_pay_url(&invoice);
    assert_eq!(stage.around.world.stands(id).await, "0.00 closed");
    stage.close().await;
}

#[tokio::test]
#[ignore = "needs the binaries of sam build"]
async fn a_signed_notice_settles_its_invoice_and_no_other_is_taken() {
    let mut stage = Stage::open("gateway-webhooks").await;
    let world = &stage.around.world;
    let invoice = world.sent_invoice("165.00", &stage.around.day(14)).await;
    let (id, pay_url) = id_and_pay_url(&invoice);
    let session = world.open_checkout(pay_url).await;
    world.gateway.pay(&session, GOOD_CARD).unwrap();
    let notices = world.gateway.take_webhooks();
    let completed = |notice: &&Notice| str::from_utf8(&notice.body).unwrap().contains("checkout.session.completed");
    let notice = notices.iter().find(completed).unwrap();

    same_as_before("notice-forged", &stage.send("notice.json", &[]).await);
    assert_eq!(stage.around.world.stands(id).await, "165.00 open");
    let event = samples::carrying("gateway-webhooks", "notice.json", &notice.headers, &notice.body);
    same_as_before("notice", &stage.send_event(&event).await);
    assert_eq!(stage.around.world.stands(id).await, "0.00 closed");
    stage.close().await;
}

#[tokio::test]
#[ignore = "needs the binaries of sam build"]
async fn the_staffs_api_makes_and_lists_invoices_for_a_known_key() {
    let mut stage = Stage::open("admin-api").await;
    same_as_before("invoices-unknown-key", &stage.send("list-invoices.json", &[]).await);
    stage.around.know_the_samples_key_and_contact().await;
    let due_on = stage.around.day(14);
    let made = stage.send("create-invoice.json", &[(DUE_ON, &due_on)]).await;
    same_as_before("invoice-made", &made);
    same_as_before("invoices", &stage.send("list-invoices.json", &[]).await);
    same_as_before("invoices-logged-in", &stage.send("list-invoices-logged-in.json", &[]).await);
    let body: Value = serde_json::from_str(made["body"].as_str().unwrap()).unwrap();
    for link in ["invoice_url", "pay_url"] {
        let _ = stage.token(&body["links"][link]);
    }
    let again = stage.send("create-invoice.json", &[(DUE_ON, &due_on)]).await;
    let again: Value = serde_json::from_str(again["body"].as_str().unwrap()).unwrap();
    assert_eq!(again["id"], body["id"], "the same request under the same key makes nothing again");
    stage.close().await;
}

/// Starts a function by its schedule, and checks what the outbox holds of an invoice before and after.
async fn reminds(mut stage: Stage, sent_days_ago: i64, due_in_days: i64, snapshot: &str) {
    stage.around.turn_back(TimeDelta::days(sent_days_ago));
    let invoice = stage.around.world.sent_invoice("165.00", &stage.around.day(due_in_days)).await;
    stage.around.world.dispatch().await;
    stage.around.turn_back(TimeDelta::zero());
    let (id, _) = id_and_pay_url(&invoice);
    let before = stage.around.world.told(id).await;
    same_as_before(snapshot, &stage.send("scheduled.json", &[]).await);
    let after = stage.around.world.told(id).await;
    assert_eq!(after.len(), before.len() + 1, "{before:?} {after:?}");
    assert_eq!(stage.send("scheduled.json", &[]).await, Value::Null);
    assert_eq!(stage.around.world.told(id).await, after, "the same start again reminds of nothing");
    stage.close().await;
}

#[tokio::test]
#[ignore = "needs the binaries of sam build"]
async fn an_invoice_due_in_three_days_is_reminded_of_once() {
    reminds(Stage::open("upcoming-reminders").await, 10, 3, "upcoming-reminders").await;
}

#[tokio::test]
#[ignore = "needs the binaries of sam build"]
async fn an_invoice_due_yesterday_is_reminded_of_once() {
    reminds(Stage::open("past-due-reminders").await, 2, -1, "past-due-reminders").await;
}

#[tokio::test]
#[ignore = "needs the binaries of sam build"]
async fn a_payment_that_nobody_told_of_is_settled_by_asking() {
    let mut stage = Stage::open("collections").await;
    stage.around.turn_back(TimeDelta::hours(3));
    let invoice = stage.around.world.sent_invoice("165.00", &stage.around.day(14)).await;
    let (id, pay_url) = id_and_pay_url(&invoice);
    let session = stage.around.world.open_checkout(pay_url).await;
    stage.around.world.gateway.pay(&session, GOOD_CARD).unwrap();
    stage.around.turn_back(TimeDelta::zero());
    same_as_before("collections", &stage.send("scheduled.json", &[]).await);
    assert_eq!(stage.around.world.stands(id).await, "0.00 closed");
    stage.close().await;
}

#[tokio::test]
#[ignore = "needs the binaries of sam build"]
async fn the_outbox_goes_out_by_the_stream_and_by_the_tick() {
    let mut stage = Stage::open("dispatch").await;
    let world = &stage.around.world;
    let first = world.sent_invoice("165.00", &stage.around.day(14)).await;
    let pk = format!("INV#{}", first["id"].as_str().unwrap());
    let sk = stage.around.sort_key(&pk, "M#unpaid/").await;
    same_as_before("outbox-by-the-stream", &stage.send("stream.json", &[(ROW[0], &pk), (ROW[1], &sk)]).await);
    assert!(stage.around.world.subjects()[0].starts_with("Invoice INV-00001 from Kestrel Studio"));
    assert_eq!(stage.around.world.subjects().len(), 1);
    let _ = stage.around.world.sent_invoice("165.00", &stage.around.day(14)).await;
    same_as_before("outbox-by-the-tick", &stage.send("scheduled.json", &[]).await);
    assert_eq!(stage.around.world.subjects().len(), 2);
    assert_eq!(stage.around.world.mails()[0].configuration_set.as_deref(), Some("remit-mails"));
    assert!(!stage.around.world.events().is_empty());
    for mail in stage.around.world.mails() {
        for word in mail.text().unwrap().split_whitespace().filter(|word| word.starts_with("https://")) {
            let _ = stage.token(&json!(word));
        }
    }
    stage.close().await;
}

#[tokio::test]
#[ignore = "needs the binaries of sam build"]
async fn a_function_that_cannot_begin_says_why_in_one_line_of_json_and_fails() {
    let around = Surroundings::open().await;
    let secrets = around.secrets();
    for function in functions() {
        let broken = [
            ("REMIT_TABLE", "", "REMIT_TABLE is not set"),
            ("REMIT_BASE_URL", "http://pay.example.com", "REMIT_BASE_URL is no https address"),
            ("REMIT_STRIPE_SECRET", "remit/none", "there is no secret remit/none"),
        ];
        for (variable, value, says) in broken.into_iter().filter(|(variable, ..)| function.variables.contains_key(*variable)) {
            let mut variables = around.variables(&function);
            variables.insert(variable.to_owned(), value.to_owned());
            let ended = Process::start(&function.binary(), &function, &variables).await.end().await;
            assert!(ended.code.is_some_and(|code| code != 0), "{}: {ended:#?}", function.name);
            let [line] = ended.lines.as_slice() else { panic!("{}: {ended:#?}", function.name) };
            let said: Value = serde_json::from_str(line).unwrap();
            assert_eq!(said["level"], "ERROR", "{}", function.name);
            assert!(said["error"].as_str().unwrap().starts_with(says), "{}: {line}", function.name);
            assert!(secrets.iter().all(|secret| !line.contains(secret)), "{}: {line}", function.name);
        }
    }
    around.close().await;
}
