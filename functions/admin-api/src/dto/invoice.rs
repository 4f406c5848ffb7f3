//! Invoices as they stand.

use super::{
    attempt::AttemptBody,
    contact::EmailBody,
    draft::DeliverCode,
    line::{LineBody, TaxLineBody},
    value::{Amount, instant},
};
use chrono::NaiveDate;
use domain::{
    attempt::Attempt,
    contact::ContactDetails,
    ids::InvoiceId,
    invoice::{
        EvolveError, Invoice,
        actions::{Answer, Circumstances, answers},
        status::{Status, StatusCode},
    },
};
use serde::Serialize;
use store::{lists::InvoiceSummary, queries::InvoiceFolder};
use utoipa::ToSchema;

/// A status with what staff read.
#[derive(Serialize, ToSchema)]
#[schema(as = Status, examples(json!({"code": "open", "label": "Open"})))]
pub(crate) struct StatusBody {
    /// For machines: `draft`, `open`, `collections`, `closed`, `declined`, `refunded`, `voided` or `written_off`.
    #[schema(examples("open"))]
    pub code: &'static str,
    /// For people.
    #[schema(examples("Open"))]
    pub label: &'static str,
}

impl From<StatusCode> for StatusBody {
    fn from(code: StatusCode) -> Self {
        Self { code: code.name(), label: code.label() }
    }
}

/// An invoice as lists show it.
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({
    "id": "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "number": "INV-00001", "status": {"code": "open", "label": "Open"},
    "contact_id": "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "total": {"amount": "165.00", "currency": "EUR"},
    "balance": {"amount": "165.00", "currency": "EUR"}, "invoice_date": "2026-07-01", "due_on": "2026-07-31"
})))]
pub(crate) struct InvoiceRow {
    /// Its id.
    pub id: String,
    /// Its number, once sent.
    pub number: Option<String>,
    /// Where it stands.
    pub status: StatusBody,
    /// Who is billed.
    pub contact_id: String,
    /// All there is to pay.
    pub total: Amount,
    /// What is left of it.
    pub balance: Amount,
    /// Its date.
    #[schema(value_type = String, format = Date)]
    pub invoice_date: NaiveDate,
    /// When it is due.
    #[schema(value_type = String, format = Date)]
    pub due_on: NaiveDate,
}

impl From<&InvoiceSummary> for InvoiceRow {
    fn from(row: &InvoiceSummary) -> Self {
        Self {
            id: row.id.to_string(),
            number: row.number.clone(),
            status: row.status.into(),
            contact_id: row.contact_id.to_string(),
            total: row.total.into(),
            balance: row.balance.into(),
            invoice_date: row.invoice_date,
            due_on: row.due_on,
        }
    }
}

/// Who is billed, as it was when the invoice was sent; as it was last written while it is a draft.
#[derive(Serialize, ToSchema)]
#[schema(as = BillTo)]
pub(crate) struct BillToBody {
    /// The name.
    pub name: String,
    /// The company, or empty.
    pub company: String,
    /// The addresses.
    pub emails: Vec<EmailBody>,
    /// The phone number, or empty.
    pub phone: String,
    /// The postal address, in lines, or empty.
    pub billing_address: String,
}

impl From<&ContactDetails> for BillToBody {
    fn from(details: &ContactDetails) -> Self {
        Self {
            name: details.name.reveal().to_owned(),
            company: details.company.reveal().to_owned(),
            emails: details.emails.iter().map(EmailBody::from).collect(),
            phone: details.phone.reveal().to_owned(),
            billing_address: details.billing_address.reveal().to_owned(),
        }
    }
}

/// What follows from the rest and is never a status of its own.
#[derive(Serialize, ToSchema)]
#[schema(as = Facets)]
pub(crate) struct FacetsBody {
    /// Owed, and the due date has passed in the business's zone.
    pub past_due: bool,
    /// Days since the due date while past due; the first is 1.
    pub days_overdue: i64,
    /// A part was paid and a part is left.
    pub partially_paid: bool,
    /// A payment may be on its way.
    pub processing: bool,
    /// When its page was first opened.
    #[schema(format = DateTime)]
    pub viewed_at: Option<String>,
}

