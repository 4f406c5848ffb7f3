//! Runs seeds: `cargo run -p simulation -- --seeds 300`.
#![allow(clippy::print_stdout, reason = "it prints what it found")]

use lexopt::Arg::{Long, Short, Value};
use simulation::{
    FOUND,
    crash_points::{self, How},
    mutants::{ALL, Mutant, SHARP},
    probes::{Probes, WANTED},
    run::{Outcome, run},
};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

/// A run of so many seeds must stand for itself.
const WHOLE: u64 = 300;
/// Calls that it makes at least.
const LEAST_CALLS: u64 = 200_000;
/// How often it visits each rare path at least.
const LEAST_VISITS: u64 = 20;

const USAGE: &str = "\
Replays a business under faults that seeds decide.

  --seeds N         so many seeds (default 300)
  --from N          from this one on (default 1)
  --seed N          this one alone, with everything that happened
  --mutant NAME     with that mechanism missing
  --mutants         every mutant, until it is caught
  --twice N         the first so many of them twice: the same must happen
  --crash-points    every call of every use case, gone wrong in every way
  --threads N       at once (default 2)
  --help            this text
";

#[derive(Debug)]
struct Options {
    seeds: u64,
    from: u64,
    seed: Option<u64>,
    mutant: Option<Mutant>,
    mutants: bool,
    crash_points: bool,
    twice: u64,
    threads: u64,
}

/// Reads the arguments after the program's name; none when help was asked for.
fn options(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Options>, String> {
    let mut options = Options { seeds: 300, from: 1, seed: None, mutant: None, mutants: false, crash_points: false, twice: 0, threads: 2 };
    let mut arguments = lexopt::Parser::from_args(arguments);
    while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
        match argument {
            Long("help") | Short('h') => return Ok(None),
            Long("seeds") => options.seeds = number("--seeds", &mut arguments)?,
            Long("from") => options.from = number("--from", &mut arguments)?,
            Long("seed") => options.seed = Some(number("--seed", &mut arguments)?),
            Long("twice") => options.twice = number("--twice", &mut arguments)?,
            Long("threads") => options.threads = number("--threads", &mut arguments)?,
            Long("mutants") => options.mutants = true,
            Long("crash-points") => options.crash_points = true,
            Long("mutant") => options.mutant = Some(mutant(&mut arguments)?),
            other @ (Long(_) | Short(_) | Value(_)) => return Err(other.unexpected().to_string()),
        }
    }
    Ok(Some(options))
}

fn number(name: &str, arguments: &mut lexopt::Parser) -> Result<u64, String> {
    let text = arguments.value().unwrap_or_default();
    text.to_str().and_then(|text| text.parse().ok()).ok_or_else(|| format!("{name} {}: a number must follow", text.to_string_lossy()))
}

fn mutant(arguments: &mut lexopt::Parser) -> Result<Mutant, String> {
    let name = arguments.value().unwrap_or_default();
    let names: Vec<_> = ALL.iter().map(|mutant| mutant.name).collect();
    Mutant::find(&name.to_string_lossy()).ok_or_else(|| format!("--mutant {}: one of {names:?}", name.to_string_lossy()))
}

