//! Staff write an invoice: as a draft, or sent at once.

use crate::{
    Answered, AppError, Caller, Deps,
    change::{idempotency_record, new_invoice_id, replay},
    commit::{Around, Races, Records, commit_changes},
};
use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    calendar::plus_days,
    changes::Changes,
    currency::Currency,
    ids::{ContactId, InvoiceId, ProductId},
    invoice::{
        Invoice, InvoiceText,
        commands::check_body,
        journal::{Body, Deliver, DocumentEvent, Event},
        line::{Discount, Line, LineText, Quantity, Tax},
    },
    money::{Money, Rounding},
    numbering::Number,
    pii::Pii,
    settings::Business,
};
use store::{CommitError, Lost, queries::ContactFolder};

/// A line as it is asked for: from a product, or in its own words.
#[derive(Debug, Clone)]
pub struct NewLine {
    /// The product whose name and price it takes where it gives none of its own.
    pub product_id: Option<ProductId>,
    /// Its name.
    pub name: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// How many.
    pub quantity: Quantity,
    /// Price of one, net of tax.
    pub unit_price: Option<Money>,
    /// What is taken off.
    pub discount: Option<Discount>,
    /// The tax on top.
    pub tax: Option<Tax>,
}

/// An invoice as it is asked for. What is left out is taken from the settings.
#[derive(Debug, Clone)]
pub struct NewInvoice {
    /// Who is billed.
    pub contact_id: ContactId,
    /// In which currency.
    pub currency: Option<Currency>,
    /// Its date.
    pub invoice_date: Option<NaiveDate>,
    /// When it is due.
    pub due_on: Option<NaiveDate>,
    /// Its lines.
    pub lines: Vec<NewLine>,
    /// Whether mails go out for it.
    pub deliver: Deliver,
    /// Whether it is reminded of.
    pub reminders_on: bool,
    /// For the customer.
    pub customer_note: String,
    /// For staff only.
    pub internal_note: Pii,
    /// Whether it is sent at once.
    pub send: bool,
}

/// Writes an invoice, as a draft or sent at once, in one commit. Answers with its id.
///
/// # Errors
/// [`AppError::NotFound`] for an unknown contact or product, [`AppError::Invalid`] and refusals naming the field.
pub async fn create_invoice(deps: &Deps, caller: &Caller, new: NewInvoice) -> Result<Answered<InvoiceId>, AppError> {
    let now = deps.clock.now();
    if let Some(answered) = replay(deps, caller).await? {
        return Ok(answered);
    }
    let business = deps.business(now).await?;
    let contact = deps.store.find_contact(&new.contact_id).await?.ok_or(AppError::NotFound { what: "contact" })?;
    let currency = new.currency.unwrap_or(business.default_currency);
    let (lines, texts) = lines(deps, &new.lines, currency).await?;
    let words = InvoiceText {
        bill_to: contact.contact.value.details.clone(),
        lines: texts,
        customer_note: new.customer_note.clone(),
        internal_note: new.internal_note.clone(),
        terms: business.terms.clone(),
    };
    let salt = deps.entropy.token();
    let body = body(&new, lines, &words, &salt, &business, now);
    check_body(&body, currency)?;
    let draft = Event::Document(DocumentEvent::Drafted { contact_id: new.contact_id.clone(), currency, body });
    let id = new_invoice_id(deps, now);
    let record = idempotency_record(caller, id.as_str(), now);
    let mut races = Races::default();
    loop {
        let mut events = vec![draft.clone()];
        let number = if new.send { Some(deps.store.next_number().await?) } else { None };
        if let Some(number) = number {
            events.extend(sent(&id, &draft, number, &contact, now)?);
        }
        let around =
            Around { contact: Some(&contact), text: Some((&words, &salt)), number, idempotency: record.as_ref(), ..Around::new(&business) };
        let context = deps.context(caller, if new.send { "NEW-SEND-OR-DRAFT" } else { "NEW-CUSTOMISE-LINES" }, now);
        match commit_changes(deps, &context, &Records::default(), &Changes::of_invoice(&id, events), around).await {
            Ok(_) => return Ok(Answered { value: id, replayed: false }),
            Err(CommitError::Lost(Lost::Idempotency)) => return replay(deps, caller).await?.ok_or(AppError::Busy),
            Err(CommitError::Lost(_)) => races.lost(deps).await?,
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
}

fn body(new: &NewInvoice, lines: Vec<Line>, words: &InvoiceText, salt: &str, business: &Business, now: DateTime<Utc>) -> Body {
    let invoice_date = new.invoice_date.unwrap_or_else(|| business.zone.date_at(now));
    Body {
        invoice_date,
        due_on: new.due_on.unwrap_or_else(|| plus_days(invoice_date, i32::from(business.due_default_days))),
        lines,
        rounding: Rounding::HalfUpPerLine,
        deliver: new.deliver,
        reminders_on: new.reminders_on,
        text: words.digest(salt.as_bytes()),
    }
}

fn sent(id: &InvoiceId, draft: &Event, number: u64, contact: &ContactFolder, now: DateTime<Utc>) -> Result<Vec<Event>, AppError> {
    let invoice = Invoice::begin(id.clone(), draft, now).map_err(|e| AppError::Defect(e.to_string()))?;
    let has_recipient = contact.contact.value.details.main_email().is_some();
    Ok(invoice.send(Number::of_invoice(number), has_recipient, now)?)
}

/// The lines asked for, with what products give to them.
pub(crate) async fn lines(deps: &Deps, asked: &[NewLine], currency: Currency) -> Result<(Vec<Line>, Vec<LineText>), AppError> {
    let mut lines = Vec::with_capacity(asked.len());
    let mut texts = Vec::with_capacity(asked.len());
    for (index, line) in asked.iter().enumerate() {
        let field = |name: &str| format!("lines[{index}].{name}");
        let product = match &line.product_id {
            None => None,
            Some(id) => match deps.store.find_product(id).await? {
                Some(found) => Some(found.value),
                None => {
                    return Err(AppError::Invalid { field: field("product_id"), reason: "there is no product with this id".to_owned() });
                }
            },
        };
        let name = line.name.clone().or_else(|| product.as_ref().map(|p| p.name.clone()));
        let unit_price = line.unit_price.or_else(|| product.as_ref().map(|p| p.unit_price));
        let name = name.ok_or_else(|| AppError::Invalid {
            field: field("name"),
            reason: "a line has a `name`, or takes one from its `product_id`".to_owned(),
        })?;
        let unit_price = unit_price.ok_or_else(|| AppError::Invalid {
            field: field("unit_price"),
            reason: "a line has a `unit_price`, or takes one from its `product_id`".to_owned(),
        })?;
        if unit_price.currency() != currency {
            return Err(AppError::Invalid {
                field: field("unit_price"),
                reason: format!("the invoice is in {currency}, this price in {}; an invoice has one currency", unit_price.currency()),
            });
        }
        if let Some(Discount::Amount(amount)) = line.discount
            && amount.currency() != currency
        {
            let reason = format!("the invoice is in {currency}, this discount in {}; an invoice has one currency", amount.currency());
            return Err(AppError::Invalid { field: field("discount"), reason });
        }
        let description = line.description.clone().or_else(|| product.map(|p| p.description)).unwrap_or_default();
        lines.push(Line {
            product_id: line.product_id.clone(),
            quantity: line.quantity,
            unit_price,
            discount: line.discount,
            tax: line.tax.clone(),
        });
        texts.push(LineText { name, description });
    }
    Ok((lines, texts))
}
