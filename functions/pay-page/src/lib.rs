//! `/p/{token}`: what is owed, the way to the gateway's checkout, and the way back.
//!
//! Card numbers never come here: the payer types them on the gateway's own page.

mod handler;
mod show;

use axum::{Router, routing::get};

/// The routes of this function.
pub fn router(deps: app::Deps) -> Router {
    Router::new()
        .route("/p/{token}", get(handler::show_balance).post(handler::start))
        .route("/p/{token}/return", get(handler::come_back))
        .route("/p/{token}/cancel", get(handler::turn_back))
        .method_not_allowed_fallback(handler::method_not_allowed)
        .fallback(handler::not_found)
        .with_state(deps)
}
