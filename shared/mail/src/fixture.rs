//! An invoice to write about in tests.
#![expect(clippy::unwrap_used, reason = "a test's data is written to be right")]

use chrono::{DateTime, NaiveDate, TimeZone as _, Utc};
use domain::{
    calendar::{Hour, Zone},
    contact::{ContactDetails, ContactEmail},
    currency::Currency,
    digest::Digest,
    ids::{ContactId, InvoiceId, PaymentId},
    invoice::{
        Invoice, InvoiceText, MoneyLine,
        journal::{Body, Deliver, DocumentEvent, Event, MoneyEvent},
        line::{Discount, Line, LineText, Percent, Quantity, Tax},
    },
    money::{Money, Rounding},
    numbering::Number,
    payment::{Allocation, Method, Origin, Payment, PaymentType},
    pii::{EmailAddress, Pii},
    settings::Business,
};

pub(crate) fn eur(text: &str) -> Money {
    Money::parse(text, Currency::parse("EUR").unwrap()).unwrap()
}

pub(crate) fn on(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
}

pub(crate) fn noon(day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, day, 12, 0, 0).unwrap()
}

pub(crate) fn business() -> Business {
    Business {
        version: 1,
        name: "Lovelace & Sons".to_owned(),
        zone: Zone::parse("Europe/Berlin").unwrap(),
        default_currency: Currency::parse("EUR").unwrap(),
        email_from: EmailAddress::parse("billing@lovelace.example").unwrap(),
        reply_to: Some(EmailAddress::parse("office@lovelace.example").unwrap()),
        sweep_hour: Hour::NINE,
        due_default_days: 14,
        terms: String::new(),
    }
}

fn line(quantity: &str, price: &str, discount: Option<Discount>, rate: &str) -> Line {
    Line {
        product_id: None,
        quantity: Quantity::parse(quantity).unwrap(),
        unit_price: eur(price),
        discount,
        tax: Some(Tax { code: if rate == "7" { "VAT7" } else { "VAT" }.to_owned(), rate: Percent::parse(rate).unwrap() }),
    }
}

/// A sent invoice of three kinds of lines, repeated up to the wanted count; due on 21 November 2026.
pub(crate) fn invoice(count: usize) -> Invoice {
    let kinds = [
        line("2.5", "40.00", None, "19"),
        line("1", "20.00", Some(Discount::Percent(Percent::parse("10").unwrap())), "19"),
        line("3", "9.99", Some(Discount::Amount(eur("1.97"))), "7"),
    ];
    let body = Body {
        invoice_date: on(7),
        due_on: on(21),
        lines: kinds.iter().cycle().take(count).cloned().collect(),
        rounding: Rounding::HalfUpPerLine,
        deliver: Deliver::Email,
        reminders_on: true,
        text: Digest::NONE,
    };
    let drafted =
        Event::Document(DocumentEvent::Drafted { contact_id: ContactId::at(1, 1), currency: Currency::parse("EUR").unwrap(), body });
    let draft = Invoice::begin(InvoiceId::at(1, 1), &drafted, noon(7)).unwrap();
    draft.evolve(&Event::Document(DocumentEvent::Sent { number: Number::of_invoice(1) }), noon(7)).unwrap()
}

pub(crate) fn text(count: usize) -> InvoiceText {
    let words = |name: &str, description: &str| LineText { name: name.to_owned(), description: description.to_owned() };
    let kinds = [
        words("Analytical engine, hourly", "Setting the cards for the Bernoulli numbers\nincluding proof reading"),
        words("Punched cards", "A box of 500"),
        words("“Sketch of the Analytical Engine”", ""),
    ];
    InvoiceText {
        bill_to: ContactDetails {
            name: Pii::new("Mary Somerville"),
            company: Pii::new("Somerville Observatory Ltd"),
            emails: vec![ContactEmail { address: EmailAddress::parse("mary@somerville.example").unwrap(), main: true, cc_invoices: true }],
            phone: Pii::new("+44 20 7946 0000"),
            billing_address: Pii::new("12 Hanover Square\nLondon W1S 1JB\nUnited Kingdom"),
        },
        lines: kinds.iter().cycle().take(count).cloned().collect(),
        customer_note: "Thank you for the quick answers.\nThe second box follows in December.".to_owned(),
        internal_note: Pii::new("SECRET-margin 40 %"),
        terms: "Payable within 14 days without deduction.".to_owned(),
    }
}

pub(crate) fn payment(amount: &str) -> Payment {
    Payment {
        id: PaymentId::at(1, 1),
        kind: PaymentType::Payment,
        parent_id: None,
        contact_id: ContactId::at(1, 1),
        amount: eur(amount),
        allocations: vec![Allocation { invoice_id: InvoiceId::at(1, 1), amount: eur(amount) }],
        surplus: None,
        taken_back: eur("0.00"),
        method: Method::Card { brand: "visa".to_owned(), last4: "4242".to_owned() },
        reference: None,
        attempt_id: None,
        gateway: None,
        gateway_ref: None,
        origin: Origin::PayPage,
        paid_at: None,
        received_on: on(9),
        recorded_at: noon(9),
    }
}

/// The invoice after so much was received.
pub(crate) fn after_payment(invoice: Invoice, amount: &str) -> Invoice {
    let payment = payment(amount);
    let line = MoneyLine {
        payment_id: payment.id.clone(),
        kind: PaymentType::Payment,
        amount: payment.amount,
        label: payment.method.label(),
        on: payment.received_on,
    };
    let events = invoice.with_close(vec![Event::Money(MoneyEvent::Allocated(Box::new(line)))], noon(9)).unwrap();
    events.iter().fold(invoice, |invoice, event| invoice.evolve(event, noon(9)).unwrap())
}
