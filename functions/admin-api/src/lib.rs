//! Staff: everything under `/v1`, with its description.
//!
//! [`router`] serves the same in Lambda, in the local run and in tests. The description is `openapi.json` beside `src`: tests make it from
//! the routes' attributes and hold it against the file, so that no function has to.

mod answer;
mod door;
mod dto;
mod frame;
mod login;
mod node;
mod problem;
mod routes;
mod scopes;

use app::Deps;
use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use routes::{actions, api_keys, attempts, business, contacts, invoices, journal, me, messages, openapi, payments, products};

/// Serves `/v1/…`.
pub fn router(deps: Deps) -> Router {
    Router::new()
        .route("/v1/business", get(business::get).put(business::put))
        .route("/v1/api-keys", get(api_keys::list).post(api_keys::create))
        .route("/v1/api-keys/{id}", get(api_keys::get).delete(api_keys::revoke))
        .route("/v1/api-keys/{id}/rotate", post(api_keys::rotate))
        .route("/v1/contacts", get(contacts::list).post(contacts::create))
        .route("/v1/contacts/{id}", get(contacts::get).patch(contacts::patch))
        .route("/v1/products", get(products::list).post(products::create))
        .route("/v1/products/{id}", get(products::get))
        .route("/v1/invoices", get(invoices::list).post(invoices::create))
        .route("/v1/invoices/{id}", get(invoices::get).patch(invoices::patch).delete(invoices::delete))
        .route("/v1/invoices/{id}/send", post(actions::send))
        .route("/v1/invoices/{id}/request-payment", post(actions::request))
        .route("/v1/invoices/{id}/void", post(actions::void))
        .route("/v1/invoices/{id}/payments", post(actions::pay))
        .route("/v1/invoices/{id}/journal", get(journal::list))
        .route("/v1/payments", get(payments::list))
        .route("/v1/payments/{id}", get(payments::get))
        .route("/v1/payments/{id}/journal", get(journal::of_payment))
        .route("/v1/attempts", get(attempts::list))
        .route("/v1/attempts/{id}", get(attempts::get))
        .route("/v1/attempts/{id}/resolve", post(attempts::resolve))
        .route("/v1/attempts/{id}/journal", get(journal::of_attempt))
        .route("/v1/contacts/{id}/credits", get(contacts::credits))
        .route("/v1/contacts/{id}/journal", get(journal::of_contact))
        .route("/v1/me", get(me::get))
        .route("/v1/messages", get(messages::list))
        .route_layer(from_fn_with_state(deps.clone(), frame::staff_only))
        .route("/v1/openapi.json", get(openapi::get))
        .fallback(frame::no_route)
        .method_not_allowed_fallback(frame::no_method)
        .layer(from_fn_with_state(deps.clone(), frame::frame))
        .with_state(deps)
}

#[cfg(test)]
mod tests;
