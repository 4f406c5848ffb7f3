//! From what was done to an answer.

use crate::problem::ApiProblem;
use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use std::fmt;

/// Says that an earlier request under the same key did it.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// What every handler gives.
pub(crate) type Answer = Result<Response, ApiProblem>;

/// An answer with a body.
pub(crate) struct Body(Response);

impl Body {
    /// Of that status.
    pub fn new<T: Serialize>(status: StatusCode, body: &T) -> Self {
        Self((status, Json(body)).into_response())
    }

    /// 200.
    pub fn ok<T: Serialize>(body: &T) -> Self {
        Self::new(StatusCode::OK, body)
    }

    /// The same, with the tag of the state it shows.
    pub fn tag(self, tag: impl fmt::Display) -> Self {
        self.with(header::ETAG, &format!("\"{tag}\""))
    }

    /// The same, with the address of what was made.
    pub fn at(self, collection: &str, id: impl fmt::Display) -> Self {
        self.with(header::LOCATION, &format!("/v1/{collection}/{id}"))
    }

    /// The same, marked when an earlier request did it.
    pub fn replayed(self, replayed: bool) -> Self {
        if replayed { self.with(REPLAYED, "true") } else { self }
    }

    /// The answer.
    pub fn send(self) -> Answer {
        Ok(self.0)
    }

    fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers_mut().insert(name, value);
        }
        self
    }
}

/// Nothing to say.
pub(crate) fn no_content() -> Answer {
    Ok(StatusCode::NO_CONTENT.into_response())
}
