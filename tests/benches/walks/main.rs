//! What the common walks cost in CPU: where services only give recorded answers, which leaves our own work and the SDK's, and on the
//! embedded engine, the recorder and the sandbox gateway. It only prints; nothing here fails for taking long.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a bench may fail loudly")]

mod costs;
#[path = "../figures.rs"]
mod figures;
mod recorded;
mod requests;

use app::Deps;
use aws_config::SdkConfig;
use bytes::Bytes;
use costs::{Side, compare, cpu};
use domain::ids::InvoiceId;
use figures::Ratio;
use mail::{Bus, Mailer};
use pages::{InvoiceView, invoice_page};
use recorded::Recorded;
use requests::{create, deliver, of_lines, open, paid, path, sent};
use serde_json::json;
use std::{cell::Cell, hint::black_box, time::Duration};
use store::Store;
use tests::{
    filler::{Filler, others_like},
    world::{World, stripe, transport},
};
use tokio::runtime::{Builder, Runtime};

const NOW: &str = "2026-11-21T10:15:30Z";
/// Three days before the due day, and after the hour of reminders in Berlin.
const REMINDER: &str = "2026-12-02T09:00:00Z";
/// Invoices that are due in one sweep.
const DUE: u32 = 50;

/// A world with a customer, and everything in memory that functions keep there. It counts nothing: counting takes time.
async fn begin() -> (World, String) {
    let world = World::begin(NOW).await;
    world.table.stop_counting();
    let contact = world.contact("Ada Lovelace", "ada@example.com").await;
    let _ = sent(&world, &contact, 5).await;
    (world, contact)
}

/// What a world's functions use, on another table.
fn on_table(world: &World, sdk: &SdkConfig) -> Deps {
    let mut deps = world.deps.clone();
    deps.store = Store::new(sdk, None, "remit");
    deps
}

/// CPU time of a walk, again and again.
fn repeated(runtime: &Runtime, walks: u32, walk: impl AsyncFn()) -> Duration {
    cpu(|| {
        runtime.block_on(async {
            for _ in 0..walks {
                walk().await;
            }
        });
    })
}

/// A page that was seen before: the router, one query, the page.
fn page(runtime: &Runtime) {
    let (world, contact) = runtime.block_on(begin());
    let invoice = runtime.block_on(sent(&world, &contact, 20));
    let (path, id) = (path(&invoice, "invoice_url"), InvoiceId::parse(invoice["id"].as_str().unwrap()).unwrap());
    let on_engine = invoice_page::router(world.deps.clone());
    runtime.block_on(open(&on_engine, &path));
    let table = Recorded::default();
    runtime.block_on(open(&invoice_page::router(on_table(&world, &table.record(world.table.clone()))), &path));
    let replayed = invoice_page::router(on_table(&world, &table.replay()));

    let folder = runtime.block_on(world.deps.store.find_invoice(&id)).unwrap().unwrap();
    let business = runtime.block_on(world.deps.business(world.now())).unwrap();
    let today = business.zone.date_at(world.now());
    let view = InvoiceView {
        invoice: &folder.invoice.value,
        text: &folder.text,
        business: &business,
        temporary: false,
        today,
        pay_url: Some("https://pay.invalid/p/"),
    };
    let render = || {
        let _ = black_box(invoice_page(black_box(&view), None)).unwrap();
    };
    compare(
        "Invoice page of 20 lines",
        vec![
            Side::new("written, without the way to it", 200, |walks| cpu(|| (0..walks).for_each(|_| render()))),
            Side::new("recorded answers", 100, |walks| {
                let walk = async || {
                    open(&replayed, &path).await;
                    table.rewind();
                };
                repeated(runtime, walks, walk)
            })
            .over(0)
            .at_most_times(Ratio::hundredths(1000)),
            Side::new("embedded engine", 50, |walks| repeated(runtime, walks, async || open(&on_engine, &path).await)).over(1),
        ],
    );
    runtime.block_on(world.close());
}

/// An invoice of five lines made and sent by one request of staff.
fn create_and_send(runtime: &Runtime) {
    let (world, contact) = runtime.block_on(begin());
    let invoice = Bytes::from(of_lines(&contact, 5).to_string());
    let n = Cell::new(0);
    let next = || n.replace(n.get() + 1);
    let table = Recorded::default();
    let recording = admin_api::router(on_table(&world, &table.record(world.table.clone())));
    runtime.block_on(create(&world, &recording, &invoice, next()));
    let (replayed, on_engine) = (admin_api::router(on_table(&world, &table.replay())), admin_api::router(world.deps.clone()));
    compare(
        "Invoice of 5 lines, created and sent",
        vec![
            Side::new("recorded answers", 50, |walks| {
                let walk = async || {
                    create(&world, &replayed, &invoice, next()).await;
                    table.rewind();
                };
                repeated(runtime, walks, walk)
            })
            .at_most(Duration::from_millis(2)),
            Side::new("embedded engine", 5, |walks| repeated(runtime, walks, async || create(&world, &on_engine, &invoice, next()).await))
                .over(0),
        ],
    );
    runtime.block_on(world.close());
}

