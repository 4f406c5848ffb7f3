//! API keys: made, used, narrowed, rotated, taken back; the first one comes with the stack, and the last owner's stays.

use app::{
    Deps, Parts,
    api_keys::{Bootstrap, hash_of_secret},
};
use axum::body::Body;
use chrono::TimeDelta;
use domain::{api_key::BOOTSTRAP_ID, ids::ApiKeyId};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tests::{
    table::{CallSite, TableFault, operations},
    world::{Reply, World, story},
};
use tower::ServiceExt as _;

const START: &str = "2026-11-02T10:00:00Z";
const SECRET: &str = "b007b007b007b007b007b007b007b007b007b007b007b007b007b007b007b007";
const KEYS: &str = "/v1/api-keys";

/// The token that the stack was born with.
fn bootstrap_token() -> String {
    format!("{BOOTSTRAP_ID}_{SECRET}")
}

/// Gives the stack its first key, as `connect` does.
fn with_bootstrap(w: &mut World) {
    w.rebuild(|mut deps| {
        deps.bootstrap = Some(Bootstrap { id: ApiKeyId::parse(BOOTSTRAP_ID).unwrap(), hash: hash_of_secret(SECRET) });
        deps
    });
}

/// The key that every story's owner holds.
fn owner_id() -> String {
    ApiKeyId::at(1, 1).to_string()
}

pub(crate) fn request(token: &str, method: &str, path: &str, key: &str, body: Option<&Value>) -> http::Request<Body> {
    let request = http::Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
    let request = request.header("idempotency-key", key).header("content-type", "application/json");
    request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).unwrap()
}

/// Asks with a token of one's own; every POST is a new one.
pub(crate) async fn ask(w: &World, token: &str, method: &str, path: &str, body: Option<&Value>) -> Reply {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    w.send(request(token, method, path, &format!("own-{}", COUNT.fetch_add(1, Ordering::Relaxed)), body)).await
}

/// A key that the story's owner made: its id and its token.
pub(crate) async fn made(w: &World, body: &Value) -> (String, String) {
    read_made(&w.post(KEYS, body).await.expect(201))
}

