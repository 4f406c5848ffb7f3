//! How the pages of a local run look: in the style of the customers' pages, and a little of their own.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use domain::calendar::Zone;
use sha2::{Digest as _, Sha256};

/// What stands in every page besides [`pages::STYLE`].
pub(crate) const STYLE: &str = include_str!("../templates/local.css");

/// A template as a page: without a script, with forms that go to this address only.
pub(crate) fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => runtime::page::respond(StatusCode::OK, html, &policy()),
        Err(error) => {
            tracing::error!(%error, "the page could not be written out");
            (StatusCode::INTERNAL_SERVER_ERROR, "The page could not be written out.\n").into_response()
        }
    }
}

/// Frames are for mails, which bring a policy of their own.
fn policy() -> String {
    let [theirs, ours] = [pages::STYLE, STYLE].map(|style| BASE64.encode(&Sha256::digest(style)));
    format!(
        "default-src 'none'; style-src 'sha256-{theirs}' 'sha256-{ours}'; img-src data:; frame-src 'self'; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'"
    )
}

/// What a clock in a zone shows, to the minute: `6 August 2026, 14:32`.
pub(crate) fn minute(at: DateTime<Utc>, zone: Zone) -> String {
    zone.clock_at(at).format("%-d %B %Y, %H:%M").to_string()
}
