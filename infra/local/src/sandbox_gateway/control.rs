//! What scripts and people at the laptop can see and do. Not part of Stripe's wire.

use axum::Json;
use axum::extract::State as Shared;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::SandboxGateway;
use super::currency::display;
use super::fault::{Fault, WebhookMode};
use super::html::{self, escape};
use super::page::page_of;
use super::state::{SessionStatus, State};
use super::views::instant;

const SHOWN: usize = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Webhooks {
    mode: WebhookMode,
}

pub(super) async fn fault(Shared(gateway): Shared<SandboxGateway>, Json(fault): Json<Fault>) -> StatusCode {
    gateway.inject(fault);
    StatusCode::NO_CONTENT
}

pub(super) async fn webhooks(Shared(gateway): Shared<SandboxGateway>, Json(asked): Json<Webhooks>) -> StatusCode {
    gateway.set_webhook_mode(asked.mode);
    StatusCode::NO_CONTENT
}

pub(super) async fn overview(Shared(gateway): Shared<SandboxGateway>) -> Response {
    let mut core = gateway.lock();
    gateway.refresh(&mut core);
    let state = &core.state;
    let body = format!(
        "<h1>Sandbox gateway</h1>{}{}{}",
        table("Checkout sessions", &["Session", "Reference", "Amount", "Status", "Opened"], &sessions(state)),
        table("Charges", &["Charge", "Intent", "Amount", "Result", "At"], &charges(state)),
        table("Events", &["Event", "Type", "Object", "At"], &events(state)),
    );
    page_of(StatusCode::OK, html::wide_page("Sandbox gateway", &body))
}

fn sessions(state: &State) -> Vec<Vec<String>> {
    let row = |session: &super::state::Session| {
        let id = escape(&session.id);
        let (name, status) = match session.status {
            SessionStatus::Open => (format!(r#"<a href="/c/pay/{id}">{id}</a>"#), "open"),
            SessionStatus::Complete => (id, "complete"),
            SessionStatus::Expired => (id, "expired"),
        };
        vec![
            name,
            escape(session.order.client_reference_id.as_deref().unwrap_or("–")),
            display(session.order.total(), &session.order.currency),
            format!("{status}, {}", session.payment_status()),
            time(session.created),
        ]
    };
    state.sessions.values().rev().take(SHOWN).map(row).collect()
}

fn charges(state: &State) -> Vec<Vec<String>> {
    let row = |charge: &super::state::Charge| {
        let result = charge.decline.as_ref().map_or("captured", |decline| decline.decline_code.as_str());
        vec![
            escape(&charge.id),
            escape(&charge.intent),
            display(charge.amount, &charge.currency),
            format!("{} ({} •••• {})", escape(result), escape(&charge.card.brand), escape(&charge.card.last4)),
            time(charge.at),
        ]
    };
    state.charges.values().rev().take(SHOWN).map(row).collect()
}

fn events(state: &State) -> Vec<Vec<String>> {
    let text = |value: &Value| escape(value.as_str().unwrap_or(""));
    let row = |event: &Value| {
        vec![text(&event["id"]), text(&event["type"]), text(&event["data"]["object"]["id"]), time(event["created"].as_i64().unwrap_or(0))]
    };
    state.events.values().rev().take(SHOWN).map(row).collect()
}

fn time(seconds: i64) -> String {
    instant(seconds).format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A table of cells that are HTML already.
fn table(caption: &str, heads: &[&str], rows: &[Vec<String>]) -> String {
    let heads: String = heads.iter().map(|head| format!(r#"<th scope="col">{head}</th>"#)).collect();
    let row = |cells: &Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        format!("<tr>{cells}</tr>")
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        r#"<section class="box"><h2>{caption}</h2><div class="scroll" tabindex="0" role="region" aria-label="{caption}"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></section>"#
    )
}
