//! `/v1/contacts`

use super::still_there;
use crate::{
    answer::{Answer, Body},
    door::{Asked, Edited, PathId, Posted},
    dto::{
        ContactList, CreditList,
        contact::{ContactBody, ContactPatchBody, NewContactBody},
    },
    problem::ApiProblem,
};
use app::{AppError, Deps, create_contact::create_contact, patch_contact::patch_contact};
use axum::{extract::State, http::StatusCode};
use store::queries::ContactFolder;

/// List contacts, oldest first
#[utoipa::path(get, path = "/v1/contacts", tag = "Contacts", operation_id = "listContacts",
    params(
        ("limit" = Option<i32>, Query, minimum = 1, maximum = 100, description = "Rows at most; 25 when left out"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "Some contacts", body = ContactList)))]
pub(crate) async fn list(State(deps): State<Deps>, asked: Asked) -> Answer {
    let paging = asked.paging()?;
    let page = deps.store.list_contacts(paging.limit, paging.cursor.as_deref()).await?;
    Body::ok(&ContactList::new(&page.rows, page.next)).send()
}

/// Write a contact down
#[utoipa::path(post, path = "/v1/contacts", tag = "Contacts", operation_id = "createContact", request_body = NewContactBody,
    responses((status = 201, description = "The contact", body = ContactBody, headers(
        ("ETag" = String, description = "For If-Match"), ("Location" = String, description = "Its address")))))]
pub(crate) async fn create(State(deps): State<Deps>, posted: Posted<NewContactBody>) -> Answer {
    let answered = create_contact(&deps, &posted.caller, posted.body.read()?).await?;
    let found = still_there(deps.store.find_contact(&answered.value).await?, &answered, "contact")?;
    shown(&deps, StatusCode::CREATED, &found).await?.at("contacts", &answered.value).replayed(answered.replayed).send()
}

/// Read a contact
#[utoipa::path(get, path = "/v1/contacts/{id}", tag = "Contacts", operation_id = "getContact",
    params(("id" = String, Path, description = "The contact's id", example = "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 200, description = "The contact", body = ContactBody,
        headers(("ETag" = String, description = "For If-Match")))))]
pub(crate) async fn get(State(deps): State<Deps>, id: PathId) -> Answer {
    let found = deps.store.find_contact(&id.contact()?).await?.ok_or(AppError::NotFound { what: "contact" })?;
    shown(&deps, StatusCode::OK, &found).await?.send()
}

/// Correct a contact
///
/// Invoices that were sent keep the words they were sent with.
#[utoipa::path(patch, path = "/v1/contacts/{id}", tag = "Contacts", operation_id = "patchContact", request_body = ContactPatchBody,
    params(("id" = String, Path, description = "The contact's id", example = "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 200, description = "The contact as it stands", body = ContactBody,
        headers(("ETag" = String, description = "For If-Match")))))]
pub(crate) async fn patch(State(deps): State<Deps>, id: PathId, edited: Edited<ContactPatchBody>) -> Answer {
    let id = id.contact()?;
    let patch = edited.body.read()?;
    let seen = edited.seen.version()?;
    patch_contact(&deps, &edited.caller, &id, seen, |details| Ok(patch.over(details))).await?;
    let found = deps.store.find_contact(&id).await?.ok_or(AppError::NotFound { what: "contact" })?;
    shown(&deps, StatusCode::OK, &found).await?.send()
}

/// List a contact's credits
///
/// Money that was received and that no invoice owes. There is no stored sum: what the contact has is what is `left` of each.
#[utoipa::path(get, path = "/v1/contacts/{id}/credits", tag = "Contacts", operation_id = "listCredits",
    params(("id" = String, Path, description = "The contact's id", example = "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 200, description = "All its credits", body = CreditList)))]
pub(crate) async fn credits(State(deps): State<Deps>, id: PathId, asked: Asked) -> Answer {
    asked.done()?;
    let id = id.contact()?;
    deps.store.find_contact(&id).await?.ok_or(AppError::NotFound { what: "contact" })?;
    Body::ok(&CreditList::new(&deps.store.list_credits(&id).await?, None)).send()
}

async fn shown(deps: &Deps, status: StatusCode, found: &ContactFolder) -> Result<Body, ApiProblem> {
    let credits = deps.store.list_credits(&found.contact.value.id).await?;
    let body = ContactBody::new(&found.contact.value, &credits).map_err(|error| AppError::Defect(error.to_string()))?;
    Ok(Body::new(status, &body).tag(found.contact.head.seq))
}
