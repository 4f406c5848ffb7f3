//! What can go wrong between us and the table.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// An item cannot be read or written as the record it should be: a defect, or a newer format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("item {item} cannot be understood: {reason}")]
pub struct Corrupt {
    item: String,
    reason: String,
}

impl Corrupt {
    pub(crate) fn new(item: &str, reason: impl ToString) -> Self {
        Self { item: item.to_owned(), reason: reason.to_string() }
    }
}

/// The table gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Throttled, unreachable, or without an answer; trying again later may help.
    #[error("the table did not answer {operation}: {code}")]
    Unavailable {
        /// Which call.
        operation: &'static str,
        /// The service's code, or the kind of failure.
        code: String,
    },
    /// An item cannot be understood.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// A record would be larger than an item of the table may be. Nothing was written, and the same change will never fit.
    #[error("this would take {bytes} bytes in one record, and {most} is the most; use shorter texts or fewer lines")]
    TooLarge {
        /// What it would take.
        bytes: usize,
        /// The most that it may take.
        most: usize,
    },
    /// A change of more items than one transaction takes. Nothing was written, and the same change will never fit.
    #[error("this would change {items} items at once, and {most} is the most; do it in several steps")]
    TooMany {
        /// How many it would change.
        items: usize,
        /// The most at once.
        most: usize,
    },
    /// Something that cannot be: a defect of ours, which asking again does not mend.
    #[error("defect: {0}")]
    Defect(String),
    /// A cursor of a list was not made by us.
    #[error("the cursor is not one that this list gave")]
    Cursor,
}

/// Which condition a commit lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// A record changed meanwhile.
    Record,
    /// A payment of the same object at the gateway is there.
    Claimed,
    /// Somebody else took the number.
    Number,
    /// The idempotency key was used meanwhile.
    Idempotency,
    /// The gateway's event was recorded meanwhile.
    Event,
    /// A row that must be new was there: the same message.
    Twice,
    /// Another transaction was at the same items.
    Conflict,
}

/// Why a commit did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A condition did not hold; nothing was written.
    #[error("the commit lost on {0:?}")]
    Lost(Lost),
    /// Whether it happened is not known, or an item is broken.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Corrupt> for CommitError {
    fn from(error: Corrupt) -> Self {
        Self::Store(error.into())
    }
}

/// The error of a call that gave no usable answer, or of one that is refused for what it asks.
pub(crate) fn unavailable<E: ProvideErrorMetadata, R>(operation: &'static str, error: &SdkError<E, R>) -> StoreError {
    if let Some(code @ ("ValidationException" | "SerializationException" | "IdempotentParameterMismatchException")) = error.code() {
        return StoreError::Defect(format!("{operation}: {code}: {}", error.message().unwrap_or_default()));
    }
    let kind = match error {
        SdkError::ConstructionFailure(_) => "the request could not be made",
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "no connection",
        SdkError::ResponseError(_) => "unreadable answer",
        SdkError::ServiceError(_) => "service error",
        _ => "unknown",
    };
    StoreError::Unavailable { operation, code: error.code().unwrap_or(kind).to_owned() }
}
