//! The settings hold for invoices that are written from then on.

use serde_json::{Value, json};
use tests::world::{World, story};

const START: &str = "2026-11-02T10:00:00Z";

/// The preset, its days, and when an invoice of 2 November 2026 is due.
const PRESETS: [(&str, u16, &str); 5] = [
    ("SET-DUE-RECEIPT", 0, "2026-11-02"),
    ("SET-DUE-15", 15, "2026-11-17"),
    ("SET-DUE-30", 30, "2026-12-02"),
    ("SET-DUE-60", 60, "2027-01-01"),
    ("SET-DUE-CUSTOM", 45, "2026-12-17"),
];

async fn saved(w: &World, change: &Value) {
    let mut business = w.get("/v1/business").await.expect(200).json();
    business.as_object_mut().unwrap().remove("version");
    for (name, value) in change.as_object().unwrap() {
        business[name] = value.clone();
    }
    let _ = w.put("/v1/business", &business).await.expect(200);
    // Settings are kept in memory for a minute.
    w.pass(chrono::TimeDelta::seconds(61));
}

async fn draft(w: &World, contact: &str, more: &Value) -> Value {
    let line = json!({ "name": "Studio hours", "quantity": "1", "unit_price": { "amount": "100.00", "currency": "EUR" } });
    let mut order = json!({ "contact_id": contact, "lines": [line] });
    for (name, value) in more.as_object().unwrap() {
        order[name] = value.clone();
    }
    w.post("/v1/invoices", &order).await.expect(201).json()
}

#[tokio::test(start_paused = true)]
async fn set_due_default_each_preset_dates_the_invoices_that_give_no_due_date_and_leaves_others_alone() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let mut written = Vec::new();
        for (preset, days, due_on) in PRESETS {
            saved(w, &json!({ "due_default_days": days })).await;
            let invoice = draft(w, &contact, &json!({})).await;
            assert_eq!(invoice["due_on"], due_on, "{preset}");
            let given = draft(w, &contact, &json!({ "due_on": "2026-11-09" })).await;
            assert_eq!(given["due_on"], "2026-11-09", "{preset}: what is given counts");
            written.push((invoice["id"].as_str().unwrap().to_owned(), due_on));
        }
        for (id, due_on) in written {
            assert_eq!(w.invoice(&id).await["due_on"], due_on, "an invoice keeps the date it was written with");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn set_scope_settings_hold_for_invoices_written_from_then_on_and_a_sent_one_keeps_its_words() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        saved(w, &json!({ "terms": "Payable within a fortnight.", "default_currency": "EUR" })).await;
        let sent = draft(w, &contact, &json!({ "send": true })).await;
        saved(w, &json!({ "terms": "Payable at once.", "due_default_days": 0 })).await;
        let now = w.invoice(sent["id"].as_str().unwrap()).await;
        assert_eq!((&now["terms"], &now["due_on"]), (&json!("Payable within a fortnight."), &sent["due_on"]));
        let page = w.open(sent["links"]["invoice_url"].as_str().unwrap()).await.expect(200).text;
        assert!(page.contains("Payable within a fortnight.") && !page.contains("Payable at once."));
        let next = draft(w, &contact, &json!({ "send": true })).await;
        assert_eq!((&next["terms"], &next["due_on"]), (&json!("Payable at once."), &json!("2026-11-02")));
    })
    .await;
}
