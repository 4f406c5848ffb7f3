//! Credit: money of a contact that no invoice owes. Each credit is a record of its own, and no sum is stored.

use crate::{
    ids::{ContactId, CreditId, InvoiceId, PaymentId},
    money::Money,
    payment::SurplusCause,
};

/// Why a contact has a credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreditCause {
    /// Money came in that the invoice did not owe.
    Surplus(SurplusCause),
    /// An invoice was voided after money had been received for it.
    Void,
}

impl CreditCause {
    /// Its name in API, table and journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Surplus(cause) => cause.name(),
            Self::Void => "void",
        }
    }

    /// The cause of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        if name == Self::Void.name() { Some(Self::Void) } else { SurplusCause::find(name).map(Self::Surplus) }
    }
}

/// What a credit was spent on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The invoice it went to.
    pub invoice_id: InvoiceId,
    /// How much.
    pub amount: Money,
}

/// A credit of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credit {
    /// Its id.
    pub id: CreditId,
    /// Whose it is.
    pub contact_id: ContactId,
    /// The payment whose money it is.
    pub payment_id: PaymentId,
    /// The invoice it came from.
    pub invoice_id: InvoiceId,
    /// How much it was.
    pub amount: Money,
    /// What is left of it.
    pub left: Money,
    /// What of it was refunded, or taken back from outside.
    pub taken_back: Money,
    /// Why it is there.
    pub cause: CreditCause,
    /// What it was spent on.
    pub uses: Vec<Use>,
}

/// Something that happened to a credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreditEvent {
    /// The contact got it.
    Granted(Box<Credit>),
    /// A part of it went to an invoice.
    Spent(Use),
    /// A part of it was refunded, or taken back from outside.
    TakenBack {
        /// The refund, return or chargeback.
        by: PaymentId,
        /// How much.
        amount: Money,
    },
}

impl CreditEvent {
    /// Its name in API and journal.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Granted(_) => "credit_granted",
            Self::Spent(_) => "credit_spent",
            Self::TakenBack { .. } => "credit_taken_back",
        }
    }
}

impl Credit {
    /// The credit after one more event; none when the event cannot come here.
    #[must_use]
    pub fn evolve(before: Option<Self>, event: &CreditEvent) -> Option<Self> {
        match (before, event) {
            (None, CreditEvent::Granted(credit)) => Some(credit.as_ref().clone()),
            (Some(mut before), CreditEvent::Spent(spent)) => {
                before.left = before.left.minus(spent.amount).ok().filter(|left| !left.is_negative())?;
                before.uses.push(spent.clone());
                Some(before)
            }
            (Some(mut before), CreditEvent::TakenBack { amount, .. }) => {
                before.left = before.left.minus(*amount).ok().filter(|left| !left.is_negative())?;
                before.taken_back = before.taken_back.plus(*amount).ok()?;
                Some(before)
            }
            (None, CreditEvent::Spent(_) | CreditEvent::TakenBack { .. }) | (Some(_), CreditEvent::Granted(_)) => None,
        }
    }
}
