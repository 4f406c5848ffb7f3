//! The table of actions and statuses, typed by hand, against the code and against what the API does; golden scenarios;
//! numbers without a gap.

use chrono::TimeDelta;
use domain::{
    ids::{ContactId, InvoiceId, ProductId},
    invoice::{EvolveError, actions::TABLE, refusal::Refusal, status::StatusCode},
    record::Subject,
};
use futures::future::join_all;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};
use tests::{
    table::TableFault,
    world::{GOOD_CARD, World, hidden_fields, story},
};

const START: &str = "2026-11-02T10:00:00Z";
/// What the rules say: each action's rule; `-` refused, `S` taken over, `+` added by us, and the guards.
const ACTIONS: &str = include_str!("golden/actions.csv");

/// Action, status, and the guards under which it is allowed, or none.
fn golden() -> BTreeMap<(&'static str, &'static str), Option<Vec<&'static str>>> {
    let mut lines = ACTIONS.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let head = lines.next().unwrap();
    let mut cells = BTreeMap::new();
    for row in lines {
        assert_eq!(row.len(), head.len(), "{row:?}");
        for (status, cell) in head.iter().zip(&row).skip(2) {
            let mut words = cell.split(' ');
            let allowed = match words.next() {
                Some("-") => None,
                Some("S" | "+") => Some(words.collect()),
                other => panic!("{}: {other:?} is no cell", row[0]),
            };
            assert!(cells.insert((row[0], *status), allowed).is_none(), "{} stands twice", row[0]);
        }
    }
    cells
}

/// The rule of each action.
fn golden_rules() -> BTreeMap<&'static str, &'static str> {
    ACTIONS.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>()).map(|row| (row[0], row[1])).collect()
}

#[test]
fn own_10_every_cell_of_the_action_table_is_the_one_typed_by_hand() {
    let golden = golden();
    let mut written = BTreeMap::new();
    for (action, name, _, cells) in &TABLE {
        assert_eq!(action.name(), *name);
        for (status, cell) in StatusCode::ALL.into_iter().zip(cells) {
            written.insert((*name, status.name()), cell.map(|guards| guards.iter().map(|guard| guard.name()).collect::<Vec<_>>()));
        }
    }
    assert_eq!(written.len(), 25 * 8);
    for (cell, allowed) in &golden {
        assert_eq!(written.get(cell), Some(allowed), "{cell:?}");
    }
    assert_eq!(golden.len(), written.len());
    assert_eq!(TABLE.iter().map(|(_, name, rule, _)| (*name, *rule)).collect::<BTreeMap<_, _>>(), golden_rules());
}

/// An invoice of 100.00 in a status, and two minutes later.
async fn in_status(w: &World, contact: &str, status: &str) -> String {
    let invoice = w.invoice_for(contact, "100.00", "2026-11-16", status != "draft").await;
    let id = invoice["id"].as_str().unwrap().to_owned();
    let cash = json!({ "amount": { "amount": "100.00", "currency": "EUR" }, "method": "cash" });
    match status {
        "closed" => drop(w.post(&format!("/v1/invoices/{id}/payments"), &cash).await.expect(201)),
        "voided" => drop(w.post(&format!("/v1/invoices/{id}/void"), &json!({})).await.expect(200)),
        _ => {}
    }
    w.pass(TimeDelta::minutes(2));
    assert_eq!(w.invoice(&id).await["status"]["code"], status);
    id
}

/// The request for an action that has a route: method, end of its path, body.
fn route(action: &str) -> Option<(&'static str, &'static str, Value)> {
    let cash = json!({ "amount": { "amount": "1.00", "currency": "EUR" }, "method": "cash" });
    Some(match action {
        "edit" => ("PATCH", "", json!({ "due_on": "2026-11-20" })),
        "send" => ("POST", "/send", json!({})),
        "request_payment" => ("POST", "/request-payment", json!({})),
        "pay" => ("POST", "/payments", cash),
        "void" => ("POST", "/void", json!({ "acknowledge_captured_funds": true })),
        "delete" => ("DELETE", "", json!(null)),
        _ => return None,
    })
}

