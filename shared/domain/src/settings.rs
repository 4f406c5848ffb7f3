//! The business behind the stack and how it bills.

use crate::{
    calendar::{Hour, Zone},
    currency::Currency,
    pii::EmailAddress,
};

/// The one business of a deployed stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Business {
    /// Raised with every change.
    pub version: u64,
    /// 1 to 120 characters; stands on pages, in mails and as the sender's name.
    pub name: String,
    /// Where its days begin and end.
    pub zone: Zone,
    /// The currency of an invoice that names none.
    pub default_currency: Currency,
    /// The sender of its mails.
    pub email_from: EmailAddress,
    /// Where answers go, when not to the sender.
    pub reply_to: Option<EmailAddress>,
    /// The hour at which daily reminders go out.
    pub sweep_hour: Hour,
    /// Days from the invoice date to the due date when an invoice names none; 0 to 365.
    pub due_default_days: u16,
    /// Terms that stand on every invoice, at most 2,000 characters, or empty.
    pub terms: String,
}
