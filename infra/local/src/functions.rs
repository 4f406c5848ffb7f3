//! All functions together: their routes on one address, their starts by name.

use crate::{
    clock::MovableClock,
    recorder::Recorder,
    sandbox_gateway::SandboxGateway,
    schedule::{Rule, Start, TEMPLATE, rules, starts},
    stream::Stream,
};
use anyhow::Context as _;
use app::Deps;
use axum::Router;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    automation::Sweep,
    calendar::{Hour, plus_days},
};
use mail::Mailer;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::Write as _,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::sync::Mutex as Turn;

/// Everything that runs here.
#[derive(Clone)]
pub struct Town(Arc<Parts>);

struct Parts {
    deps: Deps,
    mailer: Mailer,
    clock: MovableClock,
    recorder: Recorder,
    gateway: SandboxGateway,
    starts: Vec<Start>,
    rules: Vec<Rule>,
    every_start: bool,
    client: reqwest::Client,
    base_url: String,
    turn: Turn<Progress>,
    runs: Mutex<BTreeMap<String, (DateTime<Utc>, String)>>,
}

struct Progress {
    /// The instant up to which every start has been made that had something to do.
    until: DateTime<Utc>,
    stream: Option<Stream>,
    /// Events on the bus that were looked at.
    events: usize,
}

/// What a [`Town`] is made of.
pub struct Materials {
    /// What the functions use.
    pub deps: Deps,
    /// What the dispatcher uses.
    pub mailer: Mailer,
    /// The clock.
    pub clock: MovableClock,
    /// Mailbox, bus and secrets.
    pub recorder: Recorder,
    /// The payment gateway.
    pub gateway: SandboxGateway,
    /// The embedded table's stream; none when another engine is used, and then the tick finds what is to be told.
    pub stream: Option<Stream>,
    /// Where pages and API are.
    pub base_url: String,
    /// Whether every start of the schedule is made, those that have nothing to do as well.
    pub every_start: bool,
}

/// How the clock was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Functions that were started.
    pub starts: u64,
    /// Starts that were left out, because they had nothing to do.
    pub skipped: u64,
}

/// The farthest that the clock is moved at once.
const FARTHEST: TimeDelta = TimeDelta::days(20 * 365 + 5);
/// How long a move of the clock is silent at most.
const SILENCE: Duration = Duration::from_secs(2);

impl Town {
    /// Puts everything together.
    ///
    /// # Errors
    /// The template cannot be read.
    pub fn new(materials: Materials) -> anyhow::Result<Self> {
        let progress = Progress { until: materials.clock.now(), stream: materials.stream, events: materials.recorder.events().len() };
        Ok(Self(Arc::new(Parts {
            deps: materials.deps,
            mailer: materials.mailer,
            clock: materials.clock,
            recorder: materials.recorder,
            gateway: materials.gateway,
            starts: starts(TEMPLATE).map_err(anyhow::Error::msg)?,
            rules: rules(TEMPLATE).map_err(anyhow::Error::msg)?,
            every_start: materials.every_start,
            client: reqwest::Client::builder()
                .tls_backend_preconfigured(gateway::transport::tls()?)
                .timeout(Duration::from_secs(30))
                .build()?,
            base_url: materials.base_url,
            turn: Turn::new(progress),
            runs: Mutex::new(BTreeMap::new()),
        })))
    }

