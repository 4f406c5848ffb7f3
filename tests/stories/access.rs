//! Who may do what: every route with every kind of credentials, and staff who log in.

use crate::api_keys::{ask, made};
use app::{
    Deps,
    api_keys::hash_of_secret,
    connect::{Needs, connect},
};
use axum::body::Body;
use domain::api_key::BOOTSTRAP_ID;
use lambda_http::request::RequestContext;
use local::recorder::{self, Recorder};
use runtime::{Config, logs::Kept};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};
use tests::{
    wire::Wire,
    world::{Reply, World, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const ISSUER: &str = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Kestrel";

/// Every route but the description, as the description tells: method, path, the scope it needs.
async fn routes(w: &World) -> Vec<(String, String, String)> {
    let document = w.get("/v1/openapi.json").await.expect(200).json();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if let Some(scope) = operation["security"][0]["api_key"][0].as_str() {
                routes.push((method.to_uppercase(), path.clone(), scope.to_owned()));
            } else {
                assert_eq!(path, "/v1/openapi.json");
            }
        }
    }
    routes
}

/// The scope a route should need, told apart from the code.
fn expected_scope(method: &str, path: &str) -> &'static str {
    match (method, path) {
        (_, path) if path.starts_with("/v1/api-keys") => "admin",
        ("PUT", "/v1/business") => "admin",
        (_, path) if path.ends_with("/refund") || path.ends_with("/resolve") => "refund",
        ("GET", _) => "read",
        _ => "write",
    }
}

#[tokio::test(start_paused = true)]
async fn every_route_is_closed_to_everybody_but_those_who_may() {
    story(START, async |w| {
        let key = async |scopes: Value| made(w, &json!({ "name": "One", "role": "owner", "scopes": scopes })).await.1;
        let mut with = BTreeMap::new();
        let mut without = BTreeMap::new();
        for scope in ["read", "write", "refund", "admin"] {
            with.insert(scope, key(json!([scope])).await);
            let others: Vec<&str> = ["read", "write", "refund", "admin"].into_iter().filter(|other| *other != scope).collect();
            without.insert(scope, key(json!(others)).await);
        }
        let (revoked_id, revoked) = made(w, &json!({ "name": "Revoked", "role": "owner" })).await;
        let _ = w.api("DELETE", &format!("/v1/api-keys/{revoked_id}"), None, None).await.expect(204);
        let expired = made(w, &json!({ "name": "Over", "role": "owner", "expires_at": "2026-11-02T10:00:01Z" })).await.1;
        w.set_clock("2026-11-02T10:00:01Z");
        let (id, _) = with["read"].rsplit_once('_').unwrap();
        let wrong_secret = format!("{id}_{}", "0".repeat(64));
        let unknown = format!("key_01JZ8Q6X3S9V7K2M4N5P6R8T0W_{}", "0".repeat(64));
        let closed = ["", "key_", "key_01JZ_00", &unknown, &wrong_secret, &revoked, &expired];

        let routes = routes(w).await;
        assert!(routes.len() > 25, "{routes:?}");
        for (method, path, scope) in &routes {
            assert_eq!(scope, expected_scope(method, path), "{method} {path}");
            let place = path.replace("{id}", "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W");
            for token in closed {
                let answer = ask(w, token, method, &place, Some(&json!({}))).await;
                assert_eq!(
                    (answer.status.as_u16(), answer.header("content-type")),
                    (401, "application/problem+json"),
                    "{method} {path} {token}"
                );
                assert!(answer.header("www-authenticate").starts_with("Bearer"), "{method} {path} {token}");
            }
            let answer = ask(w, &without[scope.as_str()], method, &place, Some(&json!({}))).await;
            let problem = answer.json();
            assert_eq!((answer.status.as_u16(), answer.header("content-type")), (403, "application/problem+json"), "{method} {path}");
            assert_eq!((&problem["code"], &problem["rule"]), (&json!("scope_missing"), &json!("KEY-SCOPE")), "{method} {path}");
            assert!(problem["detail"].as_str().unwrap().starts_with(&format!("this needs the scope `{scope}`; yours are ")), "{problem}");
            let answer = ask(w, &with[scope.as_str()], method, &place, Some(&json!({}))).await;
            assert!(![401, 403].contains(&answer.status.as_u16()), "{method} {path}: {}", answer.text);
        }
        let head = ask(w, &without["read"], "HEAD", "/v1/contacts", None).await;
        assert_eq!(head.status.as_u16(), 403, "HEAD needs what GET needs");
    })
    .await;
}

