//! `/v1/invoices`

use super::still_there;
use crate::{
    answer::{Answer, Body, no_content},
    door::{Asked, Edited, PathId, Posted, Removed},
    dto::{
        draft::{InvoicePatchBody, NewInvoiceBody},
        invoice::{Around, InvoiceBody, LinksBody},
    },
    problem::ApiProblem,
};
use app::{AppError, Deps, create_invoice::create_invoice, delete_draft::delete_draft, patch_invoice::patch_invoice};
use axum::{extract::State, http::StatusCode};
use domain::{
    ids::{ContactId, InvoiceId},
    invoice::{actions::Action, status::StatusCode as InvoiceStatus},
    pii::RecipientRef,
};
use store::lists::InvoiceList;

/// List invoices
///
/// Each list reads one index, so at most one of `status`, `contact_id` and `past_due` is taken.
#[utoipa::path(get, path = "/v1/invoices", tag = "Invoices", operation_id = "listInvoices",
    params(
        ("status" = Option<String>, Query, description = "Those in a status, by its code or label; `Unpaid` and `Paid` are understood",
            example = "open"),
        ("contact_id" = Option<String>, Query, description = "Those of a contact"),
        ("past_due" = Option<bool>, Query, description = "`true`: those owed whose due date has passed, longest overdue first"),
        ("limit" = Option<i32>, Query, minimum = 1, maximum = 100, description = "Rows at most; 25 when left out"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "Some invoices", body = crate::dto::InvoiceList)))]
pub(crate) async fn list(State(deps): State<Deps>, mut asked: Asked) -> Answer {
    let (status, contact_id, past_due) = (asked.take("status")?, asked.take("contact_id")?, asked.take("past_due")?);
    let paging = asked.paging()?;
    let list = match (status, contact_id, past_due.as_deref()) {
        (None, None, None) => InvoiceList::All,
        (Some(word), None, None) => InvoiceList::Status(status_of(&word)?),
        (None, Some(id), None) => InvoiceList::Contact(ContactId::parse(&id).map_err(|error| ApiProblem::id("contact_id", &error))?),
        (None, None, Some("true")) => {
            let now = deps.clock.now();
            InvoiceList::DueBefore(deps.business(now).await?.zone.date_at(now))
        }
        (None, None, Some(_)) => {
            let detail = "`past_due` is `true` or left out; there is no list of those that are not past due";
            return Err(ApiProblem::bad("query_invalid", detail).field("past_due"));
        }
        (_, _, _) => {
            let detail = "each list reads one index: give one of `status`, `contact_id` and `past_due`, or none of them";
            return Err(ApiProblem::bad("query_invalid", detail));
        }
    };
    let page = deps.store.list_invoices(&list, paging.limit, paging.cursor.as_deref()).await?;
    Body::ok(&crate::dto::InvoiceList::new(&page.rows, page.next)).send()
}

fn status_of(word: &str) -> Result<InvoiceStatus, ApiProblem> {
    InvoiceStatus::find(word).ok_or_else(|| {
        let names: Vec<&str> = InvoiceStatus::ALL.into_iter().map(InvoiceStatus::name).collect();
        let detail = format!("this is no status; write one of {}, Unpaid, Paid", names.join(", "));
        ApiProblem::bad("query_invalid", detail).field("status")
    })
}

/// Write an invoice, as a draft or sent at once
#[utoipa::path(post, path = "/v1/invoices", tag = "Invoices", operation_id = "createInvoice", request_body = NewInvoiceBody,
    responses((status = 201, description = "The invoice", body = InvoiceBody, headers(
        ("ETag" = String, description = "For If-Match"), ("Location" = String, description = "Its address")))))]
pub(crate) async fn create(State(deps): State<Deps>, posted: Posted<NewInvoiceBody>) -> Answer {
    let answered = create_invoice(&deps, &posted.caller, posted.body.read()?).await.map_err(unknown_contact)?;
    let shown = still_there(show(&deps, &answered.value).await?, &answered, "invoice")?;
    shown.answer(StatusCode::CREATED).at("invoices", &answered.value).replayed(answered.replayed).send()
}

/// An unknown contact is a field that does not fit, not an address that leads nowhere.
fn unknown_contact(error: AppError) -> ApiProblem {
    if let AppError::NotFound { what: "contact" } = error {
        return ApiProblem::value("contact_id", "there is no contact with this id");
    }
    error.into()
}

