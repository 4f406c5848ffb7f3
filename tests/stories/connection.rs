//! Secrets are read at the start and every five minutes, two versions of each are good while one is rotated.

use app::{
    Clock, Deps, Entropy,
    connect::{ConnectError, Connection, Needs, over_https, to_table},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ids::InvoiceId,
    link::{Link, Purpose},
    pii::RecipientRef,
};
use local::recorder::{Recorder, Settings};
use runtime::Config;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tests::wire::{Wire, WireFault};

const LINKS: &str = r#"{"current": 1, "1": "1111111111111111111111111111111111111111111111111111111111111111"}"#;
const ADDED: &str = r#"{"current": 1, "1": "1111111111111111111111111111111111111111111111111111111111111111",
    "2": "2222222222222222222222222222222222222222222222222222222222222222"}"#;
const CURRENT: &str = r#"{"current": 2, "1": "1111111111111111111111111111111111111111111111111111111111111111",
    "2": "2222222222222222222222222222222222222222222222222222222222222222"}"#;
const STRIPE: &str = r#"{"secret_key": "sk_test_one", "webhook_secrets": ["whsec_one"]}"#;
const ROLLED: &str = r#"{"secret_key": "sk_test_two", "webhook_secrets": ["whsec_one", "whsec_two"]}"#;

/// A function's connection, with secrets and a clock that can be moved.
struct Place {
    recorder: Recorder,
    wire: Wire,
    clock: Arc<Mutex<DateTime<Utc>>>,
}

impl Place {
    fn new() -> Self {
        let clock = Arc::new(Mutex::new("2026-11-02T10:00:00Z".parse::<DateTime<Utc>>().unwrap()));
        let shown = clock.clone();
        let secrets = BTreeMap::from([("links".to_owned(), LINKS.to_owned()), ("stripe".to_owned(), STRIPE.to_owned())]);
        let recorder = Recorder::open(Settings { data_dir: None, now: Arc::new(move || *shown.lock().unwrap()), secrets }).unwrap();
        Self { wire: Wire::to(recorder.router()), recorder, clock }
    }

    fn config(mode: &str) -> Config {
        let variable = |name: &str| {
            let value = match name {
                "REMIT_TABLE" | "REMIT_BUS" => "remit",
                "REMIT_BASE_URL" => "https://pay.invalid",
                "REMIT_LINK_KEYS_SECRET" => "links",
                "REMIT_STRIPE_SECRET" => "stripe",
                "REMIT_MODE" => mode,
                _ => return None,
            };
            Some(value.to_owned())
        };
        Config::from_lookup(variable).unwrap()
    }

    fn clock(&self) -> Clock {
        let clock = self.clock.clone();
        Clock::new(move || *clock.lock().unwrap())
    }

    async fn open(&self, needs: Needs, mode: &str) -> Result<Connection<Deps>, ConnectError> {
        Connection::open(Self::config(mode), self.wire.sdk_config(), needs, self.clock(), entropy(), |deps| deps).await
    }

    fn pass(&self, seconds: i64) {
        *self.clock.lock().unwrap() += TimeDelta::seconds(seconds);
    }
}

fn entropy() -> Entropy {
    Entropy::new(|bytes| bytes.fill(9))
}

fn with_gateway() -> Needs {
    Needs::Gateway(over_https())
}

fn token(deps: &Deps) -> String {
    let invoice_id = InvoiceId::at(1, 1);
    let link = Link { purpose: Purpose::Invoice, invoice_id, recipient: RecipientRef::ANYONE, version: 1 };
    deps.links.sign(&link).reveal().to_owned()
}

fn believes(deps: &Deps, token: &str) -> bool {
    deps.links.verify(Purpose::Invoice, token).is_some()
}

#[tokio::test(start_paused = true)]
async fn secrets_are_read_once_and_again_after_five_minutes() {
    let place = Place::new();
    let connection = place.open(with_gateway(), "test").await.unwrap();
    for (seconds, read) in [(0, 2), (299, 2), (1, 4), (299, 4), (1, 6)] {
        place.pass(seconds);
        let _ = connection.get().await;
        assert_eq!(place.wire.calls().len(), read, "after {seconds} more");
    }
}

