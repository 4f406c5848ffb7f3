//! Runs seeds: `cargo run -p simulation -- --seeds 300`.
#![allow(clippy::print_stdout, reason = "it prints what it found")]

use simulation::{
    mutants::{ALL, Mutant},
    probes::{Probes, WANTED},
    run::{Outcome, run},
};
use std::{
    process::ExitCode,
    sync::{
        Mutex,
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
  --mutants         every mutant, until it is caught, in at most 300 seeds each
  --twice N         so many seeds, each twice: the same happens
  --threads N       at once (default 2)
";

#[derive(Debug)]
struct Options {
    seeds: u64,
    from: u64,
    seed: Option<u64>,
    mutant: Option<Mutant>,
    mutants: bool,
    twice: Option<u64>,
    threads: u64,
}

fn options() -> Result<Options, String> {
    let mut options = Options { seeds: 300, from: 1, seed: None, mutant: None, mutants: false, twice: None, threads: 2 };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok()).ok_or_else(|| format!("{argument}: a number must follow"));
        match argument.as_str() {
            "--seeds" => options.seeds = number()?,
            "--from" => options.from = number()?,
            "--seed" => options.seed = Some(number()?),
            "--twice" => options.twice = Some(number()?),
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
    let well = match (options.seed, options.mutants, options.twice) {
        (Some(seed), _, _) => told(&run(seed, options.mutant, true)),
        (None, true, _) => mutants(),
        (None, false, Some(seeds)) => twice(options.from, seeds),
        (None, false, None) => many(&options),
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
    let next = AtomicU64::new(options.from);
    let last = options.from + options.seeds;
    let sums = Mutex::new((0_u64, 0_u64, Probes::default(), Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..options.threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= last {
                        break;
                    }
                    let outcome = run(seed, options.mutant, false);
                    let mut sums = sums.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    sums.0 += outcome.calls;
                    sums.1 += outcome.faulted;
                    sums.2.add(&outcome.probes);
                    if !outcome.broken.is_empty() {
                        println!("seed {seed}: {:?}; replay it with --seed {seed}", outcome.broken);
                        sums.3.push(seed);
                    }
                    if (seed - options.from + 1).is_multiple_of(100) {
                        println!("{} seeds, {} calls, {} s", seed - options.from + 1, sums.0, begun.elapsed().as_secs());
                    }
                }
            });
        }
    });
    let (calls, faulted, probes, broken) = sums.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    println!("{} seeds, {calls} calls, {faulted} with a fault, {} s", options.seeds, begun.elapsed().as_secs());
    let mut visited = true;
    for name in WANTED {
        let visits = probes.visits(name);
        visited &= visits >= 20;
        println!("{visits:>8}  {name}");
    }
    println!("{} seeds broken", broken.len());
    broken.is_empty() && (visited || options.seeds < 300)
}

fn twice(from: u64, seeds: u64) -> bool {
    let differ: Vec<u64> = (from..from + seeds).filter(|seed| run(*seed, None, false).hash != run(*seed, None, false).hash).collect();
    println!("{seeds} seeds twice: {} differ {differ:?}", differ.len());
    differ.is_empty()
}

fn mutants() -> bool {
    let mut well = true;
    for mutant in ALL {
        let mut calls = 0;
        let caught = (1..=300).find_map(|seed| {
            let outcome = run(seed, Some(mutant), false);
            let by = outcome.broken.get(mutant.caught_by).cloned();
            calls += outcome.broken_after.filter(|_| by.is_some()).unwrap_or(outcome.calls);
            by.map(|what| (seed, what))
        });
        match caught {
            Some((seed, what)) => println!("{}: {} caught it in seed {seed} after {calls} calls: {what}", mutant.name, mutant.caught_by),
            None => {
                println!("{}: {} has not caught it in 300 seeds", mutant.name, mutant.caught_by);
                well = false;
            }
        }
    }
    well
}
