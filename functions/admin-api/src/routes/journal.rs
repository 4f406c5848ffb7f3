//! `/v1/invoices/{id}/journal`

use crate::{
    answer::{Answer, Body},
    door::{Asked, PathId},
    dto::journal::JournalBody,
};
use app::{AppError, Deps};
use axum::extract::State;
use domain::record::{Head, Subject};
use store::StoreError;

/// Read an invoice's journal, oldest entry first
///
/// The journal of a draft that was thrown away is still there.
#[utoipa::path(get, path = "/v1/invoices/{id}/journal", tag = "Invoices", operation_id = "readJournal",
    params(
        ("id" = String, Path, description = "The invoice's id", example = "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W"),
        ("limit" = Option<i32>, Query, minimum = 1, maximum = 100, description = "Entries at most; 25 when left out"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "Some entries", body = JournalBody)))]
pub(crate) async fn list(State(deps): State<Deps>, id: PathId, asked: Asked) -> Answer {
    read(&deps, &Subject::Invoice(id.invoice()?), "invoice", asked).await
}

/// Read a contact's journal, oldest entry first
#[utoipa::path(get, path = "/v1/contacts/{id}/journal", tag = "Contacts", operation_id = "readContactJournal",
    params(
        ("id" = String, Path, description = "The contact's id", example = "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W"),
        ("limit" = Option<i32>, Query, minimum = 1, maximum = 100, description = "Entries at most; 25 when left out"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "Some entries", body = JournalBody)))]
pub(crate) async fn of_contact(State(deps): State<Deps>, id: PathId, asked: Asked) -> Answer {
    read(&deps, &Subject::Contact(id.contact()?), "contact", asked).await
}

/// Read a payment's journal, oldest entry first
#[utoipa::path(get, path = "/v1/payments/{id}/journal", tag = "Payments", operation_id = "readPaymentJournal",
    params(
        ("id" = String, Path, description = "The payment's id", example = "pay_01JZ8Q6X3S9V7K2M4N5P6R8T0W"),
        ("limit" = Option<i32>, Query, minimum = 1, maximum = 100, description = "Entries at most; 25 when left out"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "Some entries", body = JournalBody)))]
pub(crate) async fn of_payment(State(deps): State<Deps>, id: PathId, asked: Asked) -> Answer {
    read(&deps, &Subject::Payment(id.payment()?), "payment", asked).await
}

/// Read an attempt's journal, oldest entry first
#[utoipa::path(get, path = "/v1/attempts/{id}/journal", tag = "Attempts", operation_id = "readAttemptJournal",
    params(
        ("id" = String, Path, description = "The attempt's id", example = "att_01JZ8Q6X3S9V7K2M"),
        ("limit" = Option<i32>, Query, minimum = 1, maximum = 100, description = "Entries at most; 25 when left out"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "Some entries", body = JournalBody)))]
pub(crate) async fn of_attempt(State(deps): State<Deps>, id: PathId, asked: Asked) -> Answer {
    read(&deps, &Subject::Attempt(id.attempt()?), "attempt", asked).await
}

async fn read(deps: &Deps, subject: &Subject, what: &'static str, asked: Asked) -> Answer {
    let paging = asked.paging()?;
    let after = match paging.cursor {
        None => 0,
        Some(text) => text.parse().ok().filter(|seq| (1..u64::MAX / 2).contains(seq)).ok_or(StoreError::Cursor)?,
    };
    if after == 0 {
        let page = deps.store.list_entries(subject, 0, paging.limit).await?;
        if page.rows.is_empty() {
            return Err(AppError::NotFound { what }.into());
        }
        return Body::ok(&JournalBody::read(Head::START, &page.rows, page.next)?).send();
    }
    // The entry before the page carries the hash that its first one stands on.
    let page = deps.store.list_entries(subject, after - 1, paging.limit + 1).await?;
    let (before, rows) = page.rows.split_first().filter(|(before, _)| before.entry.seq == after).ok_or(StoreError::Cursor)?;
    Body::ok(&JournalBody::read(Head { seq: after, hash: before.hash }, rows, page.next)?).send()
}
