//! Who acts: staff, customers, and everything that starts by itself.

mod customer;
mod schedule;
mod staff;

pub use schedule::{land, schedule};
pub use staff::life;

use crate::{book::Book, checks::Shared, dice::Dice, faults::Late, model::Model};
use std::{sync::Arc, time::Duration};
use tests::world::World;
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout},
};

/// What everybody acts on.
pub struct Stage<'a> {
    /// All of Remit, and everything around it.
    pub world: &'a World,
    /// What is kept.
    pub book: &'a Book,
    /// What is confirmed.
    pub model: &'a Model,
    /// Requests that land late.
    pub late: &'a Late,
    /// What the table holds.
    pub ledger: Shared,
    /// Told of every write.
    pub stirred: Arc<Notify>,
    /// The seed.
    pub seed: u64,
    /// When it began.
    pub begun: Instant,
}

/// The longest that API Gateway waits for a function.
///
/// Source: Amazon API Gateway, quotas of HTTP APIs: integration timeout 30 seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everybody likes the full and the half hour.
const MEETING: u64 = 1800;

impl Stage<'_> {
    /// Waits, and often on to the next moment at which others come as well.
    async fn wait(&self, dice: &mut Dice, pause: Duration) {
        sleep(pause).await;
        if dice.chance(500) {
            let since = self.begun.elapsed().as_secs();
            sleep(Duration::from_secs(MEETING - since % MEETING) + Duration::from_millis(dice.one_of(&[0, 20, 60, 2_000]))).await;
        }
    }

    /// Runs a function's work; one that does not end is stopped, wherever it is.
    async fn run<T>(&self, what: &str, work: impl Future<Output = T>) -> Option<T> {
        let ended = timeout(PATIENCE, Box::pin(work)).await.ok();
        if ended.is_none() {
            self.book.probe("function killed");
            self.note(&format!("{what} was stopped"));
        }
        ended
    }

    fn note(&self, line: &str) {
        self.book.note(&format!("{} {line}", self.world.now().format("%d %H:%M:%S%.3f")));
    }
}
