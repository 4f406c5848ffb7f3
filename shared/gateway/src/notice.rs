//! What a gateway tells us by itself.

use chrono::{DateTime, Utc};
use domain::ids::{AttemptId, ContactId, InvoiceId};

/// A notice whose signature was checked. It is a hint: read the object before deciding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The gateway's id of the event; the same event may arrive again.
    pub event_id: String,
    /// The gateway's word for what happened.
    pub kind: String,
    /// The checkout it is about.
    pub session_ref: Option<String>,
    /// The payment it is about.
    pub intent_ref: Option<String>,
    /// Our attempt, as its metadata names it.
    pub attempt_id: Option<AttemptId>,
    /// Our invoice, as its metadata names it.
    pub invoice_id: Option<InvoiceId>,
    /// Our contact, as its metadata names it.
    pub contact_id: Option<ContactId>,
    /// Whether it is about real money.
    pub livemode: bool,
    /// The connected account it is about; `None` for our own.
    pub account: Option<String>,
    /// When the gateway made the event.
    pub created_at: DateTime<Utc>,
}

/// Why a notice is not taken.
///
/// [`NoticeError::NoSecrets`] is a mistake of ours, [`NoticeError::Unreadable`] comes from the gateway itself, anything else
/// may come from anyone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// There is nothing to check it against.
    #[error("no signing secret is configured, so no notice can be checked")]
    NoSecrets,
    /// It is not signed.
    #[error("the notice has no signature header")]
    NotSigned,
    /// The header is not of the form.
    #[error("the signature header is not of the form `t=<seconds>,v1=<64 hex digits>`")]
    MalformedHeader,
    /// It is signed in another way only.
    #[error("the notice has no signature of the scheme `v1`")]
    UnknownScheme,
    /// No secret made any of its signatures.
    #[error("no configured secret made the notice's signature")]
    WrongSignature,
    /// It was signed too long ago, or in the future.
    #[error("the notice was signed {seconds} s away from now; at most {tolerance} s are allowed", tolerance = crate::stripe::TOLERANCE_SECONDS)]
    OutsideTolerance {
        /// Seconds between its signing and now, either way.
        seconds: u64,
    },
    /// It is signed by the gateway and still cannot be read; the rule it breaks.
    #[error("the notice is genuine but unreadable: {0}")]
    Unreadable(&'static str),
}
