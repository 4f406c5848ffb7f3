//! Everything on one machine: all functions, an embedded DynamoDB, a sandbox payment gateway, a mailbox, a movable clock.
//!
//! Nothing in `shared/` or `functions/` knows of it. The functions reach their services through the ordinary endpoint
//! variables, so any other DynamoDB, SES, EventBridge, Secrets Manager or Stripe can be put in a stand-in's place.

pub mod clock;
pub mod control;
pub mod doors;
pub mod engine;
pub mod front;
pub mod functions;
mod look;
pub mod options;
pub mod place;
pub mod recorder;
pub mod sandbox_gateway;
pub mod schedule;
pub mod seed;
pub mod stream;
