//! Lists: each reads one index, and its pages show everything once.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::world::{World, story};

const START: &str = "2026-11-02T10:00:00Z";

/// All ids of a list, page by page.
async fn all(w: &World, path: &str, limit: usize) -> Vec<String> {
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let sign = if path.contains('?') { '&' } else { '?' };
        let page = w.get(&format!("{path}{sign}limit={limit}{cursor}")).await.expect(200).json();
        let rows = page["data"].as_array().unwrap();
        assert!(rows.len() <= limit, "{page:#}");
        ids.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

/// Invoices of two contacts in every status reachable, by their status, in the order they were written.
async fn some(w: &World) -> (Vec<String>, BTreeMap<&'static str, Vec<String>>, Vec<String>) {
    let contacts = vec![w.contact("Ada", "ada@example.com").await, w.contact("Bob", "bob@example.com").await];
    let mut by_status: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut of_ada = Vec::new();
    for n in 0..20 {
        let (contact, status) = (n % 2, ["draft", "open", "open", "closed", "voided"][n % 5]);
        let due_on = format!("2026-11-{:02}", 30 - n);
        w.pass(chrono::TimeDelta::seconds(1));
        let invoice = w.invoice_for(&contacts[contact], "10.00", &due_on, status != "draft").await;
        let id = invoice["id"].as_str().unwrap().to_owned();
        let cash = json!({ "amount": { "amount": "10.00", "currency": "EUR" }, "method": "cash" });
        match status {
            "closed" => drop(w.post(&format!("/v1/invoices/{id}/payments"), &cash).await.expect(201)),
            "voided" => drop(w.post(&format!("/v1/invoices/{id}/void"), &json!({})).await.expect(200)),
            _ => {}
        }
        if contact == 0 {
            of_ada.push(id.clone());
        }
        by_status.entry(status).or_default().push(id);
    }
    (contacts, by_status, of_ada)
}

#[tokio::test(start_paused = true)]
async fn the_lists_of_invoices_show_each_one_once_whatever_the_page_size() {
    story(START, async |w| {
        let (contacts, by_status, of_ada) = some(w).await;
        let mut every: Vec<String> = by_status.values().flatten().cloned().collect();
        every.sort();
        for limit in [1, 3, 7, 100] {
            assert_eq!(all(w, "/v1/invoices", limit).await, every, "all, {limit} a page");
            for (status, ids) in &by_status {
                assert_eq!(all(w, &format!("/v1/invoices?status={status}"), limit).await, *ids, "{status}, {limit} a page");
            }
            assert_eq!(all(w, &format!("/v1/invoices?contact_id={}", contacts[0]), limit).await, of_ada, "{limit} a page");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c01_statuses_are_understood_by_code_label_and_the_older_words() {
    story(START, async |w| {
        let (_, by_status, _) = some(w).await;
        for (word, status) in [
            ("open", "open"),
            ("Open", "open"),
            ("Unpaid", "open"),
            ("unpaid", "open"),
            ("Paid", "closed"),
            ("CLOSED", "closed"),
            ("Voided", "voided"),
            ("Draft", "draft"),
        ] {
            assert_eq!(all(w, &format!("/v1/invoices?status={word}"), 25).await, by_status[status], "{word}");
        }
        for word in ["written_off", "Write%20off", "write+off", "collections", "refunded", "declined"] {
            assert_eq!(all(w, &format!("/v1/invoices?status={word}"), 25).await, [""; 0], "{word}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn r1_past_due_lists_what_is_owed_after_its_local_due_date_longest_overdue_first() {
    story(START, async |w| {
        let (_, by_status, _) = some(w).await;
        let mut open = by_status["open"].clone();
        open.reverse();
        // Open ones are due on 13, 14, 18, 19, 23, 24, 28 and 29 November.
        for (at, past_due) in [
            ("2026-11-13T22:59:59Z", 0),
            ("2026-11-13T23:00:00Z", 1),
            ("2026-11-19T22:59:59Z", 3),
            ("2026-11-19T23:00:00Z", 4),
            ("2026-12-24T00:00:00Z", 8),
        ] {
            w.set_clock(at);
            for limit in [1, 3, 100] {
                assert_eq!(all(w, "/v1/invoices?past_due=true", limit).await, open[..past_due], "{at}");
            }
        }
        let first = w.invoice(&open[0]).await;
        assert_eq!((&first["facets"]["past_due"], &first["facets"]["days_overdue"]), (&json!(true), &json!(41)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_row_shows_what_the_invoice_shows() {
    story(START, async |w| {
        let _ = some(w).await;
        let list = w.get("/v1/invoices?limit=100").await.expect(200).json();
        for row in list["data"].as_array().unwrap() {
            let whole = w.invoice(row["id"].as_str().unwrap()).await;
            for (name, value) in row.as_object().unwrap() {
                assert_eq!(*value, whole[name], "{name} of {row:#}");
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn contacts_and_products_are_listed_oldest_first_each_once() {
    story(START, async |w| {
        let mut ids = BTreeMap::from([("/v1/contacts", Vec::new()), ("/v1/products", Vec::new())]);
        for n in 0..7 {
            w.pass(chrono::TimeDelta::seconds(1));
            let product = json!({ "name": format!("Product {n}"), "unit_price": { "amount": "1.00", "currency": "EUR" } });
            for (path, body) in [("/v1/contacts", json!({ "name": format!("Contact {n}") })), ("/v1/products", product)] {
                let made: Value = w.post(path, &body).await.expect(201).json();
                ids.get_mut(path).unwrap().push(made["id"].as_str().unwrap().to_owned());
            }
        }
        for (path, ids) in ids {
            for limit in [1, 3, 100] {
                assert_eq!(all(w, path, limit).await, ids, "{path}, {limit} a page");
            }
            let one = w.get(&format!("{path}/{}", ids[3])).await.expect(200).json();
            assert!(one["name"].as_str().unwrap().ends_with(" 3"), "{one:#}");
        }
    })
    .await;
}
