//! How customers are told where an invoice stands.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    attempt::{Decline, DeclineClass},
    calendar::Zone,
    invoice::{
        Invoice, SlotClass,
        status::{CollectionsReason, Status},
    },
    pii::EmailAddress,
    settings::Business,
};

/// Where an invoice stands, in words for its customer.
pub struct Standing {
    /// The style's class: `calm`, `good`, `warn` or `muted`.
    pub tone: &'static str,
    /// One short sentence.
    pub sentence: String,
    /// What it means, or empty.
    pub detail: String,
}

/// A date as people read it: `21 November 2026`.
#[must_use]
pub fn long_date(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

fn day(zone: Zone, instant: DateTime<Utc>) -> String {
    long_date(zone.date_at(instant))
}

/// `Invoice INV-00001`, or what a draft is called.
pub(crate) fn heading(invoice: &Invoice) -> String {
    match &invoice.number {
        Some(number) => format!("Invoice {number}"),
        None => "Draft invoice".to_owned(),
    }
}

/// The address customers write to.
pub(crate) fn contact(business: &Business) -> &EmailAddress {
    business.reply_to.as_ref().unwrap_or(&business.email_from)
}

/// The sentence of R1, column "Customer sees".
#[must_use]
pub fn standing(invoice: &Invoice, zone: Zone, today: NaiveDate) -> Standing {
    let say = |tone, sentence: &str, detail: &str| Standing { tone, sentence: sentence.to_owned(), detail: detail.to_owned() };
    match invoice.status {
        Status::Draft => say("muted", "Preview: this invoice has not been sent", ""),
        Status::Open => in_flight(invoice).unwrap_or_else(|| due(invoice, today)),
        Status::Collections { reason: CollectionsReason::CardFailed, .. } => in_flight(invoice).unwrap_or_else(|| {
            say("warn", "Payment failed, please update your payment details", "Please pay again, with another card if you have one.")
        }),
        Status::Collections { reason: CollectionsReason::Escalated | CollectionsReason::Manual, .. } => {
            in_flight(invoice).unwrap_or_else(|| due(invoice, today))
        }
        Status::Closed { .. } if invoice.total.is_zero() => say("good", "Nothing to pay", "The total of this invoice is zero."),
        Status::Closed { at } => say("good", &format!("Paid on {}", day(zone, at)), "Thank you. Nothing is left to pay."),
        Status::Declined { .. } => say("warn", "Payment did not go through", "Please contact us, so that we can find another way."),
        Status::Refunded { at } => say("muted", &format!("Refunded on {}", day(zone, at)), "Nothing is left to pay."),
        Status::Voided { .. } => say("muted", "Cancelled, nothing to pay", ""),
        Status::WrittenOff { .. } => say("muted", "Contact us about this invoice", ""),
    }
}

fn due(invoice: &Invoice, today: NaiveDate) -> Standing {
    let on = long_date(invoice.body.due_on);
    if invoice.is_past_due(today) {
        let days = match invoice.days_overdue(today) {
            1 => "yesterday".to_owned(),
            days => format!("{days} days ago"),
        };
        return Standing { tone: "warn", sentence: "Past due".to_owned(), detail: format!("It was due on {on}, {days}.") };
    }
    let detail = if invoice.body.due_on == today { "That is today.".to_owned() } else { String::new() };
    Standing { tone: "calm", sentence: format!("Due on {on}"), detail }
}

fn in_flight(invoice: &Invoice) -> Option<Standing> {
    let (sentence, detail) = match invoice.slot.as_ref()?.class {
        SlotClass::InFlight => (
            "Payment processing",
            "A payment is being processed or checked with the payment provider. Please do not pay again; there is nothing you need to do now.",
        ),
        SlotClass::Action => ("Finish your payment", "Your bank asks you to confirm it."),
        SlotClass::Open => return None,
    };
    Some(Standing { tone: "calm", sentence: sentence.to_owned(), detail: detail.to_owned() })
}

/// Why a payment was declined, and what may be done about it.
pub(crate) fn decline_sentence(decline: &Decline) -> &'static str {
    match decline.code.as_str() {
        "insufficient_funds" => "The payment was declined: the account does not hold enough. You can try again or use another card.",
        "expired_card" => "The payment was declined: the card has expired. Please use another card.",
        "incorrect_cvc" | "invalid_cvc" => "The payment was declined: the card's security code was not right. You can try again.",
        "incorrect_number" | "invalid_number" => "The payment was declined: the card number was not right. You can try again.",
        _ => match decline.class {
            DeclineClass::Soft => "The bank declined the payment. You can try again or use another card.",
            DeclineClass::Hard => "The bank declined the payment. Please use another card or another way to pay.",
            DeclineClass::Action => "The bank asks you to confirm the payment. Please try again and follow its steps.",
        },
    }
}
