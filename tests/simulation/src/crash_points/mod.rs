//! Every call that a use case makes to the outside, gone wrong in every way, one at a time: nothing may be left stuck.

mod cuts;
mod use_cases;

pub use cuts::{Cut, How};
pub use use_cases::{ALL, UseCase};

use crate::{
    actors::Stage,
    book::{Book, Finding},
    checks,
    faults::Late,
    model::Model,
    run::quiet,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tests::world::{World, stripe};
use tokio::{
    runtime::Builder,
    sync::Notify,
    time::{Instant, timeout},
};
use use_cases::Scene;

/// What became of a use case that was cut off.
#[derive(Debug)]
pub struct Ended {
    /// Whether it got as far as that call.
    pub reached: bool,
    /// What does not hold.
    pub broken: BTreeMap<&'static str, Finding>,
}

/// Plays a use case in a world of its own, with one call gone wrong, and then lets everything settle.
///
/// # Panics
/// When the use case fails although nothing stands in its way.
#[must_use]
pub fn played(use_case: &UseCase, how: How, nth: u64) -> Ended {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    fastrand::seed(nth);
    let book = Book::of(nth, false);
    let reached = runtime.block_on(cut_off(use_case, &book, how, nth));
    let broken = book.open().broken.clone();
    Ended { reached, broken }
}

async fn cut_off(use_case: &UseCase, book: &Book, how: How, nth: u64) -> bool {
    let mut world = World::begin("2026-11-02T10:00:00Z").await;
    let cut = Cut::of(how, nth);
    let transport = cut.gateway(world.gateway.clone());
    world.rebuild(|mut deps| {
        deps.gateway = Some(stripe(transport));
        deps
    });
    let stirred = Arc::new(Notify::new());
    world.table.stop_counting();
    let ledger = checks::Shared::default();
    world.table.set_watch(checks::watch(book.clone(), ledger.clone(), stirred.clone(), world.gateway.clone()));
    world.table.set_fault_plan(cut.table());
    world.wire.set_fault_plan(cut.wire());
    world.follow_tokio();
    let (model, late) = (Model::default(), Late::default());
    let reached = {
        let stage = Stage { world: &world, book, model: &model, late: &late, ledger, stirred, seed: nth, begun: Instant::now() };
        let mut scene = Scene::of(&stage, use_case).await;
        cut.begin();
        // Lambda stops a function that does not end.
        let answer = timeout(Duration::from_secs(30), Box::pin(scene.act(use_case))).await.ok().flatten();
        cut.end();
        scene.go_on(use_case, answer).await;
        quiet(&stage).await;
        cut.reached()
    };
    world.leave();
    reached
}

#[cfg(test)]
mod completeness {
    use super::ALL;
    use std::collections::BTreeSet;
    use tests::world::story;

    #[tokio::test(start_paused = true)]
    async fn every_operation_that_changes_something_is_cut_off_at_every_call() {
        story("2026-11-02T10:00:00Z", async |w| {
            let described = w.get("/v1/openapi.json").await.expect(200).json();
            let mut operations = BTreeSet::new();
            for (path, methods) in described["paths"].as_object().unwrap() {
                let changing = methods.as_object().unwrap().keys().filter(|method| *method != "get");
                operations.extend(changing.map(|method| format!("{} {path}", method.to_uppercase())));
            }
            let there: BTreeSet<String> = ALL.iter().map(|use_case| use_case.name.split(',').next().unwrap().to_owned()).collect();
            let missing: Vec<_> = operations.difference(&there).collect();
            assert!(missing.is_empty(), "{missing:?}");
        })
        .await;
    }
}
