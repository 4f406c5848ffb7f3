//! `/v1/attempts`

use crate::{
    answer::{Answer, Body},
    door::{Asked, PathId, Posted},
    dto::{
        AttemptList,
        attempt::{AttemptBody, ResolutionBody},
    },
    problem::ApiProblem,
};
use app::{AppError, Deps, resolve_attempt::resolve_attempt};
use axum::{extract::State, http::StatusCode};
use domain::ids::{AttemptId, ContactId, InvoiceId};
use store::lists::RecordList;

/// List attempts to collect, newest first
///
/// Those of an invoice come oldest first and all at once.
#[utoipa::path(get, path = "/v1/attempts", tag = "Attempts", operation_id = "listAttempts",
    params(
        ("contact_id" = Option<String>, Query, description = "Those of a contact"),
        ("invoice_id" = Option<String>, Query, description = "Those of an invoice"),
        ("limit" = Option<i32>, Query, minimum = 1, maximum = 100, description = "Rows at most; 25 when left out"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "Some attempts", body = AttemptList)))]
pub(crate) async fn list(State(deps): State<Deps>, mut asked: Asked) -> Answer {
    let contact = asked.take_id("contact_id", ContactId::parse)?;
    if let Some(id) = asked.take_id("invoice_id", InvoiceId::parse)? {
        asked.done()?;
        if contact.is_some() {
            return Err(ApiProblem::bad("query_invalid", "give `invoice_id` or `contact_id`, not both").field("contact_id"));
        }
        let folder = deps.store.find_invoice(&id).await?.ok_or(AppError::NotFound { what: "invoice" })?;
        let attempts = deps.store.list_attempts(&folder.invoice.value.contact_id, &id).await?;
        return Body::ok(&AttemptList::new(&attempts, None)).send();
    }
    let paging = asked.paging()?;
    let list = contact.map_or(RecordList::All, RecordList::Contact);
    let page = deps.store.list_newest_attempts(&list, paging.limit, paging.cursor.as_deref()).await?;
    Body::ok(&AttemptList::new(&page.rows, page.next)).send()
}

/// Read an attempt
#[utoipa::path(get, path = "/v1/attempts/{id}", tag = "Attempts", operation_id = "getAttempt",
    params(("id" = String, Path, description = "The attempt's id", example = "att_01JZ8Q6X3S9V7K2M")),
    responses((status = 200, description = "The attempt as it stands", body = AttemptBody)))]
pub(crate) async fn get(State(deps): State<Deps>, id: PathId) -> Answer {
    shown(&deps, StatusCode::OK, &id.attempt()?, false).await
}

/// Say what really became of an attempt
///
/// For one that the gateway does not tell of, that it does not know, or that collected another amount than was ordered. The gateway is
/// asked once more before: when it tells, that counts, and this is refused. Money that is stated is the attempt's payment; nothing that
/// comes later books it again.
#[utoipa::path(post, path = "/v1/attempts/{id}/resolve", tag = "Attempts", operation_id = "resolveAttempt", request_body = ResolutionBody,
    params(("id" = String, Path, description = "The attempt's id", example = "att_01JZ8Q6X3S9V7K2M")),
    responses((status = 200, description = "The attempt as it stands", body = AttemptBody)))]
pub(crate) async fn resolve(State(deps): State<Deps>, id: PathId, posted: Posted<ResolutionBody>) -> Answer {
    let (id, (said, note)) = (id.attempt()?, posted.body.read()?);
    let answered = resolve_attempt(&deps, &posted.caller, &id, posted.seen.version()?, &said, &note).await?;
    shown(&deps, StatusCode::OK, &answered.value, answered.replayed).await
}

async fn shown(deps: &Deps, status: StatusCode, id: &AttemptId, replayed: bool) -> Answer {
    let found = deps.store.find_attempt(id).await?.ok_or(AppError::NotFound { what: "attempt" })?;
    Body::new(status, &AttemptBody::from(&found.value)).tag(found.head.seq).replayed(replayed).send()
}
