//! What every function needs and no rule needs: configuration, the way to AWS, secrets, logs, metrics, and the shape of an error over HTTP.

pub mod aws;
pub mod config;
pub mod limits;
pub mod logs;
pub mod metrics;
pub mod page;
pub mod path;
pub mod problem;
pub mod secrets;

pub use config::{Config, ConfigError};
pub use problem::Problem;