    /// The routes of every function that answers over HTTP.
    pub fn routes(&self) -> Router {
        routes(&self.0.deps)
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &MovableClock {
        &self.0.clock
    }

    /// The mailbox.
    #[must_use]
    pub fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    /// The payment gateway.
    #[must_use]
    pub fn gateway(&self) -> &SandboxGateway {
        &self.0.gateway
    }

    /// The last run of each function: when, and what it said.
    #[must_use]
    pub fn runs(&self) -> BTreeMap<String, (DateTime<Utc>, String)> {
        self.0.runs.lock().map(|runs| runs.clone()).unwrap_or_default()
    }

    /// Starts a function once, now.
    ///
    /// # Errors
    /// There is no such function, or it failed.
    pub async fn start(&self, function: &str) -> anyhow::Result<String> {
        let mut progress = self.0.turn.lock().await;
        self.catch_up(&mut progress).await?;
        let said = self.run(function, &json!({ "detail-type": "Scheduled Event" })).await?;
        self.catch_up(&mut progress).await?;
        Ok(said)
    }

    /// Moves the clock forward. Every start in between that has something to do is made, in order, each at its time.
    ///
    /// # Errors
    /// The instant has passed or is more than 20 years away, or the clock cannot be kept.
    pub async fn advance_to(&self, to: DateTime<Utc>) -> anyhow::Result<Moved> {
        let now = self.0.clock.now();
        anyhow::ensure!(to > now, "the clock shows {} and only goes forward", now.to_rfc3339());
        anyhow::ensure!(to - now <= FARTHEST, "the clock shows {} and is moved by 20 years at most", now.to_rfc3339());
        let mut progress = self.0.turn.lock().await;
        self.catch_up(&mut progress).await?;
        let scheduled = self.0.starts.iter().map(|start| start.rate.starts_between(progress.until, to).unsigned_abs()).sum::<u64>();
        let (mut starts, mut said) = (0, Instant::now());
        while let Some((at, functions)) = self.next_work(progress.until, to).await? {
            self.0.clock.move_to(at)?;
            starts += self.make_starts(&mut progress, at, &functions).await?;
            if said.elapsed() >= SILENCE {
                said = Instant::now();
                say(&format!("The clock shows {}, on its way to {}.", at.format("%F %R"), to.format("%F %R")));
            }
        }
        progress.until = to;
        self.0.clock.move_to(to)?;
        self.0.gateway.expire_due();
        self.catch_up(&mut progress).await?;
        Ok(Moved { starts, skipped: scheduled.saturating_sub(starts) })
    }

    /// What goes on by itself: starts at their time, the stream, the gateway's notices.
    ///
    /// # Errors
    /// The table cannot be read.
    pub async fn tick(&self) -> anyhow::Result<()> {
        let mut progress = self.0.turn.lock().await;
        self.0.gateway.expire_due();
        self.catch_up(&mut progress).await?;
        let now = self.0.clock.now();
        while let Some((at, functions)) = self.next_work(progress.until, now).await? {
            let _ = self.make_starts(&mut progress, at, &functions).await?;
        }
        progress.until = progress.until.max(now);
        Ok(())
    }

    /// The next instant after one and up to another at which something has something to do: functions by [`work_at`](Self::work_at), which
    /// are named, or the gateway, whose checkouts expire at the next start of anything.
    async fn next_work(&self, after: DateTime<Utc>, until: DateTime<Utc>) -> anyhow::Result<Option<(DateTime<Utc>, Vec<&str>)>> {
        let starts = &self.0.starts;
        let Some(next) = starts.iter().map(|start| start.rate.after(after)).min().filter(|next| *next <= until) else { return Ok(None) };
        if self.0.every_start {
            return Ok(Some((next, starts.iter().map(|start| start.function.as_str()).collect())));
        }
        let mut works = Vec::new();
        for start in starts {
            if let Some(work) = self.work_at(&start.function).await? {
                works.push((start.rate.at_or_after(work.max(start.rate.after(after))), start.function.as_str()));
            }
        }
        let expiry = self.0.gateway.next_expiry().and_then(|at| starts.iter().map(|start| start.rate.at_or_after(at.max(next))).min());
        let first = works.iter().map(|(at, _)| *at).chain(expiry).min().filter(|first| *first <= until);
        Ok(first.map(|first| (first, works.into_iter().filter(|(at, _)| *at == first).map(|(_, function)| function).collect())))
    }

    /// When a function next has something to do, by what the table holds: what is due, what is to be told, and the first run of each day.
    /// An instant that has passed means now; none means that only a change to the table can give it something to do.
    async fn work_at(&self, function: &str) -> anyhow::Result<Option<DateTime<Utc>>> {
        let store = &self.0.deps.store;
        let Some(sweep) = Sweep::ALL.into_iter().find(|sweep| sweep.name() == function) else {
            return Ok(store.next_handover().await?);
        };
        let Some(business) = store.find_business().await? else { return Ok(None) };
        let first_of_day = match store.find_run(function).await? {
            Some(run) => business.value.zone.instant_of(plus_days(run.day, 1), Hour::MIDNIGHT),
            None => DateTime::<Utc>::MIN_UTC,
        };
        Ok(Some(store.next_due(sweep).await?.map_or(first_of_day, |due| due.min(first_of_day))))
    }

    /// Makes the starts of one instant, in the order of the functions' names: of those named, and of those that the starts before give
    /// something to do. Answers how many.
    async fn make_starts(&self, progress: &mut Progress, at: DateTime<Utc>, functions: &[&str]) -> anyhow::Result<u64> {
        progress.until = at;
        self.0.gateway.expire_due();
        let mut made = 0;
        for Start { function, rate } in &self.0.starts {
            let begins = rate.at_or_after(at) == at
                && (functions.contains(&function.as_str()) || made > 0 && self.work_at(function).await?.is_some_and(|work| work <= at));
            if !begins {
                continue;
            }
            if let Err(error) = self.run(function, &json!({ "detail-type": "Scheduled Event" })).await {
                tracing::error!(function, error = format!("{error:#}"), "the function failed");
            }
            made += 1;
            self.follow_up(progress).await;
        }
        // What the gateway told, should nothing have been started.
        self.follow_up(progress).await;
        Ok(made)
    }

    async fn follow_up(&self, progress: &mut Progress) {
        if let Err(error) = self.catch_up(progress).await {
            tracing::error!(error = format!("{error:#}"), "what follows a start failed");
        }
    }

    /// Hands on what the last steps left, until nothing is left: stream batches to the dispatcher, events to the functions whose
    /// rule they match, notices to the webhooks.
    async fn catch_up(&self, progress: &mut Progress) -> anyhow::Result<()> {
        loop {
            let mut quiet = true;
            if let Some(batch) = progress.stream.as_mut().and_then(Stream::next_batch) {
                quiet = false;
                self.run("dispatch", &batch).await?;
            }
            for event in self.0.recorder.events_from(progress.events) {
                progress.events += 1;
                let event = json!({ "source": event.source, "detail-type": event.detail_type, "detail": event.detail });
                for rule in self.0.rules.iter().filter(|rule| rule.pattern.matches(&event)) {
                    quiet = false;
                    self.run(&rule.function, &event).await?;
                }
            }
            for notice in self.0.gateway.take_webhooks() {
                quiet = false;
                self.deliver(notice).await;
            }
            if quiet {
                return Ok(());
            }
        }
    }

    /// Sends a notice over HTTP as the gateway does: three times at most, then it is lost.
    async fn deliver(&self, notice: crate::sandbox_gateway::Notice) {
        let url = format!("{}/webhooks/stripe", self.0.base_url);
        for _ in 0..3 {
            let mut request = self.0.client.post(&url).body(notice.body.clone());
            for (name, value) in &notice.headers {
                request = request.header(name, value);
            }
            match request.send().await {
                Ok(answer) if answer.status().is_success() => return,
                Ok(answer) => tracing::warn!(status = answer.status().as_u16(), "a notice was not taken"),
                Err(error) => tracing::warn!(%error, "a notice was not delivered"),
            }
        }
    }

    async fn run(&self, function: &str, event: &Value) -> anyhow::Result<String> {
        let deps = &self.0.deps;
        let has_time = || true;
        let counts = |run: app::sweep::Run| {
            let unfinished = if run.rest.is_some() { ", unfinished" } else { "" };
            format!("{} done, {} passed, {} failed{unfinished}", run.done, run.passed, run.failed)
        };
        let bus = &self.0.mailer.bus;
        let scheduled = event.get("Records").is_none();
        let said = match function {
            "upcoming-reminders" => upcoming_reminders::handle(deps, bus, event, &has_time).await.map(counts),
            "past-due-reminders" => past_due_reminders::handle(deps, bus, event, &has_time).await.map(counts),
            "collections" => collections::handle(deps, &has_time).await.map(counts),
            "dispatch" => dispatch::handle(deps, &self.0.mailer, event, &has_time)
                .await
                .map(|answer| format!("{} to be brought again", answer.batch_item_failures.len())),
            other => anyhow::bail!(
                "there is no function `{other}` that can be started; there are upcoming-reminders, past-due-reminders, collections, dispatch"
            ),
        };
        let said = said.with_context(|| format!("{function} failed"));
        if scheduled && let Ok(mut runs) = self.0.runs.lock() {
            let text = said.as_ref().map_or_else(|error| format!("{error:#}"), Clone::clone);
            runs.insert(function.to_owned(), (self.0.clock.now(), text));
        }
        said
    }
}

/// The routes of every function that answers over HTTP, on one address.
pub fn routes(deps: &Deps) -> Router {
    Router::new()
        .nest_service("/v1", Prefixed::new("/v1", admin_api::router(deps.clone())))
        .nest_service("/webhooks", Prefixed::new("/webhooks", gateway_webhooks::router(deps.clone())))
        .nest_service("/p", Prefixed::new("/p", pay_page::router(deps.clone())))
        .fallback_service(invoice_page::router(deps.clone()))
}

/// Tells whoever watches the program, and goes on if nobody does.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A router that expects whole paths, below a prefix that nesting takes away.
#[derive(Clone)]
struct Prefixed {
    prefix: &'static str,
    router: Router,
}

impl Prefixed {
    fn new(prefix: &'static str, router: Router) -> Self {
        Self { prefix, router }
    }
}

impl tower::Service<axum::extract::Request> for Prefixed {
    type Response = axum::response::Response;
    type Error = std::convert::Infallible;
    type Future = <Router as tower::Service<axum::extract::Request>>::Future;

