//! What stands under `/v1`, by noun.

pub(crate) mod actions;
pub(crate) mod api_keys;
pub(crate) mod attempts;
pub(crate) mod business;
pub(crate) mod contacts;
pub(crate) mod invoices;
pub(crate) mod journal;
pub(crate) mod me;
pub(crate) mod messages;
pub(crate) mod openapi;
pub(crate) mod payments;
pub(crate) mod products;

use app::{Answered, AppError};

/// What was found, or why there is nothing: unknown, or made by an earlier request and gone since.
pub(crate) fn still_there<I, T>(found: Option<T>, answered: &Answered<I>, what: &'static str) -> Result<T, AppError> {
    found.ok_or(if answered.replayed { AppError::ResultGone } else { AppError::NotFound { what } })
}
