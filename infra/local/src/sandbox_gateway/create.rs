//! Checks the parameters of a new checkout session.
//! Source: docs.stripe.com/api/checkout/sessions/create, version 2023-08-16; limits from there and docs.stripe.com/currencies.

use http::Uri;

use super::currency;
use super::error::ApiError;
use super::form::Form;
use super::state::{Line, Order};

const KNOWN: [&str; 21] = [
    "cancel_url",
    "client_reference_id",
    "currency",
    "customer_email",
    "expand[]",
    "expires_at",
    "line_items[][price_data][currency]",
    "line_items[][price_data][product_data][name]",
    "line_items[][price_data][unit_amount]",
    "line_items[][quantity]",
    "locale",
    "metadata[*]",
    "mode",
    "payment_intent_data[description]",
    "payment_intent_data[metadata][*]",
    "payment_intent_data[receipt_email]",
    "payment_method_types[]",
    "submit_type",
    "success_url",
    "billing_address_collection",
    "customer_creation",
];

/// Stripe's parameters that the sandbox leaves out.
const LEFT_OUT: [&str; 18] = [
    "after_expiration",
    "allow_promotion_codes",
    "automatic_tax",
    "consent_collection",
    "custom_fields",
    "custom_text",
    "customer",
    "customer_update",
    "discounts",
    "invoice_creation",
    "payment_method_collection",
    "payment_method_options",
    "phone_number_collection",
    "setup_intent_data",
    "shipping_address_collection",
    "shipping_options",
    "subscription_data",
    "tax_id_collection",
];

const LOCALES: [&str; 41] = [
    "auto", "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr", "fr-CA", "hr", "hu", "id", "it", "ja",
    "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW",
];

const SHORTEST_SECONDS: i64 = 30 * 60;
const LONGEST_SECONDS: i64 = 24 * 60 * 60;

/// The checked order, or the first thing that Stripe would refuse. `now` is in Unix seconds.
pub(super) fn order(form: &Form, now: i64) -> Result<Order, ApiError> {
    if let Some(name) = form.top_names().find(|name| LEFT_OUT.contains(name)) {
        return Err(ApiError::invalid(format!("The sandbox does not implement the parameter {name}.")).with_param(name));
    }
    form.only(&KNOWN)?;
    let success_url = url(form.required("success_url")?, "success_url")?;
    let cancel_url = form.text("cancel_url")?.map(|text| url(text, "cancel_url")).transpose()?;
    if form.choice("mode", &["payment", "setup", "subscription"])?.ok_or_else(|| ApiError::missing("mode"))? != "payment" {
        return Err(ApiError::invalid("The sandbox implements only mode=payment.").with_param("mode"));
    }
    form.choice("billing_address_collection", &["auto"])?;
    form.choice("customer_creation", &["if_required"])?;
    for (at, kind) in form.list("payment_method_types").into_iter().enumerate() {
        if kind != "card" {
            let message = format!("The payment method type provided: {kind} is invalid. The sandbox takes only card.");
            return Err(ApiError::invalid(message).with_param(format!("payment_method_types[{at}]")));
        }
    }
    let lines = lines(form)?;
    let currency = currency_of(form)?;
    let order = Order {
        currency,
        lines,
        metadata: form.metadata("metadata")?,
        intent_metadata: form.metadata("payment_intent_data[metadata]")?,
        intent_description: form.limited("payment_intent_data[description]", 1000)?,
        receipt_email: email(form, "payment_intent_data[receipt_email]")?,
        client_reference_id: form.limited("client_reference_id", 200)?,
        customer_email: email(form, "customer_email")?,
        success_url,
        cancel_url,
        locale: form.choice("locale", &LOCALES)?.map(str::to_owned),
        submit_type: form.choice("submit_type", &["auto", "book", "donate", "pay"])?.map(str::to_owned),
        expires_at: expires_at(form, now)?,
    };
    check_total(&order)?;
    Ok(order)
}

