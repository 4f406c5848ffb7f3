//! The words of each mail.

use crate::words::{clipped, due_phrase, long_date};
use askama::Template;
use chrono::NaiveDate;
use domain::{
    invoice::{
        EvolveError, Invoice, InvoiceText,
        line::{Totals, quantity_text},
        status::StatusCode,
    },
    message::MailKind,
    money::Money,
    payment::Payment,
    settings::Business,
};

/// The most lines a mail lists; the invoice page shows all.
const LISTED: usize = 50;

/// The longest line name a mail shows, in characters; longer ones are cut.
const NAME: usize = 120;

/// What a mail is made of.
#[derive(Clone, Copy)]
pub struct MailView<'a> {
    /// The invoice as it stands when the mail goes out.
    pub invoice: &'a Invoice,
    /// Its words; the internal note is not read.
    pub text: &'a InvoiceText,
    /// Who writes.
    pub business: &'a Business,
    /// The local date of the business.
    pub today: NaiveDate,
    /// The recipient's link to the invoice page.
    pub invoice_url: &'a str,
    /// The recipient's link to the pay page.
    pub pay_url: &'a str,
    /// What was received; a receipt needs it.
    pub payment: Option<&'a Payment>,
}

/// The words of a mail, the same for every recipient but for the links. Prints its size only.
#[derive(Clone, PartialEq, Eq)]
pub struct Composed {
    /// One line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML, without images or anything fetched.
    pub html: String,
}

impl std::fmt::Debug for Composed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Composed({} and {} bytes)", self.text.len(), self.html.len())
    }
}

/// Why a mail cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// The invoice's lines do not work out, which a stored invoice never does.
    #[error("the invoice's lines do not work out")]
    Totals(#[from] EvolveError),
    /// A receipt without the payment it is for.
    #[error("a receipt needs the payment it is for")]
    NoPayment,
    /// A template could not be written out.
    #[error("the mail's template could not be written out")]
    Render(#[from] askama::Error),
}

/// What the templates see.
struct Content<'a> {
    number: &'a str,
    business: &'a str,
    customer: &'a str,
    is_request: bool,
    amount_due: Money,
    due_date: String,
    due_phrase: String,
    facts: Vec<(&'static str, String)>,
    lines: Vec<Row>,
    more: usize,
    sums: Vec<(String, String)>,
    note: &'a str,
    terms: &'a str,
    invoice_url: &'a str,
    pay_url: &'a str,
    received: String,
    is_closed: bool,
    credit: Option<Money>,
}

struct Row {
    name: String,
    quantity: String,
    net: Money,
}

/// One mail's three templates, written out.
macro_rules! written {
    ($mail:expr, $subject:tt, $text:tt, $html:tt) => {{
        #[derive(Template)]
        #[template(path = $subject)]
        struct Subject<'a> {
            mail: &'a Content<'a>,
        }
        #[derive(Template)]
        #[template(path = $text)]
        struct Text<'a> {
            mail: &'a Content<'a>,
        }
        #[derive(Template)]
        #[template(path = $html)]
        struct Html<'a> {
            mail: &'a Content<'a>,
        }
        let mail = $mail;
        Composed {
            subject: Subject { mail }.render()?.trim().to_owned(),
            text: format!("{}\n", Text { mail }.render()?.trim_end()),
            html: Html { mail }.render()?,
        }
    }};
}

/// Writes a mail's words.
///
/// # Errors
/// [`ComposeError`].
pub fn compose(kind: &MailKind, view: &MailView<'_>) -> Result<Composed, ComposeError> {
    let number = view.invoice.number.as_ref().map_or_else(|| "(draft)".to_owned(), ToString::to_string);
    let mail = &content(kind, view, &number)?;
    Ok(match kind {
        MailKind::Unpaid | MailKind::Request => written!(mail, "unpaid/subject.txt", "unpaid/body.txt", "unpaid/body.html"),
        MailKind::Receipt { .. } => written!(mail, "receipt/subject.txt", "receipt/body.txt", "receipt/body.html"),
        MailKind::Upcoming { .. } => {
            written!(mail, "upcoming_reminder/subject.txt", "upcoming_reminder/body.txt", "upcoming_reminder/body.html")
        }
        MailKind::PastDue { .. } => {
            written!(mail, "past_due_reminder/subject.txt", "past_due_reminder/body.txt", "past_due_reminder/body.html")
        }
    })
}