#[tokio::test(start_paused = true)]
async fn all_secrets_of_a_function_are_asked_for_at_the_same_time() {
    let place = Place::new();
    place.wire.set_pace(Arc::new(|| Duration::from_millis(50)));
    let begun = tokio::time::Instant::now();
    let _ = place.open(with_gateway(), "test").await.unwrap();
    assert_eq!(place.wire.calls().len(), 2);
    // There and back, once.
    assert!(begun.elapsed() < Duration::from_millis(150), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn f21_a_link_key_is_rotated_while_links_of_both_are_believed_by_every_function() {
    let place = Place::new();
    let (one, other) = (place.open(Needs::Links, "test").await.unwrap(), place.open(Needs::Links, "test").await.unwrap());
    let old = token(&one.get().await);
    place.recorder.rotate_secret("links", ADDED.to_owned());
    place.pass(300);
    assert!(believes(&other.get().await, &old));
    place.recorder.rotate_secret("links", CURRENT.to_owned());
    place.pass(300);
    // One function reads it some minutes before the other: both know both keys by then.
    let fresh = token(&one.get().await);
    assert_ne!(fresh, old);
    let behind = other.get().await;
    assert!(believes(&behind, &fresh) && believes(&behind, &old));
}

#[tokio::test(start_paused = true)]
async fn f21_webhook_secrets_are_taken_side_by_side_while_one_is_rolled() {
    let place = Place::new();
    let connection = place.open(with_gateway(), "test").await.unwrap();
    place.recorder.rotate_secret("stripe", ROLLED.to_owned());
    assert_eq!(connection.get().await.notice_secrets.len(), 1);
    place.pass(300);
    assert_eq!(connection.get().await.notice_secrets.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn while_secrets_cannot_be_read_again_the_old_ones_serve() {
    let place = Place::new();
    let connection = place.open(with_gateway(), "test").await.unwrap();
    let old = token(&connection.get().await);
    place.wire.set_fault_plan(Arc::new(|_| WireFault::LoseBeforeEffect));
    place.pass(300);
    let deps = connection.get().await;
    assert!(believes(&deps, &old) && deps.gateway.is_some());
    place.wire.set_fault_plan(Arc::new(|_| WireFault::None));
    place.recorder.rotate_secret("links", "not JSON".to_owned());
    place.pass(300);
    assert!(believes(&connection.get().await, &old));
}

#[tokio::test(start_paused = true)]
async fn f23_a_test_key_collects_nothing_in_a_live_stack_nor_a_live_key_in_a_test_stack() {
    for (key, mode, collects) in
        [("sk_test_a", "test", true), ("sk_test_a", "live", false), ("sk_live_a", "live", true), ("rk_live_a", "test", false)]
    {
        let place = Place::new();
        place.recorder.rotate_secret("stripe", STRIPE.replace("sk_test_one", key));
        let deps = place.open(with_gateway(), mode).await.unwrap().get().await;
        assert_eq!((deps.gateway.is_some(), deps.notice_secrets.is_empty()), (collects, !collects), "{key} in {mode}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_signs_nothing_reads_no_secret_and_its_links_open_nothing() {
    let place = Place::new();
    let sweep = to_table(&Place::config("test"), &place.wire.sdk_config(), place.clock(), entropy()).unwrap();
    let page = place.open(Needs::Links, "test").await.unwrap();
    assert_eq!(place.wire.calls().len(), 1);
    assert!(!believes(&page.get().await, &token(&sweep)));
}

#[tokio::test(start_paused = true)]
async fn f54_a_secret_that_is_missing_or_malformed_is_named_before_the_first_event() {
    for (name, value) in [("links", "{}"), ("stripe", r#"{"secret_key": "sk_test_one"}"#)] {
        let place = Place::new();
        place.recorder.rotate_secret(name, value.to_owned());
        let error = place.open(with_gateway(), "test").await.err().unwrap().to_string();
        assert!(error.starts_with(&format!("secret {name} is not of the form")), "{error}");
        assert!(!error.contains("sk_test_one"));
    }
}
