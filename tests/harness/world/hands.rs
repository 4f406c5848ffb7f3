//! What a world's clock shows: an instant that stands still, or one that goes on with tokio's clock.

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

#[derive(Debug, Clone, Copy)]
pub(super) struct Hands {
    shown: DateTime<Utc>,
    since: Option<Instant>,
}

impl Hands {
    pub(super) fn at(shown: DateTime<Utc>) -> Self {
        Self { shown, since: None }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.shown + self.since.map_or(TimeDelta::zero(), |since| TimeDelta::from_std(since.elapsed()).unwrap_or_default())
    }

    pub(super) fn set(&mut self, at: DateTime<Utc>) {
        self.shown = at;
        self.since = self.since.map(|_| Instant::now());
    }

    pub(super) fn pass(&mut self, span: TimeDelta) {
        self.shown += span;
    }

    pub(super) fn follow(&mut self) {
        self.shown = self.now();
        self.since = Some(Instant::now());
    }
}
