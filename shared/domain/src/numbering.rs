//! Invoice numbers: contiguous in their series.

use std::fmt;

/// The series every invoice takes its number from.
pub const INVOICE_SERIES: &str = "INV";

/// The number of a sent invoice: contiguous within its series, never used twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// The series, such as `INV`.
    pub series: String,
    /// The place in the series, from 1.
    pub sequence: u64,
}

impl Number {
    /// A number of the invoice series.
    #[must_use]
    pub fn of_invoice(sequence: u64) -> Self {
        Self { series: INVOICE_SERIES.to_owned(), sequence }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:05}", self.series, self.sequence)
    }
}
