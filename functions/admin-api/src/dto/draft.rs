//! Invoices as they are asked for.

use super::{
    Fit, given,
    value::{Amount, DecimalText, currency, fits, id, optional_date},
};
use crate::problem::ApiProblem;
use app::{
    AppError,
    create_invoice::{NewInvoice, NewLine},
    patch_invoice::InvoicePatch,
};
use domain::{
    ids::{ContactId, ProductId},
    invoice::{
        MAX_NOTE,
        journal::Deliver,
        line::{Discount, LineError, MAX_LINES, Percent, Quantity, Tax},
        refusal::Refusal,
    },
    pii::Pii,
    text,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How an invoice reaches its customer.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Deliver)]
pub(crate) enum DeliverCode {
    /// By mail.
    Email,
    /// Not by us: staff hand over the link.
    None,
}

impl From<Deliver> for DeliverCode {
    fn from(deliver: Deliver) -> Self {
        match deliver {
            Deliver::Email => Self::Email,
            Deliver::None => Self::None,
        }
    }
}

impl From<DeliverCode> for Deliver {
    fn from(code: DeliverCode) -> Self {
        match code {
            DeliverCode::Email => Self::Email,
            DeliverCode::None => Self::None,
        }
    }
}

/// What is taken off a line: a share of it or a sum, one of the two.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object with `percent` or `amount`")]
#[schema(as = Discount, min_properties = 1, max_properties = 1, examples(json!({"percent": "10"})))]
pub(crate) struct DiscountBody {
    /// From 0 to 100, at most four decimals.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schema(nullable = false)]
    pub percent: Option<DecimalText>,
    /// From 0 to the line's amount.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schema(nullable = false)]
    pub amount: Option<Amount>,
}

/// The tax on top of a line.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object with `code` and `rate`")]
#[schema(as = Tax, examples(json!({"code": "VAT", "rate": "19"})))]
pub(crate) struct TaxBody {
    /// Its name. One code has one rate on an invoice.
    #[schema(min_length = 1, max_length = 20)]
    pub code: String,
    /// In percent, from 0 to 100, at most four decimals.
    pub rate: DecimalText,
}

/// A line: of a product, or in its own words. What stands here goes before what the product says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewLine, examples(json!({
    "name": "Engine repair", "quantity": "1.5", "unit_price": {"amount": "110.00", "currency": "EUR"},
    "discount": {"percent": "10"}, "tax": {"code": "VAT", "rate": "19"}
})))]
pub(crate) struct NewLineBody {
    /// The product whose name, description and price it takes where it gives none of its own.
    #[serde(default)]
    #[schema(pattern = "^prd_[0-9A-HJKMNP-TV-Z]{26}$")]
    pub product_id: Option<String>,
    /// Its name; needed without a product.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// Its description.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub description: Option<String>,
    /// How many: more than 0, at most 1000000, at most four decimals.
    pub quantity: DecimalText,
    /// Price of one, net of tax, in the invoice's currency; needed without a product.
    #[serde(default)]
    pub unit_price: Option<Amount>,
    /// What is taken off.
    #[serde(default)]
    pub discount: Option<DiscountBody>,
    /// The tax on top.
    #[serde(default)]
    pub tax: Option<TaxBody>,
}

/// An invoice to be written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewInvoice, examples(json!({
    "contact_id": "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "currency": "EUR", "invoice_date": "2026-07-01", "due_on": "2026-07-31",
    "lines": [{"name": "Engine repair", "quantity": "1", "unit_price": {"amount": "165.00", "currency": "EUR"}}],
    "send": true
})))]
pub(crate) struct NewInvoiceBody {
    /// Who is billed.
    #[schema(pattern = "^con_[0-9A-HJKMNP-TV-Z]{26}$")]
    pub contact_id: String,
    /// In which currency; the business's own when left out.
    #[serde(default)]
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: Option<String>,
    /// Its date; today in the business's zone when left out.
    #[serde(default)]
    #[schema(format = Date)]
    pub invoice_date: Option<String>,
    /// When it is due, at the invoice date or later; after the business's usual days when left out.
    #[serde(default)]
    #[schema(format = Date)]
    pub due_on: Option<String>,
    /// Its lines; at least one before it is sent.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub lines: Vec<NewLineBody>,
    /// Whether mails go out for it; they do when this is left out.
    #[serde(default)]
    pub deliver: Option<DeliverCode>,
    /// Whether it is reminded of.
    #[serde(default)]
    #[schema(default = true)]
    pub reminders_on: Option<bool>,
    /// For the customer.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub customer_note: Option<String>,
    /// For staff only.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub internal_note: Option<String>,
    /// Whether it is sent at once; a draft otherwise.
    #[serde(default)]
    #[schema(default = false)]
    pub send: bool,
}

