//! What Remit decides, and nothing else.
//!
//! Pure: no input or output, no clock, no randomness, no async, no storage format. Instants, local dates, random parts and
//! texts are arguments; answers are values. A change to an invoice is a list of [`invoice::journal::Event`]s, and
//! [`invoice::Invoice::evolve`] is the only way from one state to the next.

pub mod access;
pub mod api_key;
pub mod attempt;
pub mod automation;
pub mod calendar;
pub mod changes;
pub mod contact;
pub mod credit;
pub mod currency;
pub mod digest;
pub mod ids;
pub mod invoice;
pub mod link;
pub mod message;
pub mod money;
pub mod numbering;
pub mod outcome;
pub mod payment;
pub mod pii;
pub mod product;
pub mod record;
pub mod reminder;
pub mod settings;
pub mod text;