#[tokio::test(start_paused = true)]
async fn own_10_the_api_allows_and_refuses_what_the_table_typed_by_hand_says() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let rules = golden_rules();
        let mut tried = 0;
        for ((action, status), allowed) in golden() {
            let Some((method, end, body)) = route(action) else { continue };
            if !["draft", "open", "closed", "voided"].contains(&status) {
                continue;
            }
            let id = in_status(w, &contact, status).await;
            let path = format!("/v1/invoices/{id}{end}");
            let before = w.snapshot().await;
            let key = format!("{action}-{status}");
            let answer = w
                .api(method, &path, Some(&key).filter(|_| method == "POST").map(String::as_str), Some(&body).filter(|b| !b.is_null()))
                .await;
            if allowed.is_some() {
                assert!(answer.status.is_success(), "{action} in {status}: {}", answer.text);
            } else {
                let problem = answer.expect(409).json();
                assert_eq!(
                    (problem["code"].as_str(), problem["rule"].as_str()),
                    (Some("status_forbids"), Some(rules[action])),
                    "{action} in {status}"
                );
                assert!(problem["detail"].as_str().unwrap().ends_with(&format!("this one is {status}")), "{problem:#}");
                assert!(w.snapshot().await == before, "{action} in {status} left something behind");
            }
            tried += 1;
        }
        assert_eq!(tried, 6 * 4);
    })
    .await;
}

/// What an action answers with may be asked: its address is there, and takes its method. A link is given where it may be copied.
#[tokio::test(start_paused = true)]
async fn own_10_every_enabled_action_names_a_request_that_is_there_and_links_stand_where_they_may_be_copied() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        for status in ["draft", "open", "closed", "voided"] {
            let id = in_status(w, &contact, status).await;
            let invoice = w.invoice(&id).await;
            for answer in invoice["actions"].as_array().unwrap() {
                let (method, path) = (answer["method"].as_str(), answer["path"].as_str());
                assert_eq!((method.is_some(), path.is_some()), (answer["enabled"] == true, answer["enabled"] == true), "{answer:#}");
                if let (Some(method), Some(path)) = (method, path) {
                    // A body that fits nothing: whether something is there is asked, and nothing is done.
                    let key = (method == "POST").then_some("nonsense");
                    let body = (method != "GET").then(|| json!({ "nonsense": true }));
                    let asked = if method == "DELETE" { "GET" } else { method };
                    let status = w.api(asked, path, key, body.as_ref()).await.status.as_u16();
                    assert!(status != 404 && status != 405, "{method} {path}: {status}");
                }
                for (action, link) in [("copy_invoice_link", "invoice_url"), ("copy_pay_link", "pay_url")] {
                    if answer["action"] == action {
                        assert_eq!(invoice["links"][link].is_string(), answer["enabled"] == true, "{link} while {status}");
                    }
                }
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn own_10_every_action_of_an_invoice_is_answered_with_its_rule_and_a_sentence() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let golden = golden();
        for status in ["draft", "open", "closed", "voided"] {
            let id = in_status(w, &contact, status).await;
            let invoice = w.invoice(&id).await;
            let actions = invoice["actions"].as_array().unwrap();
            assert_eq!(actions.len(), 25);
            for answer in actions {
                let text = |name: &str| answer[name].as_str().unwrap().to_owned();
                let action = text("action");
                let (_, allowed) = golden.iter().find(|((a, s), _)| *a == action && *s == status).unwrap();
                assert!(!text("rule").is_empty() && text("reason").len() > 10, "{answer:#}");
                let built = route(&action).is_some() || action.starts_with("copy_");
                match allowed {
                    Some(_) if !built => assert_eq!(answer["enabled"], false, "{action} in {status}"),
                    None => assert_eq!(answer["enabled"], false, "{action} in {status}"),
                    Some(guards) if guards.is_empty() => assert_eq!(answer["enabled"], true, "{action} in {status}"),
                    Some(guards) if answer["enabled"] == false => assert!(guards.contains(&text("rule").as_str()), "{answer:#}"),
                    Some(_) => {}
                }
            }
        }
    })
    .await;
}

#[test]
fn refusals_that_no_request_can_meet_name_their_rules_as_well() {
    assert_eq!(Refusal::PageOutdated.rule(), "PAGE-PAY-FULL-ONLY");
    assert_eq!(Refusal::from(EvolveError::OutOfPlace("sent")).rule(), "R4");
}

