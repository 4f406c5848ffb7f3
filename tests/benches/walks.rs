//! What the common walks cost in CPU, on a table in the process below the SDK.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a bench may fail loudly")]

use axum::body::Body;
use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::time::{Duration, Instant};
use tests::world::{BASE, World};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

const NOW: &str = "2026-11-21T10:15:30Z";
const DUE_ON: &str = "2026-12-05";
/// Three days before, and after the hour of reminders in Berlin.
const REMINDER: &str = "2026-12-02T09:00:00Z";

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// An open invoice page, seen before: the router, one read of the table, the page.
fn page(c: &mut Criterion) {
    let runtime = runtime();
    let world = runtime.block_on(World::begin(NOW));
    let invoice: Value = runtime.block_on(world.sent_invoice("165.00", DUE_ON));
    let path = invoice["links"]["invoice_url"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned();
    let router = invoice_page::router(world.deps.clone());
    let open = async || {
        let request = Request::builder().uri(&path).header("user-agent", "Mozilla/5.0").body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.into_body().collect().await.unwrap().to_bytes()
    };
    let _ = runtime.block_on(open());
    c.bench_function("invoice page", |b| b.iter(|| runtime.block_on(open())));
    runtime.block_on(world.close());
}

/// An invoice made and sent by one request to the staff's API.
fn create_and_send(c: &mut Criterion) {
    let runtime = runtime();
    let world = runtime.block_on(World::begin(NOW));
    let contact = runtime.block_on(world.contact("Ada Lovelace", "ada@example.com"));
    c.bench_function("create and send", |b| b.iter(|| runtime.block_on(world.invoice_for(&contact, "165.00", DUE_ON, true))));
    runtime.block_on(world.close());
}

/// One reminder of a sweep that has many: found, planned, committed, read again, rendered, handed over to the mailbox.
fn reminder(c: &mut Criterion) {
    let runtime = runtime();
    let remind = async |invoices: u64| -> Duration {
        let world = World::begin(NOW).await;
        let contact = world.contact("Ada Lovelace", "ada@example.com").await;
        for _ in 0..invoices {
            let _ = world.invoice_for(&contact, "165.00", DUE_ON, true).await;
        }
        world.dispatch().await;
        let mails = world.mails().len();
        world.set_clock(REMINDER);
        let begun = Instant::now();
        world.start("upcoming-reminders").await;
        world.dispatch().await;
        let took = begun.elapsed();
        assert_eq!(u64::try_from(world.mails().len() - mails).unwrap(), invoices, "each invoice is reminded of once");
        world.close().await;
        took
    };
    let mut group = c.benchmark_group("sweep");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.bench_function("one reminder", |b| b.iter_custom(|invoices| runtime.block_on(remind(invoices))));
    group.finish();
}

criterion_group!(walks, page, create_and_send, reminder);
criterion_main!(walks);
