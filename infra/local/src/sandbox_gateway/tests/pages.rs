use axum::body::Body;
use chrono::DateTime;
use http::{Request, StatusCode};

use super::super::PayOutcome;
use super::super::cards::{TEST_CARDS, read_expiry};
use super::super::currency::display;
use super::{BROKE, GOOD, START, bench, order_with};

#[tokio::test]
async fn the_page_shows_the_order_and_takes_a_card() {
    let bench = bench();
    let id = bench.open().await;
    let page = bench.page(&id).await;
    assert_eq!(page.status, StatusCode::OK);
    for part in [
        r#"<html lang="en">"#,
        "Sandbox: no real card is charged.",
        "Invoice &lt;A-1&gt;",
        "1,650.00 EUR",
        "ada@example.org",
        r#"<label for="number">"#,
        r#"autocomplete="cc-number""#,
        r#"href="https://pay.example.org/cancel">Back to pay.example.org"#,
        "4000 0000 0000 9995",
    ] {
        assert!(page.text.contains(part), "{part} is missing in {}", page.text);
    }
    assert!(!page.text.contains("<script") && !page.text.contains(" on"));
    assert_eq!(bench.page("cs_test_none").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_good_card_leads_back_to_the_merchant_and_a_second_click_too() {
    let bench = bench();
    let id = bench.open().await;
    for _ in 0..2 {
        let paid = bench.submit(&id, GOOD).await;
        assert_eq!(paid.status, StatusCode::SEE_OTHER);
        assert_eq!(paid.headers["location"], format!("https://pay.example.org/back?session={id}"));
    }
    let garbage = bench.submit(&id, "not a card").await;
    assert_eq!(garbage.status, StatusCode::SEE_OTHER);
    assert_eq!(bench.gateway.charges().len(), 1);
    assert!(bench.page(&id).await.text.contains("This payment is complete"));
}

#[tokio::test]
async fn what_goes_wrong_is_said_on_the_page_without_the_number() {
    let bench = bench();
    let id = bench.open().await;
    let cases = [
        (BROKE, "Your card has insufficient funds."),
        ("4242424242424241", "Your card number is invalid."),
        ("4111111111111111", "use one of the test cards"),
    ];
    for (number, message) in cases {
        let page = bench.submit(&id, number).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains(r#"role="alert""#) && page.text.contains(message), "{}", page.text);
        assert!(!page.text.contains(number));
    }
    let late = Request::post(format!("/c/pay/{id}")).body(Body::from("number=4242424242424242&exp=01%2F30&cvc=123"));
    assert!(bench.send(late.unwrap()).await.text.contains("expiry is invalid or past"));
    assert!(bench.gateway.charges().is_empty());
}

#[tokio::test]
async fn a_payer_who_leaves_has_paid() {
    let bench = bench();
    let id = bench.open().await;
    let page = bench.submit(&id, "4000 0000 0000 3220").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("You may close this window."));
    assert_eq!(bench.gateway.charges().len(), 1);
}

#[tokio::test]
async fn an_expired_page_takes_nothing() {
    let bench = bench();
    let id = bench.open().await;
    bench.pass(3600);
    let page = bench.submit(&id, GOOD).await;
    assert!(page.text.contains("This checkout has expired."));
    assert!(!page.text.contains("<form") && bench.gateway.charges().is_empty());
}

#[tokio::test]
async fn every_listed_card_does_what_the_list_says() {
    for card in TEST_CARDS {
        let bench = bench();
        let id = bench.open().await;
        let outcome = bench.gateway.pay(&id, card.number).unwrap();
        let declined = matches!(outcome, PayOutcome::Declined { .. });
        assert_eq!(declined, card.what.contains("declined"));
        assert_eq!(bench.gateway.charges().is_empty(), declined);
    }
}

#[tokio::test]
async fn the_controls_take_faults_and_show_no_secret() {
    let bench = bench();
    let id = bench.open().await;
    let json = |path: &str, body: &'static str| {
        Request::post(path.to_owned()).header("content-type", "application/json").body(Body::from(body)).unwrap()
    };
    let fault = json("/_sandbox/faults", r#"{"fault":"slow","on":"create_session","seconds":0}"#);
    assert_eq!(bench.send(fault).await.status, StatusCode::NO_CONTENT);
    assert_eq!(bench.send(json("/_sandbox/webhooks", r#"{"mode":"lose"}"#)).await.status, StatusCode::NO_CONTENT);
    let unknown = json("/_sandbox/faults", r#"{"fault":"fire","on":"any"}"#);
    assert!(bench.send(unknown).await.status.is_client_error());
    bench.gateway.pay(&id, GOOD).unwrap();
    assert!(bench.gateway.take_webhooks().is_empty());
    let page = bench.send(Request::get("/_sandbox").body(Body::empty()).unwrap()).await.text;
    assert!(page.contains(&id) && page.contains("charge.succeeded") && page.contains("1,650.00 EUR"));
    assert!(!page.contains("sk_test") && !page.contains("whsec") && !page.contains("_secret_"));
}

#[tokio::test]
async fn the_page_of_several_units_names_them() {
    let bench = bench();
    let id = bench.create("", &order_with(&[("line_items[0][quantity]", "3")])).await.id();
    assert!(bench.page(&id).await.text.contains("Invoice &lt;A-1&gt; × 3"));
}

#[test]
fn amounts_are_written_with_the_currency_s_decimals() {
    assert_eq!(display(5, "eur"), "0.05 EUR");
    assert_eq!(display(123_456_789, "usd"), "1,234,567.89 USD");
    assert_eq!(display(1000, "jpy"), "1,000 JPY");
    assert_eq!(display(12_340, "kwd"), "12.340 KWD");
    assert_eq!(display(50_000, "isk"), "500.00 ISK");
}

#[test]
fn an_expiry_is_good_to_the_end_of_its_month() {
    let now = DateTime::from_timestamp(START, 0).unwrap();
    for good in ["03/30", "3 / 2030", "0330", "12/30"] {
        assert!(read_expiry(good, now).is_some(), "{good}");
    }
    for bad in ["02/30", "13/31", "00/31", "3/3", "-1/31", "0", "soon", "", "١٢/31"] {
        assert!(read_expiry(bad, now).is_none(), "{bad}");
    }
}
