//! Asks for features. See `Cargo.toml`.
