//! Payments: facts about money.

use crate::{
    ids::{AttemptId, ContactId, CreditId, InvoiceId, PaymentId},
    money::Money,
};
use chrono::{DateTime, NaiveDate, Utc};

/// How money was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// A card, at a gateway.
    Card {
        /// Such as `visa`.
        brand: String,
        /// The last four digits.
        last4: String,
    },
    /// A debit from a bank account, at a gateway.
    BankDebit,
    /// Something else a gateway offers.
    GatewayOther,
    /// Notes and coins.
    Cash,
    /// A cheque.
    Cheque,
    /// A bank transfer.
    Transfer,
    /// Another way outside any gateway.
    Other,
}

impl Method {
    /// The method's name in API and journal.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Card { .. } => "card",
            Self::BankDebit => "bank_debit",
            Self::GatewayOther => "gateway_other",
            Self::Cash => "cash",
            Self::Cheque => "cheque",
            Self::Transfer => "transfer",
            Self::Other => "other",
        }
    }

    /// For people: `Visa •••• 4242`, `Cash`.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Card { brand, last4 } => {
                let mut letters = brand.chars();
                let brand: String = letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect();
                format!("{brand} •••• {last4}")
            }
            Self::BankDebit => "Bank debit".to_owned(),
            Self::GatewayOther => "Online payment".to_owned(),
            Self::Cash => "Cash".to_owned(),
            Self::Cheque => "Cheque".to_owned(),
            Self::Transfer => "Bank transfer".to_owned(),
            Self::Other => "Other".to_owned(),
        }
    }
}

/// Where a payment began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The customer, on the pay page.
    PayPage,
    /// Staff, through the API.
    Staff,
}

impl Origin {
    /// Its name in API and journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PayPage => "pay_page",
            Self::Staff => "staff",
        }
    }

    /// The origin of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        [Self::PayPage, Self::Staff].into_iter().find(|o| o.name() == name)
    }
}

/// Why money came in that the invoice did not owe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SurplusCause {
    /// The gateway took money for a try that had been given up.
    LateSuccess,
    /// The customer paid outside the invoice's one slot.
    PaidTwice,
    /// The invoice changed while the customer paid.
    InvoiceChanged,
}

impl SurplusCause {
    /// Its name in API and journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LateSuccess => "late_success",
            Self::PaidTwice => "paid_twice",
            Self::InvoiceChanged => "invoice_changed",
        }
    }

    /// The cause of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        [Self::LateSuccess, Self::PaidTwice, Self::InvoiceChanged].into_iter().find(|c| c.name() == name)
    }
}

/// Money beyond what was owed, kept as credit of the contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surplus {
    /// The contact's credit that holds it.
    pub credit_id: CreditId,
    /// How much.
    pub amount: Money,
    /// Why.
    pub cause: SurplusCause,
}

/// A payment: money that moved, never edited afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its id; for money at a gateway it follows from the gateway's own id, so one object is one record.
    pub id: PaymentId,
    /// The invoice it was for.
    pub invoice_id: InvoiceId,
    /// Who paid.
    pub contact_id: ContactId,
    /// All that was paid.
    pub amount: Money,
    /// What of it went to the invoice.
    pub allocated: Money,
    /// What of it the invoice did not owe.
    pub surplus: Option<Surplus>,
    /// How.
    pub method: Method,
    /// A cheque number, a transfer's reference; at most 64 characters.
    pub reference: Option<String>,
    /// The try that led to it.
    pub attempt_id: Option<AttemptId>,
    /// The gateway's own id of the money.
    pub gateway_ref: Option<String>,
    /// Where it began.
    pub origin: Origin,
    /// The local date on which the money was received.
    pub received_on: NaiveDate,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// The id that belongs to an object at a gateway: the same object, the same payment.
#[must_use]
pub fn id_of_gateway_object(gateway: &str, gateway_ref: &str) -> PaymentId {
    PaymentId::of_digest(crate::digest::Digest::of(&[b"payment", gateway.as_bytes(), gateway_ref.as_bytes()]).bytes())
}

/// The credit that belongs to a payment's surplus.
#[must_use]
pub fn credit_of_payment(payment: &PaymentId) -> CreditId {
    CreditId::of_digest(crate::digest::Digest::of(&[b"credit", payment.as_str().as_bytes()]).bytes())
}
