//! `/v1/openapi.json`

use axum::{http::header, response::IntoResponse};

/// The document as it is served.
pub(crate) const DOCUMENT: &str = include_str!("../../openapi.json");

/// Read this description
#[utoipa::path(get, path = "/v1/openapi.json", tag = "OpenAPI", operation_id = "getOpenApi", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json")))]
pub(crate) async fn get() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
