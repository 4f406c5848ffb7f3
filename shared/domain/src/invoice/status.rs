//! The eight statuses and what is derived from them.

use chrono::{DateTime, Utc};

/// Where an invoice stands, with what belongs to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Not sent yet.
    Draft,
    /// Sent and owed.
    Open,
    /// Owed and put aside for harder chasing.
    Collections {
        /// Why.
        reason: CollectionsReason,
        /// Since when.
        since: DateTime<Utc>,
    },
    /// Settled in full.
    Closed {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// An order-form charge failed at once.
    Declined {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// Paid, and all of it paid back.
    Refunded {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// Cancelled: nothing is owed.
    Voided {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// Bad debt: not chased any more.
    WrittenOff {
        /// Since when.
        at: DateTime<Utc>,
    },
}

/// Why an invoice is in collections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollectionsReason {
    /// A charge we started failed.
    CardFailed,
    /// An automation moved it.
    Escalated,
    /// Staff moved it.
    Manual,
}

/// A status without what belongs to it: what lists and tables go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusCode {
    /// [`Status::Draft`]
    Draft,
    /// [`Status::Open`]
    Open,
    /// [`Status::Collections`]
    Collections,
    /// [`Status::Closed`]
    Closed,
    /// [`Status::Declined`]
    Declined,
    /// [`Status::Refunded`]
    Refunded,
    /// [`Status::Voided`]
    Voided,
    /// [`Status::WrittenOff`]
    WrittenOff,
}

impl StatusCode {
    /// All eight, in the order of the tables.
    pub const ALL: [Self; 8] =
        [Self::Draft, Self::Open, Self::Collections, Self::Closed, Self::Declined, Self::Refunded, Self::Voided, Self::WrittenOff];

    /// The code in API and table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Collections => "collections",
            Self::Closed => "closed",
            Self::Declined => "declined",
            Self::Refunded => "refunded",
            Self::Voided => "voided",
            Self::WrittenOff => "written_off",
        }
    }

    /// What staff read.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::Open => "Open",
            Self::Collections => "Collections",
            Self::Closed => "Closed",
            Self::Declined => "Declined",
            Self::Refunded => "Refunded",
            Self::Voided => "Voided",
            Self::WrittenOff => "Write off",
        }
    }

    /// Reads a code, a label, or one of the older words `Unpaid` and `Paid`, in any case (ruling C01).
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        let word = word.trim().to_ascii_lowercase().replace(' ', "_");
        match word.as_str() {
            "unpaid" => Some(Self::Open),
            "paid" => Some(Self::Closed),
            "write_off" => Some(Self::WrittenOff),
            other => Self::ALL.into_iter().find(|code| code.name() == other),
        }
    }
}

impl Status {
    /// The status without what belongs to it.
    #[must_use]
    pub fn code(self) -> StatusCode {
        match self {
            Self::Draft => StatusCode::Draft,
            Self::Open => StatusCode::Open,
            Self::Collections { .. } => StatusCode::Collections,
            Self::Closed { .. } => StatusCode::Closed,
            Self::Declined { .. } => StatusCode::Declined,
            Self::Refunded { .. } => StatusCode::Refunded,
            Self::Voided { .. } => StatusCode::Voided,
            Self::WrittenOff { .. } => StatusCode::WrittenOff,
        }
    }

    /// Whether the customer is asked for money.
    #[must_use]
    pub fn is_owing(self) -> bool {
        match self {
            Self::Open | Self::Collections { .. } => true,
            Self::Draft
            | Self::Closed { .. }
            | Self::Declined { .. }
            | Self::Refunded { .. }
            | Self::Voided { .. }
            | Self::WrittenOff { .. } => false,
        }
    }

    /// When the invoice came to its end, for the links' 90 days.
    #[must_use]
    pub fn ended_at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Closed { at } | Self::Refunded { at } | Self::Voided { at } => Some(at),
            Self::Draft | Self::Open | Self::Collections { .. } | Self::Declined { .. } | Self::WrittenOff { .. } => None,
        }
    }
}

impl CollectionsReason {
    /// Its name in API, table and journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CardFailed => "card_failed",
            Self::Escalated => "escalated",
            Self::Manual => "manual",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        [Self::CardFailed, Self::Escalated, Self::Manual].into_iter().find(|r| r.name() == name)
    }
}
