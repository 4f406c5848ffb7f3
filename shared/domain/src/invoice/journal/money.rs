//! Money of an invoice: each event names the record it comes from.

use crate::{
    ids::{CreditId, PaymentId},
    invoice::{
        EvolveError, Invoice, MoneyLine,
        status::{CollectionsReason, Status},
    },
    money::Money,
    payment::SurplusCause,
};
use chrono::{DateTime, Utc};

/// Something that happened to an invoice's money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoneyEvent {
    /// Money came to lie on it.
    Allocated(Box<MoneyLine>),
    /// A payment brought more than was owed; the rest is the contact's credit.
    Overpaid {
        /// The payment.
        payment_id: PaymentId,
        /// The credit that holds the rest.
        credit_id: CreditId,
        /// How much.
        amount: Money,
        /// Why.
        cause: SurplusCause,
    },
    /// What of a payment lay on it lies elsewhere now.
    MovedToCredit {
        /// The payment.
        payment_id: PaymentId,
        /// How much.
        amount: Money,
        /// The credit that holds it now.
        credit_id: CreditId,
    },
    /// Money was given or taken back.
    TakenBack {
        /// The payment that had brought it.
        payment_id: PaymentId,
        /// The refund, return or chargeback, with a sum below zero.
        line: Box<MoneyLine>,
    },
    /// A document took something off the total.
    Credited {
        /// The refund that it is for.
        payment_id: PaymentId,
        /// How much.
        amount: Money,
    },
    /// A credit was reversed by another document, because its refund failed.
    CreditReversed {
        /// The refund that failed.
        payment_id: PaymentId,
        /// How much.
        amount: Money,
    },
    /// The rest was given up.
    WrittenOff {
        /// How much.
        amount: Money,
    },
    /// Money came in for what had been given up.
    Recovered(Box<MoneyLine>),
    /// Nothing is owed any more.
    Closed,
    /// It owes again.
    Reopened,
    /// All that was paid was given back.
    Refunded,
    /// It was put aside for harder chasing.
    MovedToCollections(CollectionsReason),
}

impl MoneyEvent {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Allocated(_) => "money_allocated",
            Self::Overpaid { .. } => "overpaid",
            Self::MovedToCredit { .. } => "money_moved_to_credit",
            Self::TakenBack { .. } => "money_taken_back",
            Self::Credited { .. } => "credited",
            Self::CreditReversed { .. } => "credit_reversed",
            Self::WrittenOff { .. } => "written_off",
            Self::Recovered(_) => "recovered",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Refunded => "refunded",
            Self::MovedToCollections(_) => "moved_to_collections",
        }
    }
}

impl Invoice {
    pub(in crate::invoice) fn evolve_money(&mut self, event: &MoneyEvent, at: DateTime<Utc>) -> Result<(), EvolveError> {
        match event {
            MoneyEvent::Allocated(line) => {
                self.sums.received = self.sums.received.plus(line.amount)?;
                self.money.push(line.as_ref().clone());
            }
            MoneyEvent::Overpaid { .. } => {}
            MoneyEvent::MovedToCredit { payment_id, amount, .. } => {
                self.sums.received = self.sums.received.minus(*amount)?;
                let line = self.money.iter_mut().find(|line| line.payment_id == *payment_id);
                let line = line.ok_or(EvolveError::OutOfPlace(event.name()))?;
                line.amount = line.amount.minus(*amount)?;
                // What leaves a voided invoice is cancelled, so that nothing is owed meanwhile.
                if matches!(self.status, Status::Voided { .. }) {
                    self.sums.cancelled = self.sums.cancelled.plus(*amount)?;
                }
            }
            MoneyEvent::TakenBack { line, .. } => {
                self.sums.received = self.sums.received.plus(line.amount)?;
                self.money.push(line.as_ref().clone());
            }
            MoneyEvent::Credited { amount, .. } => self.sums.credited = self.sums.credited.plus(*amount)?,
            MoneyEvent::CreditReversed { amount, .. } => self.sums.credited = self.sums.credited.minus(*amount)?,
            MoneyEvent::WrittenOff { amount } => {
                self.sums.written_off = self.sums.written_off.plus(*amount)?;
                self.status = Status::WrittenOff { at };
            }
            MoneyEvent::Recovered(line) => {
                self.sums.received = self.sums.received.plus(line.amount)?;
                self.sums.written_off = self.sums.written_off.minus(line.amount)?;
                self.money.push(line.as_ref().clone());
            }
            MoneyEvent::Closed => self.status = Status::Closed { at },
            MoneyEvent::Reopened => self.status = Status::Open,
            MoneyEvent::Refunded => self.status = Status::Refunded { at },
            MoneyEvent::MovedToCollections(reason) => self.status = Status::Collections { reason: *reason, since: at },
        }
        Ok(())
    }

    /// The money events, and the close that follows from them when nothing is left to pay.
    ///
    /// # Errors
    /// [`EvolveError`] when the events cannot come here.
    pub fn with_close(&self, mut events: Vec<super::Event>, at: DateTime<Utc>) -> Result<Vec<super::Event>, EvolveError> {
        let after = events.iter().try_fold(self.clone(), |invoice, event| invoice.evolve(event, at))?;
        let ends = match after.status {
            Status::Open | Status::Collections { .. } => after.balance().is_zero(),
            Status::WrittenOff { .. } => after.sums.written_off.is_zero(),
            Status::Draft | Status::Closed { .. } | Status::Declined { .. } | Status::Refunded { .. } | Status::Voided { .. } => false,
        };
        if ends {
            events.push(MoneyEvent::Closed.into());
        }
        Ok(events)
    }
}
