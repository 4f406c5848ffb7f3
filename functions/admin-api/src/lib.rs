//! Staff: everything under `/v1`, with its description.
//!
//! [`router`] serves the same in Lambda, in the local run and in tests.

mod answer;
mod door;
mod dto;
mod frame;
mod login;
mod node;
mod openapi;
mod problem;
mod routes;
mod scopes;

use app::Deps;
use axum::{Extension, Router, middleware::from_fn_with_state};
use routes::{actions, api_keys, business, contacts, invoices, journal, messages, openapi::Document, payments, products};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Serves `/v1/…`.
pub fn router(deps: Deps) -> Router {
    let (router, document) = routed(&deps);
    let document = Document(document.to_json().unwrap_or_default().into());
    router
        .fallback(frame::no_route)
        .method_not_allowed_fallback(frame::no_method)
        .layer(Extension(document))
        .layer(from_fn_with_state(deps.clone(), frame::frame))
        .with_state(deps)
}

/// Every route, and the document that describes them.
fn routed(deps: &Deps) -> (Router<Deps>, utoipa::openapi::OpenApi) {
    let (router, mut document) = OpenApiRouter::with_openapi(openapi::head())
        .routes(routes!(business::get, business::put))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::get, api_keys::revoke))
        .routes(routes!(api_keys::rotate))
        .routes(routes!(contacts::list, contacts::create))
        .routes(routes!(contacts::get, contacts::patch))
        .routes(routes!(products::list, products::create))
        .routes(routes!(products::get))
        .routes(routes!(invoices::list, invoices::create))
        .routes(routes!(invoices::get, invoices::patch, invoices::delete))
        .routes(routes!(actions::send))
        .routes(routes!(actions::request))
        .routes(routes!(actions::void))
        .routes(routes!(actions::pay))
        .routes(routes!(journal::list))
        .routes(routes!(payments::list))
        .routes(routes!(messages::list))
        .route_layer(from_fn_with_state(deps.clone(), frame::staff_only))
        .routes(routes!(routes::openapi::get))
        .split_for_parts();
    openapi::complete(&mut document);
    (router, document)
}

#[cfg(test)]
mod tests;
