//! Money for an invoice.

use crate::{
    invoice::{EvolveError, Invoice, status::Status},
    money::Money,
    payment::Payment,
};
use chrono::{DateTime, Utc};

/// Something that happened to money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoneyEvent {
    /// It was received.
    Applied(Box<Payment>),
}

impl MoneyEvent {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Applied(_) => "payment_applied",
        }
    }
}

impl Invoice {
    pub(in crate::invoice) fn evolve_money(&mut self, event: &MoneyEvent, at: DateTime<Utc>) -> Result<(), EvolveError> {
        match event {
            MoneyEvent::Applied(payment) => self.apply_payment(payment.allocated, at),
        }
    }

    fn apply_payment(&mut self, allocated: Money, at: DateTime<Utc>) -> Result<(), EvolveError> {
        self.received = self.received.plus(allocated)?;
        match self.status {
            Status::Open | Status::Collections { .. } if self.balance().is_zero() => self.status = Status::Closed { at },
            Status::WrittenOff { amount, at: since } => {
                let left = amount.minus(allocated)?;
                self.status = if left.is_zero() { Status::Closed { at } } else { Status::WrittenOff { at: since, amount: left } };
            }
            Status::Draft
            | Status::Open
            | Status::Collections { .. }
            | Status::Closed { .. }
            | Status::Declined { .. }
            | Status::Refunded { .. }
            | Status::Voided { .. } => {}
        }
        Ok(())
    }
}
