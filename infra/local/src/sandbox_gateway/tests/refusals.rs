use axum::body::Body;
use base64::prelude::{BASE64_STANDARD, Engine};
use http::{Request, StatusCode};

use super::{api, bench, order, order_with};

/// Changed parameters, and code and parameter of the refusal.
type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);

#[tokio::test]
async fn the_secret_key_comes_as_bearer_or_basic_or_not_at_all() {
    let bench = bench();
    let basic = |key: &str| format!("Basic {}", BASE64_STANDARD.encode(format!("{key}:")));
    for (value, status) in [
        (Some(basic("sk_test_bench")), StatusCode::NOT_FOUND),
        (Some(basic("sk_test_other")), StatusCode::UNAUTHORIZED),
        (Some("Bearer sk_test_other".to_owned()), StatusCode::UNAUTHORIZED),
        (None, StatusCode::UNAUTHORIZED),
    ] {
        let request = Request::get("/v1/payment_intents/pi_1");
        let request = value.into_iter().fold(request, |request, value| request.header("authorization", value));
        assert_eq!(bench.send(request.body(Body::empty()).unwrap()).await.status, status);
    }
}

#[tokio::test]
async fn unknown_objects_paths_and_versions_are_refused() {
    let bench = bench();
    for path in ["/v1/checkout/sessions/cs_1", "/v1/payment_intents/pi_1", "/v1/events/evt_1"] {
        let got = bench.get(path).await;
        assert_eq!((got.status, got.error("code")), (StatusCode::NOT_FOUND, "resource_missing".to_owned()));
    }
    assert_eq!(bench.get("/v1/nothing").await.status, StatusCode::NOT_FOUND);
    assert_eq!(bench.get("/elsewhere").await.status, StatusCode::NOT_FOUND);
    let newer = Request::get("/v1/events/evt_1").header("authorization", "Bearer sk_test_bench");
    let newer = newer.header("stripe-version", "2025-01-01").body(Body::empty()).unwrap();
    assert_eq!(bench.send(newer).await.status, StatusCode::BAD_REQUEST);
    let json = api("POST", "/v1/checkout/sessions").header("content-type", "application/json");
    assert_eq!(bench.send(json.body(Body::from("{}")).unwrap()).await.status, StatusCode::BAD_REQUEST);
    let id = bench.open().await;
    let expanded = bench.get(&format!("/v1/checkout/sessions/{id}?expand[]=customer")).await;
    assert_eq!(expanded.error("param"), "expand");
}

#[tokio::test]
async fn parameters_are_checked_as_stripe_does() {
    const UNIT: &str = "line_items[0][price_data][unit_amount]";
    const CURRENCY: &str = "line_items[0][price_data][currency]";
    let cases: [Case; 19] = [
        (&[("surprise", "1")], "parameter_unknown", "surprise"),
        (&[("line_items[0][surprise]", "1")], "parameter_unknown", "line_items[0][surprise]"),
        (&[("discounts[0][coupon]", "x")], "", "discounts"),
        (&[("mode", "setup")], "", "mode"),
        (&[("cancel_url", "")], "parameter_invalid_empty", "cancel_url"),
        (&[("success_url", "/back")], "url_invalid", "success_url"),
        (&[("cancel_url", "javascript:alert(1)")], "url_invalid", "cancel_url"),
        (&[(UNIT, "0")], "parameter_invalid_integer", UNIT),
        (&[(UNIT, "12.5")], "parameter_invalid_integer", UNIT),
        (&[(UNIT, "100000000")], "amount_too_large", "line_items"),
        (&[("line_items[0][quantity]", "0")], "parameter_invalid_integer", "line_items[0][quantity]"),
        (&[(CURRENCY, "zzz")], "", CURRENCY),
        (&[(CURRENCY, "kwd"), (UNIT, "1234")], "parameter_invalid_integer", "line_items"),
        (&[(CURRENCY, "isk"), (UNIT, "1234")], "parameter_invalid_integer", "line_items"),
        (&[("expires_at", "1900001799")], "", "expires_at"),
        (&[("expires_at", "1900086401")], "", "expires_at"),
        (&[("customer_email", "nobody")], "email_invalid", "customer_email"),
        (&[("payment_method_types[]", "sepa_debit")], "", "payment_method_types[0]"),
        (&[("metadata[a name that is longer than forty characters]", "1")], "", "metadata"),
    ];
    let bench = bench();
    for (change, code, param) in cases {
        let got = bench.create("", &order_with(change)).await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{change:?}");
        assert_eq!((got.error("code").as_str(), got.error("param").as_str()), (code, param), "{change:?}");
    }
    assert!(bench.gateway.sessions().is_empty());
}

#[tokio::test]
async fn required_parameters_are_named() {
    let bench = bench();
    for name in ["success_url", "mode", "line_items[0][quantity]", "line_items[0][price_data][product_data][name]"] {
        let form: Vec<_> = order().into_iter().filter(|(given, _)| *given != name).collect();
        let got = bench.create("", &form).await;
        assert_eq!((got.error("code").as_str(), got.error("param").as_str()), ("parameter_missing", name));
    }
}
