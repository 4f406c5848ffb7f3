//! Each function's role allows what the function does, and nothing else: the template's grants against the calls seen below the SDK.

use crate::template::{functions, statements, template};
use futures::future::join;
use local::sandbox_gateway::{Call, Fault, WebhookMode};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tests::{
    paying::id_and_pay_url,
    roles::{Asked, granted, of_table},
    table::TableFault,
    wire::WireCall,
    world::{BAD_CARD, GOOD_CARD, World, story},
};

/// Grants that no call of ours uses, and why they are there.
const EXCEPTIONS: [(&str, &str, &str); 9] = [
    ("dispatch", "dynamodb:DescribeStream stream", "the event source mapping reads the stream with the function's role"),
    ("dispatch", "dynamodb:GetRecords stream", "the event source mapping reads the stream with the function's role"),
    ("dispatch", "dynamodb:GetShardIterator stream", "the event source mapping reads the stream with the function's role"),
    ("dispatch", "dynamodb:ListStreams stream", "the event source mapping reads the stream with the function's role"),
    ("dispatch", "sqs:SendMessage FailedRuns", "the event source mapping reports batches that failed with the function's role"),
    ("dispatch", "ses:SendRawEmail mail", "SendEmail of API version 2 asks for this one too when the mail is raw"),
    ("", "secretsmanager:GetSecretValue LinkKeys", "read when the function starts; held by what each main says it needs"),
    ("", "secretsmanager:GetSecretValue StripeSecretName", "read when the function starts; held by what each main says it needs"),
    ("admin-api", "secretsmanager:GetSecretValue BootstrapKey", "read when the function starts"),
];

fn of_wire(call: &WireCall) -> Asked {
    let what = match call.target.as_deref() {
        Some("AWSEvents.PutEvents") => "events:PutEvents bus",
        None if call.path.ends_with("/outbound-emails") => "ses:SendEmail mail",
        other => panic!("{other:?} {}", call.path),
    };
    Asked { what: what.to_owned(), key: None }
}

