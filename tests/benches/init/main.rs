//! How soon each release binary asks for its first event and begins to speak TLS, how much memory it takes, and how large it is: beside a
//! bare hello of the same toolchain and profile. It only prints; nothing here can fail but for a binary that is not there.
//!
//! `.ci/release-binaries` and `.ci/hello-binaries` build what is measured.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and may fail loudly")]

#[path = "../figures.rs"]
mod figures;
mod table;
mod tls;

use figures::{Ratio, Times};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};
use table::{Row, print};
use tests::lambda::{
    Function, Process, Surroundings, Variables, functions, root,
    samples::{self, TOKEN},
};
use tls::SilentServer;

/// Starts of each side.
const ROUNDS: usize = 25;
/// Events before the memory is read.
const EVENTS: usize = 200;
/// The longest that a start without any service may take before it is taken for one that needs its services.
const ALONE: Duration = Duration::from_secs(2);

fn hello(name: &str) -> (Function, PathBuf) {
    let function = Function {
        resource: name.to_owned(),
        name: name.to_owned(),
        timeout: Duration::from_secs(28),
        memory: 256,
        variables: BTreeMap::new(),
    };
    (function, root().join("target/lambda").join(name).join("bootstrap"))
}

fn size(binary: &Path) -> u64 {
    let found = std::fs::metadata(binary);
    found.unwrap_or_else(|_| panic!("{} is missing: bash .ci/release-binaries; bash .ci/hello-binaries", binary.display())).len()
}

async fn one_start(binary: &Path, function: &Function, variables: &Variables, patience: Duration) -> Option<Duration> {
    let mut process = Process::start(binary, function, variables).await;
    let time = process.init(patience).await;
    if time.is_none() && patience > ALONE {
        panic!("{} does not begin: {:#?}", function.name, process.stop());
    }
    time
}

/// The environment in which a function begins, and whether it stands alone there. A function that reads secrets before its first
/// event finds them on loopback; AWS's five roots are then the system's, as the function believes no others at home.
async fn environment(function: &Function, around: &Surroundings) -> (Variables, bool) {
    if one_start(&function.binary(), function, &function.variables, ALONE).await.is_some() {
        return (function.variables.clone(), true);
    }
    (with_amazons_roots(around.variables(function)), false)
}

fn with_amazons_roots(mut variables: Variables) -> Variables {
    let roots = root().join("shared/runtime/src/amazon-roots.pem");
    variables.insert("SSL_CERT_FILE".to_owned(), roots.to_str().unwrap().to_owned());
    variables
}

/// From the start until the first message of a TLS handshake, once.
async fn one_first_message(binary: &Path, function: &Function, variables: &Variables, event: &str) -> Duration {
    let server = SilentServer::listen().await;
    let process = Process::start(binary, function, &server.instead(variables.clone())).await;
    server.first_message(process, event).await
}

/// From the start until the first message of a TLS handshake: of the least that speaks it with AWS, and of a function.
async fn first_messages(function: &Function, around: &Surroundings, event: &str) -> (Times, Times) {
    let (least, least_binary) = hello("hello-table");
    let (none, variables) = (with_amazons_roots(Variables::new()), with_amazons_roots(around.variables(function)));
    let (any, mut theirs, mut ours) = (samples::sample("invoice-page", "open.json"), Times::default(), Times::default());
    for _ in 0..ROUNDS {
        theirs.add(one_first_message(&least_binary, &least, &none, &any).await);
        ours.add(one_first_message(&function.binary(), function, &variables, event).await);
    }
    (theirs, ours)
}

/// The most memory at once over many events of one kind.
async fn memory(binary: &Path, function: &Function, variables: &Variables, event: &str) -> u64 {
    let mut process = Process::start(binary, function, variables).await;
    for _ in 0..EVENTS {
        let _ = process.invoke(event).await;
    }
    process.peak_memory()
}