fn lines(form: &Form) -> Result<Vec<Line>, ApiError> {
    let indices = form.indices("line_items");
    if indices.is_empty() {
        return Err(ApiError::missing("line_items"));
    }
    if indices.len() > 100 {
        return Err(ApiError::invalid("A session takes at most 100 line items.").with_param("line_items"));
    }
    let at_least_one = |name: String| match form.integer(&name)? {
        Some(value) if value < 1 => {
            Err(ApiError::invalid("This value must be greater than or equal to 1.").with_code("parameter_invalid_integer").with_param(name))
        }
        Some(value) => Ok(value),
        None => Err(ApiError::missing(&name)),
    };
    let line = |at: u32| {
        let name = format!("line_items[{at}][price_data][product_data][name]");
        Ok(Line {
            name: form.limited(&name, 5000)?.ok_or_else(|| ApiError::missing(&name))?,
            unit_amount: at_least_one(format!("line_items[{at}][price_data][unit_amount]"))?,
            quantity: at_least_one(format!("line_items[{at}][quantity]"))?,
        })
    };
    indices.into_iter().map(line).collect()
}

/// The one currency of all lines, in lower case.
fn currency_of(form: &Form) -> Result<String, ApiError> {
    let mut found: Option<String> = form.text("currency")?.map(str::to_ascii_lowercase);
    for at in form.indices("line_items") {
        let name = format!("line_items[{at}][price_data][currency]");
        let code = form.required(&name)?.to_ascii_lowercase();
        if !currency::is_supported(&code) {
            return Err(ApiError::invalid(format!("Invalid currency: {code}.")).with_param(name));
        }
        match &found {
            Some(first) if *first != code => {
                let message = format!("All line items must have the same currency; found {first} and {code}.");
                return Err(ApiError::invalid(message).with_param(name));
            }
            Some(_) => {}
            None => found = Some(code),
        }
    }
    found.ok_or_else(|| ApiError::missing("line_items"))
}

fn check_total(order: &Order) -> Result<(), ApiError> {
    let code = &order.currency;
    let step = currency::step(code);
    if order.lines.iter().any(|line| line.unit_amount % step != 0) {
        let message = format!("Invalid amount: amounts in {code} must be a multiple of {step}.");
        return Err(ApiError::invalid(message).with_code("parameter_invalid_integer").with_param("line_items"));
    }
    let greatest = currency::greatest(code);
    if order.total() > greatest {
        let message = format!("The total must be no more than {}.", currency::display(greatest, code));
        return Err(ApiError::invalid(message).with_code("amount_too_large").with_param("line_items"));
    }
    Ok(())
}

fn expires_at(form: &Form, now: i64) -> Result<i64, ApiError> {
    let Some(at) = form.integer("expires_at")? else {
        return Ok(now.saturating_add(LONGEST_SECONDS));
    };
    let left = at.saturating_sub(now);
    let refused = |rule: &str| {
        let message = format!("The `expires_at` timestamp must be {rule} from Checkout Session creation.");
        Err(ApiError::invalid(message).with_param("expires_at"))
    };
    if left < SHORTEST_SECONDS {
        refused("at least 30 minutes")
    } else if left > LONGEST_SECONDS {
        refused("less than 24 hours")
    } else {
        Ok(at)
    }
}

fn url(text: &str, name: &str) -> Result<String, ApiError> {
    let parsed: Option<Uri> = text.replace("{CHECKOUT_SESSION_ID}", "id").parse().ok();
    let is_absolute =
        parsed.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty()));
    if is_absolute && text.len() <= 5000 {
        return Ok(text.to_owned());
    }
    Err(ApiError::invalid("Not a valid URL").with_code("url_invalid").with_param(name))
}

fn email(form: &Form, name: &str) -> Result<Option<String>, ApiError> {
    let Some(text) = form.limited(name, 800)? else { return Ok(None) };
    let is_address = text
        .split_once('@')
        .is_some_and(|(local, host)| !local.is_empty() && host.contains('.') && !host.contains('@') && !text.contains(char::is_whitespace));
    if is_address {
        return Ok(Some(text));
    }
    Err(ApiError::invalid(format!("Invalid email address: {text}")).with_code("email_invalid").with_param(name))
}
