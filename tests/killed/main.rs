//! The program that `cargo run` starts, from outside: many clients, fifty `kill -9`, the same folder again, and a model of what was
//! confirmed. It talks to a process, so it polls, bounded.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "it stands outside of what it looks at, and may fail loudly"
)]

mod client;
mod model;
mod site;

use client::client;
use fastrand::Rng;
use futures::future::{join, join_all};
use model::Model;
use site::Site;
use std::time::Duration;
use tokio::time::sleep;

const KILLS: u32 = 50;
const CLIENTS: u64 = 6;

#[tokio::test]
#[ignore = "it needs the program that `cargo run` builds; .ci/killed runs it"]
async fn fifty_kills_at_random_moments_lose_nothing_and_double_nothing() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut dice = Rng::with_seed(seed);
    let site = Site::begin().await;
    let model = Model::of(&site).await;
    let chaos = async {
        for _ in 0..KILLS {
            sleep(Duration::from_millis(dice.u64(50..1_200))).await;
            site.kill();
            site.start().await;
        }
        site.stop();
    };
    let clients = join_all((0..CLIENTS).map(|number| client(&site, &model, number, seed)));
    join(join(chaos, clients), client::clock(&site, seed)).await;

    // Whatever was under way is settled by what starts by itself.
    for advance in ["5m", "5m", "5m", "2h", "1d", "1d"] {
        site.advance(advance).await;
    }
    println!("{KILLS} kills, {}", model.compare(&site).await);
}
