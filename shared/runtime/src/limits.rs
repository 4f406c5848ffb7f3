//! Limits on what comes in.

use axum::{
    body::{Body, Bytes, HttpBody as _},
    http::{HeaderMap, header},
};

/// Bytes of a staff request's or a gateway's body at most.
pub const MAX_BODY: usize = 256 * 1024;
/// Bytes of a customer's form at most.
pub const MAX_FORM: usize = 16 * 1024;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// More than allowed.
    #[error("the body is larger than {allowed} bytes")]
    TooLarge {
        /// Bytes allowed.
        allowed: usize,
    },
    /// It broke off.
    #[error("the body broke off")]
    Broken,
}

/// Reads a body up to a limit, raw.
///
/// # Errors
/// [`BodyError`].
pub async fn read_body(body: Body, allowed: usize) -> Result<Bytes, BodyError> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > allowed {
        return Err(BodyError::TooLarge { allowed });
    }
    axum::body::to_bytes(body, allowed).await.map_err(|error| {
        let mut source: Option<&dyn std::error::Error> = Some(&error);
        while let Some(cause) = source {
            if cause.to_string().contains("length limit exceeded") {
                return BodyError::TooLarge { allowed };
            }
            source = cause.source();
        }
        BodyError::Broken
    })
}

/// Whether the content type is the one expected, whatever its parameters.
#[must_use]
pub fn has_content_type(headers: &HeaderMap, expected: &str) -> bool {
    let found = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    found.and_then(|value| value.split(';').next()).is_some_and(|value| value.trim().eq_ignore_ascii_case(expected))
}
