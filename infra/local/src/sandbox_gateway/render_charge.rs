//! A charge and the error it may end in, as Stripe writes them. Source: the schemas `charge`, `api_errors` and
//! `payment_method` of the published OpenAPI, version 2023-08-16.

use serde_json::{Value, json};

use super::render::{join, nulls};
use super::state::Charge;

/// `last_payment_error`: the error a declined confirmation answers, with the card that was tried.
pub(super) fn payment_error(charge: &Charge) -> Option<Value> {
    let decline = charge.decline.as_ref()?;
    Some(json!({
        "type": "card_error",
        "charge": charge.id,
        "code": decline.code,
        "decline_code": decline.decline_code,
        "doc_url": format!("https://stripe.com/docs/error-codes/{}", decline.code.replace('_', "-")),
        "message": decline.message,
        "payment_method": {
            "id": charge.payment_method,
            "object": "payment_method",
            "billing_details": billing_details(charge),
            "card": {
                "brand": charge.card.brand,
                "checks": checks(charge),
                "country": "US",
                "exp_month": charge.card.exp_month,
                "exp_year": charge.card.exp_year,
                "fingerprint": null,
                "funding": "credit",
                "generated_from": null,
                "last4": charge.card.last4,
                "networks": { "available": [charge.card.brand], "preferred": null },
                "three_d_secure_usage": { "supported": true },
                "wallet": null,
            },
            "created": charge.at,
            "customer": null,
            "livemode": false,
            "metadata": {},
            "type": "card",
        },
    }))
}

pub(super) fn charge(charge: &Charge) -> Value {
    let decline = charge.decline.as_ref();
    let captured = decline.is_none();
    let mut object = json!({
        "id": charge.id,
        "object": "charge",
        "amount": charge.amount,
        "amount_captured": if captured { charge.amount } else { 0 },
        "amount_refunded": 0,
        "billing_details": billing_details(charge),
        "calculated_statement_descriptor": "REMIT SANDBOX",
        "captured": captured,
        "created": charge.at,
        "currency": charge.currency,
        "description": charge.description,
        "disputed": false,
        "failure_code": decline.map(|decline| &decline.code),
        "failure_message": decline.map(|decline| &decline.message),
        "fraud_details": {},
        "livemode": false,
        "metadata": charge.metadata,
        "outcome": outcome(charge),
        "paid": captured,
        "payment_intent": charge.intent,
    });
    let rest = json!({
        "payment_method": charge.payment_method,
        "payment_method_details": {
            "card": {
                "brand": charge.card.brand,
                "checks": checks(charge),
                "country": "US",
                "exp_month": charge.card.exp_month,
                "exp_year": charge.card.exp_year,
                "fingerprint": null,
                "funding": "credit",
                "installments": null,
                "last4": charge.card.last4,
                "mandate": null,
                "network": charge.card.brand,
                "three_d_secure": null,
                "wallet": null,
            },
            "type": "card",
        },
        "radar_options": {},
        "receipt_email": charge.receipt_email,
        "refunded": false,
        "status": if captured { "succeeded" } else { "failed" },
    });
    join(&mut object, rest);
    nulls(
        &mut object,
        "application application_fee application_fee_amount balance_transaction customer failure_balance_transaction \
         invoice on_behalf_of receipt_number receipt_url review shipping source_transfer statement_descriptor \
         statement_descriptor_suffix transfer_data transfer_group",
    );
    object
}

fn outcome(charge: &Charge) -> Value {
    match &charge.decline {
        None => json!({
            "network_status": "approved_by_network",
            "reason": null,
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        }),
        Some(decline) => json!({
            "network_status": "declined_by_network",
            "reason": decline.decline_code,
            "risk_level": "normal",
            "seller_message": "The bank did not accept the payment.",
            "type": "issuer_declined",
        }),
    }
}

fn billing_details(charge: &Charge) -> Value {
    json!({ "address": null, "email": charge.email, "name": null, "phone": null })
}

fn checks(charge: &Charge) -> Value {
    let failed = charge.decline.as_ref().is_some_and(|decline| decline.code == "incorrect_cvc");
    let cvc = if failed { "fail" } else { "pass" };
    json!({ "address_line1_check": null, "address_postal_code_check": null, "cvc_check": cvc })
}
