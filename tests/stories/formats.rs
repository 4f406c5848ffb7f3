//! A fixture of every format of every item, kept for ever: what was written once is read for ever, and what is written
//! today is what the fixtures show. A new format is a new fixture beside the old ones, never a changed one.

use crate::{
    access::{claims, logged_in, with_logins},
    dynamo_json::{plain, read_item, scanned},
};
use domain::{
    ids::{ApiKeyId, AttemptId, ContactId, InvoiceId, PaymentId, ProductId},
    record::Subject,
};
use local::sandbox_gateway::{Call, Fault};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use store::lists::InvoiceList;
use tests::{
    table::TableFault,
    wire::WireFault,
    world::{BAD_CARD, GOOD_CARD, World, story},
};

const START: &str = "2026-11-02T10:00:00Z";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("stories/fixtures")
}

/// What is written today is what this file of [`folder`] shows; those before it are kept.
const NEWEST: &str = "v1.json";

/// A business day that leaves one of everything behind, the same in every run.
async fn script(w: &mut World) {
    keys(w).await;
    let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
    let product = json!({ "name": "Hour", "description": "An hour", "unit_price": { "amount": "50.00", "currency": "EUR" } });
    let product = id(&w.post("/v1/products", &product).await.expect(201).json());
    let emails = json!([{ "address": "ada@example.com", "main": true }, { "address": "office@example.com", "cc_invoices": true }]);
    let ada = json!({ "name": "Ada Lovelace", "company": "Engines Ltd", "emails": emails, "phone": "+44 1", "billing_address": "1 Square\nLondon" });
    let ada = id(&w.post("/v1/contacts", &ada).await.expect(201).json());
    let bob = w.contact("Bob", "bob@example.com").await;
    let _ = w.patch(&format!("/v1/contacts/{bob}"), &json!({ "company": "Bob & Sons" })).await.expect(200);

    let draft = json!({
        "contact_id": ada, "due_on": "2026-11-16", "customer_note": "Thanks", "internal_note": "slow payer",
        "lines": [
            { "product_id": product, "quantity": "2.5", "discount": { "percent": "10" }, "tax": { "code": "VAT", "rate": "19" } },
            { "name": "Part", "quantity": "1", "unit_price": { "amount": "10.00", "currency": "EUR" },
              "discount": { "amount": { "amount": "1.00", "currency": "EUR" } } }
        ]
    });
    let thrown_away = id(&w.post("/v1/invoices", &draft).await.expect(201).json());
    let _ = w.api("DELETE", &format!("/v1/invoices/{thrown_away}"), None, None).await.expect(204);
    let _stays_a_draft = w.post("/v1/invoices", &draft).await.expect(201);
    let open = id(&w.post("/v1/invoices", &draft).await.expect(201).json());
    let _ = w.patch(&format!("/v1/invoices/{open}"), &json!({ "customer_note": "Thank you", "due_on": "2026-11-17" })).await.expect(200);
    let _ = w.post(&format!("/v1/invoices/{open}/send"), &json!({})).await.expect(200);
    w.dispatch().await;
    let shown = w.invoice(&open).await;
    let _ = w.open(shown["links"]["invoice_url"].as_str().unwrap()).await.expect(200);

    // Paid by card at the second card.
    let closed = w.invoice_for(&bob, "100.00", "2026-11-16", true).await;
    let pay_url = closed["links"]["pay_url"].as_str().unwrap();
    let session = w.open_checkout(pay_url).await;
    let _ = w.gateway.pay(&session, BAD_CARD).unwrap();
    let _ = w.open(&format!("{pay_url}/return")).await.expect(200);
    let _ = w.gateway.pay(&session, GOOD_CARD).unwrap();
    w.deliver_notices().await;

    // Partly paid in cash, then voided: credit of the contact.
    let voided = id(&w.invoice_for(&bob, "60.00", "2026-11-16", true).await);
    let cheque = json!({ "amount": { "amount": "40.00", "currency": "EUR" }, "method": "cheque", "reference": "C-17" });
    let _ = w.post(&format!("/v1/invoices/{voided}/payments"), &cheque).await.expect(201);
    let _ = w.post(&format!("/v1/invoices/{voided}/void"), &json!({ "acknowledge_captured_funds": true })).await.expect(200);
    w.dispatch().await;

    // A try whose checkout nobody pays, looked at until it is over; and one that is still open at the end.
    let tried = w.invoice_for(&bob, "70.00", "2026-11-16", true).await;
    let _ = w.open_checkout(tried["links"]["pay_url"].as_str().unwrap()).await;
    for tick in 0..40 {
        if tick == 12 {
            for _ in 0..6 {
                w.gateway.inject(Fault::LoseBeforeEffect { on: Call::Any });
            }
        }
        w.pass(chrono::TimeDelta::minutes(5));
        w.start("collections").await;
    }
    let _ = w.open_checkout(tried["links"]["pay_url"].as_str().unwrap()).await;

    // Reminders: moved, gone out, skipped.
    w.set_clock("2026-11-14T07:30:00Z");
    let _ = w.post(&format!("/v1/invoices/{open}/request-payment"), &json!({})).await.expect(200);
    for at in ["2026-11-14T08:00:00Z", "2026-11-15T08:00:00Z", "2026-11-24T08:00:00Z"] {
        w.set_clock(at);
        w.start("upcoming-reminders").await;
        w.start("past-due-reminders").await;
        w.dispatch().await;
    }
    // Outbox rows that are not handed over: uncertain, claimed, planned.
    let _uncertain = w.invoice_for(&ada, "4.00", "2026-12-16", true).await;
    w.wire.set_fault_plan(Arc::new(|_| WireFault::LoseAnswerAfterEffect));
    w.dispatch().await;
    w.wire.clear_faults();
    let _planned = w.invoice_for(&ada, "5.00", "2026-12-16", true).await;
    w.table.set_fault_plan(Arc::new(|site| {
        let outcome = site.request.to_string().contains("\"handed\"");
        if outcome { TableFault::LoseBeforeEffect } else { TableFault::None }
    }));
    w.dispatch().await;
    w.table.clear_faults();
    let _planned = w.invoice_for(&ada, "6.00", "2026-12-16", true).await;
}

