//! Figures, and the table that they are printed in. All are whole numbers.

use std::{fmt, time::Duration};

/// What a binary may have at most, in bytes.
pub const LARGEST: u64 = 15_000_000;

/// Times of one kind.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
        self.0.sort();
    }

    pub fn best(&self) -> Duration {
        self.0[0]
    }

    pub fn median(&self) -> Duration {
        self.0[self.0.len() / 2]
    }
}

/// A ratio, in hundredths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ratio(u64);

impl Ratio {
    pub fn hundredths(hundredths: u64) -> Self {
        Self(hundredths)
    }

    pub fn of(part: u64, whole: u64) -> Self {
        Self(part * 100 / whole)
    }

    /// Of the medians.
    pub fn of_times(ours: &Times, theirs: &Times) -> Self {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap();
        Self::of(nanos(ours.median()), nanos(theirs.median()))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// A line of the table: a binary.
#[derive(Default)]
pub struct Row {
    pub name: String,
    pub init: Times,
    pub ratio: Option<Ratio>,
    pub init_goal: Option<Ratio>,
    /// Kilobytes.
    pub memory: u64,
    pub memory_goal: Option<u64>,
    /// Bytes.
    pub size: u64,
    pub to_table: Option<Ratio>,
    pub to_same: Option<Ratio>,
    pub to_same_goal: Option<Ratio>,
}

pub fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

fn milliseconds(time: Duration) -> String {
    format!("{}.{:02}", time.as_millis(), time.subsec_micros() / 10 % 100)
}

fn held<T: PartialOrd>(value: Option<T>, goal: Option<T>) -> &'static str {
    match (value, goal) {
        (Some(value), Some(goal)) if value <= goal => "ok",
        (Some(_), Some(_)) => "missed",
        (None, _) | (_, None) => "",
    }
}

fn shown(value: Option<Ratio>) -> String {
    value.map_or_else(String::new, |ratio| ratio.to_string())
}

/// Prints the table.
#[expect(clippy::print_stdout, reason = "a bench prints")]
pub fn print(rows: &[Row]) {
    println!(
        "\n{:<22}{:>9}{:>8}{:>8}{:>7}{:>8}{:>10}{:>8}{:>10}{:>8}{:>9}{:>8}{:>8}",
        "", "init ms", "best", "÷hello", "goal", "", "memory", "", "size", "", "÷table", "÷same", ""
    );
    for row in rows {
        let ours = row.init_goal.is_some();
        println!(
            "{:<22}{:>9}{:>8}{:>8}{:>7}{:>8}{:>10}{:>8}{:>10}{:>8}{:>9}{:>8}{:>8}",
            row.name,
            milliseconds(row.init.median()),
            milliseconds(row.init.best()),
            shown(row.ratio),
            shown(row.init_goal),
            held(row.ratio, row.init_goal),
            megabytes(row.memory * 1000),
            held(Some(row.memory), row.memory_goal),
            megabytes(row.size),
            held(Some(row.size), ours.then_some(LARGEST)),
            shown(row.to_table),
            shown(row.to_same),
            held(row.to_same, row.to_same_goal),
        );
    }
    println!();
}
