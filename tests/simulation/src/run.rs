//! One seed, from its first call to the last check.

use crate::{
    actors::{Stage, land, life, schedule},
    book::{Book, Finding},
    checks,
    dice::Dice,
    faults::{self, BendGateway, Late},
    model::Model,
    mutants::Mutant,
    probes::Probes,
    told,
};
use app::{Clock, Entropy};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use domain::ids::ApiKeyId;
use futures::future::{Either, join_all, select};
use runtime::logs::Kept;
use serde_json::json;
use std::{
    collections::BTreeMap,
    pin::pin,
    sync::{Arc, Mutex},
};
use tests::{
    acting::at_work,
    world::{World, stripe},
};
use tokio::{runtime::Builder, sync::Notify, time::Instant};

/// Where runs begin: an ordinary week, and the days before each change of the clock.
const STARTS: [&str; 4] = ["2026-11-02T10:00:00Z", "2027-03-25T07:30:00Z", "2026-10-22T16:45:00Z", "2028-02-26T22:10:00Z"];

/// Every function that a clock stands in.
const FUNCTIONS: [&str; 8] =
    ["admin-api", "collections", "dispatch", "gateway-webhooks", "invoice-page", "past-due-reminders", "pay-page", "upcoming-reminders"];

/// What became of a seed.
#[derive(Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Calls to the outside while faults were on.
    pub calls: u64,
    /// Those at which one took effect.
    pub faulted: u64,
    /// Rare paths.
    pub probes: Probes,
    /// What does not hold, by invariant.
    pub broken: BTreeMap<&'static str, Finding>,
    /// The hash of everything that happened, in order.
    pub hash: u64,
    /// All that happened, if it was to be kept.
    pub lines: Vec<String>,
}

/// Runs a seed.
///
/// # Panics
/// When the simulation itself is broken.
#[must_use]
pub fn run(seed: u64, mutant: Option<Mutant>, traced: bool) -> Outcome {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    // The SDK's pauses between retries are drawn from this.
    fastrand::seed(seed);
    let book = Book::of(seed, traced);
    let logs = Kept::here();
    runtime.block_on(played(seed, &book, mutant, &logs));
    let mut pages = book.open();
    Outcome {
        seed,
        calls: pages.calls,
        faulted: pages.faulted,
        probes: pages.probes.clone(),
        broken: pages.broken.clone(),
        hash: pages.hash(),
        lines: pages.take_lines(),
    }
}

async fn played(seed: u64, book: &Book, mutant: Option<Mutant>, logs: &Kept) {
    let mut dice = Dice::of(seed, 0);
    let mut world = World::begin(dice.one_of(&STARTS)).await;
    let late = Late::default();
    let stirred = Arc::new(Notify::new());
    let bend: BendGateway = mutant.map_or_else(|| Arc::new(|_: &mut _| None) as BendGateway, Mutant::bend_gateway);
    let transport = faults::of_gateway(book.clone(), world.gateway.clone(), late.clone(), bend);
    let random = Mutex::new(Dice::of(seed, 7));
    let clocks = clocks_apart(&mut dice);
    world.rebuild(|mut deps| {
        let clock = deps.clock.clone();
        deps.clock = Clock::new(move || clock.now() + at_work().map_or(TimeDelta::zero(), |function| clocks[function]));
        deps.gateway = Some(stripe(transport));
        deps.entropy = Entropy::new(move |bytes| random.lock().unwrap().fill(bytes));
        deps
    });
    if dice.chance(500) {
        write_the_key_as_it_used_to_be(&world).await;
        book.probe("item of an earlier format");
    }
    if let Some(mutant) = mutant {
        world.table.set_bend(mutant.bend_table());
    }
    world.table.stop_counting();
    let ledger = checks::Shared::default();
    world.table.set_watch(checks::watch(book.clone(), ledger.clone(), stirred.clone(), world.gateway.clone()));
    world.table.set_fault_plan(faults::of_table(book.clone()));
    world.wire.set_fault_plan(faults::of_wire(book.clone(), world.recorder.clone()));
    world.table.set_pace(faults::pace(book.clone()));
    world.wire.set_pace(faults::pace(book.clone()));
    world.follow_tokio();
    let model = Model::default();
    let stage = Stage { world: &world, book, model: &model, late: &late, ledger, stirred, seed, begun: Instant::now() };
    let lives = dice.between(2, 4);
    {
        let everybody = pin!(join_all((0..lives).map(|number| Box::pin(life(&stage, number)))));
        // Whatever is under way when the last of them is done is stopped there.
        match select(everybody, pin!(schedule(&stage))).await {
            Either::Left(_) => {}
            Either::Right(_) => panic!("the schedule has no end"),
        }
    }
    quiet(&stage).await;
    told::nothing_private(book, &world, &logs.take());
    world.leave();
}

