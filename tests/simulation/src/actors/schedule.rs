//! What starts by itself: sweeps, the table's stream, the gateway's notices, requests that land late, and the clock's jumps.

use super::Stage;
use crate::{dice::Dice, faults::carried_out};
use chrono::TimeDelta;
use local::sandbox_gateway::Notice;
use serde_json::json;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::{sleep, timeout};

/// Everything that starts by itself, for as long as it is let.
pub async fn schedule(stage: &Stage<'_>) {
    futures::join!(sweeps(stage), stream(stage), notices(stage), late(stage), jumps(stage));
}

async fn sweeps(stage: &Stage<'_>) {
    let mut dice = Dice::of(stage.seed, 2);
    loop {
        let wait = dice.one_of(&[1800, 12 * 3600, 20 * 3600, 30 * 3600, 44 * 3600]);
        stage.wait(&mut dice, Duration::from_secs(wait)).await;
        for function in ["upcoming-reminders", "past-due-reminders", "collections", "dispatch"] {
            if dice.chance(400) {
                continue;
            }
            if dice.chance(100) {
                stage.book.probe("sweep doubled");
                futures::join!(one_start(stage, function, None), one_start(stage, function, None));
            } else {
                let short = dice.chance(100).then(|| dice.between(0, 3));
                one_start(stage, function, short).await;
            }
        }
    }
}

/// One start, with time for all or for a few records.
async fn one_start(stage: &Stage<'_>, function: &str, records: Option<u64>) {
    let left = AtomicU64::new(records.unwrap_or(u64::MAX));
    let has_time = move || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
    let event = json!({ "detail-type": "Scheduled Event" });
    let ended = stage.run(function, stage.world.try_start(function, &event, &has_time)).await;
    stage.note(&format!(
        "{function}: {:?}",
        ended.map(|ended| ended.map(|run| (run.done, run.passed, run.failed)).map_err(|e| e.to_string()))
    ));
}

async fn stream(stage: &Stage<'_>) {
    let mut dice = Dice::of(stage.seed, 3);
    let mut stream = stage.world.table.stream().expect("the embedded engine");
    loop {
        let _ = timeout(Duration::from_secs(900), stage.stirred.notified()).await;
        sleep(Duration::from_millis(dice.between(50, 20_000))).await;
        let Some(batch) = stream.next_batch() else { continue };
        for _ in 0..5 {
            let told = || stage.run("dispatch", stage.world.try_dispatch(&batch, &|| true));
            let ended = if dice.chance(100) {
                stage.book.probe("batch doubled");
                futures::join!(told(), told()).0
            } else {
                told().await
            };
            let done = matches!(&ended, Some(Ok(answer)) if answer.batch_item_failures.is_empty());
            if done && !dice.chance(50) {
                break;
            }
            sleep(dice.seconds(1, 60)).await;
        }
    }
}

async fn notices(stage: &Stage<'_>) {
    let mut dice = Dice::of(stage.seed, 4);
    let lost = dice.one_of(&[0, 50, 200, 1000]);
    let mut queue: Vec<(Notice, u32)> = Vec::new();
    loop {
        let patience = if queue.is_empty() { Duration::from_secs(1800) } else { dice.seconds(1, 600) };
        let _ = timeout(patience, stage.stirred.notified()).await;
        if dice.chance(200) {
            stage.wait(&mut dice, Duration::ZERO).await;
        }
        for notice in stage.world.gateway.take_webhooks() {
            if dice.chance(lost) {
                stage.book.probe("notice lost");
                continue;
            }
            if dice.chance(150) {
                stage.book.probe("notice doubled");
                queue.push((notice.clone(), 0));
            }
            queue.push((notice, 0));
        }
        if queue.is_empty() {
            continue;
        }
        // Any of them comes next: they are not told in the order in which they happened.
        let (notice, tries) = queue.swap_remove(usize::try_from(dice.between(0, queue.len() as u64 - 1)).unwrap());
        if dice.chance(100) {
            stage.book.probe("notice badly signed");
            let mut forged = stage.world.signed_now(&notice);
            forged.body.push(b' ');
            if let Some(reply) = stage.run("notice", stage.world.deliver(&forged)).await
                && reply.status.is_success()
            {
                stage.book.broken("f20", "a notice with a wrong signature was taken".to_owned());
            }
        }
        let signed = stage.world.signed_now(&notice);
        let told = || stage.run("notice", stage.world.deliver(&signed));
        let reply = if dice.chance(100) { futures::join!(told(), told()).0 } else { told().await };
        stage.note(&format!("notice: {:?}", reply.as_ref().map(|reply| reply.status.as_u16())));
        if !reply.is_some_and(|reply| reply.status.is_success()) && tries < 8 {
            queue.push((notice, tries + 1));
        }
    }
}

/// Requests that were said to be lost take effect after all.
async fn late(stage: &Stage<'_>) {
    let mut dice = Dice::of(stage.seed, 5);
    loop {
        let wait = dice.one_of(&[5, 60, 900, 1500]);
        sleep(Duration::from_secs(wait)).await;
        land(stage, 1).await;
    }
}

/// Lets so many late requests land, at the table and at the gateway.
pub async fn land(stage: &Stage<'_>, most: usize) {
    let landed = stage.world.table.land_late(most);
    let requests: Vec<_> = {
        let mut late = stage.late.lock().unwrap();
        let most = most.min(late.len());
        late.drain(..most).collect()
    };
    if landed + requests.len() > 0 {
        stage.note(&format!("late: {landed} at the table, {} at the gateway", requests.len()));
    }
    for request in requests {
        let _ = carried_out(&stage.world.gateway, request).await;
    }
}

async fn jumps(stage: &Stage<'_>) {
    let mut dice = Dice::of(stage.seed, 6);
    loop {
        sleep(dice.seconds(3 * 86_400, 9 * 86_400)).await;
        let hours = dice.one_of(&[23, 25, 8 * 24]);
        stage.book.probe("clock jumped");
        stage.note(&format!("the clock jumps {hours} h"));
        stage.world.pass(TimeDelta::hours(hours));
    }
}
