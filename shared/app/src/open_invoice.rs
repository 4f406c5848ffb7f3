//! A customer follows a link: find the invoice it opens, and note the first view.

use crate::{
    AppError, Caller, Deps,
    commit::{Around, Records, commit_changes},
};
use chrono::{DateTime, Utc};
use domain::{
    changes::Changes,
    link::{Link, Purpose},
    record::Actor,
};
use store::{CommitError, queries::InvoiceFolder};

/// Reads a token: forged and damaged ones open nothing, at no read at all.
#[must_use]
pub fn read_link(deps: &Deps, purpose: Purpose, token: &str) -> Option<Link> {
    deps.links.verify(purpose, token)
}

/// Reads the invoice a link opens: one strongly consistent read.
///
/// # Errors
/// [`AppError::NotFound`] for an unknown, revoked or expired one, all alike.
pub async fn load_by_link(deps: &Deps, link: &Link, now: DateTime<Utc>) -> Result<InvoiceFolder, AppError> {
    let folder = deps.load_invoice(&link.invoice_id).await?;
    let invoice = &folder.invoice.value;
    if invoice.link_version == link.version && invoice.links_open(now) { Ok(folder) } else { Err(AppError::NotFound { what: "invoice" }) }
}

/// Opens an invoice's page: one read, and one write when it is the first view by something that looks like a person.
///
/// A lost race for the view marker is left: somebody else just saw it.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Store`].
pub async fn open_invoice(deps: &Deps, link: &Link, counts_as_view: bool) -> Result<InvoiceFolder, AppError> {
    let now = deps.clock.now();
    let folder = load_by_link(deps, link, now).await?;
    let Some(event) = folder.invoice.value.view(link.recipient).filter(|_| counts_as_view) else {
        return Ok(folder);
    };
    let business = deps.business(now).await?;
    let caller = Caller::new(deps, Actor::Customer(link.recipient), now);
    let context = deps.context(&caller, "PAGE-INV-DETAILS", now);
    let changes = Changes::of_invoice(&link.invoice_id, vec![event]);
    match commit_changes(deps, &context, &Records::of_invoice(&folder.invoice), &changes, Around::new(&business)).await {
        Ok(after) => Ok(match after.invoices.into_iter().next() {
            Some(invoice) => InvoiceFolder { invoice, ..folder },
            None => folder,
        }),
        Err(CommitError::Lost(_)) => Ok(folder),
        Err(CommitError::Store(error)) => {
            tracing::warn!(%error, "the view was not noted");
            Ok(folder)
        }
    }
}