/// API keys: one as it was made, one narrowed that replaces another, one taken back by somebody who logged in.
async fn keys(w: &mut World) {
    let make =
        async |w: &World, body: Value| w.post("/v1/api-keys", &body).await.expect(201).json()["api_key"]["id"].as_str().unwrap().to_owned();
    let _ = make(w, json!({ "name": "Bookkeeper", "role": "read_only" })).await;
    let till = json!({ "name": "Till", "role": "staff", "scopes": ["read", "write"], "expires_at": "2027-01-01T00:00:00Z" });
    let till = make(w, till).await;
    let _ = w.post(&format!("/v1/api-keys/{till}/rotate"), &json!({})).await.expect(201);
    let lost = make(w, json!({ "name": "Lost", "role": "owner" })).await;
    // One from before keys had roles, which nothing writes any more.
    let before_roles = json!({
        "pk": { "S": "KEY#key_00000000000000000000000009" }, "sk": { "S": "A#STATE" }, "v": { "N": "1" },
        "id": { "S": "key_00000000000000000000000009" }, "hash": { "S": "0".repeat(64) }, "created_at": { "S": "2026-01-01T00:00:00Z" }
    });
    let item = read_item(before_roles.as_object().unwrap());
    let _ = w.table.client().put_item().table_name("remit").set_item(Some(item)).send().await.unwrap();
    with_logins(w);
    let ada = claims("73d4c8e2-ada", &json!({ "custom:remit_role": "owner" }));
    let _ = logged_in(w, &ada, "DELETE", &format!("/v1/api-keys/{lost}"), "", &json!({})).await.expect(204);
    let _ = logged_in(w, &ada, "POST", "/v1/contacts", "by-ada", &json!({ "name": "Carol" })).await.expect(201);
}

