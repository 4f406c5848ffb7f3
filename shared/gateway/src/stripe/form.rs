//! The bodies of our requests: pure functions of what is stored.

use super::currency;
use crate::{CheckoutOrder, Unsupported};

/// Under which name our attempt's id stands in Stripe's metadata.
pub(super) const ATTEMPT: &str = "remit_attempt";
/// Under which name the id of the first invoice it is for stands in Stripe's metadata.
pub(super) const INVOICE: &str = "remit_invoice";
/// Under which name our contact's id stands in Stripe's metadata.
pub(super) const CONTACT: &str = "remit_contact";

/// What is read along with a session, so that one call tells everything.
pub(super) const EXPANDED: (&str, &str) = ("expand[]", "payment_intent.latest_charge");

/// The form that opens a checkout.
///
/// Source: Stripe's OpenAPI description, version 2023-08-16, `POST /v1/checkout/sessions`.
pub(super) fn open(order: &CheckoutOrder<'_>) -> Result<Vec<(&'static str, String)>, Unsupported> {
    let attempt = order.attempt;
    let units = currency::to_wire(attempt.amount)?;
    let first = attempt.orders().first().map(|order| order.invoice_id.to_string()).unwrap_or_default();
    let description = cut(order.description, 500);
    let mut form = vec![
        ("mode", "payment".to_owned()),
        // Without it the account's dashboard decides, and may offer methods whose later return nobody here would hear of.
        ("payment_method_types[0]", "card".to_owned()),
        ("client_reference_id", attempt.id.to_string()),
        ("success_url", order.return_url.to_owned()),
        ("cancel_url", order.cancel_url.to_owned()),
        ("expires_at", attempt.open_until().timestamp().to_string()),
        ("line_items[0][quantity]", "1".to_owned()),
        ("line_items[0][price_data][currency]", attempt.amount.currency().code().to_ascii_lowercase()),
        ("line_items[0][price_data][unit_amount]", units.to_string()),
        ("line_items[0][price_data][product_data][name]", description.clone()),
        ("metadata[remit_attempt]", attempt.id.to_string()),
        ("metadata[remit_invoice]", first.clone()),
        ("metadata[remit_contact]", attempt.contact_id.to_string()),
        ("payment_intent_data[description]", description),
        ("payment_intent_data[metadata][remit_attempt]", attempt.id.to_string()),
        ("payment_intent_data[metadata][remit_invoice]", first),
        ("payment_intent_data[metadata][remit_contact]", attempt.contact_id.to_string()),
    ];
    form.extend(order.email.map(|email| ("customer_email", email.reveal().to_owned())));
    Ok(form)
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

#[cfg(test)]
mod tests;