    fn poll_ready(&mut self, context: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        tower::Service::<axum::extract::Request>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, mut request: axum::extract::Request) -> Self::Future {
        let rest = request.uri().path_and_query().map_or("/", |rest| rest.as_str());
        let whole = format!("{}{}", self.prefix, if rest.starts_with("/?") { &rest[1..] } else { rest });
        if let Ok(uri) = whole.parse() {
            *request.uri_mut() = uri;
        }
        // What nesting noted of the path would stand before the path the router matches, and a route is known by that.
        request.extensions_mut().clear();
        self.router.call(request)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]
    use super::*;
    use axum::{body::Body, extract::MatchedPath, http::Request, routing::get};
    use tower::ServiceExt as _;

    #[tokio::test]
    async fn below_a_prefix_a_route_is_known_by_the_path_it_has_on_aws() {
        let shown = async |uri: &str| {
            let inner = Router::new().route("/v1/contacts/{id}", get(async |path: MatchedPath| path.as_str().to_owned()));
            let outer = Router::new().nest_service("/v1", Prefixed::new("/v1", inner));
            let answer = outer.oneshot(Request::get(uri).body(Body::empty()).unwrap()).await.unwrap();
            String::from_utf8(axum::body::to_bytes(answer.into_body(), 100).await.unwrap().to_vec()).unwrap()
        };
        assert_eq!(shown("/v1/contacts/con_1?limit=1").await, "/v1/contacts/{id}");
    }
}
