//! Moving the clock of `cargo run`: starts that have nothing to do are left out, and nothing else changes.

use app::{Clock, Deps, Entropy, Parts};
use axum::{Router, body::Body, http::Request};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    digest::Digest,
    ids::ApiKeyId,
    invoice::journal::{Event, SlotEvent},
    link::LinkKeys,
    record::{Fact, Subject},
};
use http_body_util::BodyExt as _;
use local::{
    clock::MovableClock,
    functions::{Materials, Moved, Town},
    recorder::{self, Recorder},
    sandbox_gateway::{self, SandboxGateway},
    seed::seed,
};
use mail::{Bus, Mailer};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use store::{Store, lists::InvoiceList};
use tests::{
    table::Table,
    wire::Wire,
    world::{GATEWAY, GATEWAY_SECRET, NOTICE_SECRET, hidden_fields, stripe, transport},
};
use tokio::{net::TcpListener, task::JoinHandle};
use tower::ServiceExt as _;

const START: &str = "2026-11-21T10:15:30Z";

/// The demo business as `cargo run` runs it, on a clock that stands still until it is moved.
struct Demo {
    town: Town,
    deps: Deps,
    table: Table,
    routes: Router,
    server: JoinHandle<()>,
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Reproducible bytes.
fn entropy() -> Entropy {
    let count = AtomicU64::new(1);
    Entropy::new(move |bytes| {
        let digest = Digest::of(&[b"clock", &count.fetch_add(1, Ordering::Relaxed).to_be_bytes()]);
        for (byte, random) in bytes.iter_mut().zip(digest.bytes().iter().cycle()) {
            *byte = *random;
        }
    })
}

impl Demo {
    async fn begin(every_start: bool) -> Self {
        let clock = MovableClock::stopped(START.parse().unwrap()).unwrap();
        let ticking = clock.clone();
        let now: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync> = Arc::new(move || ticking.now());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let table = Table::memory();
        let recorder = Recorder::open(recorder::Settings { data_dir: None, now: now.clone(), secrets: BTreeMap::new() }).unwrap();
        let gateway = SandboxGateway::open(sandbox_gateway::Settings {
            data_file: None,
            public_url: GATEWAY.to_owned(),
            secret_key: GATEWAY_SECRET.to_owned(),
            webhook_secret: NOTICE_SECRET.to_owned(),
            now: now.clone(),
            record_exchanges: false,
        })
        .unwrap();
        let deps = Deps::new(Parts {
            store: Store::new(&table.sdk_config(), None, "remit"),
            gateway: Some(stripe(transport(&gateway))),
            links: LinkKeys::new(1, vec![(1, [7; 32])]).unwrap(),
            base_url: base_url.clone(),
            notice_secrets: vec![NOTICE_SECRET.to_owned().into()],
            bootstrap: None,
            jwt_issuer: None,
            clock: Clock::new(move || now()),
            entropy: entropy(),
        });
        deps.store.create_table().await.unwrap();
        seed(&deps, &ApiKeyId::at(1, 1)).await.unwrap();
        let sdk = Wire::to(recorder.router()).sdk_config();
        let mailer = Mailer::new(&sdk, None, None, Bus::new(&sdk, None, "remit".to_owned()));
        let stream = table.stream();
        let town = Town::new(Materials { deps: deps.clone(), mailer, clock, recorder, gateway, stream, base_url, every_start }).unwrap();
        let routes = town.routes();
        let served = routes.clone();
        #[expect(clippy::disallowed_methods, reason = "the gateway's notices are delivered while the clock is moved")]
        let server = tokio::spawn(async move { axum::serve(listener, served).await.unwrap() });
        town.start("dispatch").await.unwrap();
        Self { town, deps, table, routes, server }
    }