/// No two functions' clocks show the same: each is up to some seconds ahead or behind.
fn clocks_apart(dice: &mut Dice) -> BTreeMap<&'static str, TimeDelta> {
    let most = dice.one_of(&[0_i64, 200, 4_000]);
    FUNCTIONS.into_iter().map(|name| (name, TimeDelta::milliseconds(dice.offset(most)))).collect()
}

/// The owner's key as it was written before keys had roles: the one item that has had another format.
async fn write_the_key_as_it_used_to_be(world: &World) {
    let pk = format!("KEY#{}", ApiKeyId::at(1, 1));
    let mut item = world.table.partition("remit", &pk).pop().expect("the owner's key");
    item.retain(|name, _| ["pk", "sk", "id", "hash", "created_at"].contains(&name.as_str()));
    item.insert("v".to_owned(), AttributeValue::N("1".to_owned()));
    world.table.client().put_item().table_name("remit").set_item(Some(item)).send().await.unwrap();
}

/// Faults are off. What was lost lands, and the ordinary course of things must settle all that is left.
pub(crate) async fn quiet(stage: &Stage<'_>) {
    let Stage { world, book, model, ledger, .. } = stage;
    book.open().quiet = true;
    book.note("quiet");
    land(stage, usize::MAX).await;
    let event = json!({ "detail-type": "Scheduled Event" });
    let tick = async || {
        for function in ["upcoming-reminders", "past-due-reminders", "collections", "dispatch"] {
            if let Err(error) = world.try_start(function, &event, &|| true).await {
                book.broken("I17", format!("{function} fails with nothing in its way: {error}"));
            }
        }
    };
    for _ in 0..3 {
        world.pass(TimeDelta::minutes(5));
        tick().await;
    }
    checks::liveness(book, &ledger.lock().unwrap(), world);
    // Checkouts close by themselves after an hour; reminders that wait for tomorrow go out then, by day.
    for hours in [1, 1] {
        world.pass(TimeDelta::hours(hours));
        tick().await;
    }
    let tomorrow = world.now().date_naive() + TimeDelta::days(1);
    for hour in [11, 12] {
        world.set_clock(&format!("{tomorrow}T{hour}:00:00Z"));
        tick().await;
    }
    checks::in_the_end(book, ledger, world, model).await;
}

#[cfg(test)]
mod replay {
    use super::run;
    use crate::FOUND;

    #[test]
    fn a_few_seeds_hold_and_happen_alike_when_they_are_played_again() {
        for seed in FOUND.iter().map(|found| found.0).chain(1..=4) {
            let (once, again) = (run(seed, None, false), run(seed, None, false));
            assert!(once.broken.is_empty(), "seed {seed}: {:?}", once.broken);
            assert!(once.faulted > 0 && once.calls > 200, "seed {seed} is too calm: {} calls", once.calls);
            assert_eq!(once.hash, again.hash, "seed {seed}");
        }
    }
}
