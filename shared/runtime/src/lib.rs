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

// lambda_http and utoipa ask these for features that the functions without them would not have. With the same features in every function,
// what all of them share is compiled once and not once for each combination, which is most of a release build.
use {bytes as _, indexmap as _, simdutf8 as _};
