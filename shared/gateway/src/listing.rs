//! Checkouts as a gateway lists them.

use chrono::{DateTime, Utc};
use domain::{
    ids::{AttemptId, ContactId, InvoiceId},
    money::Money,
};

/// A checkout in a gateway's list: enough to know whose it is. How far it has come is read by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedCheckout {
    /// The gateway's id of it.
    pub session_ref: String,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it closes, or closed, by itself.
    pub expires_at: DateTime<Utc>,
    /// The sum it collects; none in a currency or in units that are not ours.
    pub amount: Option<Money>,
    /// Whether its money moved.
    pub paid: bool,
    /// Whose it is; none when we did not open it.
    pub ours: Option<Ours>,
}

/// What a checkout that we opened is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ours {
    /// The invoice to be paid.
    pub invoice_id: InvoiceId,
    /// The try.
    pub attempt_id: AttemptId,
    /// Who owes.
    pub contact_id: ContactId,
}
