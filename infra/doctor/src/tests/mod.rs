//! The whole examination, against an AWS below the SDK, a gateway below its client and a name server on loopback.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]

mod mails;
mod outputs;
mod payments;
mod printing;
mod stack;
mod world;
