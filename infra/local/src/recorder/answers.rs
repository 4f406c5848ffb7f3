//! Answers on the wires the SDK reads: JSON, refusals of either protocol, and an answer that gets lost.

use super::AnswerLost;
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

const AMZ_JSON: &str = "application/x-amz-json-1.1";

/// A JSON answer of the REST protocol.
pub(super) fn rest(body: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// A refusal of the REST protocol, which names its type in a header.
pub(super) fn refused_by_rest(status: StatusCode, code: &'static str, message: &str) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (HeaderName::from_static("x-amzn-errortype"), code)];
    (status, headers, json!({ "message": message }).to_string()).into_response()
}

/// A JSON answer of the protocol that names its operation in `X-Amz-Target`.
pub(super) fn by_target(body: &Value) -> Response {
    ([(header::CONTENT_TYPE, AMZ_JSON)], body.to_string()).into_response()
}

/// A refusal of that protocol, which names its type in the body.
pub(super) fn refused_by_target(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "__type": code, "message": message }).to_string();
    (status, [(header::CONTENT_TYPE, AMZ_JSON)], body).into_response()
}

/// An answer that breaks off before its first byte of content.
pub(super) fn lost() -> Response {
    let broken = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "the answer was lost");
    let body = Body::from_stream(futures::stream::iter([Err::<Bytes, _>(broken)]));
    let mut response = body.into_response();
    response.extensions_mut().insert(AnswerLost);
    response
}
