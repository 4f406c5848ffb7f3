//! Why a use case did not do what was asked.

use crate::authenticate::Unproven;
use domain::{access::UserId, api_key::KeyRefusal, invoice::refusal::Refusal, record::Actor};
use store::{CommitError, StoreError};

/// Why a use case did not do what was asked. Nothing was changed, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A rule forbids it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A rule of API keys forbids it.
    #[error(transparent)]
    Key(#[from] KeyRefusal),
    /// There is no such thing.
    #[error("there is no {what} with this id")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// A field does not fit, beyond what the invoice's own rules say.
    #[error("{reason}")]
    Invalid {
        /// The field, as a path.
        field: String,
        /// What would be right.
        reason: String,
    },
    /// The client saw an older state (`If-Match`).
    #[error("the record changed since it was read; read it again and repeat the change")]
    Stale,
    /// The idempotency key was used for another request.
    #[error("this Idempotency-Key was used for another request; send a new key with a new request")]
    KeyReused,
    /// What the first request made has been deleted since.
    #[error("this request was carried out before, and what it made has been deleted since")]
    ResultGone,
    /// The settings were never saved.
    #[error("the business has no settings yet; save them with PUT /v1/business first")]
    NoBusiness,
    /// Others changed the same record at the same time, again and again.
    #[error("too many changes to the same record at once; try again")]
    Busy,
    /// The gateway gave no answer, so nothing may be decided.
    #[error("the payment gateway did not answer, and a payment may be open there; try again in a minute")]
    GatewayUnanswered,
    /// The bearer key is missing, unknown, wrong, or no longer valid.
    #[error("a valid API key is needed: Authorization: Bearer key_…")]
    Unauthenticated(Unproven),
    /// Somebody logged in who has no role here.
    #[error(
        "your login has no role here: expected is the claim `custom:remit_role` with owner, staff or read_only, or the group \
         remit-owner, remit-staff or remit-read-only in the claim `cognito:groups`"
    )]
    NoRole(UserId),
    /// Somebody logged in with a token that is for something else.
    #[error("your login sent a token of another kind: send the ID token, whose claim `token_use` is `id`, not the access token")]
    NotAnIdToken(UserId),
    /// The table gave no usable answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something that cannot be: a defect of ours.
    #[error("defect: {0}")]
    Defect(String),
}

impl From<CommitError> for AppError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Lost(_) => Self::Busy,
            CommitError::Store(error) => Self::Store(error),
        }
    }
}

impl AppError {
    /// Who was turned away, where it was proven who it is.
    #[must_use]
    pub fn turned_away(&self) -> Option<Actor> {
        if let Self::Unauthenticated(Unproven::Expired(key) | Unproven::Revoked(key)) = self {
            return Some(Actor::Staff(key.clone()));
        }
        if let Self::NoRole(user) | Self::NotAnIdToken(user) = self {
            return Some(Actor::User(user.clone()));
        }
        None
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn retry_may_help(&self) -> bool {
        match self {
            Self::Busy | Self::GatewayUnanswered | Self::Store(StoreError::Unavailable { .. }) => true,
            Self::Refused(_)
            | Self::NotFound { .. }
            | Self::Invalid { .. }
            | Self::Stale
            | Self::KeyReused
            | Self::ResultGone
            | Self::NoBusiness
            | Self::Unauthenticated(_)
            | Self::NoRole(_)
            | Self::NotAnIdToken(_)
            | Self::Key(_)
            | Self::Store(
                StoreError::Corrupt(_)
                | StoreError::Cursor
                | StoreError::TooLarge { .. }
                | StoreError::TooMany { .. }
                | StoreError::Defect(_),
            )
            | Self::Defect(_) => false,
        }
    }
}
