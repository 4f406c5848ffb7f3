//! `/_local`: mailbox, clock, gateway, runs, for people and for scripts.

use crate::{
    clock::parse_span,
    functions::{Moved, Town},
    recorder::view::{mailbox_html_at, mailbox_router},
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

/// What scripts are told about this run.
#[derive(Debug, Clone)]
pub struct Info {
    /// Where pages and API are.
    pub base_url: String,
    /// A key for the API.
    pub api_key: String,
    /// Where the sandbox gateway is.
    pub gateway_url: String,
    /// Where everything is kept, or `memory`.
    pub data_dir: String,
}

#[derive(Clone)]
struct Control {
    town: Town,
    info: Info,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    advance: Option<String>,
    now: Option<DateTime<Utc>>,
}

/// The routes below `/_local`.
pub fn router(town: Town, info: Info) -> Router {
    let mailbox = mailbox_router(town.recorder().clone());
    Router::new()
        .route("/", get(home))
        .route("/info", get(about))
        .route("/clock", get(clock).post(move_clock))
        .route("/run/{function}", post(run))
        .with_state(Control { town, info })
        .merge(mailbox)
}

async fn about(State(control): State<Control>) -> Json<Value> {
    let Info { base_url, api_key, gateway_url, data_dir } = control.info;
    Json(json!({ "base_url": base_url, "api_key": api_key, "gateway_url": gateway_url, "data_dir": data_dir }))
}

async fn clock(State(control): State<Control>) -> Json<Value> {
    Json(json!({ "now": shown(control.town.clock().now()) }))
}

fn shown(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn refused(status: StatusCode, sentence: impl Into<String>) -> Response {
    (status, Json(json!({ "error": sentence.into() }))).into_response()
}

async fn move_clock(State(control): State<Control>, body: String) -> Response {
    let example = r#"write {"advance": "3d"} or {"now": "2026-12-01T09:00:00Z"}"#;
    let to = match serde_json::from_str::<Move>(&body) {
        Ok(Move { advance: Some(span), now: None }) => match parse_span(&span) {
            Ok(span) => control.town.clock().now() + span,
            Err(sentence) => return refused(StatusCode::UNPROCESSABLE_ENTITY, sentence),
        },
        Ok(Move { advance: None, now: Some(now) }) => now,
        Ok(Move { .. }) => return refused(StatusCode::UNPROCESSABLE_ENTITY, example),
        Err(error) => return refused(StatusCode::BAD_REQUEST, format!("{error}; {example}")),
    };
    match control.town.advance_to(to).await {
        Ok(Moved { starts, skipped }) => {
            Json(json!({ "now": shown(control.town.clock().now()), "starts": starts, "skipped": skipped })).into_response()
        }
        Err(error) => refused(StatusCode::CONFLICT, format!("{error:#}")),
    }
}

async fn run(State(control): State<Control>, Path(function): Path<String>) -> Response {
    match control.town.start(&function).await {
        Ok(said) => Json(json!({ "function": function, "result": said })).into_response(),
        Err(error) => refused(StatusCode::UNPROCESSABLE_ENTITY, format!("{error:#}")),
    }
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #8884;vertical-align:top}\
code{word-break:break-all}main{overflow-x:auto}";

async fn home(State(control): State<Control>) -> Response {
    let Control { town, info } = control;
    let mut runs = String::new();
    for (function, (at, said)) in town.runs() {
        runs.push_str(&format!("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>", escape(&function), shown(at), escape(&said)));
    }
    if runs.is_empty() {
        runs.push_str("<tr><td colspan=\"3\">Nothing has been started by its schedule yet.</td></tr>");
    }
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Remit on this machine</title><style>{STYLE}</style></head><body><main><h1>Remit on this machine</h1>\
         <p>Clock: <strong>{now}</strong>. Move it: <code>curl -X POST {base}/_local/clock -d '{{\"advance\": \"3d\"}}'</code></p>\
         <p>API key: <code>{key}</code></p><p>Kept in: <code>{data}</code></p>\
         <p><a href=\"{gateway}/_sandbox\">The sandbox gateway</a> · <a href=\"/v1/openapi.json\">The API's description</a> · \
         <a href=\"/_local/events\">Events on the bus</a></p>\
         <h2>Mailbox</h2>{mailbox}<h2>Last runs</h2><table><thead><tr><th scope=\"col\">Function</th><th scope=\"col\">At</th>\
         <th scope=\"col\">Result</th></tr></thead><tbody>{runs}</tbody></table></main></body></html>",
        now = shown(town.clock().now()),
        base = escape(&info.base_url),
        key = escape(&info.api_key),
        data = escape(&info.data_dir),
        gateway = escape(&info.gateway_url),
        mailbox = mailbox_html_at(town.recorder(), "/_local"),
    );
    ([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