/// Addresses for the customer, to be copied and handed over. Whoever has one can open it.
#[derive(Serialize, ToSchema)]
#[schema(as = Links)]
pub(crate) struct LinksBody {
    /// Its page; null where `copy_invoice_link` is not allowed.
    pub invoice_url: Option<String>,
    /// Its pay page; null where `copy_pay_link` is not allowed.
    pub pay_url: Option<String>,
}

/// Whether something may be done now, by which request, by which rule, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = Action, examples(json!({
    "action": "void", "enabled": true, "rule": "ACT-VOID-STATUS", "reason": "allowed while open", "method": "POST",
    "path": "/v1/invoices/inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W/void"
})))]
pub(crate) struct ActionBody {
    /// What.
    pub action: &'static str,
    /// Whether.
    pub enabled: bool,
    /// The rule that decides; `not_available` for what this version does not do.
    pub rule: &'static str,
    /// Why, in a sentence.
    pub reason: String,
    /// The request's method, while it may be done.
    #[schema(examples("POST"))]
    pub method: Option<&'static str>,
    /// The request's path, while it may be done.
    pub path: Option<String>,
}

/// The request by which an action is done: its method, and what stands behind the invoice's path.
fn request(action: &str) -> Option<(&'static str, &'static str)> {
    Some(match action {
        "pay" => ("POST", "/payments"),
        "edit" => ("PATCH", ""),
        "send" => ("POST", "/send"),
        "request_payment" => ("POST", "/request-payment"),
        "void" => ("POST", "/void"),
        "delete" => ("DELETE", ""),
        // Both links stand in the answer, under `links`.
        "copy_invoice_link" | "copy_pay_link" => ("GET", ""),
        _ => return None,
    })
}

impl ActionBody {
    fn new(answer: Answer, invoice: &InvoiceId) -> Self {
        let Answer { action, enabled, rule, reason } = answer;
        match request(action) {
            Some((method, end)) if enabled => {
                let path = format!("/v1/invoices/{invoice}{end}");
                Self { action, enabled, rule, reason, method: Some(method), path: Some(path) }
            }
            None if enabled => {
                let reason = "the rules allow it, and this version does not do it yet".to_owned();
                Self { action, enabled: false, rule: "not_available", reason, method: None, path: None }
            }
            Some(_) | None => Self { action, enabled, rule, reason, method: None, path: None },
        }
    }
}

fn example() -> serde_json::Value {
    serde_json::from_str(include_str!("examples/invoice.json")).unwrap_or_default()
}

/// An invoice as it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Invoice, examples(example))]
pub(crate) struct InvoiceBody {
    /// Its id.
    #[schema(pattern = "^inv_[0-9A-HJKMNP-TV-Z]{26}$")]
    pub id: String,
    /// Its number, once sent.
    pub number: Option<String>,
    /// Where it stands.
    pub status: StatusBody,
    /// What follows from the rest.
    pub facets: FacetsBody,
    /// Raised with every change of what it says, from 1.
    pub rev: u32,
    /// Who is billed.
    pub contact_id: String,
    /// Who is billed, in words.
    pub bill_to: BillToBody,
    /// In which currency.
    pub currency: &'static str,
    /// Its date.
    #[schema(value_type = String, format = Date)]
    pub invoice_date: NaiveDate,
    /// When it is due.
    #[schema(value_type = String, format = Date)]
    pub due_on: NaiveDate,
    /// Raised when the due date moves, from 1: reminders count anew.
    pub due_version: u32,
    /// Its lines.
    pub lines: Vec<LineBody>,
    /// All lines before discount and tax.
    pub lines_total: Amount,
    /// All discounts.
    pub discount_total: Amount,
    /// After discount, before tax.
    pub net_total: Amount,
    /// The taxes, by code.
    pub tax_lines: Vec<TaxLineBody>,
    /// All there is to pay, tax included.
    pub total: Amount,
    /// What was received for it.
    pub received: Amount,
    /// What is left of the total.
    pub balance: Amount,
    /// What the customer is asked for right now: the balance, or nothing unless it is open or in collections.
    pub amount_due: Amount,
    /// Whether mails go out for it.
    pub deliver: DeliverCode,
    /// Whether it is reminded of.
    pub reminders_on: bool,
    /// For the customer, or empty.
    pub customer_note: String,
    /// For staff only, or empty.
    pub internal_note: String,
    /// Terms as they were when written, or empty.
    pub terms: String,
    /// When it was written.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was first sent.
    #[schema(format = DateTime)]
    pub sent_at: Option<String>,
    /// When staff last asked for the money.
    #[schema(format = DateTime)]
    pub requested_at: Option<String>,
    /// When it was settled in full.
    #[schema(format = DateTime)]
    pub closed_at: Option<String>,
    /// When it was cancelled.
    #[schema(format = DateTime)]
    pub voided_at: Option<String>,
    /// Addresses for the customer.
    pub links: LinksBody,
    /// Tries to collect through a gateway, oldest first.
    pub attempts: Vec<AttemptBody>,
    /// What may be done now, and why not.
    pub actions: Vec<ActionBody>,
}

