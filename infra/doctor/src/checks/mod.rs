//! The checks: one file for each thing asked.

pub(crate) mod account;
pub(crate) mod business;
pub(crate) mod clock;
pub(crate) mod gateway;
pub(crate) mod identity;
pub(crate) mod records;
pub(crate) mod secrets;
pub(crate) mod sender;
