//! What this run shows and does by itself: the front page at `/`, and mailbox, clock and runs under `/_local`, for people and for
//! scripts.

use crate::{
    clock::parse_span,
    front::{Around, LastMove, front_page},
    functions::{Moved, Town},
    recorder::view::mailbox_router,
};
use app::Deps;
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use chrono::{DateTime, Months, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};

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
    deps: Deps,
    info: Info,
    moved: Arc<Mutex<Option<LastMove>>>,
}

/// What the clock is told: one of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    advance: Option<String>,
    now: Option<DateTime<Utc>>,
}

/// Who moves the clock: a script gets JSON, a form is led back to the front page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mover {
    Script,
    Form,
}

/// `/` and the routes below `/_local`. Mails show the time of the business's zone.
///
/// # Errors
/// The business's settings cannot be read.
pub async fn router(town: Town, deps: Deps, info: Info) -> anyhow::Result<Router> {
    let zone = deps.business(deps.clock.now()).await?.zone;
    let local = Router::new()
        .route("/info", get(about))
        .route("/clock", get(clock).post(move_clock))
        .route("/run/{function}", post(run))
        .merge(mailbox_router(town.recorder().clone(), zone).with_state(()));
    let control = Control { town, deps, info, moved: Arc::default() };
    Ok(Router::new()
        .route("/", get(front))
        .route("/_local", get(home))
        .route("/_local/", get(home))
        .nest("/_local", local)
        .with_state(control))
}

async fn front(State(control): State<Control>) -> Response {
    let moved = *control.moved.lock().unwrap_or_else(PoisonError::into_inner);
    let around = Around { info: control.info, moved, runs: control.town.runs() };
    match front_page(&control.deps, control.town.recorder(), &around).await {
        Ok(page) => page,
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")),
    }
}

async fn home() -> Redirect {
    Redirect::to("/")
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
    let from = control.town.clock().now();
    let (mover, to) = match asked(&body, from) {
        Ok(asked) => asked,
        Err((status, sentence)) => return refused(status, sentence),
    };
    let Moved { starts, skipped } = match control.town.advance_to(to).await {
        Ok(moved) => moved,
        Err(error) => return refused(StatusCode::CONFLICT, format!("{error:#}")),
    };
    let now = control.town.clock().now();
    *control.moved.lock().unwrap_or_else(PoisonError::into_inner) = Some(LastMove { from, to: now });
    match mover {
        Mover::Script => Json(json!({ "now": shown(now), "starts": starts, "skipped": skipped })).into_response(),
        Mover::Form => runtime::page::see_other("/"),
    }
}

/// Reads to when the clock is to be moved. A body that begins as JSON does is a script's, whatever type it says it has.
fn asked(body: &str, from: DateTime<Utc>) -> Result<(Mover, DateTime<Utc>), (StatusCode, String)> {
    let example = r#"write {"advance": "3d"} or {"now": "2026-12-01T09:00:00Z"}"#;
    let unreadable = |error: String| (StatusCode::BAD_REQUEST, format!("{error}; {example}"));
    let (mover, asked) = if body.trim_start().starts_with('{') {
        (Mover::Script, serde_json::from_str::<Move>(body).map_err(|error| unreadable(error.to_string()))?)
    } else {
        (Mover::Form, serde_urlencoded::from_str::<Move>(body).map_err(|error| unreadable(error.to_string()))?)
    };
    let wrong = |sentence: String| (StatusCode::UNPROCESSABLE_ENTITY, sentence);
    match asked {
        Move { advance: Some(span), now: None } => Ok((mover, later(from, &span).map_err(wrong)?)),
        Move { advance: None, now: Some(now) } => Ok((mover, now)),
        Move { .. } => Err(wrong(example.to_owned())),
    }
}

/// The instant a span later, or a month of the calendar.
fn later(from: DateTime<Utc>, span: &str) -> Result<DateTime<Utc>, String> {
    match from.checked_add_months(Months::new(1)) {
        Some(month_later) if span == "1 month" => Ok(month_later),
        Some(_) | None => Ok(from + parse_span(span)?),
    }
}

async fn run(State(control): State<Control>, Path(function): Path<String>) -> Response {
    match control.town.start(&function).await {
        Ok(said) => Json(json!({ "function": function, "result": said })).into_response(),
        Err(error) => refused(StatusCode::UNPROCESSABLE_ENTITY, format!("{error:#}")),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_clock_takes_json_of_a_script_and_the_form_of_a_button() {
        let from = at("2026-01-31T10:00:00Z");
        for (body, mover, to) in [
            (r#"{"advance": "3d"}"#, Mover::Script, "2026-02-03T10:00:00Z"),
            (r#" {"now": "2026-12-01T09:00:00Z"}"#, Mover::Script, "2026-12-01T09:00:00Z"),
            ("advance=3d", Mover::Form, "2026-02-03T10:00:00Z"),
            ("advance=1+month", Mover::Form, "2026-02-28T10:00:00Z"),
            ("now=2026-12-01T09%3A00%3A00Z", Mover::Form, "2026-12-01T09:00:00Z"),
        ] {
            assert_eq!(asked(body, from), Ok((mover, at(to))), "{body}");
        }
        for (body, status, says) in [
            ("", StatusCode::UNPROCESSABLE_ENTITY, "write {"),
            ("3d", StatusCode::BAD_REQUEST, "write {"),
            ("{", StatusCode::BAD_REQUEST, "write {"),
            (r#"{"advance": "3d", "now": "2026-12-01T09:00:00Z"}"#, StatusCode::UNPROCESSABLE_ENTITY, "write {"),
            ("advance=soon", StatusCode::UNPROCESSABLE_ENTITY, "`soon` is no span of time"),
            ("advance=3d&more=1", StatusCode::BAD_REQUEST, "more"),
        ] {
            let (found, sentence) = asked(body, from).unwrap_err();
            assert!(found == status && sentence.contains(says), "{body}: {found} {sentence}");
        }
    }

    #[test]
    fn every_button_of_the_front_page_moves_the_clock() {
        let page = include_str!("../templates/front.html");
        let from = at("2026-01-31T10:00:00Z");
        let spans: Vec<&str> = page.split("name=\"advance\" value=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let moved: Vec<i64> = spans.iter().map(|span| (later(from, span).unwrap() - from).num_days()).collect();
        assert_eq!(moved, [1, 3, 7, 28]);
    }
}
