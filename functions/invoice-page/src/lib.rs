//! `GET /i/{token}`: the hosted invoice. One strongly consistent read; one write when it is seen for the first time.

mod handler;

use axum::{Router, routing::get};

/// The routes of this function.
pub fn router(deps: app::Deps) -> Router {
    Router::new()
        .route("/i/{token}", get(handler::show))
        .method_not_allowed_fallback(handler::method_not_allowed)
        .fallback(handler::not_found)
        .with_state(deps)
}
