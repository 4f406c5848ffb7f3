//! Requests that are refused before their body is looked into: size, type, keys, tags, ids, lists; and customers' forms.

use axum::body::Body;
use serde_json::json;
use tests::world::{BASE, Reply, World, hidden_fields, story};

const START: &str = "2026-11-02T10:00:00Z";
const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const KEY: (&str, &str) = ("idempotency-key", "used-once");
const CONTACT: &str = r#"{"name":"Ada"}"#;

type Headers<'a> = Vec<(&'a str, &'a str)>;

async fn ask(w: &World, method: &str, path: &str, headers: Headers<'_>, body: &str) -> Reply {
    let request = headers.into_iter().fold(w.staff(method, path), |request, (name, value)| request.header(name, value));
    w.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn a_request_of_the_wrong_form_is_refused_and_leaves_nothing_behind() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let draft = w.invoice_for(&contact, "10.00", "2026-11-16", false).await["id"].as_str().unwrap().to_owned();
        let first = ask(w, "POST", "/v1/contacts", vec![JSON, ("idempotency-key", "taken")], CONTACT).await.expect(201);
        let (invoice, person) = (format!("/v1/invoices/{draft}"), format!("/v1/contacts/{contact}"));
        let (unknown, of_contacts) = ("/v1/invoices/inv_00000000000000000000000000", format!("/v1/invoices/{contact}"));
        let page = w.get("/v1/contacts?limit=1").await.expect(200).json();
        let elsewhere = format!("/v1/products?cursor={}", page["next_cursor"].as_str().unwrap());
        let big = format!(r#"{{"name":"{}"}}"#, "x".repeat(256 * 1024));
        let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
        let long = "k".repeat(256);
        let both = format!("/v1/invoices?status=open&contact_id={contact}");
        let stale = ("if-match", "\"99\"");
        let cases: Vec<(&str, &str, &str, Headers<'_>, &str, u16, &str)> = vec![
            ("a body over 256 KB", "POST", "/v1/contacts", vec![JSON, KEY], &big, 413, "body_too_large"),
            ("a form", "POST", "/v1/contacts", vec![FORM, KEY], "name=Ada", 415, "content_type_unsupported"),
            ("a body without a type", "POST", "/v1/contacts", vec![KEY], CONTACT, 415, "content_type_unsupported"),
            ("text in PATCH", "PATCH", &person, vec![("content-type", "text/plain")], CONTACT, 415, "content_type_unsupported"),
            ("broken JSON", "POST", "/v1/contacts", vec![JSON, KEY], r#"{"name":"#, 400, "body_malformed"),
            ("JSON with more behind it", "POST", "/v1/contacts", vec![JSON, KEY], r#"{"name":"Ada"}}"#, 400, "body_malformed"),
            ("deep nesting", "POST", "/v1/contacts", vec![JSON, KEY], &deep, 400, "body_malformed"),
            ("a field twice", "POST", "/v1/contacts", vec![JSON, KEY], r#"{"name":"Ada","name":"Eve"}"#, 400, "field_twice"),
            ("a list for an object", "POST", "/v1/contacts", vec![JSON, KEY], "[]", 400, "field_type"),
            ("a missing field", "POST", "/v1/contacts", vec![JSON, KEY], "{}", 400, "field_missing"),
            ("no idempotency key", "POST", "/v1/contacts", vec![JSON], CONTACT, 400, "idempotency_key_missing"),
            ("an empty key", "POST", "/v1/contacts", vec![JSON, ("idempotency-key", "")], CONTACT, 400, "idempotency_key_invalid"),
            ("a key with a blank", "POST", "/v1/contacts", vec![JSON, ("idempotency-key", "a b")], CONTACT, 400, "idempotency_key_invalid"),
            ("a long key", "POST", "/v1/contacts", vec![JSON, ("idempotency-key", &long)], CONTACT, 400, "idempotency_key_invalid"),
            ("two keys", "POST", "/v1/contacts", vec![JSON, KEY, KEY], CONTACT, 400, "idempotency_key_invalid"),
            (
                "a key of another body",
                "POST",
                "/v1/contacts",
                vec![JSON, ("idempotency-key", "taken")],
                r#"{"name":"Eve"}"#,
                422,
                "idempotency_key_reused",
            ),
            (
                "a key of another path",
                "POST",
                "/v1/products",
                vec![JSON, ("idempotency-key", "taken")],
                r#"{"name":"Day","unit_price":{"amount":"1.00","currency":"EUR"}}"#,
                422,
                "idempotency_key_reused",
            ),
            ("an unknown invoice", "GET", unknown, vec![], "", 404, "not_found"),
            ("an id of another kind", "GET", &of_contacts, vec![], "", 404, "not_found"),
            ("no id at all", "GET", "/v1/invoices/1%20OR%201", vec![], "", 404, "not_found"),
            (
                "an unknown invoice to be sent",
                "POST",
                "/v1/invoices/inv_00000000000000000000000000/send",
                vec![JSON, KEY],
                "{}",
                404,
                "not_found",
            ),
            ("an unknown invoice's journal", "GET", "/v1/invoices/inv_00000000000000000000000000/journal", vec![], "", 404, "not_found"),
            ("an unknown contact", "PATCH", "/v1/contacts/con_00000000000000000000000000", vec![JSON], CONTACT, 404, "not_found"),
            ("nothing there", "GET", "/v1/quotes", vec![], "", 404, "not_found"),
            ("another method", "DELETE", "/v1/contacts", vec![], "", 405, "method_not_allowed"),
            ("a stale tag", "PATCH", &person, vec![JSON, stale], CONTACT, 412, "stale"),
            ("a stale tag", "PATCH", &invoice, vec![JSON, stale], r#"{"customer_note":"x"}"#, 412, "stale"),
            ("a stale tag", "DELETE", &invoice, vec![stale], "", 412, "stale"),
            (
                "a stale tag",
                "PUT",
                "/v1/business",
                vec![JSON, stale],
                r#"{"name":"K","zone":"UTC","default_currency":"EUR","email_from":"a@example.com"}"#,
                412,
                "stale",
            ),
            ("a weak tag", "PATCH", &person, vec![JSON, ("if-match", "W/\"1\"")], CONTACT, 412, "stale"),
            ("a tag without quotes", "PATCH", &person, vec![JSON, ("if-match", "1")], CONTACT, 400, "if_match_invalid"),
            ("a bad cursor", "GET", "/v1/contacts?cursor=abc", vec![], "", 400, "cursor_invalid"),
            ("a cursor of another list", "GET", &elsewhere, vec![], "", 400, "cursor_invalid"),
            ("two filters", "GET", &both, vec![], "", 400, "query_invalid"),
            ("not past due", "GET", "/v1/invoices?past_due=false", vec![], "", 400, "query_invalid"),
            ("an unknown status", "GET", "/v1/invoices?status=lost", vec![], "", 400, "query_invalid"),
            ("no contact's id", "GET", "/v1/invoices?contact_id=1", vec![], "", 400, "id_invalid"),
            ("no rows", "GET", "/v1/invoices?limit=0", vec![], "", 400, "query_invalid"),
            ("too many rows", "GET", "/v1/invoices?limit=101", vec![], "", 400, "query_invalid"),
            ("a parameter twice", "GET", "/v1/invoices?limit=1&limit=2", vec![], "", 400, "query_invalid"),
            ("an unknown parameter", "GET", "/v1/invoices?sort=asc", vec![], "", 400, "query_unknown"),
            ("payments of an unknown type", "GET", "/v1/payments?type=gift", vec![], "", 400, "query_invalid"),
            ("payments of nobody", "GET", "/v1/payments?contact_id=1", vec![], "", 400, "id_invalid"),
            (
                "payments of an unknown invoice",
                "GET",
                "/v1/payments?invoice_id=inv_00000000000000000000000000",
                vec![],
                "",
                404,
                "not_found",
            ),
            (
                "messages of an unknown invoice",
                "GET",
                "/v1/messages?invoice_id=inv_00000000000000000000000000",
                vec![],
                "",
                404,
                "not_found",
            ),
            (
                "attempts of an unknown invoice",
                "GET",
                "/v1/attempts?invoice_id=inv_00000000000000000000000000",
                vec![],
                "",
                404,
                "not_found",
            ),
            ("an unknown attempt", "GET", "/v1/attempts/att_0000000000000000", vec![], "", 404, "not_found"),
            ("an unknown payment", "GET", "/v1/payments/pay_00000000000000000000000000", vec![], "", 404, "not_found"),
            ("credits of an unknown contact", "GET", "/v1/contacts/con_00000000000000000000000000/credits", vec![], "", 404, "not_found"),
        ];
        let before = w.snapshot().await;
        for (what, method, path, headers, body, status, code) in cases {
            let answer = ask(w, method, path, headers, body).await;
            let problem = answer.json();
            assert_eq!((answer.status.as_u16(), problem["code"].as_str().unwrap()), (status, code), "{what}: {problem:#}");
            assert!(w.snapshot().await == before, "{what} left something behind");
        }
        let again = ask(w, "POST", "/v1/contacts", vec![JSON, ("idempotency-key", "taken")], CONTACT).await.expect(201);
        assert_eq!(again.text, first.text);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn without_a_valid_api_key_everything_but_the_description_is_refused_alike() {
    story(START, async |w| {
        let before = w.snapshot().await;
        let mut texts = Vec::new();
        for bearer in ["", "Bearer", "Basic a2V5", "Bearer key_", "Bearer key_00000000000000000000000001_00", "bearer  x"] {
            for (method, path) in [("GET", "/v1/invoices"), ("POST", "/v1/contacts"), ("PUT", "/v1/business"), ("GET", "/v1/business")] {
                let request = http::Request::builder().method(method).uri(path).header("authorization", bearer);
                let mut problem = w.send(request.body(Body::from(CONTACT)).unwrap()).await.expect(401).json();
                problem["request_id"] = json!(null);
                texts.push(problem.to_string());
            }
        }
        texts.dedup();
        assert_eq!(texts.len(), 1, "{texts:?}");
        let open = http::Request::builder().uri("/v1/openapi.json").body(Body::empty()).unwrap();
        let _ = w.send(open).await.expect(200);
        assert!(w.snapshot().await == before);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_form_on_the_pay_page_that_does_not_fit_is_refused_and_starts_nothing() {
    story(START, async |w| {
        let invoice = w.sent_invoice("100.00", "2026-11-16").await;
        let url = invoice["links"]["pay_url"].as_str().unwrap();
        let path = url.strip_prefix(BASE).unwrap();
        let hidden = hidden_fields(&w.open(url).await.expect(200).text);
        let good = serde_urlencoded::to_string(&hidden).unwrap();
        let big = format!("{good}&x={}", "y".repeat(17 * 1024));
        let cross = ("sec-fetch-site", "cross-site");
        let cases: Vec<(&str, Headers<'_>, &str, u16)> = vec![
            ("17 KB", vec![FORM], &big, 413),
            ("JSON", vec![JSON], r#"{"rev":1,"amount_due":10000}"#, 415),
            ("no type", vec![], &good, 415),
            ("another site", vec![FORM, cross], &good, 403),
            ("no fields", vec![FORM], "", 400),
            ("words for numbers", vec![FORM], "rev=one&amount_due=all", 400),
            ("another amount", vec![FORM], "rev=1&amount_due=1", 409),
            ("another revision", vec![FORM], "rev=2&amount_due=10000", 409),
        ];
        let before = w.snapshot().await;
        for (what, headers, body, status) in cases {
            let request = http::Request::builder().method("POST").uri(path);
            let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
            let answer = w.send(request.body(Body::from(body.to_owned())).unwrap()).await;
            assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
            assert!(answer.header("content-type").starts_with("text/html"), "{what}");
            assert!(w.snapshot().await == before, "{what} left something behind");
        }
        assert_eq!(w.gateway.sessions().len(), 0);
    })
    .await;
}