fn main() -> ExitCode {
    let options = match options(std::env::args_os().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            println!("{error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let well = match options {
        Options { seed: Some(seed), mutant, .. } => told(&run(seed, mutant, true)),
        Options { mutants: true, .. } => mutants(&options),
        Options { crash_points: true, .. } => crash_points(&options),
        _ => many(&options),
    };
    ExitCode::from(u8::from(!well))
}

fn told(outcome: &Outcome) -> bool {
    for line in &outcome.lines {
        println!("{line}");
    }
    println!("seed {}: {} calls, {} with a fault, hash {:016x}", outcome.seed, outcome.calls, outcome.faulted, outcome.hash);
    for (invariant, finding) in &outcome.broken {
        println!("{invariant}: {}", finding.what);
    }
    outcome.broken.is_empty()
}

/// What runs come to.
#[derive(Default)]
struct Sums {
    seeds: u64,
    calls: u64,
    faulted: u64,
    probes: Probes,
}

fn many(options: &Options) -> bool {
    let begun = Instant::now();
    let sums = Mutex::new(Sums::default());
    let range = options.from..options.from + options.seeds;
    let found = FOUND.iter().map(|found| found.0).filter(|seed| options.seeds >= WHOLE && !range.contains(seed));
    let seeds: Vec<u64> = found.chain(range.clone()).collect();
    let outcomes = in_threads(options.threads, &seeds, |seed| {
        let outcome = run(*seed, options.mutant, false);
        let mut sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
        sums.seeds += 1;
        sums.calls += outcome.calls;
        sums.faulted += outcome.faulted;
        sums.probes.add(&outcome.probes);
        if sums.seeds.is_multiple_of(100) {
            println!("{} seeds, {} calls, {} s", sums.seeds, sums.calls, begun.elapsed().as_secs());
        }
        if !outcome.broken.is_empty() {
            tell_broken(&outcome, options.mutant);
        }
        outcome
    });
    let Sums { seeds, calls, faulted, probes } = sums.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{seeds} seeds, {calls} calls, {faulted} with a fault, {} s", begun.elapsed().as_secs());
    let mut visited = true;
    for name in WANTED {
        let visits = probes.visits(name);
        visited &= visits >= LEAST_VISITS;
        println!("{visits:>8}  {name}");
    }
    let broken: Vec<u64> = outcomes.iter().filter(|outcome| !outcome.broken.is_empty()).map(|outcome| outcome.seed).collect();
    println!("{} seeds broken: {broken:?}", broken.len());
    if !visited && seeds >= WHOLE {
        println!("a path was visited less than {LEAST_VISITS} times: such a run proves nothing about it");
    }
    let enough = seeds < WHOLE || calls >= LEAST_CALLS;
    if !enough {
        println!("a run of {WHOLE} seeds makes at least {LEAST_CALLS} calls");
    }
    broken.is_empty() && enough && (visited || seeds < WHOLE) && alike(options, &outcomes)
}

fn tell_broken(outcome: &Outcome, mutant: Option<Mutant>) {
    for (invariant, finding) in &outcome.broken {
        println!("seed {}: {invariant}: {}", outcome.seed, finding.what);
    }
    let mutant = mutant.map(|mutant| format!(" --mutant '{}'", mutant.name)).unwrap_or_default();
    println!("replay it: cargo run -p simulation -- --seed {}{mutant}", outcome.seed);
}

/// Plays some seeds once more: the same must happen.
fn alike(options: &Options, outcomes: &[Outcome]) -> bool {
    let again = &outcomes[..outcomes.len().min(usize::try_from(options.twice).unwrap_or_default())];
    let differ: Vec<u64> =
        in_threads(options.threads, again, |once| (run(once.seed, options.mutant, false).hash != once.hash).then_some(once.seed))
            .into_iter()
            .flatten()
            .collect();
    if options.twice > 0 {
        println!("{} seeds played again, {} differ: {differ:?}", again.len(), differ.len());
    }
    differ.is_empty()
}

/// Lets threads take one thing after another; what they find is in the order of things.
fn in_threads<T: Sync, F: Send>(threads: u64, things: &[T], work: impl Fn(&T) -> F + Sync) -> Vec<F> {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(thing) = things.get(at) else { break };
                    let result = work(thing);
                    found.lock().unwrap_or_else(PoisonError::into_inner).insert(at, result);
                }
            });
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

fn crash_points(options: &Options) -> bool {
    let begun = Instant::now();
    let counts = in_threads(options.threads, &crash_points::ALL, |use_case| {
        let mut points = [0_u64; How::ALL.len()];
        let mut broken = 0_u64;
        for (how, points) in How::ALL.into_iter().zip(&mut points) {
            loop {
                let ended = crash_points::played(use_case, how, *points);
                for (invariant, finding) in &ended.broken {
                    println!("{}, {how:?} at call {points}: {invariant}: {}", use_case.name, finding.what);
                    broken += 1;
                }
                if !ended.reached {
                    break;
                }
                *points += 1;
            }
        }
        println!("{points:?} {}", use_case.name);
        (points.iter().sum::<u64>(), broken + u64::from(points.contains(&0)))
    });
    let points: u64 = counts.iter().map(|(points, _)| points).sum();
    let broken: u64 = counts.iter().map(|(_, broken)| broken).sum();
    println!("{} use cases, {points} crash points, {broken} broken, {} s", counts.len(), begun.elapsed().as_secs());
    broken == 0
}

fn mutants(options: &Options) -> bool {
    let caught = in_threads(options.threads, &ALL, |mutant| {
        let mut calls = 0;
        let caught = SHARP.into_iter().chain(options.from..options.from + options.seeds).find_map(|seed| {
            let outcome = run(seed, Some(*mutant), false);
            let by = outcome.broken.get(mutant.caught_by).cloned();
            calls += by.as_ref().map_or(outcome.calls, |finding| finding.after);
            by.map(|finding| (seed, finding.what))
        });
        let Some((seed, what)) = caught else {
            println!("{}: {} has not caught it in {} seeds", mutant.name, mutant.caught_by, options.seeds);
            return false;
        };
        let holds = run(seed, None, false).broken.is_empty();
        println!("{}: {} caught it in seed {seed} after {calls} calls: {what}", mutant.name, mutant.caught_by);
        println!("replay it: cargo run -p simulation -- --seed {seed} --mutant '{}'", mutant.name);
        if !holds {
            println!("seed {seed} does not hold without it either");
        }
        holds
    });
    println!("{} mutants, {} caught", caught.len(), caught.iter().filter(|caught| **caught).count());
    caught.into_iter().all(|caught| caught)
}
