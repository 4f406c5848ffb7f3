//! `/v1/api-keys`

use crate::{
    answer::{Answer, Body, no_content},
    door::{Asked, Holds, PathId, Posted, Removed},
    dto::{
        ApiKeyList,
        api_key::{ApiKeyBody, MadeKeyBody, NewApiKeyBody, RotatedKeyBody, RotationBody},
    },
};
use app::{
    AppError, Deps, api_keys::find_api_key, create_api_key::create_api_key, revoke_api_key::revoke_api_key, rotate_api_key::rotate_api_key,
};
use axum::{extract::State, http::StatusCode};
use store::StoredApiKey;

/// List API keys, oldest first
///
/// Those that ended or were revoked stay listed. The bootstrap key, and a key older than roles, is listed once it was used.
#[utoipa::path(get, path = "/v1/api-keys", tag = "API keys", operation_id = "listApiKeys",
    params(
        ("limit" = Option<i32>, Query, minimum = 1, maximum = 100, description = "Rows at most; 25 when left out"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "Some keys", body = ApiKeyList)))]
pub(crate) async fn list(State(deps): State<Deps>, asked: Asked) -> Answer {
    let paging = asked.paging()?;
    let page = deps.store.list_api_keys(paging.limit, paging.cursor.as_deref()).await?;
    Body::ok(&ApiKeyList::new(&page.rows, page.next)).send()
}

/// Make an API key
///
/// The answer shows its token, this once: only a digest of it is stored. A replay under the same Idempotency-Key answers 201 with
/// the key, without its token, and says so in `note`. A key can do nothing that its maker cannot.
#[utoipa::path(post, path = "/v1/api-keys", tag = "API keys", operation_id = "createApiKey", request_body = NewApiKeyBody,
    responses((status = 201, description = "The key and its token", body = MadeKeyBody, headers(
        ("ETag" = String, description = "For If-Match"), ("Location" = String, description = "Its address"),
        ("Cache-Control" = String, description = "`no-store`")))))]
pub(crate) async fn create(State(deps): State<Deps>, Holds(grant): Holds, posted: Posted<NewApiKeyBody>) -> Answer {
    let answered = create_api_key(&deps, &posted.caller, &grant, posted.body.read()?).await?;
    let StoredApiKey { key, rev, .. } = &answered.value.stored;
    Body::new(StatusCode::CREATED, &MadeKeyBody::from(&answered.value)).tag(rev).at("api-keys", &key.id).replayed(answered.replayed).send()
}

/// Read an API key
#[utoipa::path(get, path = "/v1/api-keys/{id}", tag = "API keys", operation_id = "getApiKey",
    params(("id" = String, Path, description = "The key's id", example = "key_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 200, description = "The key", body = ApiKeyBody,
        headers(("ETag" = String, description = "For If-Match")))))]
pub(crate) async fn get(State(deps): State<Deps>, id: PathId) -> Answer {
    let found = find_api_key(&deps, &id.api_key()?, deps.clock.now()).await?.ok_or(AppError::NotFound { what: "API key" })?;
    Body::ok(&ApiKeyBody::from(&found.key)).tag(found.rev).send()
}

/// Revoke an API key
///
/// It is refused everywhere within a minute, and never valid again; revoking it again changes nothing. The last valid owner's key
/// with the scope `admin` is kept, the bootstrap key counted while it is valid. `key_00000000000000000000000000` revokes that one.
#[utoipa::path(delete, path = "/v1/api-keys/{id}", tag = "API keys", operation_id = "revokeApiKey",
    params(("id" = String, Path, description = "The key's id", example = "key_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 204, description = "It is revoked")))]
pub(crate) async fn revoke(State(deps): State<Deps>, id: PathId, removed: Removed) -> Answer {
    revoke_api_key(&deps, &removed.caller, &id.api_key()?, removed.seen.version()?).await?;
    no_content()
}

/// Replace an API key
///
/// The new key has the old one's name, role, scopes and end. The old one stays valid for the overlap; without one it is refused
/// everywhere within a minute. The token is shown this once, as with a key that is made.
#[utoipa::path(post, path = "/v1/api-keys/{id}/rotate", tag = "API keys", operation_id = "rotateApiKey", request_body = RotationBody,
    params(("id" = String, Path, description = "The old key's id", example = "key_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 201, description = "The new key and its token, and the old key", body = RotatedKeyBody, headers(
        ("ETag" = String, description = "For If-Match"), ("Location" = String, description = "Its address"),
        ("Cache-Control" = String, description = "`no-store`")))))]
pub(crate) async fn rotate(State(deps): State<Deps>, id: PathId, Holds(grant): Holds, posted: Posted<RotationBody>) -> Answer {
    let answered = rotate_api_key(&deps, &posted.caller, &grant, &id.api_key()?, posted.seen.version()?, posted.body.read()?).await?;
    let StoredApiKey { key, rev, .. } = &answered.value.minted.stored;
    Body::new(StatusCode::CREATED, &RotatedKeyBody::from(&answered.value))
        .tag(rev)
        .at("api-keys", &key.id)
        .replayed(answered.replayed)
        .send()
}
