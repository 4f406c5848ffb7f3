//! The front page of a local run: what it shows is there, what it links to opens, and it stays cheap.

use axum::{Router, body::Body};
use chrono::TimeDelta;
use domain::calendar::Zone;
use http::Request;
use http_body_util::BodyExt as _;
use local::{
    control::Info,
    front::{Around, LastMove, front_page},
    recorder::view::mailbox_router,
    sandbox_gateway::TEST_CARDS,
};
use scraper::{Html, Selector};
use serde_json::json;
use std::collections::BTreeMap;
use tests::{
    table::operations,
    world::{BASE, GOOD_CARD, World, story},
};
use tower::ServiceExt as _;

const START: &str = "2026-11-02T10:00:00Z";

fn around(moved: Option<LastMove>) -> Around {
    let info = Info {
        base_url: BASE.to_owned(),
        api_key: "key_shown".to_owned(),
        gateway_url: "http://127.0.0.1:8081".to_owned(),
        data_dir: "memory".to_owned(),
    };
    Around { info, moved, runs: BTreeMap::new() }
}

async fn front(w: &World, moved: Option<LastMove>) -> Html {
    let answer = front_page(&w.deps, &w.recorder, &around(moved)).await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    for part in ["default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part) && !policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");
    }
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    Html::parse_document(std::str::from_utf8(&body).unwrap())
}

/// The text of each element that a selector finds, with single blanks.
fn texts(page: &Html, selector: &str) -> Vec<String> {
    let text = |element: scraper::ElementRef<'_>| element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    page.select(&Selector::parse(selector).unwrap()).map(text).collect()
}

/// Where each link leads that a selector finds.
fn links(page: &Html, selector: &str) -> Vec<String> {
    page.select(&Selector::parse(selector).unwrap()).filter_map(|link| link.value().attr("href")).map(str::to_owned).collect()
}

/// The status of a page of the mailbox, where a local run carries it.
async fn mailbox(w: &World, path: &str) -> u16 {
    let routes = Router::new().nest("/_local", mailbox_router(w.recorder.clone(), Zone::UTC));
    routes.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
}

#[tokio::test(start_paused = true)]
async fn the_front_page_says_where_each_invoice_stands_and_every_link_on_it_opens() {
    story(START, async |w| {
        let contact = w.contact("Ada <Lovelace>", "ada@example.com").await;
        let paid = w.invoice_for(&contact, "80.00", "2026-11-16", true).await;
        let session = w.open_checkout(paid["links"]["pay_url"].as_str().unwrap()).await;
        w.gateway.pay(&session, GOOD_CARD).unwrap();
        w.deliver_notices().await;
        w.pass(TimeDelta::seconds(1));
        let part = w.invoice_for(&contact, "165.00", "2026-11-16", true).await;
        let cash = json!({ "amount": { "amount": "65.00", "currency": "EUR" }, "method": "cash" });
        let _ = w.post(&format!("/v1/invoices/{}/payments", part["id"].as_str().unwrap()), &cash).await.expect(201);
        w.pass(TimeDelta::seconds(1));
        w.invoice_for(&contact, "20.00", "2026-11-16", false).await;
        w.dispatch().await;

        let page = front(w, None).await;
        let rows = texts(&page, "[aria-labelledby=invoices] li");
        assert_eq!(
            rows,
            [
                "Draft Ada <Lovelace> EUR 20.00 Preview: this invoice has not been sent due 16 November 2026",
                "INV-00002 Ada <Lovelace> EUR 100.00 of EUR 165.00 Due on 16 November 2026 Pay INV-00002",
                "INV-00001 Ada <Lovelace> EUR 80.00 Paid on 2 November 2026 due 16 November 2026",
            ]
        );
        assert!(texts(&page, ".steps li")[0].starts_with("Pay invoice INV-00002 with card 4242 4242 4242 4242"));
        let of_invoices = links(&page, "[aria-labelledby=invoices] a, .steps a[href^='https:']");
        assert_eq!(of_invoices.len(), 4);
        for url in of_invoices {
            let _ = w.open(&url).await.expect(200);
        }
        let mails = links(&page, "[aria-labelledby=mailbox] a");
        assert_eq!(mails.len(), w.mails().len());
        for path in mails.iter().map(String::as_str).chain(["/_local/mailbox"]) {
            assert_eq!(mailbox(w, path).await, 200, "{path}");
        }
        for card in TEST_CARDS {
            assert!(texts(&page, ".cards").concat().contains(&format!("{} {}", card.spaced(), card.what)));
        }
        let ids = links(&page, "a[href^='#']");
        assert!(ids.iter().all(|id| page.select(&Selector::parse(id).unwrap()).count() == 1), "{ids:?}");
        assert_eq!(page.select(&Selector::parse("script, [onclick], [style]").unwrap()).count(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_move_of_the_clock_is_told_with_the_mails_that_it_made() {
    story(START, async |w| {
        w.sent_invoice("165.00", "2026-11-07").await;
        w.dispatch().await;
        let from = w.now();
        assert!(texts(&front(w, None).await, "[role=status]").is_empty());
        w.live_until("2026-11-05T10:00:00Z").await;
        let told = texts(&front(w, Some(LastMove { from, to: w.now() })).await, "[role=status]");
        assert_eq!(told, ["The clock was moved from 2 November 2026, 11:00 to 5 November 2026, 11:00; 1 mail went out meanwhile."]);
        let to = w.now();
        w.live_until("2026-11-09T10:00:00Z").await;
        let told = texts(&front(w, Some(LastMove { from, to })).await, "[role=status]");
        assert!(told[0].ends_with("; 1 mail went out meanwhile."), "a mail after the move is not of it: {told:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_front_page_shows_the_newest_twenty_invoices_and_reads_no_more_than_them() {
    story(START, async |w| {
        let contact = w.contact("Ada", "ada@example.com").await;
        for _ in 0..23 {
            w.pass(TimeDelta::seconds(1));
            w.invoice_for(&contact, "10.00", "2026-11-16", true).await;
        }
        w.dispatch().await;
        w.table.take_calls();
        let page = front(w, None).await;
        assert!(operations(&w.table.take_calls()).len() <= 23, "one list of each kind, the settings, and twenty invoices");
        let names = texts(&page, "[aria-labelledby=invoices] .who a");
        assert_eq!(names, (4..=23).rev().map(|number| format!("INV-{number:05}")).collect::<Vec<_>>());
        assert_eq!(texts(&page, "[aria-labelledby=mailbox] li").len(), 8);
        assert_eq!(texts(&page, "a[href='/_local/mailbox']"), ["All 23 mails"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_empty_business_has_a_front_page_as_well() {
    story(START, async |w| {
        let page = front(w, None).await;
        let all = texts(&page, "main").concat();
        assert!(all.contains("There is no invoice yet.") && all.contains("There is no mail yet."), "{all}");
        assert_eq!(texts(&page, ".commands dd").len(), 4);
    })
    .await;
}
