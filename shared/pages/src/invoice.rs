//! The invoice page.

use crate::{
    shell::{Page, PageError, page},
    words::{contact, heading, long_date, standing},
};
use askama::Template;
use chrono::NaiveDate;
use domain::{
    invoice::{
        Invoice, InvoiceText,
        line::{Discount, Line, LineSum, LineText, Totals, quantity_text},
        status::StatusCode,
    },
    money::{Money, MoneyError},
    settings::Business,
};

/// What the invoice page is made of.
#[derive(Clone, Copy)]
pub struct InvoiceView<'a> {
    /// The invoice.
    pub invoice: &'a Invoice,
    /// Its words; the internal note is not read.
    pub text: &'a InvoiceText,
    /// Whose invoice it is.
    pub business: &'a Business,
    /// Whether the page's address is a temporary one, which it then says.
    pub temporary: bool,
    /// The local date of the business.
    pub today: NaiveDate,
    /// Where Pay leads; none: no Pay button.
    pub pay_url: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "invoice.html")]
struct InvoiceTemplate<'a> {
    heading: String,
    temporary: bool,
    business: &'a str,
    contact: &'a str,
    tone: &'static str,
    sentence: String,
    detail: String,
    balance: Option<Money>,
    pay_url: Option<&'a str>,
    number: Option<String>,
    invoice_date: String,
    due_date: String,
    bill_to: BillTo<'a>,
    lines: Vec<LineRow<'a>>,
    any_discount: bool,
    any_tax: bool,
    sums: Vec<SumRow>,
    total: Money,
    received: Option<Money>,
    note: &'a str,
    terms: &'a str,
}

/// Who is billed, as it stands on pages.
pub(crate) struct BillTo<'a> {
    pub(crate) name: &'a str,
    pub(crate) company: &'a str,
    pub(crate) address: &'a str,
}

impl<'a> BillTo<'a> {
    pub(crate) fn of(text: &'a InvoiceText) -> Self {
        let details = &text.bill_to;
        Self { name: details.name.reveal(), company: details.company.reveal(), address: details.billing_address.reveal() }
    }
}

struct LineRow<'a> {
    name: &'a str,
    description: &'a str,
    quantity: String,
    unit_price: Money,
    discount: Option<(Money, String)>,
    tax: Option<String>,
    net: Money,
}

struct SumRow {
    label: String,
    amount: String,
}

/// Writes the invoice page. Pay is offered while something is owed and no payment is on its way.
///
/// # Errors
/// [`PageError`] when the lines do not work out or the origin is none.
pub fn invoice_page(view: &InvoiceView<'_>, checkout_origin: Option<&str>) -> Result<Page, PageError> {
    let InvoiceView { invoice, text, business, temporary, today, pay_url } = *view;
    let totals = invoice.totals()?;
    let standing = standing(invoice, business.zone, today);
    let payable = invoice.amount_due().is_positive() && !invoice.is_processing();
    let lines = rows(invoice, text, &totals);
    let template = InvoiceTemplate {
        heading: heading(invoice),
        temporary,
        business: &business.name,
        contact: contact(business).reveal(),
        tone: standing.tone,
        sentence: standing.sentence,
        detail: standing.detail,
        balance: (invoice.status.code() != StatusCode::WrittenOff).then(|| invoice.balance()),
        pay_url: pay_url.filter(|_| payable),
        number: invoice.number.as_ref().map(ToString::to_string),
        invoice_date: long_date(invoice.body.invoice_date),
        due_date: long_date(invoice.body.due_on),
        bill_to: BillTo::of(text),
        any_discount: lines.iter().any(|line| line.discount.is_some()),
        any_tax: lines.iter().any(|line| line.tax.is_some()),
        lines,
        sums: sums(&totals).map_err(|error| PageError::Totals(error.into()))?,
        total: invoice.total,
        received: invoice.sums.received.is_positive().then_some(invoice.sums.received),
        note: &text.customer_note,
        terms: &text.terms,
    };
    page(&template, checkout_origin)
}

fn rows<'a>(invoice: &Invoice, text: &'a InvoiceText, totals: &Totals) -> Vec<LineRow<'a>> {
    let words = text.lines.iter().map(Some).chain(std::iter::repeat(None));
    invoice.body.lines.iter().zip(&totals.lines).zip(words).map(|((line, sum), words)| row(line, *sum, words)).collect()
}

fn row<'a>(line: &Line, sum: LineSum, words: Option<&'a LineText>) -> LineRow<'a> {
    let share = match line.discount {
        Some(Discount::Percent(share)) => format!("{} %", share.get()),
        Some(Discount::Amount(_)) | None => String::new(),
    };
    LineRow {
        name: words.map_or("Item", |w| w.name.as_str()),
        description: words.map_or("", |w| w.description.as_str()),
        quantity: quantity_text(line.quantity),
        unit_price: line.unit_price,
        discount: sum.discount.is_positive().then_some((sum.discount, share)),
        tax: line.tax.as_ref().map(|tax| format!("{} {} %", tax.code, tax.rate.get())),
        net: sum.net,
    }
}

fn sums(totals: &Totals) -> Result<Vec<SumRow>, MoneyError> {
    let row = |label: &str, amount: String| SumRow { label: label.to_owned(), amount };
    let mut rows = vec![row("Subtotal", totals.net.plus(totals.discount)?.display())];
    if totals.discount.is_positive() {
        rows.push(row("Discount", format!("\u{2212}{}", totals.discount)));
        rows.push(row("After discount", totals.net.display()));
    }
    for sum in &totals.taxes {
        rows.push(row(&format!("{} {} % on {}", sum.tax.code, sum.tax.rate.get(), sum.net), sum.amount.display()));
    }
    Ok(rows)
}