/// The rules that a record's journal names, one after the other.
async fn rules_of(w: &World, subject: Subject) -> Vec<String> {
    let entries = w.deps.store.list_entries(&subject, 0, 1000).await.unwrap();
    let mut rules: Vec<String> = entries.rows.into_iter().map(|row| row.entry.cause.rule).collect();
    rules.dedup();
    rules
}

#[tokio::test(start_paused = true)]
async fn the_journal_of_every_record_names_the_rules_of_its_changes() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let product = json!({ "name": "Day", "unit_price": { "amount": "960.00", "currency": "EUR" } });
        let product = w.post("/v1/products", &product).await.expect(201).json();
        let draft = w.invoice_for(&contact, "100.00", "2026-11-16", false).await;
        let path = format!("/v1/invoices/{}", draft["id"].as_str().unwrap());
        let _ = w.patch(&path, &json!({ "due_on": "2026-11-20" })).await.expect(200);
        for end in ["send", "void"] {
            let _ = w.post(&format!("{path}/{end}"), &json!({})).await.expect(200);
        }
        let paid = w.invoice_for(&contact, "100.00", "2026-11-16", true).await;
        let _ = w.open(paid["links"]["invoice_url"].as_str().unwrap()).await.expect(200);
        let payments = format!("/v1/invoices/{}/payments", paid["id"].as_str().unwrap());
        let _ = w.post(&payments, &offline("cash", "40.00")).await.expect(201);
        let session = w.open_checkout(paid["links"]["pay_url"].as_str().unwrap()).await;
        w.gateway.pay(&session, GOOD_CARD).unwrap();
        w.deliver_notices().await;

        let invoice = |invoice: &Value| Subject::Invoice(InvoiceId::parse(invoice["id"].as_str().unwrap()).unwrap());
        let product = ProductId::parse(product["id"].as_str().unwrap()).unwrap();
        for (subject, rules) in [
            (Subject::Business, &["SET-SCOPE"][..]),
            (Subject::Contact(ContactId::parse(&contact).unwrap()), &["COL-CONTACTS"]),
            (Subject::Product(product), &["COL-PRODUCTS"]),
            (invoice(&draft), &["NEW-CUSTOMISE-LINES", "ACT-EDIT-STATUS", "ACT-SEND-DRAFT", "ACT-VOID-STATUS"]),
            (invoice(&paid), &["NEW-SEND-OR-DRAFT", "PAGE-INV-DETAILS", "ACT-PAY-OFFLINE", "OWN-01", "R2"]),
        ] {
            assert_eq!(rules_of(w, subject).await, rules);
        }
    })
    .await;
}

fn offline(method: &str, amount: &str) -> Value {
    json!({ "amount": { "amount": amount, "currency": "EUR" }, "method": method })
}

/// An invoice of 100.00 that was sent: its id and its pay page.
async fn hundred(w: &World) -> (String, String) {
    let invoice = w.sent_invoice("100.00", "2026-11-16").await;
    (invoice["id"].as_str().unwrap().to_owned(), invoice["links"]["pay_url"].as_str().unwrap().to_owned())
}