fn content<'a>(kind: &MailKind, view: &MailView<'a>, number: &'a str) -> Result<Content<'a>, ComposeError> {
    let MailView { invoice, text, business, today, invoice_url, pay_url, payment } = *view;
    let totals = invoice.totals()?;
    let receipt = match (kind, payment) {
        (MailKind::Receipt { .. }, None) => return Err(ComposeError::NoPayment),
        (MailKind::Receipt { .. }, Some(payment)) => Some(payment),
        (MailKind::Unpaid | MailKind::Request | MailKind::Upcoming { .. } | MailKind::PastDue { .. }, _) => None,
    };
    Ok(Content {
        number,
        business: &business.name,
        customer: text.bill_to.name.reveal(),
        is_request: *kind == MailKind::Request,
        amount_due: invoice.amount_due(),
        due_date: long_date(invoice.body.due_on),
        due_phrase: due_phrase(invoice, today),
        facts: receipt.map_or_else(|| what_is_owed(invoice, number, today), |payment| what_was_received(invoice, number, payment)),
        more: invoice.body.lines.len().saturating_sub(LISTED),
        lines: rows(invoice, text, &totals),
        sums: sums(invoice, &totals),
        note: &text.customer_note,
        terms: &text.terms,
        invoice_url,
        pay_url,
        received: receipt.map(|payment| payment.amount.display()).unwrap_or_default(),
        is_closed: invoice.status.code() == StatusCode::Closed,
        credit: receipt.and_then(|payment| payment.surplus.as_ref()).map(|surplus| surplus.amount),
    })
}

fn what_is_owed(invoice: &Invoice, number: &str, today: NaiveDate) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Invoice", number.to_owned()), ("Amount due", invoice.amount_due().display())];
    if invoice.sums.received.is_positive() {
        facts.push(("Paid so far", format!("{} of {}", invoice.sums.received, invoice.total)));
    }
    facts.push(("Due date", long_date(invoice.body.due_on)));
    match invoice.days_overdue(today) {
        0 => {}
        1 => facts.push(("Overdue", "1 day".to_owned())),
        days => facts.push(("Overdue", format!("{days} days"))),
    }
    facts
}

fn what_was_received(invoice: &Invoice, number: &str, payment: &Payment) -> Vec<(&'static str, String)> {
    let mut facts =
        vec![("Received", payment.amount.display()), ("On", long_date(payment.received_on)), ("Paid with", payment.method.label())];
    facts.extend(payment.reference.clone().map(|reference| ("Reference", reference)));
    facts.extend([
        ("Invoice", number.to_owned()),
        ("Total", invoice.total.display()),
        ("Paid so far", invoice.sums.received.display()),
        ("Left to pay", invoice.amount_due().display()),
    ]);
    facts
}

fn rows(invoice: &Invoice, text: &InvoiceText, totals: &Totals) -> Vec<Row> {
    let names = text.lines.iter().map(|words| words.name.as_str()).chain(std::iter::repeat("Item"));
    let lines = invoice.body.lines.iter().zip(&totals.lines).zip(names).take(LISTED);
    lines.map(|((line, sum), name)| Row { name: clipped(name, NAME), quantity: quantity_text(line.quantity), net: sum.net }).collect()
}

fn sums(invoice: &Invoice, totals: &Totals) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    if !totals.taxes.is_empty() {
        rows.push(("Subtotal".to_owned(), totals.net.display()));
    }
    rows.extend(totals.taxes.iter().map(|sum| (format!("{} {} %", sum.tax.code, sum.tax.rate.get()), sum.amount.display())));
    rows.push(("Total".to_owned(), invoice.total.display()));
    if invoice.sums.received.is_positive() {
        rows.push(("Paid so far".to_owned(), invoice.sums.received.display()));
        rows.push(("Amount due".to_owned(), invoice.amount_due().display()));
    }
    rows
}
