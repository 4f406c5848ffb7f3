//! `/v1/payments`

use crate::{
    answer::{Answer, Body},
    door::Asked,
    dto::PaymentList,
};
use app::Deps;
use axum::extract::State;

/// List an invoice's payments, oldest first
#[utoipa::path(get, path = "/v1/payments", tag = "Payments", operation_id = "listPayments",
    params(("invoice_id" = String, Query, description = "The invoice", example = "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 200, description = "All its payments", body = PaymentList)))]
pub(crate) async fn list(State(deps): State<Deps>, mut asked: Asked) -> Answer {
    let invoice_id = asked.take_invoice_id()?;
    asked.done()?;
    let payments = deps.store.list_payments(&invoice_id).await?;
    Body::ok(&PaymentList::new(&payments, None)).send()
}