/// What an invoice is shown with.
pub(crate) struct Around {
    /// The local date in the business's zone.
    pub today: NaiveDate,
    /// What the action table goes by.
    pub circumstances: Circumstances,
    /// The customer's addresses.
    pub links: LinksBody,
}

impl InvoiceBody {
    /// The invoice with everything around it.
    pub fn new(folder: &InvoiceFolder, attempts: &[Attempt], around: Around) -> Result<Self, EvolveError> {
        let (invoice, words) = (&folder.invoice.value, &folder.text);
        let totals = invoice.totals()?;
        let lines = invoice.body.lines.iter().zip(&totals.lines).enumerate();
        let (closed_at, voided_at) = ends(invoice.status);
        Ok(Self {
            id: invoice.id.to_string(),
            number: invoice.number.as_ref().map(ToString::to_string),
            status: invoice.status.code().into(),
            facets: facets(invoice, around.today),
            rev: invoice.rev,
            contact_id: invoice.contact_id.to_string(),
            bill_to: (&words.bill_to).into(),
            currency: invoice.currency.code(),
            invoice_date: invoice.body.invoice_date,
            due_on: invoice.body.due_on,
            due_version: invoice.due_version,
            lines: lines.map(|(index, (line, sum))| LineBody::new(index, line, words.lines.get(index), sum)).collect(),
            lines_total: totals.net.plus(totals.discount)?.into(),
            discount_total: totals.discount.into(),
            net_total: totals.net.into(),
            tax_lines: totals.taxes.iter().map(TaxLineBody::from).collect(),
            total: invoice.total.into(),
            received: invoice.sums.received.into(),
            balance: invoice.balance().into(),
            amount_due: invoice.amount_due().into(),
            deliver: invoice.body.deliver.into(),
            reminders_on: invoice.body.reminders_on,
            customer_note: words.customer_note.clone(),
            internal_note: words.internal_note.reveal().to_owned(),
            terms: words.terms.clone(),
            created_at: instant(invoice.created_at),
            sent_at: invoice.sent_at.map(instant),
            requested_at: invoice.requested_at.map(instant),
            closed_at,
            voided_at,
            links: around.links,
            attempts: attempts.iter().map(AttemptBody::from).collect(),
            actions: answers(invoice, &around.circumstances).into_iter().map(|answer| ActionBody::new(answer, &invoice.id)).collect(),
        })
    }
}

fn facets(invoice: &Invoice, today: NaiveDate) -> FacetsBody {
    FacetsBody {
        past_due: invoice.is_past_due(today),
        days_overdue: invoice.days_overdue(today),
        partially_paid: invoice.is_partially_paid(),
        processing: invoice.is_processing(),
        viewed_at: invoice.viewed.map(|(at, _)| instant(at)),
    }
}

fn ends(status: Status) -> (Option<String>, Option<String>) {
    match status {
        Status::Closed { at } => (Some(instant(at)), None),
        Status::Voided { at } => (None, Some(instant(at))),
        Status::Draft
        | Status::Open
        | Status::Collections { .. }
        | Status::Declined { .. }
        | Status::Refunded { .. }
        | Status::WrittenOff { .. } => (None, None),
    }
}
