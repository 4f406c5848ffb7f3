//! What a command did.

/// A command was carried out now, or had been before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<T> {
    /// Something changes.
    Changed(T),
    /// This very command was carried out before: a replay is success.
    Unchanged,
}