fn read_made(answer: &Reply) -> (String, String) {
    let made = answer.json();
    (made["api_key"]["id"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned())
}

async fn status(w: &World, token: &str, path: &str) -> u16 {
    ask(w, token, "GET", path, None).await.status.as_u16()
}

fn owner(name: &str) -> Value {
    json!({ "name": name, "role": "owner" })
}

fn at(id: &str) -> String {
    format!("{KEYS}/{id}")
}

#[tokio::test(start_paused = true)]
async fn a_stack_begins_with_its_bootstrap_key_and_goes_on_with_an_owner_s_own() {
    story(START, async |w| {
        with_bootstrap(w);
        let first = bootstrap_token();
        assert_eq!(status(w, &format!("{BOOTSTRAP_ID}_{}", SECRET.replace('b', "c")), "/v1/business").await, 401);
        let own = ask(w, &first, "POST", KEYS, Some(&owner("Ada"))).await.expect(201);
        assert_eq!(own.header("cache-control"), "no-store");
        let (id, token) = read_made(&own);
        assert!(token.starts_with(&format!("{id}_")) && token.len() == id.len() + 65, "{token}");
        let shown = ask(w, &token, "GET", &at(&id), None).await.expect(200).json();
        assert_eq!(shown["created_by"], json!({ "kind": "staff", "id": BOOTSTRAP_ID }));
        assert_eq!((&shown["name"], &shown["scopes"]), (&json!("Ada"), &json!(["read", "write", "refund", "admin"])));
        let listed = ask(w, &token, "GET", KEYS, None).await.expect(200).json();
        let listed: Vec<&str> = listed["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(listed, [BOOTSTRAP_ID, &owner_id(), &id]);
        assert!(!w.snapshot().await.concat().contains(&token[31..]), "the secret is stored");

        let _ = ask(w, &token, "DELETE", &at(BOOTSTRAP_ID), None).await.expect(204);
        assert_eq!(status(w, &first, "/v1/business").await, 401);
        let gone = ask(w, &token, "GET", &at(BOOTSTRAP_ID), None).await.expect(200).json();
        assert_eq!((&gone["revoked_at"], &gone["revoked_by"]["id"]), (&json!("2026-11-02T10:00:00.000Z"), &json!(id)));
        // A secret that is minted anew brings it back as little as another start does.
        w.rebuild(|mut deps| {
            deps.bootstrap.as_mut().unwrap().hash = hash_of_secret("another");
            deps
        });
        assert_eq!(status(w, &format!("{BOOTSTRAP_ID}_another"), "/v1/business").await, 401);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn without_its_secret_the_bootstrap_key_opens_nothing_whatever_the_table_says() {
    story(START, async |w| {
        with_bootstrap(w);
        assert_eq!(status(w, &bootstrap_token(), "/v1/business").await, 200);
        w.rebuild(|mut deps| {
            deps.bootstrap = None;
            deps
        });
        assert_eq!(status(w, &bootstrap_token(), "/v1/business").await, 401);
        let _ = w.api("DELETE", &at(&owner_id()), None, None).await.expect(409);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_key_ends_at_its_instant_and_a_rotated_one_after_the_overlap() {
    story(START, async |w| {
        let (id, token) = made(w, &json!({ "name": "Till", "role": "staff", "expires_at": "2026-11-10T12:00:00+01:00" })).await;
        let answer = w.post(&format!("{}/rotate", at(&id)), &json!({ "overlap_hours": 2 })).await.expect(201);
        let (next_id, next) = read_made(&answer);
        let body = answer.json();
        assert_eq!((&body["replaced"]["id"], &body["replaced"]["expires_at"]), (&json!(id), &json!("2026-11-02T12:00:00.000Z")));
        assert_eq!(answer.header("location"), at(&next_id));
        for name in ["name", "role", "scopes"] {
            assert_eq!(body["api_key"][name], body["replaced"][name]);
        }
        assert_eq!(body["api_key"]["expires_at"], "2026-11-10T11:00:00.000Z");
        for (now, old, new) in [
            ("2026-11-02T11:59:59.999Z", 200, 200),
            ("2026-11-02T12:00:00Z", 401, 200),
            ("2026-11-10T10:59:59.999Z", 401, 200),
            ("2026-11-10T11:00:00Z", 401, 401),
        ] {
            w.set_clock(now);
            assert_eq!((status(w, &token, "/v1/contacts").await, status(w, &next, "/v1/contacts").await), (old, new), "{now}");
        }
        for dead in [&id, &next_id] {
            let refused = w.post(&format!("{}/rotate", at(dead)), &json!({})).await.expect(409).json();
            assert_eq!((&refused["rule"], &refused["code"]), (&json!("KEY-ROTATE"), &json!("key_not_valid")));
        }
        let (id, token) = made(w, &json!({ "name": "Till", "role": "staff" })).await;
        let _ = w.post(&format!("{}/rotate", at(&id)), &json!({ "overlap_hours": 0 })).await.expect(201);
        assert_eq!(status(w, &token, "/v1/contacts").await, 401);
        for hours in [-1, 169] {
            let refused = w.post(&format!("{}/rotate", at(&next_id)), &json!({ "overlap_hours": hours })).await.expect(422).json();
            assert_eq!(refused["field"], "overlap_hours");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_last_valid_owner_s_key_is_kept() {
    story(START, async |w| {
        let none = [
            ("a member of staff", json!({ "name": "Staff", "role": "staff" })),
            ("an owner who may not make keys", json!({ "name": "Reader", "role": "owner", "scopes": ["read"] })),
            ("an owner whose time is over", json!({ "name": "Short", "role": "owner", "expires_at": "2026-11-02T11:00:00Z" })),
        ];
        for (_, body) in &none {
            let _ = made(w, body).await;
        }
        let (revoked, _) = made(w, &owner("Revoked")).await;
        let _ = w.api("DELETE", &at(&revoked), None, None).await.expect(204);
        w.set_clock("2026-11-02T11:00:00Z");
        let refused = w.api("DELETE", &at(&owner_id()), None, None).await.expect(409).json();
        assert_eq!((&refused["rule"], &refused["code"]), (&json!("KEY-LAST-OWNER"), &json!("last_owner_key")));

        with_bootstrap(w);
        let _ = w.api("DELETE", &at(&owner_id()), None, None).await.expect(204);
        assert_eq!(w.get("/v1/business").await.status.as_u16(), 401);
        let first = bootstrap_token();
        let _ = ask(w, &first, "DELETE", &at(BOOTSTRAP_ID), None).await.expect(409);
        let (other, token) = read_made(&ask(w, &first, "POST", KEYS, Some(&owner("Other"))).await.expect(201));
        let _ = ask(w, &first, "DELETE", &at(BOOTSTRAP_ID), None).await.expect(204);
        let _ = ask(w, &token, "DELETE", &at(&other), None).await.expect(409);
        // To rotate it is to keep it.
        let (_, next) = read_made(&ask(w, &token, "POST", &format!("{}/rotate", at(&other)), None).await.expect(201));
        let _ = ask(w, &next, "DELETE", &at(&other), None).await.expect(204);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn of_two_owners_who_take_back_each_other_s_keys_at_once_one_remains() {
    story(START, async |w| {
        let (a, token_a) = made(w, &owner("A")).await;
        let (b, token_b) = made(w, &owner("B")).await;
        let _ = w.api("DELETE", &at(&owner_id()), None, None).await.expect(204);
        let (path_a, path_b) = (at(&a), at(&b));
        let both = tokio::join!(ask(w, &token_a, "DELETE", &path_b, None), ask(w, &token_b, "DELETE", &path_a, None));
        w.pass(TimeDelta::minutes(1));
        let valid = [status(w, &token_a, KEYS).await, status(w, &token_b, KEYS).await];
        assert!(valid == [200, 401] || valid == [401, 200], "{valid:?} {both:?}");
    })
    .await;
}

fn text(value: &str) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned())
}

#[tokio::test(start_paused = true)]
async fn nobody_gives_a_key_more_than_they_have() {
    story(START, async |w| {
        let (_, narrow) = made(w, &json!({ "name": "Keys only", "role": "owner", "scopes": ["admin", "read"] })).await;
        let cases = [
            (json!({ "name": "x", "role": "read_only" }), 201, "", ""),
            (json!({ "name": "x", "role": "owner", "scopes": ["admin"] }), 201, "", ""),
            (owner("x"), 403, "KEY-BEYOND-MAKER", "scopes"),
            (json!({ "name": "x", "role": "staff" }), 403, "KEY-BEYOND-MAKER", "scopes"),
            (json!({ "name": "x", "role": "staff", "scopes": ["read", "admin"] }), 422, "KEY-SCOPES", "scopes"),
            (json!({ "name": "x", "role": "staff", "scopes": [] }), 422, "KEY-SCOPES", "scopes"),
            (json!({ "name": "x", "role": "read_only", "expires_at": START }), 422, "KEY-EXPIRY", "expires_at"),
        ];
        for (body, status, rule, field) in cases {
            let answer = ask(w, &narrow, "POST", KEYS, Some(&body)).await.expect(status).json();
            let told = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
            assert_eq!((told("rule").as_str(), told("field").as_str()), (rule, field), "{body}");
        }
        // The token of a wider key is not to be had by rotating it.
        let refused = ask(w, &narrow, "POST", &format!("{}/rotate", at(&owner_id())), None).await.expect(403).json();
        assert_eq!(refused["rule"], "KEY-BEYOND-MAKER");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_replay_makes_no_second_key_and_shows_no_token() {
    story(START, async |w| {
        let rotated = made(w, &json!({ "name": "Till", "role": "staff" })).await.0;
        let posts = [("one", KEYS.to_owned(), owner("Ada")), ("two", format!("{}/rotate", at(&rotated)), json!({ "overlap_hours": 1 }))];
        for (key, path, body) in &posts {
            let send = || w.api("POST", path, Some(key), Some(body));
            let (a, b, c) = tokio::join!(send(), send(), send());
            let answers = [a.expect(201), b.expect(201), c.expect(201)];
            let with_token = answers.iter().filter(|answer| answer.json()["token"].is_string());
            assert!(with_token.clone().all(|answer| answer.header("idempotent-replayed").is_empty()));
            assert_eq!(with_token.count(), 1, "{path}");
            let after = w.snapshot().await;
            let again = send().await.expect(201);
            assert_eq!(again.header("idempotent-replayed"), "true");
            let (again, first) = (again.json(), answers[0].json());
            assert_eq!((&again["token"], &again["api_key"]), (&Value::Null, &first["api_key"]));
            assert!(again["note"].as_str().unwrap().contains("shown once only"), "{again}");
            assert!(w.snapshot().await == after, "{path}");
        }
        // Two keys were made, and the one before them.
        assert_eq!(w.get(KEYS).await.expect(200).json()["data"].as_array().unwrap().len(), 4);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn to_revoke_again_changes_nothing_and_an_older_tag_is_stale() {
    story(START, async |w| {
        let (id, _) = made(w, &json!({ "name": "Till", "role": "staff" })).await;
        let tag = w.get(&at(&id)).await.expect(200).header("etag").to_owned();
        let with_tag = |tag: &str| w.staff("DELETE", &at(&id)).header("if-match", tag.to_owned()).body(Body::empty()).unwrap();
        let _ = w.send(with_tag("\"99\"")).await.expect(412);
        let _ = w.send(with_tag(&tag)).await.expect(204);
        let after = w.snapshot().await;
        w.pass(TimeDelta::minutes(5));
        let _ = w.api("DELETE", &at(&id), None, None).await.expect(204);
        assert!(w.snapshot().await == after);
        let _ = w.api("DELETE", &at("key_01JZ8Q6X3S9V7K2M4N5P6R8T0W"), None, None).await.expect(404);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_instance_forgets_a_revoked_key_within_a_minute() {
    story(START, async |w| {
        let (id, token) = made(w, &json!({ "name": "Till", "role": "staff" })).await;
        let other = admin_api::router(other_instance(&w.deps));
        let there = async || {
            let answer = other.clone().oneshot(request(&token, "GET", "/v1/contacts", "", None)).await.unwrap();
            let status = answer.status().as_u16();
            drop(answer.into_body().collect().await.unwrap());
            status
        };
        assert_eq!(there().await, 200);
        let _ = w.api("DELETE", &at(&id), None, None).await.expect(204);
        assert_eq!(status(w, &token, "/v1/contacts").await, 401);
        for (seconds, expected) in [(0, 200), (59, 200), (1, 401)] {
            w.pass(TimeDelta::seconds(seconds));
            assert_eq!(there().await, expected, "after {seconds} s more");
        }
    })
    .await;
}

/// The same, with a memory of its own.
fn other_instance(deps: &Deps) -> Deps {
    Deps::new(Parts {
        store: deps.store.clone(),
        gateway: deps.gateway.clone(),
        links: deps.links.clone(),
        base_url: deps.base_url.clone(),
        notice_secrets: deps.notice_secrets.clone(),
        bootstrap: deps.bootstrap.clone(),
        jwt_issuer: deps.jwt_issuer.clone(),
        clock: deps.clock.clone(),
        entropy: deps.entropy.clone(),
    })
}

#[tokio::test(start_paused = true)]
async fn a_key_s_use_is_one_write_an_hour_and_none_that_fails_a_request() {
    story(START, async |w| {
        let (id, token) = made(w, &json!({ "name": "Till", "role": "staff" })).await;
        w.table.take_calls();
        let last = async |w: &World| w.get(&at(&id)).await.expect(200).json()["last_used_at"].clone();
        for (now, expected, written) in [
            ("2026-11-02T10:00:00Z", &["GetItem", "PutItem", "Query"][..], "2026-11-02T10:00:00.000Z"),
            ("2026-11-02T10:00:59Z", &["Query"], "2026-11-02T10:00:00.000Z"),
            ("2026-11-02T10:59:59.999Z", &["GetItem", "Query"], "2026-11-02T10:00:00.000Z"),
            ("2026-11-02T11:00:00Z", &["PutItem", "Query"], "2026-11-02T11:00:00.000Z"),
        ] {
            w.set_clock(now);
            w.table.take_calls();
            assert_eq!(status(w, &token, "/v1/contacts").await, 200);
            assert_eq!(operations(&w.table.take_calls()), expected, "{now}");
            assert_eq!(last(w).await, written, "{now}");
        }
        w.set_clock("2026-11-02T13:00:00Z");
        let _ = last(w).await;
        w.table.set_fault_plan(Arc::new(
            |site: &CallSite| {
                if site.operation == "PutItem" { TableFault::LoseBeforeEffect } else { TableFault::None }
            },
        ));
        assert_eq!(status(w, &token, "/v1/contacts").await, 200);
        w.table.clear_faults();
        assert_eq!(last(w).await, "2026-11-02T11:00:00.000Z");
        w.pass(TimeDelta::minutes(1));
        assert_eq!((status(w, &token, "/v1/contacts").await, last(w).await), (200, json!("2026-11-02T13:01:00.000Z")));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_key_from_before_roles_is_an_owner_s_and_is_listed_from_its_next_use_on() {
    story(START, async |w| {
        let old = "key_00000000040000000000000009";
        let put = w.table.client().put_item().table_name("remit").item("pk", text(&format!("KEY#{old}"))).item("sk", text("A#STATE"));
        let put =
            put.item("id", text(old)).item("hash", text(&hash_of_secret("old").hex())).item("created_at", text("2026-01-02T10:00:00Z"));
        let _ = put.item("v", aws_sdk_dynamodb::types::AttributeValue::N("1".to_owned())).send().await.unwrap();
        let listed = async |w: &World| w.get(KEYS).await.expect(200).json()["data"].to_string().contains(old);
        assert!(!listed(w).await);
        let token = format!("{old}_old");
        let shown = ask(w, &token, "GET", &at(old), None).await.expect(200).json();
        assert_eq!((&shown["role"], &shown["created_by"], &shown["scopes"][3]), (&json!("owner"), &Value::Null, &json!("admin")));
        assert!(listed(w).await);
        let _ = w.api("DELETE", &at(&owner_id()), None, None).await.expect(204);
        let _ = ask(w, &token, "DELETE", &at(old), None).await.expect(409);
        let (_, next) = read_made(&ask(w, &token, "POST", &format!("{}/rotate", at(old)), None).await.expect(201));
        let _ = ask(w, &next, "DELETE", &at(old), None).await.expect(204);
        assert_eq!(status(w, &token, KEYS).await, 401);
    })
    .await;
}