/// A life in which every function does everything it can.
async fn everything(w: &mut World) {
    let business = json!({
        "name": "Kestrel Studio", "zone": "Europe/Berlin", "default_currency": "EUR", "email_from": "billing@kestrel.example.com"
    });
    let _ = w.put("/v1/business", &business).await.expect(200);
    let line = json!({ "name": "Hours", "quantity": "1", "unit_price": { "amount": "100.00", "currency": "EUR" } });
    let contact = w.contact("Ada Lovelace", "ada@example.com").await;
    let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
    let product =
        id(&w.post("/v1/products", &json!({ "name": "Day", "unit_price": { "amount": "960.00", "currency": "EUR" } })).await.json());
    let _ = w.patch(&format!("/v1/contacts/{contact}"), &json!({ "company": "Engines" })).await.expect(200);
    let draft = id(&w.invoice_for(&contact, "10.00", "2026-11-16", false).await);
    let _ = w.patch(&format!("/v1/invoices/{draft}"), &json!({ "lines": [line] })).await.expect(200);
    let _ = w.api("DELETE", &format!("/v1/invoices/{draft}"), None, None).await.expect(204);
    let mut open = Vec::new();
    for _ in 0..6 {
        open.push(w.invoice_for(&contact, "100.00", "2026-11-16", true).await);
    }
    let key = w.post("/v1/api-keys", &json!({ "name": "one", "role": "staff" })).await.expect(201).json();
    let _ = w.post(&format!("/v1/api-keys/{}/rotate", id(&key["api_key"])), &json!({})).await.expect(201);
    let owner = w.post("/v1/api-keys", &json!({ "name": "two", "role": "owner" })).await.expect(201).json();
    let _ = w.api("DELETE", &format!("/v1/api-keys/{}", id(&owner["api_key"])), None, None).await.expect(204);
    for path in ["contacts", "products", "invoices", "invoices?status=open", "invoices?past_due=true", "api-keys", "business"] {
        let _ = w.get(&format!("/v1/{path}")).await.expect(200);
    }
    for path in [format!("invoices?contact_id={contact}"), format!("products/{product}"), format!("contacts/{contact}")] {
        let _ = w.get(&format!("/v1/{path}")).await.expect(200);
    }
    w.dispatch().await;
    for path in ["journal", ""] {
        let _ = w.get(format!("/v1/invoices/{}/{path}", id(&open[0])).trim_end_matches('/')).await.expect(200);
    }
    for list in ["payments", "messages"] {
        let _ = w.get(&format!("/v1/{list}?invoice_id={}", id(&open[0]))).await.expect(200);
    }
    w.pass(chrono::TimeDelta::minutes(2));
    let cash = json!({ "amount": { "amount": "100.00", "currency": "EUR" }, "method": "cash" });
    let _ = w.post(&format!("/v1/invoices/{}/payments", id(&open[0])), &cash).await.expect(201);
    let _ = w.post(&format!("/v1/invoices/{}/request-payment", id(&open[1])), &json!({})).await.expect(200);
    // What is kept in memory for a minute is read by each for itself.
    w.pass(chrono::TimeDelta::minutes(2));
    let _ = w.open(open[1]["links"]["invoice_url"].as_str().unwrap()).await.expect(200);

    // Paid and told, paid and come back, declined and given up, fenced by a void, and one that nobody tells of.
    w.pass(chrono::TimeDelta::minutes(2));
    let told = w.open_checkout(id_and_pay_url(&open[1]).1).await;
    w.gateway.pay(&told, GOOD_CARD).unwrap();
    w.pass(chrono::TimeDelta::minutes(2));
    w.deliver_notices().await;
    w.deliver_notices().await;
    let back = id_and_pay_url(&open[2]).1;
    let session = w.open_checkout(back).await;
    let _ = w.gateway.pay(&session, BAD_CARD).unwrap();
    let _ = w.open(&format!("{back}/return")).await.expect(200);
    w.gateway.pay(&session, GOOD_CARD).unwrap();
    let _ = w.open(&format!("{back}/return")).await.expect(200);
    let _ = w.open_checkout(id_and_pay_url(&open[3]).1).await;
    let _ = w.post(&format!("/v1/invoices/{}/void", id(&open[3])), &json!({})).await.expect(200);
    let silent = w.open_checkout(id_and_pay_url(&open[4]).1).await;
    w.gateway.pay(&silent, GOOD_CARD).unwrap();
    w.pass(chrono::TimeDelta::minutes(61));
    for function in ["collections", "dispatch"] {
        w.start(function).await;
    }
    late_money(w, &contact).await;
    // Reminders, and a sweep that asks for its next slice.
    let scheduled = json!({ "detail-type": "Scheduled Event" });
    for (function, at) in [("upcoming-reminders", "2026-11-13T08:00:00Z"), ("past-due-reminders", "2026-11-17T08:00:00Z")] {
        w.set_clock(at);
        w.start_for(function, &scheduled, &|| false).await;
        w.start(function).await;
        w.pass(chrono::TimeDelta::minutes(2));
        w.dispatch().await;
    }
}

