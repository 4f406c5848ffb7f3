//! Events on the bus: facts for other systems, without anything about a person.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::{ids::PaymentId, invoice::Invoice, message::BusEvent, money::Money};
use serde::Serialize;

/// An event, ready for the bus.
#[derive(Debug, Clone, Copy)]
pub struct Published<'a> {
    /// Stays the same when the event is handed over again, so that consumers can tell.
    pub id: &'a str,
    /// What happened.
    pub event: BusEvent,
    /// When.
    pub at: DateTime<Utc>,
    /// The invoice as it stands now.
    pub invoice: &'a Invoice,
    /// The payment it is about.
    pub payment_id: Option<&'a PaymentId>,
}

#[derive(Serialize)]
struct Detail<'a> {
    id: &'a str,
    at: String,
    invoice_id: &'a str,
    number: Option<String>,
    status: &'static str,
    contact_id: &'a str,
    total: Amount,
    balance: Amount,
    currency: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Amount {
    amount: String,
    currency: &'static str,
}

impl Amount {
    fn of(money: Money) -> Self {
        Self { amount: money.decimal_string(), currency: money.currency().code() }
    }
}

impl Published<'_> {
    /// The `detail` of the event: references, status and sums, as JSON.
    ///
    /// # Errors
    /// What the serialiser says, which for these types is nothing.
    pub fn detail(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Detail {
            id: self.id,
            at: self.at.to_rfc3339_opts(SecondsFormat::Millis, true),
            invoice_id: self.invoice.id.as_str(),
            number: self.invoice.number.as_ref().map(ToString::to_string),
            status: self.invoice.status.code().name(),
            contact_id: self.invoice.contact_id.as_str(),
            total: Amount::of(self.invoice.total),
            balance: Amount::of(self.invoice.balance()),
            currency: self.invoice.currency.code(),
            payment_id: self.payment_id.map(PaymentId::as_str),
        })
    }
}