/// What an item is: its record, and what tells it from others of the kind.
fn kind_of(item: &Value) -> String {
    let text = |name: &str| item[name]["S"].as_str().unwrap_or_default();
    let record = text("pk").split('#').next().unwrap().to_lowercase();
    let part = text("sk").split('#').next().unwrap();
    let told = |entry: &str| {
        let entry: Value = serde_json::from_str(entry).unwrap();
        let by_user = if entry["actor"][0] == "user" { "_by_user" } else { "" };
        let events = entry["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap());
        format!("{}{by_user}", events.collect::<Vec<_>>().join("+"))
    };
    let has = |name: &str| item.get(name).is_some();
    match (record.as_str(), part) {
        ("inv", "A") if text("sk") == "A#STATE" => format!("invoice_{}", item["status"]["M"]["code"]["S"].as_str().unwrap()),
        ("inv", "A") => "invoice_text".to_owned(),
        ("att", "A") => format!("attempt_{}", text("state")),
        ("pay", "A") => "payment".to_owned(),
        ("inv" | "pay", "M") => format!("outbox_{}{}_{}", text("kind"), text("event").replace('.', "_"), text("state")),
        ("con", "C") => "credit".to_owned(),
        (_, "J" | "D") => format!("journal_{}", told(text("entry"))),
        ("evt", _) => "gateway_event".to_owned(),
        ("num", _) => "number_series".to_owned(),
        ("idem", _) => "idempotency".to_owned(),
        ("con", _) => "contact".to_owned(),
        ("key", _) if has("revoked_at") => "key_revoked".to_owned(),
        ("key", _) if has("scopes") && has("expires_at") => "key_narrowed".to_owned(),
        ("key", _) if has("last_used_at") => "key_used".to_owned(),
        ("key", _) if has("role") => "key_unused".to_owned(),
        ("key", _) => "key_before_roles".to_owned(),
        ("prd", _) => "product".to_owned(),
        (other, _) => other.to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_written_today_is_what_the_newest_fixture_shows() {
    story(START, async |w| {
        script(w).await;
        let items = scanned(w).await;
        let (written, kept) = (plain(&items), plain(&fixture(NEWEST).into_iter().map(Value::from).collect::<Vec<_>>()));
        if written != kept {
            // One line an item, so that a changed item is a changed line.
            let file = items.iter().map(Value::to_string).collect::<Vec<_>>().join(",\n");
            let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("formats.json");
            fs::write(&fresh, format!("[\n{file}\n]\n")).unwrap();
            let differing: Vec<&String> = written.iter().filter(|line| !kept.contains(line)).collect();
            panic!("written otherwise than fixtures/{NEWEST} shows; all of it is in {}; these differ: {differing:#?}", fresh.display());
        }
    })
    .await;
}

fn fixture(name: &str) -> Vec<Map<String, Value>> {
    serde_json::from_str(&fs::read_to_string(folder().join(name)).unwrap()).unwrap()
}

#[test]
fn the_fixtures_hold_one_of_every_item() {
    let items: Vec<Value> = fixture(NEWEST).into_iter().map(Value::from).collect();
    let found: BTreeSet<String> = items.iter().map(kind_of).collect();
    let expected = "
        attempt_applied attempt_awaiting_payer attempt_expired business contact credit gateway_event idempotency invoice_closed
        invoice_draft invoice_open invoice_text invoice_voided journal_attempt_dispatched journal_attempt_moved journal_credit_granted
        journal_deleted journal_drafted journal_drafted+sent journal_money_allocated journal_money_moved_to_credit+voided
        journal_payment_moved_to_credit journal_payment_recorded journal_payment_requested journal_record_changed journal_record_created
        journal_record_created_by_user journal_revised journal_sent journal_slot_freed journal_slot_freed+money_allocated+closed
        journal_slot_reclassified journal_slot_taken journal_step_taken journal_viewed key_before_roles key_narrowed key_revoked key_unused
        key_used number_series outbox_past_due_reminder_handed outbox_receipt_handed outbox_request_handed outbox_unpaid_cancelled
        outbox_unpaid_claimed outbox_unpaid_handed outbox_unpaid_planned outbox_unpaid_uncertain outbox_businvoice_sent_planned
        outbox_upcoming_reminder_handed payment product run
    ";
    for kind in expected.split_whitespace() {
        assert!(found.contains(kind), "the fixtures hold no {kind}; they hold {found:#?}");
    }
    assert!(items.iter().all(|item| item["v"]["N"] == "1"), "every item says its format");
}

#[tokio::test(start_paused = true)]
async fn f53_every_fixture_ever_kept_is_read_in_full() {
    for file in fs::read_dir(folder()).unwrap() {
        let items = fixture(file.unwrap().file_name().to_str().unwrap());
        let mut w = World::bare(START).await;
        let client = w.table.client();
        for item in &items {
            let _ = client.put_item().table_name("remit").set_item(Some(read_item(item))).send().await.unwrap();
        }
        read_all(&mut w, &items).await;
        let audit = w.deps.store.audit().await.unwrap();
        assert_eq!(audit.findings, [""; 0]);
        assert!(audit.records > 10 && audit.entries > 30, "{audit:?}");
        w.close().await;
    }
}

/// Reads each record by its id, and each list; nothing stays unread.
async fn read_all(w: &mut World, items: &[Map<String, Value>]) {
    let store = &w.deps.store;
    let ids = |prefix: &str| -> BTreeSet<String> {
        items.iter().filter_map(|item| item["pk"]["S"].as_str().unwrap().strip_prefix(prefix).map(str::to_owned)).collect()
    };
    let of = |id: &str, part: &str| {
        let here = |item: &&Map<String, Value>| {
            item["pk"]["S"].as_str().unwrap().ends_with(id) && item["sk"]["S"].as_str().unwrap().starts_with(part)
        };
        items.iter().filter(here).count()
    };
    for id in ids("INV#") {
        let invoice_id = InvoiceId::parse(&id).unwrap();
        assert_eq!(store.find_invoice(&invoice_id).await.unwrap().is_some(), of(&id, "A#") == 2, "{id}");
        let subject = Subject::Invoice(invoice_id);
        assert_eq!(store.list_messages(&subject).await.unwrap().len(), of(&id, "M#"), "{id}");
        assert_eq!(store.list_entries(&subject, 0, 1000).await.unwrap().rows.len(), of(&id, "J#"), "{id}");
    }
    for id in ids("ATT#") {
        let attempt_id = AttemptId::parse(&id).unwrap();
        assert!(store.find_attempt(&attempt_id).await.unwrap().is_some(), "{id}");
        assert_eq!(store.list_entries(&Subject::Attempt(attempt_id), 0, 1000).await.unwrap().rows.len(), of(&id, "J#"), "{id}");
    }
    for id in ids("PAY#") {
        let payment_id = PaymentId::parse(&id).unwrap();
        assert!(store.find_payment(&payment_id).await.unwrap().is_some(), "{id}");
        let subject = Subject::Payment(payment_id);
        assert_eq!(store.list_messages(&subject).await.unwrap().len(), of(&id, "M#"), "{id}");
        assert_eq!(store.list_entries(&subject, 0, 1000).await.unwrap().rows.len(), of(&id, "J#"), "{id}");
    }
    for id in ids("CON#") {
        let contact = ContactId::parse(&id).unwrap();
        assert!(store.find_contact(&contact).await.unwrap().is_some());
        assert_eq!(store.list_credits(&contact).await.unwrap().len(), of(&id, "C#"), "{id}");
    }
    for id in ids("PRD#") {
        assert!(store.find_product(&ProductId::parse(&id).unwrap()).await.unwrap().is_some());
    }
    for id in ids("KEY#") {
        assert!(store.find_api_key(&ApiKeyId::parse(&id).unwrap()).await.unwrap().is_some());
    }
    for function in ids("RUN#") {
        assert!(store.find_run(&function).await.unwrap().is_some());
    }
    assert!(store.find_business().await.unwrap().is_some());
    assert!(store.next_number().await.unwrap() > 1);
    let states = items.iter().filter(|item| kind_of(&json!(item)).starts_with("invoice_") && item["sk"]["S"] == "A#STATE").count();
    assert_eq!(store.list_invoices(&InvoiceList::All, 100, None).await.unwrap().rows.len(), states);
    let listed = items.iter().filter(|item| item.get("kind_pk").is_some_and(|kind| kind["S"] == "api_key")).count();
    assert_eq!(store.list_api_keys(100, None).await.unwrap().rows.len(), listed);
    assert_eq!(store.list_contacts(100, None).await.unwrap().rows.len(), ids("CON#").len());
    assert_eq!(store.list_products(100, None).await.unwrap().rows.len(), ids("PRD#").len());
}