/// Money for a checkout that the gateway said it had closed, on an invoice that was paid in cash meanwhile: told by a notice, seen by the
/// payer who comes back, and found on the next day. Each makes credit.
async fn late_money(w: &mut World, contact: &str) {
    w.let_the_gateway_only_pretend_to_expire();
    let cash = json!({ "amount": { "amount": "100.00", "currency": "EUR" }, "method": "cash" });
    let invoices = [w.invoice_for(contact, "100.00", "2026-11-16", true).await, w.invoice_for(contact, "100.00", "2026-11-16", true).await];
    for (invoice, told) in invoices.iter().zip([WebhookMode::Deliver, WebhookMode::Lose]) {
        let (id, pay_url) = id_and_pay_url(invoice);
        w.gateway.set_webhook_mode(told);
        let session = w.open_checkout(pay_url).await;
        let _ = w.post(&format!("/v1/invoices/{id}/payments"), &cash).await.expect(201);
        w.gateway.pay(&session, GOOD_CARD).unwrap();
        w.deliver_notices().await;
    }
    // While a newer checkout is open, which the money leaves with another amount than is owed.
    w.gateway.set_webhook_mode(WebhookMode::Deliver);
    let invoice = w.invoice_for(contact, "100.00", "2026-11-16", true).await;
    let (id, pay_url) = id_and_pay_url(&invoice);
    let first = w.open_checkout(pay_url).await;
    let dearer = json!({ "lines": [{ "name": "Portrait", "quantity": "1", "unit_price": { "amount": "150.00", "currency": "EUR" } }] });
    let _ = w.patch(&format!("/v1/invoices/{id}"), &dearer).await.expect(200);
    let _ = w.open_checkout(pay_url).await;
    w.gateway.pay(&first, GOOD_CARD).unwrap();
    w.deliver_notices().await;
    w.pass(chrono::TimeDelta::days(1));
    w.start("collections").await;
    let invoice = w.invoice_for(contact, "100.00", "2026-11-16", true).await;
    let (id, pay_url) = id_and_pay_url(&invoice);
    let session = w.open_checkout(pay_url).await;
    w.gateway.pay(&session, GOOD_CARD).unwrap();
    // The commit of the payer's return is lost once, and the cash is written down before it is sent again.
    let lost = AtomicBool::new(false);
    w.table.set_fault_plan(Arc::new(move |site| match (site.function, site.operation.as_str()) {
        (Some("pay-page"), "TransactWriteItems") if !lost.swap(true, Ordering::Relaxed) => TableFault::LoseBeforeEffect,
        (_, _) => TableFault::None,
    }));
    let (back, path) = (format!("{pay_url}/return"), format!("/v1/invoices/{id}/payments"));
    let (page, logged) = join(w.open(&back), w.post(&path, &cash)).await;
    let _ = (page.expect(200), logged.expect(201));
    w.table.clear_faults();
    // Money that another attempt has collected: seen by the payer who comes back, and by the settling.
    w.let_the_gateway_tell_the_truth();
    for told in ["page", "notice", "settling"] {
        let invoice = w.invoice_for(contact, "100.00", "2026-11-16", true).await;
        let (id, pay_url) = id_and_pay_url(&invoice);
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
        match told {
            "page" => drop(w.open(&format!("{pay_url}/return")).await.expect(200)),
            "notice" => drop(w.deliver_notices().await),
            _ => w.settle_for(5).await,
        }
        assert_eq!(w.tries(id).await, ["conflicted"], "{told}");
        w.let_the_gateway_tell_the_truth();
    }
    let attempts = w.get("/v1/attempts?limit=100").await.expect(200).json();
    let stuck = attempts["data"].as_array().unwrap().iter().find(|attempt| attempt["state"] == "conflicted").unwrap();
    let attempt = stuck["id"].as_str().unwrap();
    let said = json!({ "outcome": "nothing", "reason": "Nothing on the statement" });
    let _ = w.post(&format!("/v1/attempts/{attempt}/resolve"), &said).await.expect(200);
    for path in [format!("/v1/attempts/{attempt}/journal"), format!("/v1/contacts/{contact}/journal")] {
        let _ = w.get(&path).await.expect(200);
    }
    assert_eq!(w.credit(contact).await, ["300.00 EUR"]);
    assert!(w.messages(id).await.iter().any(|row| row["kind"] == "receipt"));
}

