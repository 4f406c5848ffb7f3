//! Payments.

use super::{
    Fit,
    invoice::InvoiceBody,
    value::{Amount, fits, instant, optional_date},
};
use app::record_payment::Received;
use chrono::NaiveDate;
use domain::{
    payment::{Allocation, Method, Payment},
    text,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How money was handed over outside any gateway.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OfflineMethod {
    /// Notes and coins.
    Cash,
    /// A cheque.
    Cheque,
    /// A bank transfer.
    Transfer,
    /// Another way.
    Other,
}

impl From<OfflineMethod> for Method {
    fn from(method: OfflineMethod) -> Self {
        match method {
            OfflineMethod::Cash => Self::Cash,
            OfflineMethod::Cheque => Self::Cheque,
            OfflineMethod::Transfer => Self::Transfer,
            OfflineMethod::Other => Self::Other,
        }
    }
}

/// Money that was received.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewPayment, examples(json!({
    "amount": {"amount": "65.00", "currency": "EUR"}, "method": "transfer", "reference": "INV-00001", "received_on": "2026-07-28"
})))]
pub(crate) struct NewPaymentBody {
    /// How much: the balance or a part of it, in the invoice's currency.
    pub amount: Amount,
    /// How.
    pub method: OfflineMethod,
    /// A cheque number or a transfer's reference.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub reference: Option<String>,
    /// The local date of receipt, not in the future; today in the business's zone when left out.
    #[serde(default)]
    #[schema(format = Date)]
    pub received_on: Option<String>,
}

impl NewPaymentBody {
    /// The money that was received.
    pub fn read(self) -> Fit<Received> {
        let reference = self.reference.map(|text| fits("reference", text::optional_line(&text, 64))).transpose()?;
        Ok(Received {
            amount: self.amount.read("amount")?,
            method: self.method.into(),
            reference: reference.filter(|text| !text.is_empty()),
            received_on: optional_date("received_on", self.received_on.as_deref())?,
        })
    }
}

/// How money was handed over.
#[derive(Serialize, ToSchema)]
#[schema(as = Method, examples(json!({"kind": "card", "label": "Visa •••• 4242", "brand": "visa", "last4": "4242"})))]
pub(crate) struct MethodBody {
    /// `card`, `bank_debit`, `gateway_other`, `cash`, `cheque`, `transfer` or `other`.
    pub kind: &'static str,
    /// For people.
    pub label: String,
    /// The card's brand.
    pub brand: Option<String>,
    /// The card's last four digits.
    pub last4: Option<String>,
}

impl From<&Method> for MethodBody {
    fn from(method: &Method) -> Self {
        let (brand, last4) = match method {
            Method::Card { brand, last4 } => (Some(brand.clone()), Some(last4.clone())),
            Method::BankDebit | Method::GatewayOther | Method::Cash | Method::Cheque | Method::Transfer | Method::Other => (None, None),
        };
        Self { kind: method.name(), label: method.label(), brand, last4 }
    }
}

/// Money the invoice did not owe, kept as credit of the contact.
#[derive(Serialize, ToSchema)]
#[schema(as = Surplus)]
pub(crate) struct SurplusBody {
    /// The contact's credit that holds it.
    pub credit_id: String,
    /// How much.
    pub amount: Amount,
    /// `late_success`, `paid_twice` or `invoice_changed`.
    pub cause: &'static str,
}

/// What of a payment lies on an invoice.
#[derive(Serialize, ToSchema)]
#[schema(as = Allocation)]
pub(crate) struct AllocationBody {
    /// The invoice it was for.
    pub invoice_id: String,
    /// What of it lies there now.
    pub amount: Amount,
}

impl From<&Allocation> for AllocationBody {
    fn from(part: &Allocation) -> Self {
        Self { invoice_id: part.invoice_id.to_string(), amount: part.amount.into() }
    }
}

/// A payment: money that moved. What moved never changes; where it lies may.
#[derive(Serialize, ToSchema)]
#[schema(as = Payment, examples(json!({
    "id": "pay_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "type": "payment", "status": "succeeded", "parent_id": null,
    "contact_id": "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "amount": {"amount": "65.00", "currency": "EUR"},
    "allocations": [{"invoice_id": "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "amount": {"amount": "65.00", "currency": "EUR"}}],
    "surplus": null, "paid_at": null,
    "method": {"kind": "transfer", "label": "Bank transfer", "brand": null, "last4": null}, "reference": "INV-00001",
    "origin": "staff", "attempt_id": null, "gateway_ref": null, "received_on": "2026-07-28",
    "recorded_at": "2026-07-28T09:30:00.000Z"
})))]
pub(crate) struct PaymentBody {
    /// Its id.
    #[schema(pattern = "^pay_[0-9A-HJKMNP-TV-Z]{26}$")]
    pub id: String,
    /// `payment`; later also money out.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `succeeded`.
    pub status: &'static str,
    /// The payment that it gives or takes back.
    pub parent_id: Option<String>,
    /// Who paid.
    pub contact_id: String,
    /// All that was paid; less than zero for money out.
    pub amount: Amount,
    /// Where it lies now, for each invoice it was for.
    pub allocations: Vec<AllocationBody>,
    /// What of it the invoices did not owe.
    pub surplus: Option<SurplusBody>,
    /// How.
    pub method: MethodBody,
    /// A cheque number or a transfer's reference.
    pub reference: Option<String>,
    /// `pay_page` or `staff`.
    pub origin: &'static str,
    /// The try that led to it.
    pub attempt_id: Option<String>,
    /// The gateway's own id of the money.
    pub gateway_ref: Option<String>,
    /// When the money moved, where the gateway told it.
    #[schema(format = DateTime)]
    pub paid_at: Option<String>,
    /// The local date on which the money was received.
    #[schema(value_type = String, format = Date)]
    pub received_on: NaiveDate,
    /// When it was recorded.
    #[schema(format = DateTime)]
    pub recorded_at: String,
}

impl From<&Payment> for PaymentBody {
    fn from(payment: &Payment) -> Self {
        Self {
            id: payment.id.to_string(),
            kind: payment.kind.name(),
            status: "succeeded",
            parent_id: payment.parent_id.as_ref().map(ToString::to_string),
            contact_id: payment.contact_id.to_string(),
            amount: payment.amount.into(),
            allocations: payment.allocations.iter().map(AllocationBody::from).collect(),
            surplus: payment.surplus.as_ref().map(|surplus| SurplusBody {
                credit_id: surplus.credit_id.to_string(),
                amount: surplus.amount.into(),
                cause: surplus.cause.name(),
            }),
            method: (&payment.method).into(),
            reference: payment.reference.clone(),
            origin: payment.origin.name(),
            attempt_id: payment.attempt_id.as_ref().map(ToString::to_string),
            gateway_ref: payment.gateway_ref.clone(),
            paid_at: payment.paid_at.map(instant),
            received_on: payment.received_on,
            recorded_at: instant(payment.recorded_at),
        }
    }
}

/// A payment that was logged, and the invoice as it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = RecordedPayment)]
pub(crate) struct PaidBody {
    /// The payment.
    pub payment: PaymentBody,
    /// The invoice.
    pub invoice: InvoiceBody,
}
