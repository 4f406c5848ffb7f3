//! The table of binaries.

use crate::figures::{Ratio, Times, held, shown};
use std::time::Duration;

/// A line of the table: a binary.
#[derive(Default)]
pub struct Row {
    pub name: String,
    pub init: Times,
    pub ratio: Option<Ratio>,
    pub init_goal: Option<Ratio>,
    /// From spawn to the first message of the first TLS handshake.
    pub tls: Option<Times>,
    pub tls_ratio: Option<Ratio>,
    /// Kilobytes.
    pub memory: u64,
    pub memory_goal: Option<u64>,
    /// Bytes.
    pub size: u64,
    pub size_goal: Option<u64>,
    pub to_same: Option<Ratio>,
    pub to_same_goal: Option<Ratio>,
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

fn milliseconds(time: Duration) -> String {
    format!("{}.{:02}", time.as_millis(), time.subsec_micros() / 10 % 100)
}

/// Prints the table.
#[expect(clippy::print_stdout, reason = "a bench prints")]
pub fn print(rows: &[Row]) {
    println!(
        "\n{:<22}{:>8}{:>7}{:>8}{:>6} {:<7}{:>8}{:>8}{:>9} {:<7}{:>9}{:>9} {:<7}{:>7}",
        "", "init ms", "best", "÷hello", "goal", "", "TLS ms", "÷hello", "memory", "", "size", "goal", "", "÷same"
    );
    for row in rows {
        println!(
            "{:<22}{:>8}{:>7}{:>8}{:>6} {:<7}{:>8}{:>8}{:>9} {:<7}{:>9}{:>9} {:<7}{:>7} {}",
            row.name,
            milliseconds(row.init.median()),
            milliseconds(row.init.best()),
            shown(row.ratio),
            shown(row.init_goal),
            held(row.ratio, row.init_goal),
            shown(row.tls.as_ref().map(|times| milliseconds(times.median()))),
            shown(row.tls_ratio),
            megabytes(row.memory * 1000),
            held(Some(row.memory), row.memory_goal),
            megabytes(row.size),
            shown(row.size_goal.map(megabytes)),
            held(Some(row.size), row.size_goal),
            shown(row.to_same),
            held(row.to_same, row.to_same_goal),
        );
    }
    println!();
}
