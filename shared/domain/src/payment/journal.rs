//! What can happen to a payment.

use crate::{
    ids::{CreditId, InvoiceId},
    money::Money,
    payment::{Allocation, Payment},
};

/// Something that happened to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentEvent {
    /// It was written down.
    Recorded(Box<Payment>),
    /// What lay on an invoice became credit of the contact.
    MovedToCredit {
        /// The invoice that no longer has it.
        invoice_id: InvoiceId,
        /// How much.
        amount: Money,
        /// The credit that holds it now.
        credit_id: CreditId,
    },
}

impl PaymentEvent {
    /// Its name in API and journal.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Recorded(_) => "payment_recorded",
            Self::MovedToCredit { .. } => "payment_moved_to_credit",
        }
    }
}

impl Payment {
    /// The payment after one more event; none when the event cannot come here.
    #[must_use]
    pub fn evolve(before: Option<Self>, event: &PaymentEvent) -> Option<Self> {
        match (before, event) {
            (None, PaymentEvent::Recorded(payment)) => Some(payment.as_ref().clone()),
            (Some(mut before), PaymentEvent::MovedToCredit { invoice_id, amount, .. }) => {
                let part: &mut Allocation = before.allocations.iter_mut().find(|part| part.invoice_id == *invoice_id)?;
                part.amount = part.amount.minus(*amount).ok().filter(|rest| !rest.is_negative())?;
                Some(before)
            }
            (None, PaymentEvent::MovedToCredit { .. }) | (Some(_), PaymentEvent::Recorded(_)) => None,
        }
    }
}
