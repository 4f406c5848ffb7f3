//! The only crate that knows payment providers.
//!
//! Verbs are ours, wire formats stay below. Every call is answered by a value: a report, a refusal that certainly had no
//! effect, or unknown. Nothing here retries, waits, reads a clock or draws a random number.

mod answer;
mod listing;
mod notice;
mod setup;
pub mod stripe;
pub mod transport;

pub use answer::{Answer, Refusal, RefusalClass, Why};
pub use listing::{ListedCheckout, Ours};
pub use notice::{Notice, NoticeError};
pub use setup::{NotTold, NoticeAddress, NoticeVersion, SetupReport};
pub use transport::Transport;

use chrono::{DateTime, Utc};
use domain::{attempt::Attempt, currency::Currency, money::Money, pii::EmailAddress};
use secrecy::SecretString;
use std::fmt;

/// A payment provider, set up and ready.
#[derive(Debug, Clone)]
pub enum Gateway {
    /// Stripe, through its hosted checkout.
    Stripe(stripe::Stripe),
}

impl Gateway {
    /// The name under which attempts and payments store it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stripe(_) => stripe::NAME,
        }
    }

    /// Whether real money moves; `false` in test mode. A notice of the other mode is not ours.
    #[must_use]
    pub fn is_live(&self) -> bool {
        match self {
            Self::Stripe(stripe) => stripe.is_live(),
        }
    }

    /// Whether that sum can be collected here.
    ///
    /// # Errors
    /// [`Unsupported`], whose text says what would be right.
    pub fn supports(&self, amount: Money) -> Result<(), Unsupported> {
        match self {
            Self::Stripe(_) => stripe::supports(amount),
        }
    }

    /// Opens a hosted checkout for a stored attempt, under the attempt's own idempotency key.
    ///
    /// The same order under the same key brings the first answer again, as it was then, while the key lives.
    pub async fn open_checkout(&self, order: &CheckoutOrder<'_>) -> Answer {
        match self {
            Self::Stripe(stripe) => stripe.open_checkout(order).await,
        }
    }

    /// Reads how far a checkout has come.
    pub async fn read_checkout(&self, session_ref: &str) -> Answer {
        match self {
            Self::Stripe(stripe) => stripe.read_checkout(session_ref).await,
        }
    }

    /// Closes a checkout so that it can no longer be paid. One that is not open any more is read, and reported as it is.
    pub async fn expire_checkout(&self, session_ref: &str) -> Answer {
        match self {
            Self::Stripe(stripe) => stripe.expire_checkout(session_ref).await,
        }
    }

    /// Lists every checkout that was opened at an instant or later, newest first, whoever opened it.
    ///
    /// # Errors
    /// [`NotTold`] when any page of the list cannot be had.
    pub async fn list_checkouts(&self, since: DateTime<Utc>) -> Result<Vec<ListedCheckout>, NotTold> {
        match self {
            Self::Stripe(stripe) => stripe.list_checkouts(since.timestamp()).await,
        }
    }

    /// Asks the gateway how it is set up for us: whether our key works, and what it knows of the addresses at which we take its
    /// notices. Changes nothing there.
    pub async fn inspect_setup(&self, notice_urls: &[&str]) -> SetupReport {
        match self {
            Self::Stripe(stripe) => stripe.inspect_setup(notice_urls).await,
        }
    }

    /// Where payers are sent, as `scheme://host[:port]`; for a page's `form-action` and for checking a redirect.
    #[must_use]
    pub fn checkout_origin(&self) -> &str {
        match self {
            Self::Stripe(stripe) => stripe.checkout_origin(),
        }
    }

    /// The header that signs this gateway's notices, in lower case.
    #[must_use]
    pub fn notice_header(&self) -> &'static str {
        match self {
            Self::Stripe(_) => stripe::SIGNATURE_HEADER,
        }
    }

    /// Checks and reads a notice; see [`stripe::verify_notice`].
    ///
    /// # Errors
    /// [`NoticeError`].
    pub fn verify_notice(
        &self,
        raw: &[u8],
        signature_header: Option<&str>,
        secrets: &[SecretString],
        now: DateTime<Utc>,
    ) -> Result<Notice, NoticeError> {
        match self {
            Self::Stripe(_) => stripe::verify_notice(raw, signature_header, secrets, now),
        }
    }
}

/// All that a checkout is opened with. A call made again under the same key must bring the same order.
pub struct CheckoutOrder<'a> {
    /// The stored attempt.
    pub attempt: &'a Attempt,
    /// What is paid, such as `Invoice INV-00001`; what goes past 500 characters is cut.
    pub description: &'a str,
    /// Fills in the payer's address.
    pub email: Option<&'a EmailAddress>,
    /// Where the payer goes after paying.
    pub return_url: &'a str,
    /// Where the payer goes after turning back.
    pub cancel_url: &'a str,
}

impl fmt::Debug for CheckoutOrder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckoutOrder").field("attempt", &self.attempt.id).field("amount", &self.attempt.amount).finish_non_exhaustive()
    }
}

/// Why a sum cannot be collected through a gateway.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// The gateway takes no payments in that currency.
    #[error("the gateway takes no payments in {currency}; write the invoice in a currency it offers, such as EUR or USD")]
    NotOffered {
        /// The currency of the invoice.
        currency: Currency,
    },
    /// The gateway counts the currency in other units than ISO 4217.
    #[error(
        "the gateway counts {currency} in other units than ISO 4217 does; collect it another way, or write the invoice in another currency"
    )]
    OtherUnits {
        /// The currency of the invoice.
        currency: Currency,
    },
    /// The currency has more than two decimals.
    #[error(
        "the gateway does not take the last decimal of {currency}; collect it another way, or write the invoice in a currency of at most two decimals"
    )]
    TooManyDecimals {
        /// The currency of the invoice.
        currency: Currency,
    },
    /// Less than the gateway's least charge.
    #[error("the gateway collects at least {least}, not {offered}; collect it another way")]
    TooSmall {
        /// The sum asked for.
        offered: Money,
        /// The least it takes.
        least: Money,
    },
    /// More than the gateway's greatest charge.
    #[error("the gateway collects at most {most} at once, not {offered}; collect it in parts or another way")]
    TooLarge {
        /// The sum asked for.
        offered: Money,
        /// The most it takes.
        most: Money,
    },
}
