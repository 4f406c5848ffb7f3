//! `/v1/openapi.json`

use axum::{Extension, http::header, response::IntoResponse};
use std::sync::Arc;

/// The document as it is served.
#[derive(Clone)]
pub(crate) struct Document(pub Arc<str>);

/// Read this description
#[utoipa::path(get, path = "/v1/openapi.json", tag = "OpenAPI", operation_id = "getOpenApi", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json")))]
pub(crate) async fn get(Extension(Document(document)): Extension<Document>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], document.to_string())
}
