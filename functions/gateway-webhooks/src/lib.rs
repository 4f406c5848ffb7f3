//! `POST /webhooks/stripe`: what the gateway tells us. Verified on the raw bytes before a byte of it is parsed.

mod handler;

use axum::{Router, routing::post};

/// The routes of this function.
pub fn router(deps: app::Deps) -> Router {
    Router::new()
        .route("/webhooks/stripe", post(handler::stripe))
        .method_not_allowed_fallback(handler::method_not_allowed)
        .fallback(handler::not_found)
        .with_state(deps)
}