#[tokio::test(start_paused = true)]
async fn r1_golden_scenario_1_paid_by_card_in_full() {
    story(START, async |w| {
        let (id, pay_url) = hundred(w).await;
        let session = w.open_checkout(&pay_url).await;
        w.gateway.pay(&session, GOOD_CARD).unwrap();
        w.deliver_notices().await;
        assert_eq!(w.stands(&id).await, "0.00 closed");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn r1_golden_scenario_3_a_part_in_cash_leaves_the_rest_open() {
    story(START, async |w| {
        let (id, _) = hundred(w).await;
        let _ = w.post(&format!("/v1/invoices/{id}/payments"), &offline("cash", "40.00")).await.expect(201);
        assert_eq!(w.stands(&id).await, "60.00 open");
        assert_eq!(w.invoice(&id).await["facets"]["partially_paid"], true);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn r1_golden_scenario_9_voiding_a_partly_paid_invoice_needs_a_word_and_makes_credit() {
    story(START, async |w| {
        let (id, _) = hundred(w).await;
        let _ = w.post(&format!("/v1/invoices/{id}/payments"), &offline("cash", "40.00")).await.expect(201);
        let void = format!("/v1/invoices/{id}/void");
        let refused = w.post(&void, &json!({})).await.expect(409).json();
        assert_eq!((refused["rule"].as_str(), refused["field"].as_str()), (Some("G9"), Some("acknowledge_captured_funds")));
        let voided = w.post(&void, &json!({ "acknowledge_captured_funds": true })).await.expect(200).json();
        assert_eq!(w.stands(&id).await, "0.00 voided");
        let contact = w.get(&format!("/v1/contacts/{}", voided["contact_id"].as_str().unwrap())).await.expect(200).json();
        assert_eq!(contact["credit_balance"], json!([{ "amount": "40.00", "currency": "EUR" }]));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn r1_golden_scenario_10_thirty_cents_stay_open_and_no_card_is_offered_for_them() {
    story(START, async |w| {
        let (id, pay_url) = hundred(w).await;
        let _ = w.post(&format!("/v1/invoices/{id}/payments"), &offline("transfer", "99.70")).await.expect(201);
        assert_eq!(w.stands(&id).await, "0.30 open");
        let page = w.open(&pay_url).await.expect(200);
        assert!(page.text.contains("EUR 0.30") && hidden_fields(&page.text).is_empty(), "{}", page.text);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn i16_a_zero_total_invoice_is_closed_at_send_without_a_gateway_and_without_a_mail() {
    story(START, async |w| {
        w.rebuild(|mut deps| {
            deps.gateway = None;
            deps
        });
        let invoice = w.sent_invoice("0.00", "2026-11-16").await;
        assert_eq!((invoice["status"]["code"].as_str(), invoice["number"].as_str()), (Some("closed"), Some("INV-00001")));
        w.live_until("2026-11-03T00:00:00Z").await;
        assert_eq!(w.subjects(), [""; 0]);
        let mut events = w.events();
        events.sort();
        assert_eq!(events, ["invoice.closed", "invoice.sent"]);
        assert!(w.gateway.exchanges().is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn own_09_f45_numbers_have_no_gap_and_no_repeat_under_parallel_sends_and_injected_conflicts() {
    const SENDS: usize = 200;
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let mut ids = Vec::new();
        for _ in 0..SENDS {
            ids.push(w.invoice_for(&contact, "10.00", "2026-11-16", false).await["id"].as_str().unwrap().to_owned());
        }
        let commit_fails = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 60 < 5;
        w.table.set_fault_plan(Arc::new(move |site| match site.operation.as_str() {
            "TransactWriteItems" if commit_fails(site.n) => TableFault::TransactionConflict,
            _ => TableFault::None,
        }));
        let w = &*w;
        let send = async |id: &String| {
            for _ in 0..20 {
                let answer = w.api("POST", &format!("/v1/invoices/{id}/send"), Some(id), Some(&json!({}))).await;
                if answer.status.is_success() {
                    return answer.json()["number"].as_str().unwrap().to_owned();
                }
                assert_eq!(answer.status.as_u16(), 503, "{}", answer.text);
            }
            panic!("{id} was never sent");
        };
        let mut numbers = join_all(ids.iter().map(send)).await;
        numbers.sort();
        assert_eq!(numbers, (1..=SENDS).map(|n| format!("INV-{n:05}")).collect::<Vec<_>>());
        w.table.clear_faults();
        assert_eq!(w.deps.store.next_number().await.unwrap(), SENDS as u64 + 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn own_09_a_draft_that_is_voided_or_thrown_away_takes_no_number() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let mut numbers = Vec::new();
        for end in ["send", "void", "delete", "send"] {
            let id = w.invoice_for(&contact, "10.00", "2026-11-16", false).await["id"].as_str().unwrap().to_owned();
            match end {
                "delete" => drop(w.api("DELETE", &format!("/v1/invoices/{id}"), None, None).await.expect(204)),
                end => numbers.push(w.post(&format!("/v1/invoices/{id}/{end}"), &json!({})).await.expect(200).json()["number"].clone()),
            }
        }
        assert_eq!(numbers, [json!("INV-00001"), json!(null), json!("INV-00002")]);
    })
    .await;
}
