//! Headers, paths and queries, before any body is looked at.

use super::{nowhere, refusal};
use crate::{
    door::{Asked, Edited, PathId, Posted, Removed, Seen},
    dto::{Nothing, contact::NewContactBody},
};
use app::Caller;
use axum::{
    body::Body,
    extract::{FromRequest as _, FromRequestParts as _, Request},
    http::request::Builder,
};
use domain::{
    ids::{ApiKeyId, InvoiceId},
    record::Actor,
};

const JSON: (&str, &str) = ("content-type", "application/json");

fn staff(key: u64) -> Actor {
    Actor::Staff(ApiKeyId::at(key, 1))
}

fn with(headers: &[(&str, &str)], actor: Actor, request: Builder, body: &str) -> Request {
    let deps = nowhere();
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let mut request = request.body(Body::from(body.to_owned())).unwrap();
    request.extensions_mut().insert(Caller::new(&deps, actor, deps.clock.now()));
    request
}

fn post(headers: &[(&str, &str)], body: &str) -> Request {
    with(headers, staff(1), Request::post("/v1/contacts"), body)
}

async fn posted(request: Request) -> Option<(u16, &'static str, String)> {
    refusal(Posted::<NewContactBody>::from_request(request, &nowhere()).await)
}

#[tokio::test]
async fn a_post_needs_its_key_json_and_no_more_than_256_kb() {
    let long = "k".repeat(256);
    let key = ("idempotency-key", "k-1");
    let ada = r#"{"name": "Ada"}"#;
    for (headers, body, refused) in [
        (vec![key, JSON], ada, None),
        (vec![key, ("content-type", "Application/JSON; charset=utf-8")], ada, None),
        (vec![("idempotency-key", &long[..255]), JSON], ada, None),
        (vec![JSON], ada, Some((400, "idempotency_key_missing", "Idempotency-Key"))),
        (vec![("idempotency-key", ""), JSON], ada, Some((400, "idempotency_key_invalid", "Idempotency-Key"))),
        (vec![("idempotency-key", "two words"), JSON], ada, Some((400, "idempotency_key_invalid", "Idempotency-Key"))),
        (vec![("idempotency-key", "schlüssel"), JSON], ada, Some((400, "idempotency_key_invalid", "Idempotency-Key"))),
        (vec![("idempotency-key", &long), JSON], ada, Some((400, "idempotency_key_invalid", "Idempotency-Key"))),
        (vec![key, key, JSON], ada, Some((400, "idempotency_key_invalid", "Idempotency-Key"))),
        (vec![key], ada, Some((415, "content_type_unsupported", "Content-Type"))),
        (vec![key, ("content-type", "text/plain")], ada, Some((415, "content_type_unsupported", "Content-Type"))),
        (vec![key, ("content-type", "application/x-www-form-urlencoded")], "", Some((415, "content_type_unsupported", "Content-Type"))),
        (vec![key], "", Some((400, "field_missing", "name"))),
        (vec![key, JSON], "{", Some((400, "body_malformed", ""))),
        (vec![key, JSON], r#"{"name": "Ada"} x"#, Some((400, "body_malformed", ""))),
    ] {
        let expected = refused.map(|(status, code, field)| (status, code, field.to_owned()));
        assert_eq!(posted(post(&headers, body)).await, expected, "{headers:?} {body}");
    }
    let large = format!(r#"{{"name": "{}"}}"#, "a".repeat(256 * 1024));
    assert_eq!(posted(post(&[key, JSON], &large)).await, Some((413, "body_too_large", String::new())));
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    assert_eq!(posted(post(&[key, JSON], &deep)).await, Some((400, "body_malformed", String::new())));
}

#[tokio::test]
async fn the_same_request_has_the_same_digests_whoever_sends_it_and_any_difference_another() {
    let digests = async |key: &str, actor: Actor, path: &str, body: &str| {
        let request = with(&[("idempotency-key", key), JSON], actor, Request::post(path), body);
        Posted::<Nothing>::from_request(request, &nowhere()).await.ok().and_then(|posted| posted.caller.idempotency).unwrap()
    };
    let first = digests("k", staff(1), "/v1/a", "{}").await;
    assert_eq!(digests("k", staff(1), "/v1/a", "{}").await, first);
    assert_ne!(digests("l", staff(1), "/v1/a", "{}").await.key, first.key);
    assert_eq!(digests("k", staff(2), "/v1/a", "{}").await, first);
    for (path, body) in [("/v1/b", "{}"), ("/v1/a", "{ }"), ("/v1/a", "")] {
        let other = digests("k", staff(1), path, body).await;
        assert!(other.key == first.key && other.request != first.request, "{path} {body}");
    }
}

#[tokio::test]
async fn if_match_takes_one_tag_as_it_was_given() {
    let tag = |tag: &str| Ok(Seen::Tag(tag.to_owned()));
    for (values, expected) in [
        (vec![], Ok(Seen::Anything)),
        (vec!["*"], Ok(Seen::Something)),
        (vec!["\"3\""], tag("3")),
        (vec!["\"1-16500-open\""], tag("1-16500-open")),
        (vec!["W/\"3\""], Err((412, "stale", String::new()))),
        (vec!["3"], Err((400, "if_match_invalid", "If-Match".to_owned()))),
        (vec!["\"3\", \"4\""], Err((400, "if_match_invalid", "If-Match".to_owned()))),
        (vec!["\"3\"", "\"4\""], Err((400, "if_match_invalid", "If-Match".to_owned()))),
    ] {
        let headers: Vec<(&str, &str)> = values.iter().map(|value| ("if-match", *value)).collect();
        let request = with(&headers, staff(1), Request::patch("/v1/x"), "");
        let edited = Edited::<Nothing>::from_request(request, &nowhere()).await.map(|edited| edited.seen);
        let (mut parts, _) = with(&headers, staff(1), Request::delete("/v1/x"), "").into_parts();
        let removed = Removed::from_request_parts(&mut parts, &nowhere()).await.map(|removed| removed.seen);
        for seen in [edited, removed] {
            assert_eq!(seen.map_err(|refused| refusal::<()>(Err(refused)).unwrap()), expected, "{values:?}");
        }
    }
    assert_eq!(Seen::Tag("3".to_owned()).version().ok(), Some(Some(3)));
    assert!(Seen::Tag("1-16500-open".to_owned()).version().is_err());
}

#[tokio::test]
async fn a_query_is_read_whole_or_refused() {
    for (query, refused) in [
        ("", None),
        ("limit=1", None),
        ("limit=100&cursor=abc", None),
        ("limit=0", Some((400, "query_invalid", "limit"))),
        ("limit=101", Some((400, "query_invalid", "limit"))),
        ("limit=ten", Some((400, "query_invalid", "limit"))),
        ("limit=", Some((400, "query_invalid", "limit"))),
        ("limit=1&limit=2", Some((400, "query_invalid", "limit"))),
        ("q=ada", Some((400, "query_unknown", "q"))),
        ("cursor=a&cursor=b", Some((400, "query_invalid", "cursor"))),
    ] {
        let (mut parts, _) = Request::get(format!("/v1/x?{query}")).body(Body::empty()).unwrap().into_parts();
        let asked = Asked::from_request_parts(&mut parts, &nowhere()).await.unwrap_or_else(|_| std::process::abort());
        let expected = refused.map(|(status, code, field)| (status, code, field.to_owned()));
        assert_eq!(refusal(asked.paging()), expected, "{query}");
    }
    for (query, refused) in [
        ("invoice_id=inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W", None),
        ("", Some((400, "query_invalid", "invoice_id"))),
        ("invoice_id=pay_01JZ8Q6X3S9V7K2M4N5P6R8T0W", Some((400, "id_invalid", "invoice_id"))),
        ("invoice_id=inv_1", Some((400, "id_invalid", "invoice_id"))),
    ] {
        let (mut parts, _) = Request::get(format!("/v1/x?{query}")).body(Body::empty()).unwrap().into_parts();
        let mut asked = Asked::from_request_parts(&mut parts, &nowhere()).await.unwrap_or_else(|_| std::process::abort());
        let expected = refused.map(|(status, code, field)| (status, code, field.to_owned()));
        assert_eq!(refusal(asked.take_invoice_id()), expected, "{query}");
    }
}

#[test]
fn an_id_in_the_path_that_is_of_another_kind_or_form_is_unknown() {
    for (text, found) in
        [("inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W", true), ("pay_01JZ8Q6X3S9V7K2M4N5P6R8T0W", false), ("inv_1", false), ("", false)]
    {
        let id = PathId::of(text);
        assert_eq!(id.invoice().ok(), InvoiceId::parse(text).ok(), "{text}");
        assert_eq!(id.invoice().is_ok(), found, "{text}");
        assert_eq!(refusal(id.contact()), Some((404, "not_found", String::new())));
        assert_eq!(refusal(id.product()), Some((404, "not_found", String::new())));
    }
}
