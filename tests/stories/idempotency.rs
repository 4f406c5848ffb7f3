//! The same POST again: one effect, one answer, whether it comes later, at the same time, or after an answer was lost.

use crate::{
    access::{claims, logged_in, with_logins},
    api_keys::request,
};
use axum::body::Body;
use domain::ids::ApiKeyId;
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tests::{
    table::{CallSite, TableFault},
    world::{Reply, World, story},
};

const START: &str = "2026-11-02T10:00:00Z";

/// A POST: what it is, its path, its body, its status.
type Post = (&'static str, String, Value, u16);

/// Mails that all of them leave behind: four invoices, a request and a receipt; the voided one's is dropped.
const MAILS: usize = 6;

/// One of every POST, each on a record of its own.
async fn posts(w: &World) -> Vec<Post> {
    let contact = w.contact("Ada Lovelace", "ada@example.com").await;
    let id = |made: Value| made["id"].as_str().unwrap().to_owned();
    let draft = id(w.invoice_for(&contact, "10.00", "2026-11-16", false).await);
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(id(w.invoice_for(&contact, "100.00", "2026-11-16", true).await));
    }
    w.pass(chrono::TimeDelta::minutes(2));
    let line = json!({ "name": "Hours", "quantity": "1", "unit_price": { "amount": "10.00", "currency": "EUR" } });
    let invoice = |send: bool| json!({ "contact_id": contact, "send": send, "lines": [line] });
    let cash = json!({ "amount": { "amount": "40.00", "currency": "EUR" }, "method": "cash" });
    let product = json!({ "name": "Day", "unit_price": { "amount": "960.00", "currency": "EUR" } });
    vec![
        ("a contact", "/v1/contacts".to_owned(), json!({ "name": "Bob" }), 201),
        ("a product", "/v1/products".to_owned(), product, 201),
        ("a draft", "/v1/invoices".to_owned(), invoice(false), 201),
        ("an invoice sent at once", "/v1/invoices".to_owned(), invoice(true), 201),
        ("a draft sent", format!("/v1/invoices/{draft}/send"), json!({}), 200),
        ("a request for payment", format!("/v1/invoices/{}/request-payment", open[0]), json!({}), 200),
        ("a payment", format!("/v1/invoices/{}/payments", open[1]), cash, 201),
        ("a void", format!("/v1/invoices/{}/void", open[2]), json!({}), 200),
    ]
}

fn replayed(answer: &Reply) -> bool {
    answer.header("idempotent-replayed") == "true"
}