/// Trusts the logins of one issuer, as `REMIT_JWT_ISSUER` does.
pub(crate) fn with_logins(w: &mut World) {
    w.rebuild(|mut deps| {
        deps.jwt_issuer = Some(ISSUER.to_owned());
        deps
    });
}

/// Asks as somebody who logged in: with the claims where API Gateway's authorizer puts them.
pub(crate) async fn logged_in(w: &World, claims: &Value, method: &str, path: &str, key: &str, body: &Value) -> Reply {
    let context = json!({
        "accountId": "123456789012", "apiId": "a1b2c3d4e5", "requestId": "JKJaXmPLvHcESHA=", "routeKey": "ANY /login/v1/{proxy+}",
        "stage": "$default", "time": "02/Nov/2026:10:00:00 +0000", "timeEpoch": 1_793_613_600_000_i64,
        "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "curl/8.9.1" },
        "authorizer": { "jwt": { "claims": claims, "scopes": null } }
    });
    let context: RequestContext = serde_json::from_value(context).unwrap();
    let request = http::Request::builder().method(method).uri(path).extension(context).header("authorization", "Bearer e30.e30.c2ln");
    let request = request.header("idempotency-key", key).header("content-type", "application/json");
    w.send(request.body(Body::from(body.to_string())).unwrap()).await
}

pub(crate) fn claims(sub: &str, others: &Value) -> Value {
    let mut claims = json!({ "iss": ISSUER, "sub": sub, "aud": "remit", "exp": "1793617200" });
    claims.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    claims
}

