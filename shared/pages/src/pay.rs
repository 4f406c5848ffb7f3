//! The pay page.

use crate::{
    invoice::BillTo,
    shell::{Page, PageError, page},
    words::{contact, decline_sentence, heading, long_date, standing},
};
use askama::Template;
use chrono::NaiveDate;
use domain::{
    attempt::Decline,
    invoice::{Invoice, InvoiceText},
    money::Money,
    pii::EmailAddress,
    settings::Business,
};

/// What the pay page is made of.
#[derive(Clone, Copy)]
pub struct PayView<'a> {
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
    /// The page's own path, which its form is posted to.
    pub pay_path: &'a str,
    /// Where the whole invoice is shown.
    pub invoice_url: &'a str,
    /// For whom the link was written; shown masked.
    pub payer: Option<&'a EmailAddress>,
    /// Whether a checkout is open that the payer can go on with.
    pub open_checkout: bool,
    /// Why the last try brought nothing.
    pub decline: Option<&'a Decline>,
    /// Why nothing can be paid online, as a sentence for the customer or empty; none: it can.
    pub no_gateway: Option<&'a str>,
    /// What to say first.
    pub notice: Option<PayNotice>,
}

/// What happened before the pay page was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayNotice {
    /// The invoice changed while the page was open.
    Changed,
    /// The payer came back without paying.
    Cancelled,
    /// The payer came back and the checkout is still unpaid.
    NotPaidYet,
    /// A payment is on its way.
    Processing,
    /// The gateway did not answer; whether anything happened is being found out.
    TryLater,
    /// The gateway would not open a checkout; nothing was charged.
    Refused,
}

impl PayNotice {
    fn sentence(self) -> &'static str {
        match self {
            Self::Changed => {
                "The invoice changed while this page was open. Nothing was charged. Please check the amount below before you pay."
            }
            Self::Cancelled => "You came back without paying. Nothing was charged, and you can continue whenever you like.",
            Self::NotPaidYet => "This invoice is not paid yet. You can try again.",
            Self::Processing => "Your payment was received and is being processed. There is no need to pay again.",
            Self::TryLater => {
                "The payment provider did not answer. Nothing is lost: we are finding out what happened. Please try again in a minute."
            }
            Self::Refused => {
                "The payment provider could not open its payment page. Nothing was charged. Please try again later or contact us."
            }
        }
    }

    fn is_urgent(self) -> bool {
        match self {
            Self::Changed | Self::TryLater | Self::Refused => true,
            Self::Cancelled | Self::NotPaidYet | Self::Processing => false,
        }
    }
}

#[derive(Template)]
#[template(path = "pay.html")]
struct PayTemplate<'a> {
    heading: String,
    temporary: bool,
    business: &'a str,
    contact: &'a str,
    tone: &'static str,
    sentence: String,
    detail: String,
    notice: Option<PayNotice>,
    decline: Option<&'static str>,
    /// What is asked for; none: nothing is owed.
    due: Option<Money>,
    total: Money,
    received: Option<Money>,
    number: Option<String>,
    due_date: String,
    payer: Option<String>,
    bill_to: BillTo<'a>,
    invoice_url: &'a str,
    pay_path: &'a str,
    offer: Offer<'a>,
    rev: u32,
}

enum Offer<'a> {
    Form { continues: bool },
    Offline { reason: &'a str },
    Wait,
    Nothing,
}

/// Writes the pay page: one button while something is owed, and kind words without a form once nothing is (C47).
///
/// # Errors
/// [`PageError`] when the origin is none.
pub fn pay_page(view: &PayView<'_>, checkout_origin: Option<&str>) -> Result<Page, PageError> {
    let PayView { invoice, text, business, temporary, today, pay_path, invoice_url, payer, open_checkout, decline, no_gateway, notice } =
        *view;
    let standing = standing(invoice, business.zone, today);
    let owed = invoice.amount_due().is_positive();
    let offer = match no_gateway {
        _ if !owed => Offer::Nothing,
        _ if invoice.is_processing() => Offer::Wait,
        Some(reason) => Offer::Offline { reason },
        None => Offer::Form { continues: open_checkout },
    };
    let said = matches!(notice, Some(PayNotice::Processing | PayNotice::TryLater)) && invoice.is_processing();
    let asks = matches!(offer, Offer::Form { .. });
    let template = PayTemplate {
        heading: heading(invoice),
        temporary,
        business: &business.name,
        contact: contact(business).reveal(),
        tone: standing.tone,
        sentence: standing.sentence,
        detail: if said { String::new() } else { standing.detail },
        notice: notice.filter(|_| owed),
        decline: decline.filter(|_| asks).map(decline_sentence),
        due: owed.then(|| invoice.amount_due()),
        total: invoice.total,
        received: invoice.sums.received.is_positive().then_some(invoice.sums.received),
        number: invoice.number.as_ref().map(ToString::to_string),
        due_date: long_date(invoice.body.due_on),
        payer: payer.map(ToString::to_string),
        bill_to: BillTo::of(text),
        invoice_url,
        pay_path,
        offer,
        rev: invoice.rev,
    };
    page(&template, checkout_origin)
}