#[tokio::test(start_paused = true)]
async fn the_same_post_twice_is_answered_alike_and_done_once() {
    story(START, async |w| {
        for (n, (what, path, body, status)) in posts(w).await.into_iter().enumerate() {
            let key = format!("key-{n}");
            let first = w.api("POST", &path, Some(&key), Some(&body)).await.expect(status);
            let after = w.snapshot().await;
            for _ in 0..2 {
                let again = w.api("POST", &path, Some(&key), Some(&body)).await.expect(status);
                assert_eq!((replayed(&first), replayed(&again)), (false, true), "{what}");
                assert_eq!(again.text, first.text, "{what}");
                assert_eq!((again.header("location"), again.header("etag")), (first.header("location"), first.header("etag")), "{what}");
                assert!(w.snapshot().await == after, "{what} was done twice");
            }
        }
        w.dispatch().await;
        assert_eq!(w.mails().len(), MAILS, "{:?}", w.subjects());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_same_post_at_the_same_time_is_done_once() {
    story(START, async |w| {
        for (n, (what, path, body, status)) in posts(w).await.into_iter().enumerate() {
            let key = format!("key-{n}");
            let send = || w.api("POST", &path, Some(&key), Some(&body));
            let (a, b, c) = tokio::join!(send(), send(), send());
            let answers = [a.expect(status), b.expect(status), c.expect(status)];
            assert_eq!(answers.iter().filter(|answer| !replayed(answer)).count(), 1, "{what}");
            assert!(answers.iter().all(|answer| answer.text == answers[0].text), "{what}");
        }
        let count = async |path: &str| w.get(path).await.expect(200).json()["data"].as_array().unwrap().len();
        assert_eq!((count("/v1/contacts").await, count("/v1/products").await, count("/v1/invoices").await), (2, 1, 6));
        w.dispatch().await;
        assert_eq!(w.mails().len(), MAILS, "{:?}", w.subjects());
    })
    .await;
}

/// Meets the first commit with one fault, and every later one with another.
fn commits_meet(w: &World, first: TableFault, later: TableFault) {
    let commits = AtomicU64::new(0);
    w.table.set_fault_plan(Arc::new(move |site: &CallSite| match site.operation.as_str() {
        "TransactWriteItems" if commits.fetch_add(1, Ordering::Relaxed) == 0 => first,
        "TransactWriteItems" => later,
        _ => TableFault::None,
    }));
}

#[tokio::test(start_paused = true)]
async fn f44_after_a_lost_answer_the_same_post_finds_what_was_done() {
    for (later, at_once) in [(TableFault::None, true), (TableFault::LoseBeforeEffect, false)] {
        story(START, async |w| {
            for (n, (what, path, body, status)) in posts(w).await.into_iter().enumerate() {
                let key = format!("key-{n}");
                let before = w.deps.store.audit().await.unwrap().entries;
                commits_meet(w, TableFault::LoseAnswerAfterEffect, later);
                let answer = w.api("POST", &path, Some(&key), Some(&body)).await;
                w.table.clear_faults();
                if at_once {
                    assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
                } else {
                    assert_eq!(answer.status.as_u16(), 503, "{what}: {}", answer.text);
                    assert!(!answer.header("retry-after").is_empty(), "{what}");
                }
                let after = w.snapshot().await;
                let again = w.api("POST", &path, Some(&key), Some(&body)).await.expect(status);
                assert!(replayed(&again), "{what}");
                assert!(w.snapshot().await == after, "{what} was done twice");
                // One for each record: a payment is one beside its invoice.
                let records = if path.ends_with("/payments") { 2 } else { 1 };
                assert_eq!(w.deps.store.audit().await.unwrap().entries - before, records, "{what}");
            }
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn f44_after_a_lost_request_the_same_post_does_it() {
    story(START, async |w| {
        for (n, (what, path, body, status)) in posts(w).await.into_iter().enumerate() {
            let key = format!("key-{n}");
            let before = w.snapshot().await;
            commits_meet(w, TableFault::LoseBeforeEffect, TableFault::LoseBeforeEffect);
            let answer = w.api("POST", &path, Some(&key), Some(&body)).await;
            w.table.clear_faults();
            assert_eq!(answer.status.as_u16(), 503, "{what}: {}", answer.text);
            assert!(w.snapshot().await == before, "{what} was done");
            let again = w.api("POST", &path, Some(&key), Some(&body)).await.expect(status);
            assert!(!replayed(&again), "{what}");
        }
    })
    .await;
}

/// Whoever asks again need not be who asked first: a key is rotated, a colleague takes over, a program logs in anew.
#[tokio::test(start_paused = true)]
async fn the_same_post_under_a_rotated_key_or_by_a_login_is_done_once() {
    story(START, async |w| {
        with_logins(w);
        let posts = posts(w).await;
        let rotate = json!({ "overlap_hours": 1 });
        let rotated = w.post(&format!("/v1/api-keys/{}/rotate", ApiKeyId::at(1, 1)), &rotate).await.expect(201).json();
        let token = rotated["token"].as_str().unwrap();
        // That it is in use is written down at its first use.
        let _ = w.send(request(token, "GET", "/v1/contacts", "first", None)).await.expect(200);
        let owner = claims("u-1", &json!({ "custom:remit_role": "owner" }));
        for (n, (what, path, body, status)) in posts.into_iter().enumerate() {
            let key = format!("key-{n}");
            let first = w.api("POST", &path, Some(&key), Some(&body)).await.expect(status);
            let after = w.snapshot().await;
            let rotated = w.send(request(token, "POST", &path, &key, Some(&body))).await.expect(status);
            let logged_in = logged_in(w, &owner, "POST", &path, &key, &body).await.expect(status);
            for again in [rotated, logged_in] {
                assert!(replayed(&again), "{what}");
                assert_eq!(again.text, first.text, "{what}");
            }
            assert!(w.snapshot().await == after, "{what} was done twice");
        }
    })
    .await;
}

/// Whoever decides on what they read is not to change what a colleague made of it meanwhile.
#[tokio::test(start_paused = true)]
async fn an_action_with_an_older_tag_changes_nothing_and_with_the_present_one_it_is_done() {
    story(START, async |w| {
        let key = ApiKeyId::at(1, 1);
        let rotation = ("a rotation", format!("/v1/api-keys/{key}/rotate"), json!({ "overlap_hours": 1 }), 201);
        let actions: Vec<Post> = posts(w).await.into_iter().filter(|post| post.1.matches('/').count() > 2).chain([rotation]).collect();
        assert_eq!(actions.len(), 5);
        for (n, (what, path, body, status)) in actions.into_iter().enumerate() {
            let act = async |tag: &str, key: &str| {
                let request = w.staff("POST", &path).header("idempotency-key", key).header("content-type", "application/json");
                w.send(request.header("if-match", tag).body(Body::from(body.to_string())).unwrap()).await
            };
            let record = path.rsplit_once('/').unwrap().0;
            let tag = w.get(record).await.expect(200).header("etag").to_owned();
            let before = w.snapshot().await;
            for older in ["\"99\"", "\"1-1-open\"", "W/\"1\""] {
                assert_eq!(act(older, &format!("older-{n}")).await.expect(412).json()["code"], "stale", "{what} {older}");
            }
            assert!(w.snapshot().await == before, "{what}");
            let _ = act(&tag, &format!("present-{n}")).await.expect(status);
            // Who is answered nothing asks again with the tag that was right then.
            assert!(replayed(&act(&tag, &format!("present-{n}")).await.expect(status)), "{what}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_keeps_no_key_and_a_draft_gone_since_is_told_as_gone() {
    story(START, async |w| {
        let refused = w.api("POST", "/v1/contacts", Some("one"), Some(&json!({ "name": "" }))).await.expect(422);
        assert!(!replayed(&refused));
        let made = w.api("POST", "/v1/contacts", Some("one"), Some(&json!({ "name": "Ada" }))).await.expect(201).json();
        let draft = json!({ "contact_id": made["id"] });
        let first = w.api("POST", "/v1/invoices", Some("two"), Some(&draft)).await.expect(201).json();
        let _ = w.api("DELETE", &format!("/v1/invoices/{}", first["id"].as_str().unwrap()), None, None).await.expect(204);
        let gone = w.api("POST", "/v1/invoices", Some("two"), Some(&draft)).await.expect(410).json();
        assert_eq!(gone["code"], "result_gone");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f48_a_key_is_free_after_thirty_days_though_the_table_still_keeps_its_record() {
    story(START, async |w| {
        let named = |name: &str| json!({ "name": name });
        let post = async |name: &str| w.api("POST", "/v1/contacts", Some("key-1"), Some(&named(name))).await;
        let first = post("Ada").await.expect(201).json();
        w.set_clock("2026-12-02T09:59:59.999Z");
        let _ = post("Bob").await.expect(422);
        assert_eq!(post("Ada").await.expect(201).json()["id"], first["id"]);
        w.set_clock("2026-12-02T10:00:00Z");
        let second = post("Bob").await.expect(201);
        assert!(!replayed(&second));
        assert!(replayed(&post("Bob").await.expect(201)), "from now on it is the new one's");
        let _ = post("Ada").await.expect(422);
    })
    .await;
}