    async fn ask(&self, request: Request<Body>) -> (u16, String) {
        let answer = self.routes.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        (status, String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
    }

    /// A customer opens a checkout for the newest open invoice and leaves it.
    async fn checkout_left_alone(&self) {
        let listed = self.deps.store.list_invoices(&InvoiceList::All, 100, None).await.unwrap();
        let newest = listed.rows.last().unwrap();
        let folder = self.deps.store.find_invoice(&newest.id).await.unwrap().unwrap();

        let url = self.deps.pay_url(&folder.invoice.value, domain::pii::RecipientRef::ANYONE);
        let path = format!("/p/{}", url.reveal().rsplit('/').next().unwrap());
        let (status, page) = self.ask(Request::get(&path).body(Body::empty()).unwrap()).await;
        assert_eq!(status, 200, "{page}");
        let form = serde_urlencoded::to_string(hidden_fields(&page)).unwrap();
        let post = Request::post(&path).header("content-type", "application/x-www-form-urlencoded").body(Body::from(form)).unwrap();
        assert_eq!(self.ask(post).await.0, 303);
    }

    /// Everything that somebody could see: mails, where each invoice stands, its journal. Ids are left out.
    async fn seen(&self) -> Vec<String> {
        let mut seen: Vec<String> =
            self.town.recorder().mails().iter().map(|mail| format!("{} {:?} {}", mail.at, mail.envelope_to, mail.subject())).collect();
        seen.extend(
            self.town.recorder().events().iter().map(|event| without_ids(&format!("{} {} {}", event.at, event.detail_type, event.detail))),
        );
        let listed = self.deps.store.list_invoices(&InvoiceList::All, 100, None).await.unwrap();
        for invoice in listed.rows {
            seen.push(format!("{:?} {:?} {:?}", invoice.number, invoice.status, invoice.balance));
            let journal = self.deps.store.list_entries(&Subject::Invoice(invoice.id), 0, 1000).await.unwrap();
            for fact in journal.rows.iter().flat_map(|row| &row.entry.facts) {
                let Fact::Invoice(Event::Slot(SlotEvent::Taken { attempt_id, .. })) = fact else { continue };
                let tried = self.deps.store.list_entries(&Subject::Attempt(attempt_id.clone()), 0, 1000).await.unwrap();
                seen.extend(tried.rows.iter().map(|row| without_ids(&format!("{:?}", row.entry))));
            }
            seen.extend(journal.rows.iter().map(|row| without_ids(&format!("{:?}", row.entry))));
        }
        seen
    }
}

/// The text without what is made up at random: ids, and digests that depend on them.
fn without_ids(text: &str) -> String {
    let words = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    words.map(|word| if word.len() > 16 && word.contains(|c: char| c.is_ascii_digit()) { "…" } else { word }).collect()
}

async fn lived(days: i64, every_start: bool) -> (Vec<String>, Moved) {
    let demo = Demo::begin(every_start).await;
    demo.table.stop_counting();
    let start = demo.town.clock().now();
    let first = demo.town.advance_to(start + TimeDelta::hours(30)).await.unwrap();
    demo.checkout_left_alone().await;
    let then = demo.town.advance_to(start + TimeDelta::days(days)).await.unwrap();
    let seen = demo.seen().await;
    (seen, Moved { starts: first.starts + then.starts, skipped: first.skipped + then.skipped })
}

async fn both_ways_agree(days: i64) {
    if Table::memory().embedded().is_none() {
        return;
    }
    let ((skipped, few), (whole, all)) = (lived(days, false).await, lived(days, true).await);
    assert_eq!(skipped, whole);
    let last = |word: &str| whole.iter().any(|line| line.contains(word));
    assert!(last("Reminder:") && last("Past due:") && last("Expired"), "too little happens for a comparison: {whole:#?}");
    assert_eq!((all.skipped, few.starts + few.skipped), (0, all.starts));
    assert!(few.starts * 20 < all.starts, "{few:?} of {all:?}");
}

#[tokio::test]
async fn starts_that_have_nothing_to_do_can_be_left_out_and_nobody_sees_a_difference() {
    both_ways_agree(10).await;
}

/// `cargo test -p tests --test remit -- --ignored for_sixty_days`
#[tokio::test]
#[ignore = "takes a minute and more"]
async fn starts_can_be_left_out_for_sixty_days_and_nobody_sees_a_difference() {
    both_ways_agree(60).await;
}

#[tokio::test]
async fn the_clock_is_moved_neither_back_nor_by_more_than_twenty_years() {
    let demo = Demo::begin(false).await;
    let now = demo.town.clock().now();
    for (to, says) in
        [(now, "only goes forward"), (now - TimeDelta::days(1), "only goes forward"), (now + TimeDelta::days(7400), "20 years at most")]
    {
        let refused = demo.town.advance_to(to).await.unwrap_err().to_string();
        assert!(refused.contains(says) && demo.town.clock().now() == now, "{refused}");
    }
}

#[tokio::test]
async fn an_idle_month_costs_a_few_starts_a_day() {
    if Table::memory().embedded().is_none() {
        return;
    }
    let demo = Demo::begin(false).await;
    let start = demo.town.clock().now();
    let _ = demo.town.advance_to(start + TimeDelta::days(60)).await.unwrap();
    let idle = demo.town.advance_to(start + TimeDelta::days(90)).await.unwrap();
    assert_eq!((idle.starts, idle.starts + idle.skipped), (3 * 30, 30 * 24 * (2 + 2 * 12)));
}
