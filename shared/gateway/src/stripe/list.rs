//! Every checkout that was opened since an instant.

use super::{SESSIONS, Stripe, currency, form, setup::limit, wire};
use crate::{
    answer::Why,
    listing::{ListedCheckout, Ours},
    setup::NotTold,
};
use chrono::DateTime;
use domain::ids::{AttemptId, ContactId, InvoiceId};

impl Stripe {
    /// Checkouts opened at an instant or later, newest first: a page of a hundred after another until an older one comes.
    ///
    /// Source: Stripe's OpenAPI description, version 2023-08-16, `GET /v1/checkout/sessions`; it cannot be asked for a span of time.
    pub(crate) async fn list_checkouts(&self, since: i64) -> Result<Vec<ListedCheckout>, NotTold> {
        let mut found = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let mut query = vec![limit(100)];
            query.extend(after.take().map(|id| ("starting_after", id)));
            let page: wire::SessionList = self.list("list_checkouts", SESSIONS, &query).await?;
            let older = page.data.iter().any(|session| session.created < since);
            after = page.data.last().map(|session| session.id.clone());
            for session in page.data.into_iter().filter(|session| session.created >= since) {
                found.push(listed(session).ok_or(NotTold::Unknown(Why::Unreadable("a checkout has the times it opened and closes")))?);
            }
            if older || !page.has_more || after.is_none() {
                return Ok(found);
            }
        }
    }
}

fn listed(session: wire::ListedSession) -> Option<ListedCheckout> {
    let metadata = session.metadata.unwrap_or_default();
    let id = |name: &str| metadata.get(name).map(String::as_str).unwrap_or_default();
    let ours = match (InvoiceId::parse(id(form::INVOICE)), AttemptId::parse(id(form::ATTEMPT)), ContactId::parse(id(form::CONTACT))) {
        (Ok(invoice_id), Ok(attempt_id), Ok(contact_id)) => Some(Ours { invoice_id, attempt_id, contact_id }),
        (_, _, _) => None,
    };
    let amount = session.amount_total.zip(session.currency).and_then(|(units, code)| currency::from_wire(units, &code));
    Some(ListedCheckout {
        session_ref: session.id,
        opened_at: DateTime::from_timestamp_secs(session.created)?,
        expires_at: DateTime::from_timestamp_secs(session.expires_at)?,
        amount,
        paid: session.payment_status == "paid",
        ours,
    })
}
