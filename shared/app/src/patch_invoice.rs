//! Staff change what an invoice says.

use crate::{
    AppError, Caller, Deps,
    change::{Change, Frame, change_invoice},
    create_invoice::{NewLine, lines},
};
use chrono::NaiveDate;
use domain::{
    changes::Changes,
    ids::InvoiceId,
    invoice::{
        InvoiceText,
        commands::EditScope,
        journal::{Body, Deliver},
        refusal::Refusal,
        status::StatusCode,
    },
    outcome::Outcome,
    pii::Pii,
};

/// What is to change; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct InvoicePatch {
    /// Its date.
    pub invoice_date: Option<NaiveDate>,
    /// When it is due.
    pub due_on: Option<NaiveDate>,
    /// All of its lines.
    pub lines: Option<Vec<NewLine>>,
    /// Whether mails go out for it.
    pub deliver: Option<Deliver>,
    /// Whether it is reminded of.
    pub reminders_on: Option<bool>,
    /// For the customer.
    pub customer_note: Option<String>,
    /// For staff only.
    pub internal_note: Option<Pii>,
}

/// Changes an invoice into its next revision, after closing an open checkout. `seen` is the `ETag` the client read.
///
/// # Errors
/// [`AppError::Stale`], refusals of G3 naming the field, and those of writing an invoice.
pub async fn patch_invoice(
    deps: &Deps,
    caller: &Caller,
    id: &InvoiceId,
    seen: Option<&str>,
    patch: InvoicePatch,
) -> Result<InvoiceId, AppError> {
    let now = deps.clock.now();
    let folder = deps.load_invoice(id).await?;
    let invoice = &folder.invoice.value;
    if seen.is_some_and(|seen| seen != invoice.etag()) {
        return Err(AppError::Stale);
    }
    limits(&patch, invoice.edit_scope()?)?;
    let new_lines = match &patch.lines {
        Some(asked) => Some(lines(deps, asked, invoice.currency).await?),
        None => None,
    };
    // An open checkout shows a sum; it is closed only when that can change.
    let fence = patch.lines.is_some();
    let salt = deps.entropy.token();
    let frame = Frame { fence, ..Frame::new(caller, "ACT-EDIT-STATUS", id, seen, now) };
    let answered = change_invoice(deps, frame, id, |loaded| {
        let invoice = loaded.invoice();
        let scope = invoice.edit_scope()?;
        limits(&patch, scope)?;
        let old = &loaded.folder.text;
        let draft = invoice.status.code() == StatusCode::Draft;
        let words = InvoiceText {
            bill_to: if draft { loaded.contact.contact.value.details.clone() } else { old.bill_to.clone() },
            lines: new_lines.as_ref().map_or_else(|| old.lines.clone(), |(_, texts)| texts.clone()),
            customer_note: patch.customer_note.clone().unwrap_or_else(|| old.customer_note.clone()),
            internal_note: patch.internal_note.clone().unwrap_or_else(|| old.internal_note.clone()),
            terms: if draft { loaded.business.terms.clone() } else { old.terms.clone() },
        };
        let text = if words == *old { invoice.body.text } else { words.digest(salt.as_bytes()) };
        let body = Body {
            invoice_date: patch.invoice_date.unwrap_or(invoice.body.invoice_date),
            due_on: patch.due_on.unwrap_or(invoice.body.due_on),
            lines: new_lines.as_ref().map_or_else(|| invoice.body.lines.clone(), |(lines, _)| lines.clone()),
            rounding: invoice.body.rounding,
            deliver: patch.deliver.unwrap_or(invoice.body.deliver),
            reminders_on: patch.reminders_on.unwrap_or(invoice.body.reminders_on),
            text,
        };
        match invoice.revise(body)? {
            Outcome::Unchanged => Ok(None),
            Outcome::Changed(events) => {
                let text = (text != invoice.body.text).then(|| (words, salt.clone()));
                Ok(Some(Change { changes: Changes::of_invoice(id, events), text }))
            }
        }
    })
    .await?;
    Ok(answered.value)
}

/// G3: which fields may change.
fn limits(patch: &InvoicePatch, scope: EditScope) -> Result<(), AppError> {
    if scope == EditScope::Full {
        return Ok(());
    }
    let asked = [("lines", patch.lines.is_some()), ("invoice_date", patch.invoice_date.is_some()), ("deliver", patch.deliver.is_some())];
    match asked.into_iter().find(|(_, asked)| *asked) {
        Some((field, _)) => Err(Refusal::EditLimited { field }.into()),
        None => Ok(()),
    }
}
