//! CPU time of walks, side by side, and the table that it is printed in.

use crate::figures::{Ratio, Times, held, shown};
use cpu_time::ProcessTime;
use std::time::Duration;

/// Samples of each side.
const ROUNDS: usize = 25;

/// CPU time of the process, user and system, that something takes.
pub fn cpu(work: impl FnOnce()) -> Duration {
    let begun = ProcessTime::now();
    work();
    begun.elapsed()
}

/// What is asked of a side.
enum Goal {
    None,
    /// At most so many times the side it is compared with.
    Times(Ratio),
    /// At most so much CPU time.
    Time(Duration),
}

/// One way of doing a walk.
pub struct Side<'a> {
    name: &'static str,
    walks: u32,
    sample: Box<dyn FnMut(u32) -> Duration + 'a>,
    took: Times,
    /// The side it is compared with, by its place.
    over: Option<usize>,
    goal: Goal,
}

impl<'a> Side<'a> {
    /// A side of which `sample` takes the CPU time of `walks` walks. What it prepares for them is not to be in that time.
    pub fn new(name: &'static str, walks: u32, sample: impl FnMut(u32) -> Duration + 'a) -> Self {
        Self { name, walks, sample: Box::new(sample), took: Times::default(), over: None, goal: Goal::None }
    }

    /// Compares it with another side of the same walk, by its place.
    pub fn over(self, place: usize) -> Self {
        Self { over: Some(place), ..self }
    }

    /// Its goal: at most so many times the side it is compared with.
    pub fn at_most_times(self, most: Ratio) -> Self {
        Self { goal: Goal::Times(most), ..self }
    }

    /// Its goal: at most so much CPU time.
    pub fn at_most(self, most: Duration) -> Self {
        Self { goal: Goal::Time(most), ..self }
    }
}

/// Samples all sides of a walk, one after the other in every round, and prints what a single walk takes.
#[expect(clippy::print_stdout, reason = "a bench prints")]
pub fn compare(walk: &str, mut sides: Vec<Side<'_>>) {
    for _ in 0..ROUNDS {
        for side in &mut sides {
            side.took.add((side.sample)(side.walks) / side.walks);
        }
    }
    println!("\n{walk:<46}{:>10}{:>10}{:>8}{:>9}", "µs", "best", "ratio", "goal");
    for side in &sides {
        let over = side.over.map(|place| &sides[place]);
        let ratio = over.map(|over| Ratio::of_times(&side.took, &over.took));
        let (goal, verdict) = match side.goal {
            Goal::None => (String::new(), ""),
            Goal::Times(most) => (most.to_string(), held(ratio, Some(most))),
            Goal::Time(most) => (micros(most), held(Some(side.took.median()), Some(most))),
        };
        let of = over.map_or_else(String::new, |over| format!("of: {}", over.name));
        println!(
            "  {:<44}{:>10}{:>10}{:>8}{:>9} {:<7}{}",
            side.name,
            micros(side.took.median()),
            micros(side.took.best()),
            shown(ratio),
            goal,
            verdict,
            of
        );
    }
}

fn micros(time: Duration) -> String {
    format!("{}.{}", time.as_micros(), time.subsec_nanos() / 100 % 10)
}
