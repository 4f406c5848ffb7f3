//! Rare paths, and how often they were visited. A run that never visits one proves nothing about it.

use std::collections::BTreeMap;

/// Every rare path that a run must visit.
pub const WANTED: [&str; 37] = [
    "table: lost before effect",
    "table: effect, answer lost",
    "table: late effect",
    "table: throttled",
    "table: transaction conflict",
    "table: transaction throttled",
    "table: server error",
    "table: stale index",
    "gateway: lost before effect",
    "gateway: effect, answer lost",
    "gateway: late effect",
    "gateway: replayed 500",
    "gateway: key in flight",
    "gateway: rate limited",
    "mail: throttled",
    "mail: server error",
    "mail: uncertain",
    "mail or bus: lost before effect",
    "mail or bus: effect, answer lost",
    "function killed",
    "sweep doubled",
    "notice lost",
    "notice doubled",
    "notice badly signed",
    "clock jumped",
    "condition lost",
    "try unknown, then applied",
    "try unknown, then without money",
    "try unknown for longer than its key lives",
    "late success",
    "surplus",
    "batch doubled",
    "item of an earlier format",
    "reminder superseded",
    "mail without a reason",
    "invoice seen",
    "sent with nothing to pay",
];

/// Visits by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Probes(BTreeMap<&'static str, u64>);

impl Probes {
    /// One more visit.
    pub fn visit(&mut self, name: &'static str) {
        *self.0.entry(name).or_default() += 1;
    }

    /// Another run's visits as well.
    pub fn add(&mut self, other: &Self) {
        for (name, visits) in &other.0 {
            *self.0.entry(name).or_default() += visits;
        }
    }

    /// How often a path was visited.
    #[must_use]
    pub fn visits(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or_default()
    }
}
