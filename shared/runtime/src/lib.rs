//! What every function needs and no rule needs: configuration, secrets, logs, and the shape of an error over HTTP.

pub mod config;
pub mod limits;
pub mod logs;
pub mod page;
pub mod problem;
pub mod secrets;

pub use config::{Config, ConfigError};
pub use problem::Problem;