/// What changes of an invoice. What is left out stays; an empty note clears it; `lines` replaces all of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = InvoicePatch, examples(json!({"due_on": "2026-08-15", "customer_note": "As agreed by phone."})))]
pub(crate) struct InvoicePatchBody {
    /// Its date.
    #[serde(default, deserialize_with = "given")]
    #[schema(format = Date, nullable = false)]
    pub invoice_date: Option<String>,
    /// When it is due.
    #[serde(default, deserialize_with = "given")]
    #[schema(format = Date, nullable = false)]
    pub due_on: Option<String>,
    /// All of its lines.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_items = 200, nullable = false)]
    pub lines: Option<Vec<NewLineBody>>,
    /// Whether mails go out for it.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub deliver: Option<DeliverCode>,
    /// Whether it is reminded of.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub reminders_on: Option<bool>,
    /// For the customer.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 4000, nullable = false)]
    pub customer_note: Option<String>,
    /// For staff only.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 4000, nullable = false)]
    pub internal_note: Option<String>,
}

impl NewInvoiceBody {
    /// The invoice as it is asked for.
    pub fn read(self) -> Fit<NewInvoice> {
        Ok(NewInvoice {
            contact_id: id("contact_id", ContactId::parse(&self.contact_id))?,
            currency: self.currency.as_deref().map(|code| currency("currency", code)).transpose()?,
            invoice_date: optional_date("invoice_date", self.invoice_date.as_deref())?,
            due_on: optional_date("due_on", self.due_on.as_deref())?,
            lines: lines(&self.lines)?,
            deliver: self.deliver.unwrap_or(DeliverCode::Email).into(),
            reminders_on: self.reminders_on.unwrap_or(true),
            customer_note: note("customer_note", self.customer_note.as_deref().unwrap_or_default())?,
            internal_note: Pii::new(note("internal_note", self.internal_note.as_deref().unwrap_or_default())?),
            send: self.send,
        })
    }
}

impl InvoicePatchBody {
    /// What changes, checked.
    pub fn read(self) -> Fit<InvoicePatch> {
        Ok(InvoicePatch {
            invoice_date: optional_date("invoice_date", self.invoice_date.as_deref())?,
            due_on: optional_date("due_on", self.due_on.as_deref())?,
            lines: self.lines.as_deref().map(lines).transpose()?,
            deliver: self.deliver.map(Deliver::from),
            reminders_on: self.reminders_on,
            customer_note: self.customer_note.map(|text| note("customer_note", &text)).transpose()?,
            internal_note: self.internal_note.map(|text| note("internal_note", &text).map(Pii::new)).transpose()?,
        })
    }
}

fn note(field: &str, note: &str) -> Fit<String> {
    fits(field, text::lines(note, MAX_NOTE))
}

fn lines(asked: &[NewLineBody]) -> Fit<Vec<NewLine>> {
    if asked.len() > MAX_LINES {
        return Err(AppError::from(Refusal::TooManyLines { given: asked.len() }).into());
    }
    asked.iter().enumerate().map(|(index, line)| line.read(index)).collect()
}

impl NewLineBody {
    fn read(&self, index: usize) -> Fit<NewLine> {
        let at = |name: &str| format!("lines[{index}].{name}");
        let words = |name: &str, given: &Option<String>, check: &dyn Fn(&str) -> Result<String, text::TextError>| {
            given.as_deref().map(|given| fits(&at(name), check(given))).transpose()
        };
        Ok(NewLine {
            product_id: self.product_id.as_deref().map(|text| id(&at("product_id"), ProductId::parse(text))).transpose()?,
            name: words("name", &self.name, &|name| text::line(name, 200))?,
            description: words("description", &self.description, &|text| text::lines(text, 1000))?,
            quantity: Quantity::parse(&self.quantity.0).map_err(|error| line_error(index, error, &at("quantity")))?,
            unit_price: self.unit_price.as_ref().map(|price| price.read(&at("unit_price"))).transpose()?,
            discount: self.discount.as_ref().map(|discount| discount.read(index, &at("discount"))).transpose()?,
            tax: self.tax.as_ref().map(|tax| tax.read(index, &at("tax"))).transpose()?,
        })
    }
}

fn line_error(index: usize, error: LineError, field: &str) -> ApiProblem {
    ApiProblem::from(AppError::from(Refusal::Line { index, error })).field(field)
}

impl DiscountBody {
    fn read(&self, index: usize, field: &str) -> Fit<Discount> {
        match (&self.percent, &self.amount) {
            (Some(percent), None) => {
                let percent = Percent::parse(&percent.0).map_err(|error| line_error(index, error, &format!("{field}.percent")))?;
                Ok(Discount::Percent(percent))
            }
            (None, Some(amount)) => Ok(Discount::Amount(amount.read(&format!("{field}.amount"))?)),
            (_, _) => Err(ApiProblem::value(field, "a discount has a `percent` or an `amount`, one of the two")),
        }
    }
}

impl TaxBody {
    fn read(&self, index: usize, field: &str) -> Fit<Tax> {
        Ok(Tax {
            code: fits(&format!("{field}.code"), text::line(&self.code, 20))?,
            rate: Percent::parse(&self.rate.0).map_err(|error| line_error(index, error, &format!("{field}.rate")))?,
        })
    }
}
