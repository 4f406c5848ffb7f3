//! What a decision changes: for each record what happens to it, in order. All of it is committed at once.

use crate::{
    attempt::{AttemptEvent, Look},
    credit::CreditEvent,
    ids::{AttemptId, CreditId, InvoiceId, PaymentId},
    invoice::journal::Event,
    payment::PaymentEvent,
};

/// What a decision changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Invoices.
    pub invoices: Vec<(InvoiceId, Vec<Event>)>,
    /// Attempts. One without an event is only looked at at another time.
    pub attempts: Vec<(AttemptId, Vec<AttemptEvent>, Look)>,
    /// Payments.
    pub payments: Vec<(PaymentId, Vec<PaymentEvent>)>,
    /// Credits.
    pub credits: Vec<(CreditId, Vec<CreditEvent>)>,
}

impl Changes {
    /// A change of one invoice alone.
    #[must_use]
    pub fn of_invoice(id: &InvoiceId, events: Vec<Event>) -> Self {
        Self { invoices: vec![(id.clone(), events)], ..Self::default() }
    }

    /// A change of one attempt alone.
    #[must_use]
    pub fn of_attempt(id: &AttemptId, events: Vec<AttemptEvent>, look: Look) -> Self {
        Self { attempts: vec![(id.clone(), events, look)], ..Self::default() }
    }
}
