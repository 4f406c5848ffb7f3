//! The objects as Stripe writes them. Source: the schemas `checkout.session`, `payment_intent` and
//! `item` of the published OpenAPI, version 2023-08-16.

use serde_json::{Value, json};

use super::error::ApiError;
use super::render_charge::{charge, payment_error};
use super::state::{Intent, IntentStatus, Session, SessionStatus, State};

/// What may stand in `expand[]`, below the object itself.
pub(super) const SESSION_EXPANSIONS: [&str; 3] = ["line_items", "payment_intent", "payment_intent.latest_charge"];
pub(super) const INTENT_EXPANSIONS: [&str; 1] = ["latest_charge"];

/// Refuses an expansion the object does not have.
pub(super) fn check_expansions(asked: &[&str], known: &[&str]) -> Result<(), ApiError> {
    match asked.iter().find(|name| !known.contains(name)) {
        Some(name) => Err(ApiError::invalid(format!("This property cannot be expanded ({name}).")).with_param("expand")),
        None => Ok(()),
    }
}

pub(super) fn session(state: &State, session: &Session, expand: &[&str], public_url: &str) -> Value {
    let order = &session.order;
    let is_complete = session.status == SessionStatus::Complete;
    let url = (session.status == SessionStatus::Open).then(|| format!("{public_url}/c/pay/{}", session.id));
    let mut object = json!({
        "id": session.id,
        "object": "checkout.session",
        "amount_subtotal": order.total(),
        "amount_total": order.total(),
        "automatic_tax": { "enabled": false, "status": null },
        "cancel_url": order.cancel_url,
        "client_reference_id": order.client_reference_id,
        "created": session.created,
        "currency": order.currency,
        "custom_fields": [],
        "custom_text": { "shipping_address": null, "submit": null },
        "customer_creation": "if_required",
        "customer_details": (is_complete || order.customer_email.is_some()).then(|| customer_details(session)),
        "customer_email": order.customer_email,
        "expires_at": order.expires_at,
        "livemode": false,
        "locale": order.locale,
        "metadata": order.metadata,
        "mode": "payment",
    });
    let rest = json!({
        "payment_intent": session.intent,
        "payment_method_collection": "if_required",
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": session.payment_status(),
        "phone_number_collection": { "enabled": false },
        "shipping_options": [],
        "status": match session.status {
            SessionStatus::Open => "open",
            SessionStatus::Complete => "complete",
            SessionStatus::Expired => "expired",
        },
        "submit_type": order.submit_type,
        "success_url": order.success_url,
        "total_details": { "amount_discount": 0, "amount_shipping": 0, "amount_tax": 0 },
        "url": url,
    });
    join(&mut object, rest);
    nulls(
        &mut object,
        "after_expiration allow_promotion_codes billing_address_collection consent consent_collection \
         currency_conversion customer invoice invoice_creation payment_link recovered_from setup_intent \
         shipping_address_collection shipping_cost shipping_details subscription",
    );
    expand_session(state, session, expand, &mut object);
    object
}

fn expand_session(state: &State, session: &Session, expand: &[&str], object: &mut Value) {
    let below: Vec<&str> = expand.iter().filter_map(|name| name.strip_prefix("payment_intent.")).collect();
    let wants_intent = !below.is_empty() || expand.contains(&"payment_intent");
    let found = session.intent.as_ref().and_then(|id| state.intents.get(id));
    if let Some(found) = found.filter(|_| wants_intent) {
        object["payment_intent"] = intent(state, found, &below);
    }
    if expand.contains(&"line_items") {
        object["line_items"] = line_items(session);
    }
}

fn customer_details(session: &Session) -> Value {
    let is_complete = session.status == SessionStatus::Complete;
    json!({
        "address": null,
        "email": session.order.customer_email,
        "name": null,
        "phone": null,
        "tax_exempt": is_complete.then_some("none"),
        "tax_ids": is_complete.then(|| json!([])),
    })
}

fn line_items(session: &Session) -> Value {
    let digits: String = session.id.chars().rev().take(18).collect::<Vec<_>>().into_iter().rev().collect();
    let item = |(at, line): (usize, &super::state::Line)| {
        json!({
            "id": format!("li_{at:06}{digits}"),
            "object": "item",
            "amount_discount": 0,
            "amount_subtotal": line.total(),
            "amount_tax": 0,
            "amount_total": line.total(),
            "currency": session.order.currency,
            "description": line.name,
            "price": null,
            "quantity": line.quantity,
        })
    };
    let data: Vec<Value> = session.order.lines.iter().enumerate().map(item).collect();
    let url = format!("/v1/checkout/sessions/{}/line_items", session.id);
    json!({ "object": "list", "data": data, "has_more": false, "url": url })
}

pub(super) fn intent(state: &State, intent: &Intent, expand: &[&str]) -> Value {
    let latest = intent.latest_charge.as_ref().and_then(|id| state.charges.get(id));
    let succeeded = intent.status == IntentStatus::Succeeded;
    let wants_charge = expand.contains(&"latest_charge");
    let mut object = json!({
        "id": intent.id,
        "object": "payment_intent",
        "amount": intent.amount,
        "amount_capturable": 0,
        "amount_details": { "tip": {} },
        "amount_received": if succeeded { intent.amount } else { 0 },
        "canceled_at": intent.canceled_at,
        "cancellation_reason": intent.canceled_at.map(|_| "automatic"),
        "capture_method": "automatic",
        "client_secret": format!("{}_secret_sandbox", intent.id),
        "confirmation_method": "automatic",
        "created": intent.created,
        "currency": intent.currency,
        "description": intent.description,
        "last_payment_error": latest.filter(|_| !succeeded).map(payment_error),
        "latest_charge": latest.map(|found| if wants_charge { charge(found) } else { json!(found.id) }),
        "livemode": false,
        "metadata": intent.metadata,
    });
    let rest = json!({
        "payment_method": latest.filter(|_| succeeded).map(|found| &found.payment_method),
        "payment_method_options": {
            "card": {
                "installments": null,
                "mandate_options": null,
                "network": null,
                "request_three_d_secure": "automatic",
            },
        },
        "payment_method_types": ["card"],
        "receipt_email": intent.receipt_email,
        "status": match intent.status {
            IntentStatus::RequiresPaymentMethod => "requires_payment_method",
            IntentStatus::Succeeded => "succeeded",
            IntentStatus::Canceled => "canceled",
        },
    });
    join(&mut object, rest);
    nulls(
        &mut object,
        "application application_fee_amount automatic_payment_methods customer invoice next_action on_behalf_of \
         processing review setup_future_usage shipping statement_descriptor statement_descriptor_suffix \
         transfer_data transfer_group",
    );
    object
}

pub(super) fn join(object: &mut Value, rest: Value) {
    if let (Some(object), Value::Object(rest)) = (object.as_object_mut(), rest) {
        object.extend(rest);
    }
}

pub(super) fn nulls(object: &mut Value, names: &str) {
    for name in names.split_ascii_whitespace() {
        object[name] = Value::Null;
    }
}