#[tokio::test(start_paused = true)]
async fn asvs_13_2_2_every_function_may_do_what_it_does_and_nothing_else() {
    story("2026-11-02T10:00:00Z", async |w| {
        w.table.take_calls();
        everything(w).await;
        let mut seen: BTreeMap<String, BTreeSet<Asked>> = BTreeMap::new();
        let calls = w.table.calls();
        for call in &calls {
            if let Some(function) = call.function {
                seen.entry(function.to_owned()).or_default().extend(of_table(&call.operation, &call.request));
            }
        }
        for call in w.wire.calls() {
            seen.entry(call.function.unwrap().to_owned()).or_default().insert(of_wire(&call));
        }
        assert_eq!(seen.keys().collect::<Vec<_>>(), granted().keys().collect::<Vec<_>>());
        for (function, grants) in granted() {
            let used = &seen[function];
            let missing: Vec<_> = used.iter().filter(|asked| !grants.iter().any(|grant| grant.allows(asked))).collect();
            assert!(missing.is_empty(), "{function} does what it may not: {missing:?}");
            let excused = |what: &str| EXCEPTIONS.iter().any(|(whose, it, _)| (whose.is_empty() || whose == function) && *it == what);
            let idle = grants.iter().filter(|grant| !used.iter().any(|asked| grant.allows(asked)) && !excused(&grant.what));
            let idle: Vec<String> = idle.map(ToString::to_string).collect();
            assert!(idle.is_empty(), "{function} may do what it does not: {idle:?}");
        }
    })
    .await;
}

#[test]
fn every_grant_on_the_table_names_partition_keys_and_an_index_that_functions_share_is_divided_among_them() {
    for (function, grants) in granted() {
        for grant in grants.iter().filter(|grant| grant.what.starts_with("dynamodb:") && !grant.what.ends_with(" stream")) {
            let whole_index = grant.keys.is_none() && grant.what.contains(" index/");
            let shared = granted().values().filter(|others| others.iter().any(|other| other.what == grant.what)).count() > 1;
            assert!(grant.keys.is_some() || (whole_index && !shared), "{function} may {grant} of every key");
            assert_ne!(grant.keys.as_deref(), Some("*"), "{function}");
        }
    }
    for sweep in ["upcoming-reminders", "past-due-reminders", "collections"] {
        let due = Asked { what: "dynamodb:Query index/due".to_owned(), key: Some(format!("{sweep}#07")) };
        let may: Vec<&String> = granted().iter().filter(|(_, grants)| grants.iter().any(|it| it.allows(&due))).map(|it| it.0).collect();
        assert_eq!(may, [sweep]);
    }
}

#[test]
fn an_api_key_and_what_was_done_under_idempotency_keys_are_out_of_reach_for_all_but_the_staff_s_api() {
    for key in ["KEY#key_00000000000000000000000000", "IDEM#0f1e2d3c", "NUM#INV", "PRD#prd_01JZ8Q6X3S9V7K2M4N5P6R8T0W"] {
        for action in ["GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"] {
            let asked = Asked { what: format!("dynamodb:{action} table"), key: Some(key.to_owned()) };
            let may = granted().iter().filter(|(_, grants)| grants.iter().any(|grant| grant.allows(&asked)));
            assert!(may.clone().all(|(function, _)| function == "admin-api"), "{asked:?}: {:?}", may.map(|it| it.0).collect::<Vec<_>>());
        }
    }
}

#[test]
#[should_panic(expected = "the role of pay-page does not allow")]
fn a_call_of_a_function_beyond_its_role_stops_every_story() {
    let key = json!({ "Item": { "pk": { "S": "KEY#key_00000000000000000000000000" } } });
    tests::roles::hold("pay-page", "TransactWriteItems", &json!({ "TransactItems": [{ "Put": key }] }));
}

/// IAM takes 10,240 characters of inline policies for a role, blanks not counted. Half of it leaves room for names that are long.
#[test]
fn every_role_s_policies_are_far_below_what_iam_takes() {
    for (folder, (_, function)) in functions(&template()) {
        let size: usize = statements(&function).iter().map(|statement| statement.to_string().len()).sum();
        assert!(size < 5_120, "{folder}: {size}");
    }
}
