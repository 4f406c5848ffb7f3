//! From a request to the pay page, to the gateway, and back.

use crate::show::{Shown, not_found_response, pay, problem, respond, returned};
use app::{
    AppError, Deps,
    open_invoice::{load_by_link, read_link},
    return_from_checkout::return_from_checkout,
    start_payment::{Seen, Started, Why, start_payment},
};
use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use chrono::TimeDelta;
use domain::{
    ids::AttemptId,
    link::{Link, Purpose},
};
use pages::{ErrorKind, PayNotice, error_page};
use runtime::limits::{BodyError, MAX_FORM, has_content_type, read_body};
use serde::Deserialize;

#[derive(Deserialize)]
struct Form {
    rev: u32,
    amount_due: i64,
}

#[derive(Deserialize)]
struct Query {
    attempt: Option<String>,
}

pub(crate) async fn show_balance(State(deps): State<Deps>, Path(token): Path<String>) -> Response {
    stay(&deps, &token, StatusCode::OK, None).await
}

pub(crate) async fn turn_back(State(deps): State<Deps>, Path(token): Path<String>) -> Response {
    stay(&deps, &token, StatusCode::OK, Some(PayNotice::Cancelled)).await
}

async fn stay(deps: &Deps, token: &str, status: StatusCode, notice: Option<PayNotice>) -> Response {
    let Some(link) = read_link(deps, Purpose::Pay, token) else { return not_found_response() };
    match load_by_link(deps, &link, deps.clock.now()).await {
        Ok(folder) => pay(&Shown { deps, link: &link, token }, &folder, status, notice, None).await,
        Err(error) => problem(&link, &error),
    }
}

pub(crate) async fn start(State(deps): State<Deps>, Path(token): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let Some(link) = read_link(&deps, Purpose::Pay, &token) else { return not_found_response() };
    if headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return stay(&deps, &token, StatusCode::FORBIDDEN, None).await;
    }
    if !has_content_type(&headers, "application/x-www-form-urlencoded") {
        return respond(StatusCode::UNSUPPORTED_MEDIA_TYPE, error_page(ErrorKind::UnsupportedForm));
    }
    let form: Form = match read_body(body, MAX_FORM).await.map(|bytes| serde_urlencoded::from_bytes(&bytes)) {
        Ok(Ok(form)) => form,
        Ok(Err(_)) | Err(BodyError::Broken) => return respond(StatusCode::BAD_REQUEST, error_page(ErrorKind::UnsupportedForm)),
        Err(BodyError::TooLarge { .. }) => return respond(StatusCode::PAYLOAD_TOO_LARGE, error_page(ErrorKind::TooLarge)),
    };
    let seen = Seen { rev: form.rev, amount_due_minor: form.amount_due };
    match start_payment(&deps, &link, seen).await {
        Ok(Started::GoTo { url }) => send_on(&deps, &link, &token, url.reveal()).await,
        Ok(Started::Stay(folder, why)) => {
            let (status, notice, no_gateway) = match why {
                Why::NothingOwed => (StatusCode::OK, None, None),
                Why::Changed => (StatusCode::CONFLICT, Some(PayNotice::Changed), None),
                Why::Processing => (StatusCode::OK, Some(PayNotice::Processing), None),
                Why::TryLater => (StatusCode::SERVICE_UNAVAILABLE, Some(PayNotice::TryLater), None),
                Why::Refused => (StatusCode::BAD_GATEWAY, Some(PayNotice::Refused), None),
                Why::NoGateway(reason) => (StatusCode::OK, None, Some(reason)),
            };
            pay(&Shown { deps: &deps, link: &link, token: &token }, &folder, status, notice, no_gateway).await
        }
        Ok(Started::TooOften { wait }) => {
            tracing::warn!(invoice = %link.invoice_id, rule = "pressed_too_often", "Pay was pressed too often");
            too_often(wait)
        }
        Err(AppError::Refused(refusal)) => {
            tracing::info!(invoice = %link.invoice_id, rule = refusal.rule(), "paying was refused");
            stay(&deps, &token, StatusCode::CONFLICT, None).await
        }
        Err(error) => problem(&link, &error),
    }
}

/// The page that asks to wait, with the whole seconds after which Pay is carried out again.
fn too_often(wait: TimeDelta) -> Response {
    let mut response = respond(StatusCode::TOO_MANY_REQUESTS, error_page(ErrorKind::PressedTooOften));
    let seconds = (wait + TimeDelta::milliseconds(999)).num_seconds();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Payers are only ever sent to the checkout's own origin.
async fn send_on(deps: &Deps, link: &Link, token: &str, url: &str) -> Response {
    let origin = deps.gateway.as_ref().map(gateway::Gateway::checkout_origin);
    if origin.is_some_and(|origin| url.strip_prefix(origin).is_some_and(|path| path.starts_with('/'))) {
        return runtime::page::see_other(url);
    }
    tracing::error!(invoice = %link.invoice_id, "the gateway's checkout is not at the configured origin (REMIT_STRIPE_CHECKOUT_ORIGIN)");
    stay(deps, token, StatusCode::BAD_GATEWAY, Some(PayNotice::TryLater)).await
}

pub(crate) async fn come_back(State(deps): State<Deps>, Path(token): Path<String>, RawQuery(query): RawQuery) -> Response {
    let Some(link) = read_link(&deps, Purpose::Pay, &token) else { return not_found_response() };
    let query = serde_urlencoded::from_str(query.as_deref().unwrap_or_default()).unwrap_or(Query { attempt: None });
    let attempt = match query.attempt.as_deref().map(AttemptId::parse) {
        Some(Err(_)) => return not_found_response(),
        Some(Ok(id)) => Some(id),
        None => None,
    };
    match return_from_checkout(&deps, &link, attempt.as_ref()).await {
        Ok((folder, outcome)) => returned(&Shown { deps: &deps, link: &link, token: &token }, &folder, &outcome, attempt.as_ref()).await,
        Err(error) => problem(&link, &error),
    }
}

pub(crate) async fn not_found() -> Response {
    not_found_response()
}

pub(crate) async fn method_not_allowed() -> Response {
    respond(StatusCode::METHOD_NOT_ALLOWED, error_page(ErrorKind::MethodNotAllowed))
}
