//! A customer follows a link: find the invoice it opens, and note the first view.

use crate::{
    AppError, Caller, Deps,
    change::{Around, commit_events},
};
use chrono::{DateTime, Utc};
use domain::{
    link::{Link, Purpose},
    record::Actor,
};
use store::{
    CommitError,
    queries::{InvoiceFolder, Part},
};

/// Reads a token: forged and damaged ones open nothing, at no read at all.
#[must_use]
pub fn read_link(deps: &Deps, purpose: Purpose, token: &str) -> Option<Link> {
    deps.links.verify(purpose, token)
}

/// Reads the invoice a link opens: one strongly consistent read.
///
/// # Errors
/// [`AppError::NotFound`] for an unknown, revoked or expired one, all alike.
pub async fn load_by_link(deps: &Deps, link: &Link, part: Part, now: DateTime<Utc>) -> Result<InvoiceFolder, AppError> {
    let folder = deps.load_invoice(&link.invoice_id, part).await?;
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
    let folder = load_by_link(deps, link, Part::Page, now).await?;
    let Some(event) = folder.invoice.value.view(link.recipient).filter(|_| counts_as_view) else {
        return Ok(folder);
    };
    let business = deps.business(now).await?;
    let caller = Caller::new(deps, Actor::Customer(link.recipient), now);
    let context = deps.context(&caller, "PAGE-INV-DETAILS", now);
    let around =
        Around { business: &business, contact: None, attempts: &[], text: None, number: None, idempotency: None, gateway_event: None };
    match commit_events(deps, &context, Some(&folder.invoice), &link.invoice_id, &[event], around).await {
        Ok(after) => Ok(InvoiceFolder { invoice: after.invoice, ..folder }),
        Err(CommitError::Lost(_)) => Ok(folder),
        Err(CommitError::Store(error)) => {
            tracing::warn!(%error, "the view was not noted");
            Ok(folder)
        }
    }
}