/// Read an invoice
#[utoipa::path(get, path = "/v1/invoices/{id}", tag = "Invoices", operation_id = "getInvoice",
    params(("id" = String, Path, description = "The invoice's id", example = "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 200, description = "The invoice as it stands", body = InvoiceBody,
        headers(("ETag" = String, description = "For If-Match: changes with revision, amount due and status")))))]
pub(crate) async fn get(State(deps): State<Deps>, id: PathId) -> Answer {
    let shown = show(&deps, &id.invoice()?).await?.ok_or(AppError::NotFound { what: "invoice" })?;
    shown.answer(StatusCode::OK).send()
}

/// Change what an invoice says
///
/// A draft and an open invoice without money applied or on its way change in full; after that only notes, due date and
/// reminders do.
#[utoipa::path(patch, path = "/v1/invoices/{id}", tag = "Invoices", operation_id = "patchInvoice", request_body = InvoicePatchBody,
    params(("id" = String, Path, description = "The invoice's id", example = "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 200, description = "The invoice as it stands", body = InvoiceBody,
        headers(("ETag" = String, description = "For If-Match")))))]
pub(crate) async fn patch(State(deps): State<Deps>, id: PathId, edited: Edited<InvoicePatchBody>) -> Answer {
    let id = id.invoice()?;
    let patch = edited.body.read()?;
    patch_invoice(&deps, &edited.caller, &id, edited.seen.tag(), patch).await?;
    let shown = show(&deps, &id).await?.ok_or(AppError::NotFound { what: "invoice" })?;
    shown.answer(StatusCode::OK).send()
}

/// Throw a draft away
///
/// Its journal stays as the trace of it. A sent invoice is voided instead.
#[utoipa::path(delete, path = "/v1/invoices/{id}", tag = "Invoices", operation_id = "deleteDraft",
    params(("id" = String, Path, description = "The draft's id", example = "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 204, description = "It is gone")))]
pub(crate) async fn delete(State(deps): State<Deps>, id: PathId, removed: Removed) -> Answer {
    delete_draft(&deps, &removed.caller, &id.invoice()?, removed.seen.tag()).await?;
    no_content()
}

/// An invoice as it is shown.
pub(crate) struct Shown {
    pub body: InvoiceBody,
    tag: String,
}

impl Shown {
    /// The invoice alone, with its tag.
    pub fn answer(&self, status: StatusCode) -> Body {
        Body::new(status, &self.body).tag(&self.tag)
    }

    /// The invoice inside something else; the tag is still the invoice's.
    pub fn answer_with<T: serde::Serialize>(self, status: StatusCode, body: impl FnOnce(InvoiceBody) -> T) -> Body {
        Body::new(status, &body(self.body)).tag(self.tag)
    }
}

/// Reads an invoice with everything it is shown with.
pub(crate) async fn show(deps: &Deps, id: &InvoiceId) -> Result<Option<Shown>, ApiProblem> {
    let Some(folder) = deps.store.find_invoice(id).await? else { return Ok(None) };
    let invoice = &folder.invoice.value;
    let contact = deps.store.find_contact(&invoice.contact_id).await?;
    let contact = contact.ok_or_else(|| AppError::Defect(format!("{id} has no contact")))?;
    let now = deps.clock.now();
    let circumstances = deps.circumstances(invoice, contact.contact.value.details.main_email().is_some());
    let link = |action: Action, url: domain::pii::Pii| {
        let allowed = action.answer(invoice, &circumstances).enabled;
        allowed.then(|| url.reveal().to_owned())
    };
    let around = Around {
        today: deps.business(now).await?.zone.date_at(now),
        links: LinksBody {
            invoice_url: link(Action::CopyInvoiceLink, deps.invoice_url(invoice, RecipientRef::ANYONE)),
            pay_url: link(Action::CopyPayLink, deps.pay_url(invoice, RecipientRef::ANYONE)),
        },
        circumstances: circumstances.clone(),
    };
    let attempts = deps.store.list_attempts(&invoice.contact_id, id).await?;
    let body = InvoiceBody::new(&folder, &attempts, around).map_err(|error| AppError::Defect(error.to_string()))?;
    Ok(Some(Shown { body, tag: invoice.etag() }))
}
