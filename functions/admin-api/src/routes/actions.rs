//! `/v1/invoices/{id}/…`: what is done to an invoice.

use super::{
    invoices::{Shown, show},
    still_there,
};
use crate::{
    answer::Answer,
    door::{PathId, Posted},
    dto::{
        Nothing,
        invoice::InvoiceBody,
        payment::{NewPaymentBody, PaidBody, PaymentBody},
    },
    problem::ApiProblem,
};
use app::{
    Answered, AppError, Deps, record_payment::record_payment, request_payment::request_payment, send_invoice::send_invoice,
    void_invoice::void_invoice,
};
use axum::{extract::State, http::StatusCode};
use domain::ids::InvoiceId;
use serde::Deserialize;
use utoipa::ToSchema;

/// Send a draft for the first time
///
/// It takes its number, is owed, and its customer is told.
#[utoipa::path(post, path = "/v1/invoices/{id}/send", tag = "Invoices", operation_id = "sendInvoice", request_body = Nothing,
    params(("id" = String, Path, description = "The draft's id", example = "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 200, description = "The invoice as it stands", body = InvoiceBody,
        headers(("ETag" = String, description = "For If-Match")))))]
pub(crate) async fn send(State(deps): State<Deps>, id: PathId, posted: Posted<Nothing>) -> Answer {
    let answered = send_invoice(&deps, &posted.caller, &id.invoice()?, posted.seen.tag()).await?;
    as_it_stands(&deps, answered).await
}

/// How urgently the customer is asked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = PaymentRequest, examples(json!({"force": true})))]
pub(crate) struct RequestBody {
    /// Ask again though the customer was asked within the last minute.
    #[serde(default)]
    #[schema(default = false)]
    force: bool,
}

/// Ask the customer for the money again
#[utoipa::path(post, path = "/v1/invoices/{id}/request-payment", tag = "Invoices", operation_id = "requestPayment",
    request_body = RequestBody,
    params(("id" = String, Path, description = "The invoice's id", example = "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 200, description = "The invoice as it stands", body = InvoiceBody,
        headers(("ETag" = String, description = "For If-Match")))))]
pub(crate) async fn request(State(deps): State<Deps>, id: PathId, posted: Posted<RequestBody>) -> Answer {
    let answered = request_payment(&deps, &posted.caller, &id.invoice()?, posted.seen.tag(), posted.body.force).await?;
    as_it_stands(&deps, answered).await
}

/// Whether money that was received may become credit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = VoidOptions, examples(json!({"acknowledge_captured_funds": true})))]
pub(crate) struct VoidBody {
    /// Needed once money was received: it becomes the contact's credit.
    #[serde(default)]
    #[schema(default = false)]
    acknowledge_captured_funds: bool,
}

/// Cancel an invoice
///
/// An open checkout is closed first; nothing is owed afterwards.
#[utoipa::path(post, path = "/v1/invoices/{id}/void", tag = "Invoices", operation_id = "voidInvoice", request_body = VoidBody,
    params(("id" = String, Path, description = "The invoice's id", example = "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 200, description = "The invoice as it stands", body = InvoiceBody,
        headers(("ETag" = String, description = "For If-Match")))))]
pub(crate) async fn void(State(deps): State<Deps>, id: PathId, posted: Posted<VoidBody>) -> Answer {
    let acknowledged = posted.body.acknowledge_captured_funds;
    let answered = void_invoice(&deps, &posted.caller, &id.invoice()?, posted.seen.tag(), acknowledged).await?;
    as_it_stands(&deps, answered).await
}

/// Log money received outside any gateway
///
/// An open checkout is closed first. Received in full, the invoice is closed.
#[utoipa::path(post, path = "/v1/invoices/{id}/payments", tag = "Payments", operation_id = "recordPayment",
    request_body = NewPaymentBody,
    params(("id" = String, Path, description = "The invoice's id", example = "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 201, description = "The payment, and the invoice as it stands", body = PaidBody,
        headers(("ETag" = String, description = "The invoice's, for If-Match")))))]
pub(crate) async fn pay(State(deps): State<Deps>, id: PathId, posted: Posted<NewPaymentBody>) -> Answer {
    let (received, id) = (posted.body.read()?, id.invoice()?);
    let answered = record_payment(&deps, &posted.caller, &id, posted.seen.tag(), &received).await?;
    let payment = deps.store.find_payment(&answered.value).await?.ok_or(AppError::ResultGone)?;
    let payment = PaymentBody::from(&payment.value);
    let shown = shown(&deps, &Answered { value: id, replayed: answered.replayed }).await?;
    let body = shown.answer_with(StatusCode::CREATED, |invoice| PaidBody { payment, invoice });
    body.replayed(answered.replayed).send()
}

async fn as_it_stands(deps: &Deps, answered: Answered<InvoiceId>) -> Answer {
    shown(deps, &answered).await?.answer(StatusCode::OK).replayed(answered.replayed).send()
}

async fn shown(deps: &Deps, answered: &Answered<InvoiceId>) -> Result<Shown, ApiProblem> {
    Ok(still_there(show(deps, &answered.value).await?, answered, "invoice")?)
}
