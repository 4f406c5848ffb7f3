//! Runs seeds: `cargo run -p simulation -- --seeds 300`.
#![allow(clippy::print_stdout, reason = "it prints what it found")]

use simulation::{
    mutants::{ALL, Mutant},
    probes::{Probes, WANTED},
    run::{Outcome, run},
};
use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

const USAGE: &str = "\
Replays a business under faults that seeds decide.

  --seeds N         so many seeds (default 300)
  --from N          from this one on (default 1)
  --seed N          this one alone, with everything that happened
  --mutant NAME     with that mechanism missing
  --mutants         every mutant, until it is caught
  --twice N         the first so many of them twice: the same must happen
  --threads N       at once (default 2)
";

#[derive(Debug)]
struct Options {
    seeds: u64,
    from: u64,
    seed: Option<u64>,
    mutant: Option<Mutant>,
    mutants: bool,
    twice: u64,
    threads: u64,
}

fn options() -> Result<Options, String> {
    let mut options = Options { seeds: 300, from: 1, seed: None, mutant: None, mutants: false, twice: 0, threads: 2 };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok()).ok_or_else(|| format!("{argument}: a number must follow"));
        match argument.as_str() {
            "--seeds" => options.seeds = number()?,
            "--from" => options.from = number()?,
            "--seed" => options.seed = Some(number()?),
            "--twice" => options.twice = number()?,
            "--threads" => options.threads = number()?,
            "--mutants" => options.mutants = true,
            "--mutant" => {
                let name = arguments.next().unwrap_or_default();
                let names: Vec<_> = ALL.iter().map(|mutant| mutant.name).collect();
                options.mutant = Some(Mutant::find(&name).ok_or_else(|| format!("--mutant {name}: one of {names:?}"))?);
            }
            _ => return Err(format!("{argument} is no option\n\n{USAGE}")),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(error) => {
            println!("{error}");
            return ExitCode::from(2);
        }
    };
    let well = match (options.seed, options.mutants) {
        (Some(seed), _) => told(&run(seed, options.mutant, true)),
        (None, true) => mutants(&options),
        (None, false) => many(&options),
    };
    ExitCode::from(u8::from(!well))
}

fn told(outcome: &Outcome) -> bool {
    for line in &outcome.lines {
        println!("{line}");
    }
    println!("seed {}: {} calls, {} with a fault, hash {:016x}", outcome.seed, outcome.calls, outcome.faulted, outcome.hash);
    for (invariant, what) in &outcome.broken {
        println!("{invariant}: {what}");
    }
    outcome.broken.is_empty()
}

fn many(options: &Options) -> bool {
    let begun = Instant::now();
    let sums = Mutex::new((0_u64, 0_u64, 0_u64, Probes::default()));
    let broken: Vec<u64> = in_threads(options.threads, options.from..options.from + options.seeds, |seed| {
        let outcome = run(seed, options.mutant, false);
        let again = seed < options.from + options.twice;
        let differs = again && run(seed, options.mutant, false).hash != outcome.hash;
        let mut sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
        sums.0 += 1;
        sums.1 += outcome.calls;
        sums.2 += outcome.faulted;
        sums.3.add(&outcome.probes);
        if sums.0.is_multiple_of(100) {
            println!("{} seeds, {} calls, {} s", sums.0, sums.1, begun.elapsed().as_secs());
        }
        if differs {
            println!("seed {seed} does not happen alike when it is played again");
        }
        if !outcome.broken.is_empty() {
            let mutant = options.mutant.map(|mutant| format!(" --mutant '{}'", mutant.name)).unwrap_or_default();
            println!("seed {seed}: {:?}; replay it: cargo run -p simulation -- --seed {seed}{mutant}", outcome.broken);
        }
        (differs || !outcome.broken.is_empty()).then_some(seed)
    })
    .into_iter()
    .flatten()
    .collect();
    let (seeds, calls, faulted, probes) = sums.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{seeds} seeds, {calls} calls, {faulted} with a fault, {} s", begun.elapsed().as_secs());
    let mut visited = true;
    for name in WANTED {
        let visits = probes.visits(name);
        visited &= visits >= 20;
        println!("{visits:>8}  {name}");
    }
    if options.twice > 0 {
        println!("{} of them played twice", options.twice.min(seeds));
    }
    println!("{} seeds broken: {broken:?}", broken.len());
    if !visited && seeds >= 300 {
        println!("a path was visited less than 20 times: such a run proves nothing about it");
    }
    broken.is_empty() && (visited || seeds < 300)
}

/// Lets threads take numbers from the first to the last, each once; what they find is in order.
fn in_threads<T: Send>(threads: u64, numbers: std::ops::Range<u64>, work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let (next, found) = (AtomicU64::new(numbers.start), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= numbers.end {
                        break;
                    }
                    let result = work(number);
                    found.lock().unwrap_or_else(PoisonError::into_inner).insert(number, result);
                }
            });
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

fn mutants(options: &Options) -> bool {
    let caught = in_threads(options.threads, 0..ALL.len() as u64, |number| {
        let mutant = ALL[usize::try_from(number).unwrap_or_default()];
        let mut calls = 0;
        let caught = (options.from..options.from + options.seeds).find_map(|seed| {
            let outcome = run(seed, Some(mutant), false);
            let by = outcome.broken.get(mutant.caught_by).cloned();
            calls += outcome.broken_after.filter(|_| by.is_some()).unwrap_or(outcome.calls);
            by.map(|what| (seed, what))
        });
        let Some((seed, what)) = caught else {
            println!("{}: {} has not caught it in {} seeds", mutant.name, mutant.caught_by, options.seeds);
            return false;
        };
        let holds = run(seed, None, false).broken.is_empty();
        println!("{}: {} caught it in seed {seed} after {calls} calls: {what}", mutant.name, mutant.caught_by);
        if !holds {
            println!("seed {seed} does not hold without it either");
        }
        holds
    });
    println!("{} mutants, {} caught", caught.len(), caught.iter().filter(|caught| **caught).count());
    caught.into_iter().all(|caught| caught)
}