/// The event that a function is mostly given.
fn event(function: &str, invoice: &Value) -> String {
    let token = |link: &str| invoice["links"][link].as_str().unwrap().rsplit('/').next().unwrap();
    match function {
        "invoice-page" => samples::filled(function, "open.json", &[(TOKEN, token("invoice_url"))]),
        "pay-page" => samples::filled(function, "show.json", &[(TOKEN, token("pay_url"))]),
        "gateway-webhooks" => samples::sample(function, "notice.json"),
        "admin-api" => samples::sample(function, "list-invoices.json"),
        _ => samples::sample(function, "scheduled.json"),
    }
}

fn is_page(function: &str) -> bool {
    ["invoice-page", "pay-page"].contains(&function)
}

/// The goal for the start beside a bare hello's.
fn init_goal(function: &str) -> Ratio {
    Ratio::hundredths(match function {
        "admin-api" => 300,
        page if is_page(page) => 160,
        _ => 220,
    })
}

async fn measured(function: &Function, around: &Surroundings, invoice: &Value) -> Row {
    let (bare, bare_binary) = hello("hello");
    let (variables, alone) = environment(function, around).await;
    let (mut hellos, mut ours) = (Times::default(), Times::default());
    for _ in 0..ROUNDS {
        hellos.add(one_start(&bare_binary, &bare, &bare.variables, ALONE * 5).await.unwrap());
        ours.add(one_start(&function.binary(), function, &variables, ALONE * 5).await.unwrap());
    }
    let event = event(&function.name, invoice);
    let (least, tls) = first_messages(function, around, &event).await;
    let sends = ["dispatch", "past-due-reminders", "upcoming-reminders"].contains(&function.name.as_str());
    let same_clients = if sends { "hello-all" } else { "hello-page" };
    let bytes = size(&function.binary());
    let small = is_page(&function.name) || function.name == "gateway-webhooks";
    Row {
        name: if alone { function.name.clone() } else { format!("{} *", function.name) },
        ratio: Some(Ratio::of_times(&ours, &hellos)),
        init: ours,
        init_goal: Some(init_goal(&function.name)),
        tls_ratio: Some(Ratio::of_times(&tls, &least)),
        tls: Some(tls),
        memory: memory(&function.binary(), function, &around.variables(function), &event).await,
        memory_goal: small.then_some(13_000),
        size: bytes,
        size_goal: Some(if is_page(&function.name) { 11_000_000 } else { 13_000_000 }),
        to_same: Some(Ratio::of(bytes, size(&hello(same_clients).1))),
        to_same_goal: Some(Ratio::hundredths(if is_page(&function.name) { 110 } else { 160 })),
    }
}

/// A hello by itself, for the table's head. It has no service, so those with clients are given no event.
async fn greeted(name: &str) -> Row {
    let (function, binary) = hello(name);
    let mut times = Times::default();
    for _ in 0..ROUNDS {
        times.add(one_start(&binary, &function, &function.variables, ALONE * 5).await.unwrap());
    }
    let process = Process::start(&binary, &function, &function.variables).await;
    let _ = process.init(ALONE * 5).await;
    Row { name: name.to_owned(), init: times, memory: process.peak_memory(), size: size(&binary), ..Row::default() }
}

async fn bench() {
    let around = Surroundings::open().await;
    let all = functions();
    let invoice = around.world.sent_invoice("165.00", &around.day(14)).await;
    let mut rows = Vec::new();
    for name in ["hello", "hello-table", "hello-page", "hello-all"] {
        rows.push(greeted(name).await);
    }
    for function in &all {
        rows.push(measured(function, &around, &invoice).await);
    }
    print(&rows);
    println!(
        "Init is from spawn to the first question for an event, median and best of {ROUNDS} starts, alternating with the hello of the\n\
         same row. TLS is from spawn to the first message of the first handshake, which needs entropy and keys: median, and beside the\n\
         hello with the table's client, both with AWS's five roots alone. Memory is the most at once after {EVENTS} events (the hellos':\n\
         none), and at most 13 MB for a page and for notices.\n\
         * Reads secrets before its first event: measured with them on loopback, AWS's five roots being the system's."
    );
    around.close().await;
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(bench());
}
