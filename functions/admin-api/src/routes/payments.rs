//! `/v1/payments`

use crate::{
    answer::{Answer, Body},
    door::Asked,
    dto::PaymentList,
};
use app::{AppError, Deps};
use axum::extract::State;

/// List an invoice's payments, oldest first
#[utoipa::path(get, path = "/v1/payments", tag = "Payments", operation_id = "listPayments",
    params(("invoice_id" = String, Query, description = "The invoice", example = "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 200, description = "All its payments", body = PaymentList)))]
pub(crate) async fn list(State(deps): State<Deps>, mut asked: Asked) -> Answer {
    let invoice_id = asked.take_invoice_id()?;
    asked.done()?;
    let folder = deps.store.find_invoice(&invoice_id).await?.ok_or(AppError::NotFound { what: "invoice" })?;
    let mut payments = Vec::new();
    for line in &folder.invoice.value.money {
        let found = deps.store.find_payment(&line.payment_id).await?;
        payments.push(found.ok_or_else(|| AppError::Defect(format!("{} of {invoice_id} is gone", line.payment_id)))?.value);
    }
    Body::ok(&PaymentList::new(&payments, None)).send()
}
