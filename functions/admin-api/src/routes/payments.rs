//! `/v1/payments`

use crate::{
    answer::{Answer, Body},
    door::{Asked, PathId},
    dto::{PaymentList, payment::PaymentBody},
    problem::ApiProblem,
};
use app::{AppError, Deps};
use axum::extract::State;
use domain::{
    ids::{ContactId, InvoiceId},
    payment::{Payment, PaymentType},
};
use store::lists::RecordList;

/// List payments, newest first
///
/// Those of an invoice come oldest first and all at once. With `type`, a page may hold fewer rows than its limit.
#[utoipa::path(get, path = "/v1/payments", tag = "Payments", operation_id = "listPayments",
    params(
        ("invoice_id" = Option<String>, Query, description = "Those of an invoice", example = "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W"),
        ("contact_id" = Option<String>, Query, description = "Those of a contact"),
        ("type" = Option<String>, Query, description = "`payment`, `refund`, `return`, `chargeback`, `chargeback_reversal` or `recovery`"),
        ("status" = Option<String>, Query, description = "`succeeded`"),
        ("limit" = Option<i32>, Query, minimum = 1, maximum = 100, description = "Rows at most; 25 when left out"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "Some payments", body = PaymentList)))]
pub(crate) async fn list(State(deps): State<Deps>, mut asked: Asked) -> Answer {
    let contact = asked.take_id("contact_id", ContactId::parse)?;
    let kind = asked.take_name("type", &PaymentType::ALL, PaymentType::name)?;
    asked.take_name("status", &["succeeded"], |status| status)?;
    let wanted = |payment: &Payment| kind.is_none_or(|kind| payment.kind == kind);
    if let Some(id) = asked.take_id("invoice_id", InvoiceId::parse)? {
        asked.done()?;
        if contact.is_some() {
            return Err(ApiProblem::bad("query_invalid", "give `invoice_id` or `contact_id`, not both").field("contact_id"));
        }
        let mut payments = of_invoice(&deps, &id).await?;
        payments.retain(wanted);
        return Body::ok(&PaymentList::new(&payments, None)).send();
    }
    let paging = asked.paging()?;
    let list = contact.map_or(RecordList::All, RecordList::Contact);
    let mut page = deps.store.list_newest_payments(&list, paging.limit, paging.cursor.as_deref()).await?;
    page.rows.retain(wanted);
    Body::ok(&PaymentList::new(&page.rows, page.next)).send()
}

async fn of_invoice(deps: &Deps, id: &InvoiceId) -> Result<Vec<Payment>, ApiProblem> {
    let folder = deps.store.find_invoice(id).await?.ok_or(AppError::NotFound { what: "invoice" })?;
    let mut payments = Vec::new();
    for line in &folder.invoice.value.money {
        let found = deps.store.find_payment(&line.payment_id).await?;
        payments.push(found.ok_or_else(|| AppError::Defect(format!("{} of {id} is gone", line.payment_id)))?.value);
    }
    Ok(payments)
}

/// Read a payment
#[utoipa::path(get, path = "/v1/payments/{id}", tag = "Payments", operation_id = "getPayment",
    params(("id" = String, Path, description = "The payment's id", example = "pay_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 200, description = "The payment as it stands", body = PaymentBody)))]
pub(crate) async fn get(State(deps): State<Deps>, id: PathId) -> Answer {
    let found = deps.store.find_payment(&id.payment()?).await?.ok_or(AppError::NotFound { what: "payment" })?;
    Body::ok(&PaymentBody::from(&found.value)).tag(found.head.seq).send()
}
