//! `/v1/messages`

use crate::{
    answer::{Answer, Body},
    door::Asked,
    dto::MessageList,
};
use app::{AppError, Deps};
use axum::extract::State;
use domain::record::Subject;

/// List what was and will be told about an invoice
#[utoipa::path(get, path = "/v1/messages", tag = "Messages", operation_id = "listMessages",
    params(("invoice_id" = String, Query, description = "The invoice", example = "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 200, description = "All its mails and events", body = MessageList)))]
pub(crate) async fn list(State(deps): State<Deps>, mut asked: Asked) -> Answer {
    let invoice_id = asked.take_invoice_id()?;
    asked.done()?;
    let folder = deps.store.find_invoice(&invoice_id).await?.ok_or(AppError::NotFound { what: "invoice" })?;
    let mut messages = deps.store.list_messages(&Subject::Invoice(invoice_id)).await?;
    for line in &folder.invoice.value.money {
        messages.extend(deps.store.list_messages(&Subject::Payment(line.payment_id.clone())).await?);
    }
    Body::ok(&MessageList::new(&messages, None)).send()
}
