//! Everything that a run draws, from one seed.

use fastrand::Rng;
use std::time::Duration;

/// The seed's dice.
#[derive(Debug)]
pub struct Dice(Rng);

impl Dice {
    /// The dice of a seed. What one purpose draws does not move what another draws.
    #[must_use]
    pub fn of(seed: u64, purpose: u64) -> Self {
        Self(Rng::with_seed(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(purpose)))
    }

    /// Whether something happens that happens so many times in a thousand.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.0.u32(0..1000) < per_mille
    }

    /// A number from the first to the last.
    pub fn between(&mut self, first: u64, last: u64) -> u64 {
        self.0.u64(first..=last)
    }

    /// A number of so much at most, above zero or below.
    pub fn offset(&mut self, most: i64) -> i64 {
        self.0.i64(-most..=most)
    }

    /// One of several.
    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.0.usize(0..all.len())]
    }

    /// A span of seconds.
    pub fn seconds(&mut self, first: u64, last: u64) -> Duration {
        Duration::from_secs(self.between(first, last))
    }

    /// Random bytes.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}
