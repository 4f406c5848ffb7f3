//! Which scope each route needs: one row a route, and exactly one scope a row. A route without a row is closed to everybody.

use axum::http::Method;
use domain::access::Scope::{self, Admin, Read, Refund, Write};

/// Every route but the description, which is open.
pub(crate) const TABLE: [(&str, &str, Scope); 35] = [
    ("GET", "/v1/business", Read),
    ("PUT", "/v1/business", Admin),
    ("GET", "/v1/api-keys", Admin),
    ("POST", "/v1/api-keys", Admin),
    ("GET", "/v1/api-keys/{id}", Admin),
    ("DELETE", "/v1/api-keys/{id}", Admin),
    ("POST", "/v1/api-keys/{id}/rotate", Admin),
    ("GET", "/v1/contacts", Read),
    ("POST", "/v1/contacts", Write),
    ("GET", "/v1/contacts/{id}", Read),
    ("PATCH", "/v1/contacts/{id}", Write),
    ("GET", "/v1/products", Read),
    ("POST", "/v1/products", Write),
    ("GET", "/v1/products/{id}", Read),
    ("GET", "/v1/invoices", Read),
    ("POST", "/v1/invoices", Write),
    ("GET", "/v1/invoices/{id}", Read),
    ("PATCH", "/v1/invoices/{id}", Write),
    ("DELETE", "/v1/invoices/{id}", Write),
    ("POST", "/v1/invoices/{id}/send", Write),
    ("POST", "/v1/invoices/{id}/request-payment", Write),
    ("POST", "/v1/invoices/{id}/payments", Write),
    ("POST", "/v1/invoices/{id}/void", Write),
    ("GET", "/v1/invoices/{id}/journal", Read),
    ("GET", "/v1/payments", Read),
    ("GET", "/v1/messages", Read),
    ("GET", "/v1/payments/{id}", Read),
    ("GET", "/v1/payments/{id}/journal", Read),
    ("GET", "/v1/attempts", Read),
    ("GET", "/v1/attempts/{id}", Read),
    ("POST", "/v1/attempts/{id}/resolve", Refund),
    ("GET", "/v1/attempts/{id}/journal", Read),
    ("GET", "/v1/contacts/{id}/credits", Read),
    ("GET", "/v1/contacts/{id}/journal", Read),
    ("GET", "/v1/me", Read),
];

/// The scope that a route needs, by its method and the path it is matched by. `HEAD` is answered as `GET` is.
pub(crate) fn needed(method: &Method, path: &str) -> Option<Scope> {
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    TABLE.into_iter().find(|(of, at, _)| (*of, *at) == (method, path)).map(|(_, _, scope)| scope)
}
