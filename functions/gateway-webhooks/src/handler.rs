//! From raw bytes to a settled try.

use app::{
    AppError, Deps,
    record_gateway_notice::{Noted, record_gateway_notice},
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use gateway::NoticeError;
use runtime::{
    Problem,
    limits::{BodyError, MAX_BODY, read_body},
};

pub(crate) async fn stripe(State(deps): State<Deps>, headers: HeaderMap, body: Body) -> Response {
    let Some(gateway) = &deps.gateway else {
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no_gateway", "no payment gateway is set up").into_response();
    };
    let raw = match read_body(body, MAX_BODY).await {
        Ok(raw) => raw,
        Err(BodyError::TooLarge { allowed }) => {
            let detail = format!("a notice has at most {allowed} bytes");
            return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail).into_response();
        }
        Err(BodyError::Broken) => return Problem::new(StatusCode::BAD_REQUEST, "body_broken", "the body broke off").into_response(),
    };
    let signature = headers.get(gateway.notice_header()).and_then(|value| value.to_str().ok());
    let notice = match gateway.verify_notice(&raw, signature, &deps.notice_secrets, deps.clock.now()) {
        Ok(notice) => notice,
        Err(error) => return refused(&error),
    };
    match record_gateway_notice(&deps, gateway, &notice).await {
        Ok(noted) => {
            tracing::info!(event = notice.event_id, kind = notice.kind, outcome = noted.name(), "notice");
            match noted {
                Noted::Applied | Noted::Known | Noted::Duplicate | Noted::ClaimedElsewhere | Noted::Unmatched | Noted::Foreign => {
                    StatusCode::NO_CONTENT.into_response()
                }
            }
        }
        Err(error) => failed(&notice.event_id, &error),
    }
}

fn refused(error: &NoticeError) -> Response {
    match error {
        NoticeError::NoSecrets => {
            tracing::error!(%error, "notices cannot be checked");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no_signing_secret", error.to_string()).into_response()
        }
        NoticeError::Unreadable(_) => {
            // Signed by the gateway and yet not readable: taken, so that it is not sent for ever, and said aloud.
            tracing::error!(%error, "a signed notice cannot be read");
            StatusCode::NO_CONTENT.into_response()
        }
        // Whoever finds the address sends something unsigned; the gateway never does.
        NoticeError::NotSigned => invalid(error, "signature_missing"),
        NoticeError::MalformedHeader | NoticeError::UnknownScheme | NoticeError::WrongSignature | NoticeError::OutsideTolerance { .. } => {
            invalid(error, "signature_refused")
        }
    }
}

/// A metric counts by the rule what was signed and yet refused.
fn invalid(error: &NoticeError, rule: &'static str) -> Response {
    tracing::warn!(%error, rule, "a notice was refused");
    Problem::new(StatusCode::BAD_REQUEST, "signature_invalid", error.to_string()).into_response()
}

/// The gateway sends again what was not answered with 2xx.
fn failed(event: &str, error: &AppError) -> Response {
    tracing::error!(event, %error, "a notice could not be recorded");
    let retry = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "try_again", "the notice could not be recorded now; send it again");
    let mut response = retry.into_response();
    response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("60"));
    response
}

pub(crate) async fn not_found() -> Response {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address").into_response()
}

pub(crate) async fn method_not_allowed() -> Response {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "notices are sent with POST").into_response()
}
