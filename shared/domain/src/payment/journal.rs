//! What can happen to a payment.

use crate::{
    ids::{CreditId, InvoiceId, PaymentId},
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
    /// What lay in a credit went to an invoice.
    MovedFromCredit {
        /// The credit it was taken from.
        credit_id: CreditId,
        /// The invoice that has it now.
        invoice_id: InvoiceId,
        /// How much.
        amount: Money,
    },
    /// A part of it was given or taken back.
    TakenBack {
        /// The refund, return or chargeback.
        by: PaymentId,
        /// Where it lay.
        from: Place,
        /// How much.
        amount: Money,
    },
    /// What had been taken back came again: a refund failed, or a dispute was won.
    CameBack {
        /// The reversal.
        by: PaymentId,
        /// Where it lies now.
        to: Place,
        /// How much.
        amount: Money,
    },
}

/// Where a part of a payment lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On an invoice.
    Invoice(InvoiceId),
    /// In a credit of the contact.
    Credit(CreditId),
}

impl PaymentEvent {
    /// Its name in API and journal.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Recorded(_) => "payment_recorded",
            Self::MovedToCredit { .. } => "payment_moved_to_credit",
            Self::MovedFromCredit { .. } => "payment_moved_from_credit",
            Self::TakenBack { .. } => "payment_taken_back",
            Self::CameBack { .. } => "payment_came_back",
        }
    }
}

impl Payment {
    /// The payment after one more event; none when the event cannot come here.
    #[must_use]
    pub fn evolve(before: Option<Self>, event: &PaymentEvent) -> Option<Self> {
        match (before, event) {
            (None, PaymentEvent::Recorded(payment)) => Some(payment.as_ref().clone()),
            (Some(before), PaymentEvent::MovedToCredit { invoice_id, amount, .. }) => before.less_on(invoice_id, *amount),
            (Some(before), PaymentEvent::MovedFromCredit { invoice_id, amount, .. }) => before.more_on(invoice_id, *amount),
            (Some(mut before), PaymentEvent::TakenBack { from, amount, .. }) => {
                before.taken_back = before.taken_back.plus(*amount).ok()?;
                match from {
                    Place::Invoice(invoice_id) => before.less_on(invoice_id, *amount),
                    Place::Credit(_) => Some(before),
                }
            }
            (Some(mut before), PaymentEvent::CameBack { to, amount, .. }) => {
                before.taken_back = before.taken_back.minus(*amount).ok().filter(|rest| !rest.is_negative())?;
                match to {
                    Place::Invoice(invoice_id) => before.more_on(invoice_id, *amount),
                    Place::Credit(_) => Some(before),
                }
            }
            (None, _) | (Some(_), PaymentEvent::Recorded(_)) => None,
        }
    }

    fn less_on(mut self, invoice_id: &InvoiceId, amount: Money) -> Option<Self> {
        let part = self.allocations.iter_mut().find(|part| part.invoice_id == *invoice_id)?;
        part.amount = part.amount.minus(amount).ok().filter(|rest| !rest.is_negative())?;
        Some(self)
    }

    fn more_on(mut self, invoice_id: &InvoiceId, amount: Money) -> Option<Self> {
        match self.allocations.iter_mut().find(|part| part.invoice_id == *invoice_id) {
            Some(part) => part.amount = part.amount.plus(amount).ok()?,
            None => self.allocations.push(Allocation { invoice_id: invoice_id.clone(), amount }),
        }
        Some(self)
    }
}
