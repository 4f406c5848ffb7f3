//! What customers and other systems are told.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod handing_over;
mod mimes;
mod words;

use crate::{
    Composed, MailView, Outgoing, compose,
    fixture::{noon, on, payment},
};
use domain::{
    automation::StepRef,
    ids::PaymentId,
    invoice::{Invoice, InvoiceText},
    message::MailKind,
    pii::EmailAddress,
    settings::Business,
};

pub(crate) const INVOICE_URL: &str = "https://pay.example/i/AQEtoken";
pub(crate) const PAY_URL: &str = "https://pay.example/p/AQEtoken";

pub(crate) fn kinds() -> [MailKind; 5] {
    [
        MailKind::Unpaid,
        MailKind::Request,
        MailKind::Receipt { payment_id: PaymentId::at(1, 1) },
        MailKind::Upcoming { step: StepRef::new("A1", -3) },
        MailKind::PastDue { step: StepRef::new("A4", 7) },
    ]
}

pub(crate) fn write(kind: &MailKind, invoice: &Invoice, text: &InvoiceText, business: &Business, day: u32) -> Composed {
    let received = payment("61.44");
    let view = MailView { invoice, text, business, today: on(day), invoice_url: INVOICE_URL, pay_url: PAY_URL, payment: Some(&received) };
    compose(kind, &view).unwrap()
}

pub(crate) fn outgoing<'a>(composed: &'a Composed, business: &'a Business, to: &'a [EmailAddress], cc: &'a [EmailAddress]) -> Outgoing<'a> {
    Outgoing {
        composed,
        business,
        header_to: to,
        header_cc: cc,
        envelope_to: &to[0],
        to_name: Some("Mary Somerville"),
        tag: "inv_1/unpaid/first",
        at: noon(10),
        unsubscribe: None,
    }
}

pub(crate) fn mary() -> Vec<EmailAddress> {
    vec![EmailAddress::parse("mary@somerville.example").unwrap()]
}

pub(crate) fn copies() -> Vec<EmailAddress> {
    ["books@somerville.example", "ada@lovelace.example"].into_iter().map(|a| EmailAddress::parse(a).unwrap()).collect()
}
