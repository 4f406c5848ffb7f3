//! `/v1/business`

use crate::{
    answer::{Answer, Body},
    door::{Edited, Seen},
    dto::business::BusinessBody,
};
use app::{AppError, Deps, save_business::save_business};
use axum::extract::State;

/// Read the settings of the business
#[utoipa::path(get, path = "/v1/business", tag = "Business", operation_id = "getBusiness",
    responses((status = 200, description = "The settings", body = BusinessBody,
        headers(("ETag" = String, description = "The version, for If-Match")))))]
pub(crate) async fn get(State(deps): State<Deps>) -> Answer {
    let found = deps.store.find_business().await?.ok_or(AppError::NoBusiness)?;
    Body::ok(&BusinessBody::from(&found.value)).tag(found.value.version).send()
}

/// Save the settings of the business
///
/// All of them are replaced; what is left out takes its default.
#[utoipa::path(put, path = "/v1/business", tag = "Business", operation_id = "putBusiness", request_body = BusinessBody,
    responses((status = 200, description = "The settings as saved", body = BusinessBody,
        headers(("ETag" = String, description = "The version, for If-Match")))))]
pub(crate) async fn put(State(deps): State<Deps>, edited: Edited<BusinessBody>) -> Answer {
    let business = edited.body.read()?;
    if edited.seen == Seen::Something && deps.store.find_business().await?.is_none() {
        return Err(AppError::Stale.into());
    }
    let saved = save_business(&deps, &edited.caller, business, edited.seen.version()?).await?;
    Body::ok(&BusinessBody::from(&saved)).tag(saved.version).send()
}
