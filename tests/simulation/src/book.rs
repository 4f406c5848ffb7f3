//! What a run keeps: its dice, its faults, its trace, its probes, and what was found wrong.

use crate::{dice::Dice, faults::Rates, probes::Probes};
use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex, MutexGuard},
};

/// The book of a run. Clones share it.
#[derive(Clone)]
pub struct Book(Arc<Mutex<Pages>>);

/// Something that is wrong.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What.
    pub what: String,
    /// After how many calls it was first seen.
    pub after: u64,
}

/// What stands in it.
pub struct Pages {
    /// Dice for faults.
    pub dice: Dice,
    /// How often which fault happens.
    pub rates: Rates,
    /// Whether faults are off.
    pub quiet: bool,
    /// Calls to the outside that were made while faults were on.
    pub calls: u64,
    /// Those at which a fault took effect.
    pub faulted: u64,
    /// Visits of rare paths.
    pub probes: Probes,
    /// What was found wrong, by the invariant's name; the first of each.
    pub broken: BTreeMap<&'static str, Finding>,
    /// What may stand in no log.
    pub private: Vec<String>,
    hash: DefaultHasher,
    lines: Option<Vec<String>>,
}

impl Book {
    /// An empty one.
    #[must_use]
    pub fn of(seed: u64, traced: bool) -> Self {
        let mut dice = Dice::of(seed, 1);
        let rates = Rates::drawn(&mut dice);
        Self(Arc::new(Mutex::new(Pages {
            dice,
            rates,
            quiet: false,
            calls: 0,
            faulted: 0,
            probes: Probes::default(),
            broken: BTreeMap::new(),
            private: Vec::new(),
            hash: DefaultHasher::new(),
            lines: traced.then(Vec::new),
        })))
    }

    /// Opens it. Nobody holds it over a wait.
    ///
    /// # Panics
    /// When a holder has panicked.
    pub fn open(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap()
    }

    /// A line of the trace.
    pub fn note(&self, line: &str) {
        self.open().note(line);
    }

    /// A rare path was visited.
    pub fn probe(&self, name: &'static str) {
        self.open().probes.visit(name);
    }

    /// A fault takes effect, which is a rare path as well.
    pub fn faulted(&self, name: &'static str) {
        let mut pages = self.open();
        pages.faulted += 1;
        pages.probes.visit(name);
    }

    /// The worst is over.
    pub fn abate(&self) {
        let mut pages = self.open();
        pages.rates = pages.rates.abated();
        pages.note("the storm abates");
    }

    /// Something that may stand in no log.
    pub fn keep_private(&self, word: &str) {
        self.open().private.push(word.to_owned());
    }

    /// An invariant does not hold.
    pub fn broken(&self, invariant: &'static str, what: String) {
        self.open().broken(invariant, what);
    }
}

impl Pages {
    /// A line of the trace.
    pub fn note(&mut self, line: &str) {
        line.hash(&mut self.hash);
        if let Some(lines) = &mut self.lines {
            lines.push(line.to_owned());
        }
    }

    /// An invariant does not hold.
    pub fn broken(&mut self, invariant: &'static str, what: String) {
        self.note(&format!("!! {invariant}: {what}"));
        let after = self.calls;
        self.broken.entry(invariant).or_insert(Finding { what, after });
    }

    /// The trace's hash so far.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash.finish()
    }

    /// The trace, if it was kept.
    pub fn take_lines(&mut self) -> Vec<String> {
        self.lines.take().unwrap_or_default()
    }
}