#[tokio::test(start_paused = true)]
async fn a_login_may_do_what_its_role_may_and_only_when_its_issuer_is_trusted() {
    story(START, async |w| {
        let staff = claims("u-1", &json!({ "custom:remit_role": "staff" }));
        let _ = logged_in(w, &staff, "GET", "/v1/contacts", "k", &json!({})).await.expect(401);
        with_logins(w);
        let role = |name: &str, value: &str| claims("u-1", &json!({ name: value }));
        let with_group = |group: &str| role("cognito:groups", group);
        let of_kind = |kind: &str| claims("u-1", &json!({ "custom:remit_role": "owner", "token_use": kind }));
        let no_role = claims("u-1", &json!({}));
        let foreign = json!({ "iss": format!("{ISSUER}2"), "sub": "u-1", "custom:remit_role": "owner" });
        let nobody = json!({ "iss": ISSUER, "custom:remit_role": "owner" });
        for (what, claims, read, write, admin) in [
            ("an owner", role("custom:remit_role", "owner"), 200, 201, 200),
            ("staff", staff, 200, 201, 403),
            ("a reader", role("custom:remit_role", "read_only"), 200, 403, 403),
            ("an owner by group", with_group("[remit-owner]"), 200, 201, 200),
            ("staff by one of many groups", with_group("[eu-central-1_Kestrel_Google remit-staff remit-read-only]"), 200, 201, 403),
            ("a reader by group", with_group("remit-read-only"), 200, 403, 403),
            ("other groups", with_group("[remit-owners owner]"), 403, 403, 403),
            ("another role", role("custom:remit_role", "root"), 403, 403, 403),
            ("no role", no_role, 403, 403, 403),
            ("another issuer", foreign, 401, 401, 401),
            ("nobody", nobody, 401, 401, 401),
            ("an owner with an ID token", of_kind("id"), 200, 201, 200),
            ("an owner with an access token", of_kind("access"), 401, 401, 401),
            ("an owner with a token of no kind", of_kind(""), 401, 401, 401),
        ] {
            let body = json!({ "name": "Bob" });
            let mut found = Vec::new();
            for (method, path) in [("GET", "/v1/contacts"), ("POST", "/v1/contacts"), ("GET", "/v1/api-keys")] {
                found.push(logged_in(w, &claims, method, path, what.replace(' ', "-").as_str(), &body).await.status.as_u16());
            }
            assert_eq!(found, [read, write, admin], "{what}");
        }
        let refused = logged_in(w, &claims("u-1", &json!({})), "GET", "/v1/contacts", "k", &json!({})).await.expect(403).json();
        assert_eq!((&refused["code"], &refused["rule"]), (&json!("role_missing"), &json!("LOGIN-ROLE")));
        let says = refused["detail"].as_str().unwrap();
        assert!(says.contains("custom:remit_role") && says.contains("cognito:groups") && says.contains("remit-owner"), "{says}");
        let refused = logged_in(w, &of_kind("access"), "GET", "/v1/contacts", "k", &json!({})).await.expect(401).json();
        assert_eq!((&refused["code"], &refused["rule"]), (&json!("id_token_needed"), &json!("LOGIN-TOKEN")));
        let says = refused["detail"].as_str().unwrap();
        assert!(says.contains("send the ID token") && says.contains("`token_use` is `id`"), "{says}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_logged_in_stands_in_the_journal_and_shares_idempotency_keys_with_all_staff() {
    story(START, async |w| {
        with_logins(w);
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let [ada, bob] = ["0f1e2d3c-ada", "0f1e2d3c-bob"].map(|sub| claims(sub, &json!({ "custom:remit_role": "owner" })));
        let draft = json!({ "contact_id": contact });
        let first = logged_in(w, &ada, "POST", "/v1/invoices", "same", &draft).await.expect(201).json();
        let again = logged_in(w, &ada, "POST", "/v1/invoices", "same", &draft).await.expect(201).json();
        let other = logged_in(w, &bob, "POST", "/v1/invoices", "same", &draft).await.expect(201).json();
        assert!(first["id"] == again["id"] && first["id"] == other["id"]);
        let other = logged_in(w, &bob, "POST", "/v1/invoices", "another", &draft).await.expect(201).json();
        let journal = w.get(&format!("/v1/invoices/{}/journal", other["id"].as_str().unwrap())).await.expect(200).json();
        assert_eq!(journal["data"][0]["actor"], json!({ "kind": "user", "id": "0f1e2d3c-bob" }));
        let key = json!({ "name": "Till", "role": "staff" });
        let made = logged_in(w, &ada, "POST", "/v1/api-keys", "key", &key).await.expect(201).json();
        assert_eq!(made["api_key"]["created_by"], json!({ "kind": "user", "id": "0f1e2d3c-ada" }));
    })
    .await;
}

/// A place with the bootstrap key's secret.
fn secrets(w: &World, secret: &Value) -> Recorder {
    let links = json!({ "current": 1, "1": "1f".repeat(32) });
    let secrets = [("remit/bootstrap", secret), ("remit/links", &links)].map(|(name, it)| (name.to_owned(), it.to_string())).into();
    let now = w.now();
    Recorder::open(recorder::Settings { data_dir: None, now: Arc::new(move || now), secrets }).unwrap()
}

/// What a function is made of that looks for the bootstrap key under that name.
async fn connect_with(w: &World, recorder: &Recorder, name: &str) -> Deps {
    let set = [("REMIT_TABLE", "remit"), ("REMIT_BASE_URL", "https://pay.example.com"), ("REMIT_BUS", "remit")];
    let all = [("REMIT_LINK_KEYS_SECRET", "remit/links"), ("REMIT_BOOTSTRAP_KEY_SECRET", name), ("REMIT_JWT_ISSUER", ISSUER)];
    let find = |name: &str| set.iter().chain(&all).find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
    let config = Config::from_lookup(find).unwrap();
    let sdk = Wire::to(recorder.router()).sdk_config();
    connect(&config, &sdk, &Needs::Links, w.deps.clock.clone(), w.deps.entropy.clone()).await.unwrap()
}

/// The one line that is logged while staff ask for contacts with that key.
async fn logged(w: &World, key: &str) -> Value {
    let kept = Kept::here();
    let _ = ask(w, key, "GET", "/v1/contacts", None).await;
    let lines = kept.take();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let secret = key.rsplit_once('_').unwrap().1;
    assert!(!lines[0].contains(secret), "{lines:?}");
    serde_json::from_str(&lines[0]).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_log_names_the_key_that_asked_also_one_that_is_over_and_none_whose_secret_is_wrong() {
    story(START, async |w| {
        let (id, key) = made(w, &json!({ "name": "One", "role": "staff", "scopes": ["read"] })).await;
        let narrow = made(w, &json!({ "name": "Two", "role": "owner", "scopes": ["admin"] })).await;
        let over = made(w, &json!({ "name": "Over", "role": "owner", "expires_at": "2026-11-02T10:00:01Z" })).await;
        let revoked = made(w, &json!({ "name": "Revoked", "role": "owner" })).await;
        let _ = w.api("DELETE", &format!("/v1/api-keys/{}", revoked.0), None, None).await.expect(204);
        w.set_clock("2026-11-02T10:00:01Z");
        let wrong_secret = format!("{id}_{}", "0".repeat(64));
        for (key, told) in [
            (key, json!({ "status": 200, "actor": id, "role": "staff" })),
            (narrow.1, json!({ "status": 403, "actor": narrow.0, "role": "owner", "rule": "KEY-SCOPE", "lacks": "read" })),
            (over.1, json!({ "status": 401, "actor": over.0, "rule": "unauthenticated", "reason": "expired" })),
            (revoked.1, json!({ "status": 401, "actor": revoked.0, "rule": "unauthenticated", "reason": "revoked" })),
            (wrong_secret, json!({ "status": 401, "rule": "unauthenticated", "reason": "wrong_secret" })),
        ] {
            let line = logged(w, &key).await;
            for name in ["status", "actor", "role", "rule", "lacks", "reason"] {
                assert_eq!(line[name], told[name], "{name} of {line}");
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_bootstrap_key_is_taken_from_its_secret_and_one_that_cannot_be_read_stops_nothing() {
    let hex = "0f".repeat(32);
    let good = json!({ "id": BOOTSTRAP_ID, "secret": hex });
    for (variable, secret, taken) in [
        ("remit/bootstrap", good.clone(), true),
        ("", good.clone(), false),
        ("remit/gone", good.clone(), false),
        ("remit/bootstrap", json!({ "id": "key_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "secret": hex }), false),
        ("remit/bootstrap", json!({ "id": BOOTSTRAP_ID, "secret": "short" }), false),
        ("remit/bootstrap", json!({ "id": BOOTSTRAP_ID }), false),
    ] {
        story(START, async |w| {
            let deps = connect_with(w, &secrets(w, &secret), variable).await;
            let expected = taken.then(|| (BOOTSTRAP_ID.to_owned(), hash_of_secret(&hex)));
            assert_eq!(deps.bootstrap.map(|found| (found.id.to_string(), found.hash)), expected, "{variable} {secret}");
            assert_eq!(deps.jwt_issuer.as_deref(), Some(ISSUER));
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_bootstrap_key_whose_secret_was_deleted_is_no_error_and_one_that_is_broken_is() {
    let good = json!({ "id": BOOTSTRAP_ID, "secret": "0f".repeat(32) });
    for (name, secret, deleted, errors) in [
        ("remit/bootstrap", good.clone(), false, 0),
        ("remit/bootstrap", good.clone(), true, 0),
        ("remit/gone", good, false, 0),
        ("remit/bootstrap", json!({ "id": BOOTSTRAP_ID }), false, 1),
    ] {
        story(START, async |w| {
            let recorder = secrets(w, &secret);
            if deleted {
                recorder.delete_secret("remit/bootstrap");
            }
            let kept = Kept::here();
            let deps = connect_with(w, &recorder, name).await;
            assert_eq!(deps.bootstrap.is_some(), !deleted && errors == 0 && name == "remit/bootstrap");
            let lines = kept.take();
            assert_eq!(lines.iter().filter(|line| line.contains("\"ERROR\"")).count(), errors, "{name} {deleted}: {lines:#?}");
        })
        .await;
    }
}