/// The gateway's notice of a paid checkout.
fn settle(runtime: &Runtime) {
    let (world, contact) = runtime.block_on(begin());
    let (table, gateway) = (Recorded::default(), Recorded::default());
    let notice = runtime.block_on(paid(&world, &contact));
    let mut deps = on_table(&world, &table.record(world.table.clone()));
    deps.gateway = Some(stripe(gateway.record_gateway(transport(&world.gateway))));
    runtime.block_on(deliver(&gateway_webhooks::router(deps), &notice));
    let mut deps = on_table(&world, &table.replay());
    deps.gateway = Some(stripe(gateway.replay_gateway()));
    let (replayed, on_engine) = (gateway_webhooks::router(deps), gateway_webhooks::router(world.deps.clone()));
    compare(
        "Notice of a paid checkout",
        vec![
            Side::new("recorded answers", 50, |walks| {
                let walk = async || {
                    deliver(&replayed, &notice).await;
                    table.rewind();
                    gateway.rewind();
                };
                repeated(runtime, walks, walk)
            }),
            Side::new("embedded engine and gateway", 3, |walks| {
                let notices: Vec<_> = (0..walks).map(|_| runtime.block_on(paid(&world, &contact))).collect();
                cpu(|| notices.iter().for_each(|notice| runtime.block_on(deliver(&on_engine, notice))))
            })
            .over(0),
        ],
    );
    runtime.block_on(world.close());
}

fn mailer_below(sdk: &SdkConfig) -> Mailer {
    Mailer::new(sdk, None, Some("remit".to_owned()), Bus::new(sdk, None, "remit".to_owned()))
}

/// A world in which reminders are due, and nothing else is to be told.
async fn due() -> World {
    let (world, contact) = begin().await;
    for _ in 1..DUE {
        let _ = sent(&world, &contact, 5).await;
    }
    world.dispatch().await;
    world.set_clock(REMINDER);
    let _ = world.deps.business(world.now()).await.unwrap();
    world
}

/// Finds and plans what is due, commits it, reads it again, writes the mails and hands them over.
async fn remind(deps: &Deps, mailer: &Mailer) {
    let event = json!({ "detail-type": "Scheduled Event" });
    let run = upcoming_reminders::handle(deps, &mailer.bus, &event, &|| true).await.unwrap();
    assert_eq!(run.done, u64::from(DUE));
    let answer = dispatch::handle(deps, mailer, &event, &|| true).await.unwrap();
    assert_eq!(answer, dispatch::Answer::default());
}

/// One reminder of a sweep that has many.
fn reminder(runtime: &Runtime) {
    let world = runtime.block_on(due());
    let (table, mails) = (Recorded::default(), Recorded::default());
    let recording = (on_table(&world, &table.record(world.table.clone())), mailer_below(&mails.record(world.wire.clone())));
    runtime.block_on(remind(&recording.0, &recording.1));
    assert_eq!(mails.len(), usize::try_from(DUE).unwrap());
    let (deps, mailer) = (on_table(&world, &table.replay()), mailer_below(&mails.replay()));
    runtime.block_on(world.close());
    compare(
        "Reminder, one of 50",
        vec![
            Side::new("recorded answers", DUE, |_| {
                let took = cpu(|| runtime.block_on(remind(&deps, &mailer)));
                table.rewind();
                mails.rewind();
                took
            })
            .at_most(Duration::from_micros(500)),
            Side::new("embedded engine and recorder", DUE, |_| {
                let world = runtime.block_on(due());
                let mailer = mailer_below(&world.wire.sdk_config());
                let took = cpu(|| runtime.block_on(remind(&world.deps, &mailer)));
                runtime.block_on(world.close());
                took
            })
            .over(0),
        ],
    );
}

/// An invoice made and sent on the embedded engine, by how many are stored: what `cargo run` costs after a while.
fn growth(runtime: &Runtime) {
    let stored = async |count: u64| {
        let (world, contact) = begin().await;
        let invoice = sent(&world, &contact, 5).await;
        others_like(&world, invoice["id"].as_str().unwrap(), count, Filler::Put).await;
        (world, contact)
    };
    let (few, many) = (runtime.block_on(stored(100)), runtime.block_on(stored(5_000)));
    let side = |(world, contact): &(World, String)| {
        let (router, invoice) = (admin_api::router(world.deps.clone()), Bytes::from(of_lines(contact, 5).to_string()));
        let n = Cell::new(0);
        move |world: &World, walks: u32| repeated(runtime, walks, async || create(world, &router, &invoice, n.replace(n.get() + 1)).await)
    };
    let (among_few, among_many) = (side(&few), side(&many));
    compare(
        "Invoice of 5 lines, created and sent on the embedded engine",
        vec![
            Side::new("100 stored", 4, |walks| among_few(&few.0, walks)),
            Side::new("5,000 stored", 4, |walks| among_many(&many.0, walks)).over(0).at_most_times(Ratio::hundredths(120)),
        ],
    );
    // What was put into them has no journals.
    few.0.leave();
    many.0.leave();
}

type Walk = fn(&Runtime);

/// All of them, or those that are named: `cargo bench -p tests --bench walks -- reminder`.
const WALKS: [(&str, Walk); 5] =
    [("page", page), ("create_and_send", create_and_send), ("settle", settle), ("reminder", reminder), ("growth", growth)];

fn main() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let named: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for (name, walk) in WALKS {
        if named.is_empty() || named.iter().any(|wanted| wanted == name) {
            walk(&runtime);
        }
    }
}
