//! What a gateway says of how it is set up.

use crate::answer::{Refusal, Why};

/// How the gateway is set up for us, as far as it told. Holds no key and no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupReport {
    /// Whether our key moves real money.
    pub live: bool,
    /// Whether our key may read checkouts, as every payment needs.
    pub checkouts: Result<(), NotTold>,
    /// What the gateway knows of the addresses asked about: one for each time that one of them is registered.
    pub notices: Result<Vec<NoticeAddress>, NotTold>,
}

/// One of our addresses, as it is registered for notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeAddress {
    /// Whether notices are sent there.
    pub enabled: bool,
    /// The version that notices are written in.
    pub version: NoticeVersion,
    /// Kinds of notices without which a payment is noticed late, and that are not sent there.
    pub missing: Vec<&'static str>,
    /// Kinds of notices that only tell more, and that are not sent there.
    pub useful: Vec<&'static str>,
}

/// The version that notices are written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeVersion {
    /// The one we read.
    Ours,
    /// Whatever the account's default is.
    AccountDefault,
    /// Another one.
    Other(String),
}

/// Why the gateway did not tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTold {
    /// It does not know our key, or no longer.
    #[error("the gateway does not know our key")]
    KeyRefused(Refusal),
    /// It knows our key, which may not ask this.
    #[error("the gateway's key may not ask this")]
    NotAllowed(Refusal),
    /// It refused for another reason.
    #[error("the gateway refused: {}", .0.code)]
    Refused(Refusal),
    /// No usable answer.
    #[error("{0}")]
    Unknown(Why),
}
