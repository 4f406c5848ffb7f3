#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]

use super::*;
use crate::stripe::testing::{self, attempt, email};

const CONTACT_ID: &str = "con_00000000000000000000000002";

fn golden(currency: &str, units: &str, customer: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let mut pairs = vec![
        ("mode", "payment"),
        ("payment_method_types[0]", "card"),
        ("client_reference_id", "att_0123456789ABCDEF"),
        ("success_url", "https://pay.example.com/pay/tokenthatopens/return"),
        ("cancel_url", "https://pay.example.com/pay/tokenthatopens"),
        ("expires_at", "1700003600"),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", currency),
        ("line_items[0][price_data][unit_amount]", units),
        ("line_items[0][price_data][product_data][name]", "Invoice INV-00001"),
        ("metadata[remit_attempt]", "att_0123456789ABCDEF"),
        ("metadata[remit_invoice]", "inv_00000000000000000000000001"),
        ("metadata[remit_contact]", CONTACT_ID),
        ("payment_intent_data[description]", "Invoice INV-00001"),
        ("payment_intent_data[metadata][remit_attempt]", "att_0123456789ABCDEF"),
        ("payment_intent_data[metadata][remit_invoice]", "inv_00000000000000000000000001"),
        ("payment_intent_data[metadata][remit_contact]", CONTACT_ID),
    ];
    pairs.extend(customer);
    pairs.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
}

#[test]
fn the_form_that_opens_a_checkout_is_exactly_this() {
    let attempt = attempt("165.00", "EUR");
    assert_eq!(open(&testing::order(&attempt, Some(&email()))), Ok(golden("eur", "16500", &[("customer_email", "ada@example.com")])));
    assert_eq!(open(&testing::order(&attempt, None)), Ok(golden("eur", "16500", &[])));
}

#[test]
fn f13_the_form_counts_yen_in_yen() {
    assert_eq!(open(&testing::order(&attempt("500", "JPY"), None)), Ok(golden("jpy", "500", &[])));
}

#[test]
fn the_metadata_is_written_under_the_names_it_is_read_by() {
    let form = open(&testing::order(&attempt("165.00", "EUR"), None)).unwrap();
    for name in [ATTEMPT, INVOICE, CONTACT] {
        assert_eq!(
            form.iter().filter(|(field, _)| field.contains("metadata") && field.ends_with(&format!("[{name}]"))).count(),
            2,
            "{name}"
        );
    }
}

#[test]
fn f02_the_same_order_gives_the_same_form_whatever_became_of_the_attempt() {
    let before = attempt("165.00", "EUR");
    let mut after = before.clone();
    after.state = domain::attempt::AttemptState::Unknown;
    after.look.count = 3;
    after.session_ref = Some("cs_test_1".to_owned());
    assert_eq!(open(&testing::order(&before, None)), open(&testing::order(&after, None)));
}

#[test]
fn long_texts_are_cut_to_what_the_gateway_holds() {
    let attempt = attempt("165.00", "EUR");
    let long = "é".repeat(2000);
    let order = CheckoutOrder { description: &long, ..testing::order(&attempt, None) };
    let form = open(&order).unwrap();
    for (field, most) in [("line_items[0][price_data][product_data][name]", 5000), ("payment_intent_data[description]", 1000)] {
        assert!(form.iter().any(|(name, value)| *name == field && value.chars().count() <= most), "{field}");
    }
}
