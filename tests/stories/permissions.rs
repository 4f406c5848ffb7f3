//! Each function's role allows what the function does, and nothing else: the template's grants against the calls seen below the SDK.

use crate::template::{actions, functions, statements, template};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tests::{
    paying::id_and_pay_url,
    table::{Call, calls_of},
    wire::WireCall,
    world::{BAD_CARD, GOOD_CARD, World, story},
};

/// An action on a resource: `dynamodb:Query index/due`.
type Grant = String;

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

fn resource(value: &Value) -> String {
    let text = value.to_string();
    let known = [
        ("secret:${StripeSecretName}", "StripeSecretName"),
        ("StreamArn", "stream"),
        ("${Table.Arn}/stream", "stream"),
        ("FailedRuns", "FailedRuns"),
        ("Bus.Arn", "bus"),
        ("LinkKeys", "LinkKeys"),
        ("BootstrapKey", "BootstrapKey"),
        (":ses:", "mail"),
    ];
    if let Some(at) = text.find("/index/") {
        return text[at + 1..].trim_end_matches(['"', '}']).to_owned();
    }
    let found = known.iter().find(|(part, _)| text.contains(part)).map(|(_, name)| (*name).to_owned());
    found.unwrap_or_else(|| {
        assert!(text.contains("Table.Arn"), "{text}");
        "table".to_owned()
    })
}

fn granted() -> BTreeMap<String, BTreeSet<Grant>> {
    let grants = |function: &Value| {
        let mut grants = BTreeSet::new();
        for statement in statements(function) {
            let resources = statement["Resource"].as_array().cloned().unwrap_or_else(|| vec![statement["Resource"].clone()]);
            for action in actions(&statement) {
                grants.extend(resources.iter().map(|it| format!("{action} {}", resource(it))));
            }
        }
        grants
    };
    functions(&template()).into_iter().map(|(folder, (_, function))| (folder, grants(&function))).collect()
}

fn of_table(call: &Call) -> Vec<Grant> {
    let each = |items: &Value, action: fn(&str) -> &str| -> Vec<Grant> {
        let items = items.as_array().into_iter().flatten().filter_map(Value::as_object).flat_map(|item| item.keys());
        items.map(|kind| format!("dynamodb:{} table", action(kind))).collect()
    };
    match (call.operation.as_str(), &call.index) {
        ("TransactWriteItems", _) => each(&call.request["TransactItems"], |kind| match kind {
            "Put" => "PutItem",
            "Update" => "UpdateItem",
            "Delete" => "DeleteItem",
            "ConditionCheck" => "ConditionCheckItem",
            other => other,
        }),
        ("TransactGetItems", _) => each(&call.request["TransactItems"], |_| "GetItem"),
        (operation, Some(index)) => vec![format!("dynamodb:{operation} index/{index}")],
        (operation, None) => vec![format!("dynamodb:{operation} table")],
    }
}

fn of_wire(call: &WireCall) -> Grant {
    match call.target.as_deref() {
        Some("AWSEvents.PutEvents") => "events:PutEvents bus".to_owned(),
        None if call.path.ends_with("/outbound-emails") => "ses:SendEmail mail".to_owned(),
        other => panic!("{other:?} {}", call.path),
    }
}

/// A life in which every function does everything it can.
async fn everything(w: &World) {
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
    // Reminders, and a sweep that asks for its next slice.
    let scheduled = json!({ "detail-type": "Scheduled Event" });
    for (function, at) in [("upcoming-reminders", "2026-11-13T08:00:00Z"), ("past-due-reminders", "2026-11-17T08:00:00Z")] {
        w.set_clock(at);
        w.start_for(function, &scheduled, &|| false).await;
        w.start(function).await;
        w.dispatch().await;
    }
}

#[tokio::test(start_paused = true)]
async fn asvs_13_2_2_every_function_may_do_what_it_does_and_nothing_else() {
    story("2026-11-02T10:00:00Z", async |w| {
        w.table.take_calls();
        everything(w).await;
        let mut seen: BTreeMap<String, BTreeSet<Grant>> = BTreeMap::new();
        let calls = w.table.calls();
        assert!(!calls_of(&calls, "TransactGetItems").is_empty());
        for call in &calls {
            if let Some(function) = call.function {
                seen.entry(function.to_owned()).or_default().extend(of_table(call));
            }
        }
        for call in w.wire.calls() {
            seen.entry(call.function.unwrap().to_owned()).or_default().insert(of_wire(&call));
        }
        let granted = granted();
        assert_eq!(seen.keys().collect::<Vec<_>>(), granted.keys().collect::<Vec<_>>());
        for (function, grants) in &granted {
            let used = &seen[function];
            let missing: Vec<_> = used.difference(grants).collect();
            assert!(missing.is_empty(), "{function} does what it may not: {missing:?}");
            let excused =
                |grant: &Grant| EXCEPTIONS.iter().any(|(whose, it, _)| (whose.is_empty() || whose == function) && *it == grant.as_str());
            let idle: Vec<_> = grants.difference(used).filter(|grant| !excused(grant)).collect();
            assert!(idle.is_empty(), "{function} may do what it does not: {idle:?}");
        }
    })
    .await;
}
