//! What is told to the outside: mails to customers through SES, events to other systems through EventBridge.
//!
//! [`compose`] writes a mail's words, [`mime`] wraps them for one recipient, [`Mailer`] hands mails over and [`Bus`] events. Nothing
//! here is tried twice: an unanswered hand-over is [`HandOver::Unknown`], and whoever asked decides.

mod bus;
mod compose;
mod event;
mod mailer;
mod mime;
mod words;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use bus::{Bus, SLICE};
pub use compose::{ComposeError, Composed, MailView, compose};
pub use event::Published;
pub use mailer::{HandOver, Mailer};
pub use mime::{MimeError, Outgoing, mime};
