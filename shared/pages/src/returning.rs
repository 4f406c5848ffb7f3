//! The page a payer comes back to from the gateway.

use crate::{
    shell::{Page, PageError, page},
    words::{contact, decline_sentence, heading, long_date},
};
use askama::Template;
use domain::{
    attempt::Decline,
    invoice::{Invoice, journal::Deliver},
    money::Money,
    payment::Payment,
    settings::Business,
};

/// What the return page is made of.
#[derive(Clone, Copy)]
pub struct ReturnView<'a> {
    /// The invoice, after what the gateway said was recorded.
    pub invoice: &'a Invoice,
    /// Whose invoice it is.
    pub business: &'a Business,
    /// Whether the page's address is a temporary one, which it then says.
    pub temporary: bool,
    /// Where the whole invoice is shown.
    pub invoice_url: &'a str,
    /// Where the payer can try again.
    pub pay_url: &'a str,
    /// This page's own address, to look again.
    pub check_url: &'a str,
    /// What the gateway said.
    pub outcome: ReturnOutcome<'a>,
}

/// What became of the payment the payer comes back from.
#[derive(Debug, Clone, Copy)]
pub enum ReturnOutcome<'a> {
    /// The money was received.
    Paid(&'a Payment),
    /// The bank is working on it: received, not paid.
    Processing,
    /// Nothing was charged.
    NotPaid {
        /// Why, if the bank said no.
        decline: Option<&'a Decline>,
    },
    /// The gateway did not answer: nobody knows yet.
    Unknown,
}

#[derive(Template)]
#[template(path = "return.html")]
struct ReturnTemplate<'a> {
    title: &'static str,
    heading: String,
    temporary: bool,
    business: &'a str,
    contact: &'a str,
    tone: &'static str,
    sentence: &'static str,
    paid: Option<Paid>,
    balance: Money,
    by_mail: bool,
    /// Label and address of the one thing to do next.
    next: Option<(&'static str, &'a str)>,
    invoice_url: &'a str,
}

struct Paid {
    amount: Money,
    date: String,
    method: String,
    credit: Option<Money>,
}

impl Paid {
    fn of(payment: &Payment) -> Self {
        Self {
            amount: payment.amount,
            date: long_date(payment.received_on),
            method: payment.method.label(),
            credit: payment.surplus.as_ref().map(|surplus| surplus.amount),
        }
    }
}

/// Writes the return page. It never says that a payment failed while that is not certain.
///
/// # Errors
/// [`PageError`] when the origin is none.
pub fn return_page(view: &ReturnView<'_>, checkout_origin: Option<&str>) -> Result<Page, PageError> {
    let ReturnView { invoice, business, temporary, invoice_url, pay_url, check_url, outcome } = *view;
    let owed = invoice.amount_due().is_positive();
    let (title, tone, sentence, next) = match outcome {
        ReturnOutcome::Paid(_) => ("Thank you for your payment", "good", "We have received your payment.", None),
        ReturnOutcome::Processing => (
            "Payment received, still processing",
            "calm",
            "Your payment was received and the bank is working on it. It is not paid yet, and there is no need to pay again.",
            Some(("Look again", check_url)),
        ),
        ReturnOutcome::NotPaid { decline } => (
            "Not paid yet",
            "warn",
            decline.map_or("Nothing was charged. You can try again whenever you like.", decline_sentence),
            owed.then_some(("Try again", pay_url)),
        ),
        ReturnOutcome::Unknown => (
            "We are finding out",
            "calm",
            "The payment provider did not tell us yet what became of your payment. Nothing is lost. Please do not pay again; \
             look again in a minute.",
            Some(("Look again", check_url)),
        ),
    };
    let paid = match outcome {
        ReturnOutcome::Paid(payment) => Some(Paid::of(payment)),
        ReturnOutcome::Processing | ReturnOutcome::NotPaid { .. } | ReturnOutcome::Unknown => None,
    };
    let template = ReturnTemplate {
        title,
        heading: heading(invoice),
        temporary,
        business: &business.name,
        contact: contact(business).reveal(),
        tone,
        sentence,
        by_mail: paid.is_some() && invoice.body.deliver == Deliver::Email,
        paid,
        balance: invoice.amount_due(),
        next,
        invoice_url,
    };
    page(&template, checkout_origin)
}
