//! What each body refuses, one line a case.

use super::refusal;
use crate::{
    dto::{
        Fit,
        api_key::{NewApiKeyBody, RotationBody},
        business::BusinessBody,
        contact::{ContactPatchBody, NewContactBody},
        draft::{InvoicePatchBody, NewInvoiceBody},
        payment::NewPaymentBody,
        product::NewProductBody,
    },
    node,
};
use serde::de::DeserializeOwned;

/// Status, code and field; nothing when the body fits.
type Expected<'a> = Option<(u16, &'a str, &'a str)>;
type Case<'a> = (&'a str, Expected<'a>);

const FITS: Expected<'_> = None;

fn check<T: DeserializeOwned, R>(read: impl Fn(T) -> Fit<R>, cases: &[Case<'_>]) {
    for (json, expected) in cases {
        let found = refusal(node::read::<T>(json.as_bytes()).map_err(Into::into).and_then(&read));
        let found = found.as_ref().map(|(status, code, field)| (*status, *code, field.as_str()));
        assert_eq!(found, *expected, "{json}");
    }
}

#[test]
fn business() {
    let with = |field: &str| {
        let base = r#""name": "Ada", "zone": "Europe/Berlin", "default_currency": "EUR", "email_from": "a@example.com""#;
        format!("{{{base}{}{field}}}", if field.is_empty() { "" } else { ", " })
    };
    for (field, expected) in [
        ("", FITS),
        (r#""reply_to": null, "sweep_hour": 0, "due_default_days": 0, "terms": """#, FITS),
        (r#""sweep_hour": 24"#, Some((422, "value_invalid", "sweep_hour"))),
        (r#""sweep_hour": "9""#, Some((400, "field_type", "sweep_hour"))),
        (r#""sweep_hour": 9.5"#, Some((400, "field_type", "sweep_hour"))),
        (r#""due_default_days": 366"#, Some((422, "value_invalid", "due_default_days"))),
        (r#""due_default_days": -1"#, Some((422, "value_invalid", "due_default_days"))),
        (r#""reply_to": "nobody""#, Some((422, "value_invalid", "reply_to"))),
        (r#""version": 3"#, Some((400, "field_unknown", "version"))),
        (r#""name": "Ada""#, Some((400, "field_twice", "name"))),
    ] {
        check(BusinessBody::read, &[(&with(field), expected)]);
    }
    check(
        BusinessBody::read,
        &[
            ("", Some((400, "field_missing", "name"))),
            ("null", Some((400, "field_type", ""))),
            (
                r#"{"name": "", "zone": "Europe/Berlin", "default_currency": "EUR", "email_from": "a@b.de"}"#,
                Some((422, "value_invalid", "name")),
            ),
            (
                r#"{"name": "Ada", "zone": "Berlin", "default_currency": "EUR", "email_from": "a@b.de"}"#,
                Some((422, "value_invalid", "zone")),
            ),
            (
                r#"{"name": "Ada", "zone": "UTC", "default_currency": "XAU", "email_from": "a@b.de"}"#,
                Some((422, "value_invalid", "default_currency")),
            ),
            (
                r#"{"name": "Ada", "zone": "UTC", "default_currency": "EUR", "email_from": "a@b.de\r\nBcc: c@d.de"}"#,
                Some((422, "value_invalid", "email_from")),
            ),
        ],
    );
}

#[test]
fn api_keys() {
    check(
        NewApiKeyBody::read,
        &[
            (r#"{"name": "Till", "role": "staff"}"#, FITS),
            (r#"{"name": "Till", "role": "owner", "scopes": ["admin", "read"], "expires_at": "2027-01-01T00:00:00+01:00"}"#, FITS),
            (r#"{"name": "Till", "role": "read_only", "scopes": null, "expires_at": null}"#, FITS),
            (r#"{"role": "staff"}"#, Some((400, "field_missing", "name"))),
            (r#"{"name": "Till"}"#, Some((400, "field_missing", "role"))),
            (r#"{"name": " ", "role": "staff"}"#, Some((422, "value_invalid", "name"))),
            (r#"{"name": "Till\n", "role": "root"}"#, Some((422, "value_invalid", "role"))),
            (r#"{"name": "Till", "role": "staff", "scopes": ["read", "delete"]}"#, Some((422, "value_invalid", "scopes[1]"))),
            (r#"{"name": "Till", "role": "staff", "scopes": "read"}"#, Some((400, "field_type", "scopes"))),
            (r#"{"name": "Till", "role": "staff", "scopes": []}"#, Some((422, "scopes_invalid", "scopes"))),
            (r#"{"name": "Till", "role": "staff", "scopes": ["admin"]}"#, Some((422, "scopes_invalid", "scopes"))),
            (r#"{"name": "Till", "role": "staff", "expires_at": "2027-01-01"}"#, Some((422, "value_invalid", "expires_at"))),
            (r#"{"name": "Till", "role": "staff", "expires_at": "2027-01-01T00:00:00"}"#, Some((422, "value_invalid", "expires_at"))),
            (r#"{"name": "Till", "role": "staff", "expires_at": "9999-01-01T00:00:00Z"}"#, Some((422, "value_invalid", "expires_at"))),
            (r#"{"name": "Till", "role": "staff", "secret": "x"}"#, Some((400, "field_unknown", "secret"))),
        ],
    );
    let long = format!(r#"{{"name": "{}", "role": "staff"}}"#, "n".repeat(81));
    check(NewApiKeyBody::read, &[(&long, Some((422, "value_invalid", "name")))]);
    check(
        RotationBody::read,
        &[
            ("", FITS),
            (r#"{"overlap_hours": 0}"#, FITS),
            (r#"{"overlap_hours": 168}"#, FITS),
            (r#"{"overlap_hours": 169}"#, Some((422, "value_invalid", "overlap_hours"))),
            (r#"{"overlap_hours": -1}"#, Some((422, "value_invalid", "overlap_hours"))),
            (r#"{"overlap_hours": 1.5}"#, Some((400, "field_type", "overlap_hours"))),
            (r#"{"overlap_hours": "1"}"#, Some((400, "field_type", "overlap_hours"))),
        ],
    );
}

#[test]
fn contacts() {
    check(
        NewContactBody::read,
        &[
            (r#"{"name": "Ada"}"#, FITS),
            (r#"{"name": "Ada", "company": null, "emails": null, "phone": null, "billing_address": null}"#, FITS),
            (r#"{"name": "Ada", "emails": [{"address": "a@example.com"}, {"address": "b@example.com", "main": true}]}"#, FITS),
            (r"{}", Some((400, "field_missing", "name"))),
            (r#"["Ada"]"#, Some((400, "field_type", ""))),
            (r#"{"name": 7}"#, Some((400, "field_type", "name"))),
            (r#"{"name": null}"#, Some((400, "field_type", "name"))),
            (r#"{"name": " "}"#, Some((422, "value_invalid", "name"))),
            (r#"{"name": "A\nB"}"#, Some((422, "value_invalid", "name"))),
            (r#"{"name": "Ada", "nme": "Ada"}"#, Some((400, "field_unknown", "nme"))),
            (r#"{"name": "Ada", "emails": "a@example.com"}"#, Some((400, "field_type", "emails"))),
            (r#"{"name": "Ada", "emails": ["a@example.com"]}"#, Some((400, "field_type", "emails[0]"))),
            (r#"{"name": "Ada", "emails": [{"main": true}]}"#, Some((400, "field_missing", "emails[0].address"))),
            (r#"{"name": "Ada", "emails": [{"address": "a@example.com", "main": "yes"}]}"#, Some((400, "field_type", "emails[0].main"))),
            (r#"{"name": "Ada", "emails": [{"address": "a@example.com", "cc": true}]}"#, Some((400, "field_unknown", "emails[0].cc"))),
            (r#"{"name": "Ada", "emails": [{"address": "a"}]}"#, Some((422, "value_invalid", "emails[0].address"))),
            (
                r#"{"name": "Ada", "emails": [{"address": "a@example.com"}, {"address": "A@Example.com"}]}"#,
                Some((422, "value_invalid", "emails[1].address")),
            ),
            (
                r#"{"name": "Ada", "emails": [{"address": "a@example.com", "main": true}, {"address": "b@example.com", "main": true}]}"#,
                Some((422, "value_invalid", "emails[1].main")),
            ),
        ],
    );
    check(
        ContactPatchBody::read,
        &[
            ("{}", FITS),
            ("", FITS),
            (r#"{"phone": "", "company": ""}"#, FITS),
            (r#"{"phone": null}"#, Some((400, "field_type", "phone"))),
            (r#"{"name": ""}"#, Some((422, "value_invalid", "name"))),
            (r#"{"id": "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W"}"#, Some((400, "field_unknown", "id"))),
        ],
    );
    let many: Vec<String> = (0..11).map(|n| format!(r#"{{"address": "a{n}@example.com"}}"#)).collect();
    check(
        ContactPatchBody::read,
        &[
            (&format!(r#"{{"emails": [{}]}}"#, many.join(",")), Some((422, "value_invalid", "emails"))),
            (&format!(r#"{{"emails": [{}]}}"#, many[1..].join(",")), FITS),
            (&format!(r#"{{"name": "{}"}}"#, "a".repeat(201)), Some((422, "value_invalid", "name"))),
        ],
    );
}

#[test]
fn the_first_address_is_the_main_one_when_none_says_so() {
    let mains = |json: &str| {
        let details = node::read::<NewContactBody>(json.as_bytes()).map_err(Into::into).and_then(NewContactBody::read).ok().unwrap();
        details.emails.iter().map(|email| email.main).collect::<Vec<_>>()
    };
    assert_eq!(mains(r#"{"name": "Ada", "emails": [{"address": "a@example.com"}, {"address": "b@example.com"}]}"#), [true, false]);
    assert_eq!(
        mains(r#"{"name": "Ada", "emails": [{"address": "a@example.com"}, {"address": "b@example.com", "main": true}]}"#),
        [false, true]
    );
}

#[test]
fn products() {
    check(
        NewProductBody::read,
        &[
            (r#"{"name": "Day", "unit_price": {"amount": "960.00", "currency": "EUR"}}"#, FITS),
            (r#"{"name": "Day", "unit_price": {"amount": "960", "currency": "JPY"}}"#, FITS),
            (r#"{"name": "Day", "unit_price": {"amount": "0.00", "currency": "EUR"}}"#, FITS),
            (r#"{"name": "Day"}"#, Some((400, "field_missing", "unit_price"))),
            (r#"{"name": "Day", "unit_price": "960.00"}"#, Some((400, "field_type", "unit_price"))),
            (r#"{"name": "Day", "unit_price": {"amount": 960, "currency": "EUR"}}"#, Some((400, "field_type", "unit_price.amount"))),
            (r#"{"name": "Day", "unit_price": {"amount": 960.5, "currency": "EUR"}}"#, Some((400, "field_type", "unit_price.amount"))),
            (r#"{"name": "Day", "unit_price": {"amount": "960.00"}}"#, Some((400, "field_missing", "unit_price.currency"))),
            (r#"{"name": "Day", "unit_price": {"amount": "9,60", "currency": "EUR"}}"#, Some((422, "amount_invalid", "unit_price.amount"))),
            (r#"{"name": "Day", "unit_price": {"amount": "1e3", "currency": "EUR"}}"#, Some((422, "amount_invalid", "unit_price.amount"))),
            (
                r#"{"name": "Day", "unit_price": {"amount": "1.005", "currency": "EUR"}}"#,
                Some((422, "amount_invalid", "unit_price.amount")),
            ),
            (r#"{"name": "Day", "unit_price": {"amount": "1.5", "currency": "JPY"}}"#, Some((422, "amount_invalid", "unit_price.amount"))),
            (
                r#"{"name": "Day", "unit_price": {"amount": "1.00", "currency": "eur"}}"#,
                Some((422, "value_invalid", "unit_price.currency")),
            ),
            (r#"{"name": "Day", "unit_price": {"amount": "-1.00", "currency": "EUR"}}"#, Some((422, "value_invalid", "unit_price"))),
        ],
    );
}

fn invoice_cases(prefix: &str) -> Vec<(String, Expected<'static>)> {
    [
        (r#""lines": []"#, None),
        (r#""lines": [{"product_id": "prd_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "quantity": "2.5"}]"#, None),
        (r#""lines": [{"quantity": "1", "discount": {"percent": "10"}, "tax": {"code": "VAT", "rate": "19"}}]"#, None),
        (r#""lines": {}"#, Some((400, "field_type", "lines"))),
        (r#""lines": [{}]"#, Some((400, "field_missing", "lines[0].quantity"))),
        (r#""lines": [{"quantity": 1}]"#, Some((400, "field_type", "lines[0].quantity"))),
        (r#""lines": [{"quantity": "0"}]"#, Some((422, "line_invalid", "lines[0].quantity"))),
        (r#""lines": [{"quantity": "1"}, {"quantity": "-1"}]"#, Some((422, "line_invalid", "lines[1].quantity"))),
        (r#""lines": [{"quantity": "1.00001"}]"#, Some((422, "line_invalid", "lines[0].quantity"))),
        (r#""lines": [{"quantity": "1", "price": "1.00"}]"#, Some((400, "field_unknown", "lines[0].price"))),
        (r#""lines": [{"quantity": "1", "name": ""}]"#, Some((422, "value_invalid", "lines[0].name"))),
        (
            r#""lines": [{"quantity": "1", "product_id": "pay_01JZ8Q6X3S9V7K2M4N5P6R8T0W"}]"#,
            Some((400, "id_invalid", "lines[0].product_id")),
        ),
        (
            r#""lines": [{"quantity": "1", "unit_price": {"amount": "1.001", "currency": "EUR"}}]"#,
            Some((422, "amount_invalid", "lines[0].unit_price.amount")),
        ),
        (r#""lines": [{"quantity": "1", "discount": {}}]"#, Some((422, "value_invalid", "lines[0].discount"))),
        (r#""lines": [{"quantity": "1", "discount": {"percent": 10}}]"#, Some((400, "field_type", "lines[0].discount.percent"))),
        (r#""lines": [{"quantity": "1", "discount": {"percent": "101"}}]"#, Some((422, "line_invalid", "lines[0].discount.percent"))),
        (
            r#""lines": [{"quantity": "1", "discount": {"percent": "1", "amount": {"amount": "1.00", "currency": "EUR"}}}]"#,
            Some((422, "value_invalid", "lines[0].discount")),
        ),
        (r#""lines": [{"quantity": "1", "tax": {"code": "VAT"}}]"#, Some((400, "field_missing", "lines[0].tax.rate"))),
        (r#""lines": [{"quantity": "1", "tax": {"code": "VAT", "rate": 19}}]"#, Some((400, "field_type", "lines[0].tax.rate"))),
        (r#""lines": [{"quantity": "1", "tax": {"code": "VAT", "rate": "x"}}]"#, Some((422, "line_invalid", "lines[0].tax.rate"))),
        (r#""lines": [{"quantity": "1", "tax": {"code": "", "rate": "19"}}]"#, Some((422, "value_invalid", "lines[0].tax.code"))),
        (r#""due_on": "2026-02-28""#, None),
        (r#""due_on": "2026-02-30""#, Some((422, "value_invalid", "due_on"))),
        (r#""due_on": "2026-2-3""#, Some((422, "value_invalid", "due_on"))),
        (r#""due_on": "28.02.2026""#, Some((422, "value_invalid", "due_on"))),
        (r#""due_on": "2026-02-28T00:00:00Z""#, Some((422, "value_invalid", "due_on"))),
        (r#""due_on": 20260228"#, Some((400, "field_type", "due_on"))),
        (r#""due_date": "2026-02-28""#, Some((400, "field_unknown", "due_date"))),
        (r#""invoice_date": "+12026-01-01""#, Some((422, "value_invalid", "invoice_date"))),
        (r#""deliver": "email", "reminders_on": false, "customer_note": "Hello\nthere", "internal_note": """#, None),
        (r#""deliver": "fax""#, Some((422, "value_invalid", "deliver"))),
        (r#""deliver": true"#, Some((400, "field_type", "deliver"))),
        (r#""reminders_on": "no""#, Some((400, "field_type", "reminders_on"))),
        (r#""customer_note": "bell \u0007""#, Some((422, "value_invalid", "customer_note"))),
    ]
    .into_iter()
    .map(|(field, expected)| (format!("{{{prefix}{field}}}"), expected))
    .collect()
}

#[test]
fn invoices() {
    for (json, expected) in invoice_cases(r#""contact_id": "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "#) {
        check(NewInvoiceBody::read, &[(&json, expected)]);
    }
    let lines = vec![r#"{"quantity": "1"}"#; 201].join(",");
    let too_many = format!(r#"{{"contact_id": "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "lines": [{lines}]}}"#);
    check(
        NewInvoiceBody::read,
        &[
            (&too_many, Some((422, "too_many_lines", "lines"))),
            ("{}", Some((400, "field_missing", "contact_id"))),
            (r#"{"contact_id": "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W"}"#, Some((400, "id_invalid", "contact_id"))),
            (r#"{"contact_id": "con_01JZ8Q6X3S9V7K2M4N5P6R8T0U"}"#, Some((400, "id_invalid", "contact_id"))),
            (r#"{"contact_id": 7}"#, Some((400, "field_type", "contact_id"))),
            (r#"{"contact_id": "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "currency": "EURO"}"#, Some((422, "value_invalid", "currency"))),
            (r#"{"contact_id": "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "currency": null, "due_on": null}"#, FITS),
            (r#"{"contact_id": "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "send": 1}"#, Some((400, "field_type", "send"))),
        ],
    );
}

#[test]
fn patches_of_invoices() {
    for (json, expected) in invoice_cases("") {
        check(InvoicePatchBody::read, &[(&json, expected)]);
    }
    check(
        InvoicePatchBody::read,
        &[
            ("{}", FITS),
            (r#"{"due_on": null}"#, Some((400, "field_type", "due_on"))),
            (r#"{"deliver": null}"#, Some((400, "field_type", "deliver"))),
            (r#"{"lines": null}"#, Some((400, "field_type", "lines"))),
            (r#"{"contact_id": "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W"}"#, Some((400, "field_unknown", "contact_id"))),
            (r#"{"status": "closed"}"#, Some((400, "field_unknown", "status"))),
        ],
    );
}

#[test]
fn payments() {
    let long = format!(r#"{{"amount": {{"amount": "1.00", "currency": "EUR"}}, "method": "cash", "reference": "{}"}}"#, "r".repeat(65));
    check(
        NewPaymentBody::read,
        &[
            (r#"{"amount": {"amount": "65.00", "currency": "EUR"}, "method": "cash"}"#, FITS),
            (
                r#"{"amount": {"amount": "65.00", "currency": "EUR"}, "method": "cheque", "reference": "77", "received_on": "2026-07-28"}"#,
                FITS,
            ),
            (&long, Some((422, "value_invalid", "reference"))),
            (r#"{"method": "cash"}"#, Some((400, "field_missing", "amount"))),
            (r#"{"amount": "65.00", "method": "cash"}"#, Some((400, "field_type", "amount"))),
            (r#"{"amount": {"amount": "65.00", "currency": "EUR"}}"#, Some((400, "field_missing", "method"))),
            (r#"{"amount": {"amount": "65.00", "currency": "EUR"}, "method": "card"}"#, Some((422, "value_invalid", "method"))),
            (
                r#"{"amount": {"amount": "65.00", "currency": "EUR"}, "method": "cash", "received_on": "today"}"#,
                Some((422, "value_invalid", "received_on")),
            ),
            (r#"{"amount": {"amount": "65.001", "currency": "EUR"}, "method": "cash"}"#, Some((422, "amount_invalid", "amount.amount"))),
            (r#"{"amount": {"amount": "65.00", "currency": "EUR", "x": 1}, "method": "cash"}"#, Some((400, "field_unknown", "amount.x"))),
        ],
    );
}
