//! Payments: facts about money, records of their own.

mod journal;

pub use journal::{PaymentEvent, Place};

use crate::{
    digest::Digest,
    ids::{AttemptId, ContactId, CreditId, InvoiceId, PaymentId},
    money::{Money, MoneyError},
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

/// What kind of fact about money a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentType {
    /// Money came in.
    Payment,
    /// Money was given back.
    Refund,
    /// A bank took a debit back.
    Return,
    /// A card's issuer took money back.
    Chargeback,
    /// The issuer gave it back.
    ChargebackReversal,
    /// Money came in for what had been written off.
    Recovery,
}

impl PaymentType {
    /// Every type.
    pub const ALL: [Self; 6] = [Self::Payment, Self::Refund, Self::Return, Self::Chargeback, Self::ChargebackReversal, Self::Recovery];

    /// Its name in API, table and journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::Return => "return",
            Self::Chargeback => "chargeback",
            Self::ChargebackReversal => "chargeback_reversal",
            Self::Recovery => "recovery",
        }
    }

    /// The type of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What of a payment lies on one invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// The invoice it was for.
    pub invoice_id: InvoiceId,
    /// What of it lies there now; zero when the invoice did not owe it, or no longer has it.
    pub amount: Money,
}

/// A payment: money that moved. What moved never changes; where it lies may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its id; for money at a gateway it follows from the gateway's own id, so one object is one record.
    pub id: PaymentId,
    /// What kind of fact it is.
    pub kind: PaymentType,
    /// The payment that it gives back or takes back.
    pub parent_id: Option<PaymentId>,
    /// Who paid.
    pub contact_id: ContactId,
    /// All that was paid.
    pub amount: Money,
    /// Where it lies: the invoices it was for.
    pub allocations: Vec<Allocation>,
    /// What of it the invoices did not owe.
    pub surplus: Option<Surplus>,
    /// What of it was given or taken back since.
    pub taken_back: Money,
    /// How.
    pub method: Method,
    /// A cheque number, a transfer's reference; at most 64 characters.
    pub reference: Option<String>,
    /// The attempt that led to it.
    pub attempt_id: Option<AttemptId>,
    /// The gateway that collected it.
    pub gateway: Option<String>,
    /// The gateway's own id of the money.
    pub gateway_ref: Option<String>,
    /// Where it began.
    pub origin: Origin,
    /// The instant at which the money moved, where the gateway told it.
    pub paid_at: Option<DateTime<Utc>>,
    /// The local date on which the money was received.
    pub received_on: NaiveDate,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

impl Payment {
    /// What of it lies on invoices.
    ///
    /// # Errors
    /// [`MoneyError`], which a stored payment never gives.
    pub fn allocated(&self) -> Result<Money, MoneyError> {
        self.allocations.iter().try_fold(Money::zero(self.amount.currency()), |sum, part| sum.plus(part.amount))
    }

    /// The invoice it was for, or the first of them.
    #[must_use]
    pub fn first_invoice(&self) -> Option<&InvoiceId> {
        self.allocations.first().map(|part| &part.invoice_id)
    }
}

/// The id that belongs to an object at a gateway: the same object, the same payment.
#[must_use]
pub fn id_of_gateway_object(gateway: &str, gateway_ref: &str) -> PaymentId {
    PaymentId::of_digest(Digest::of(&[b"payment", gateway.as_bytes(), gateway_ref.as_bytes()]).bytes())
}

/// The credit that holds a payment's surplus.
#[must_use]
pub fn credit_of_payment(payment: &PaymentId) -> CreditId {
    CreditId::of_digest(Digest::of(&[b"credit", payment.as_str().as_bytes()]).bytes())
}

/// The credit that holds what a payment had paid on an invoice that was voided.
#[must_use]
pub fn credit_of_void(payment: &PaymentId, invoice: &InvoiceId) -> CreditId {
    CreditId::of_digest(Digest::of(&[b"void", payment.as_str().as_bytes(), invoice.as_str().as_bytes()]).bytes())
}
