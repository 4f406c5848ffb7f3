//! A small stateful server that speaks Stripe's wire for one laptop and for tests: hosted checkout sessions with their
//! payment intents, charges, events and signed webhooks, pinned to version 2023-08-16.
//!
//! Source of every shape: Stripe's published OpenAPI of that version and docs.stripe.com/api. No wall clock and no
//! randomness: time is [`Settings::now`], ids are counted. Money is whole minor units as Stripe counts them.

mod api;
mod call;
mod cards;
mod checkout;
mod control;
mod create;
mod currency;
mod error;
mod events;
mod fault;
mod form;
mod html;
mod idempotency;
mod page;
mod render;
mod render_charge;
mod state;
#[cfg(test)]
mod tests;
mod views;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use chrono::{DateTime, Utc};

pub use cards::{TEST_CARDS, TestCard};
pub use fault::{AnswerLost, Call, Fault, WebhookMode};
pub use views::{ChargeView, Exchange, Notice, PayError, PayOutcome, SessionView, SessionViewStatus};

use checkout::Moment;
use events::Origin;
use state::State;

/// The version of Stripe's API the sandbox speaks; another one in `Stripe-Version` is refused.
pub const API_VERSION: &str = "2023-08-16";

/// Where the sandbox reads the time.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What a sandbox gateway is opened with.
pub struct Settings {
    /// The file that holds everything the gateway knows (JSON); `None` keeps it in memory only.
    pub data_file: Option<PathBuf>,
    /// Scheme and authority under which payers reach the hosted page, e.g. `http://127.0.0.1:4242`.
    pub public_url: String,
    /// The secret API key that callers present, e.g. `sk_test_…`.
    pub secret_key: String,
    /// The signing secret of the webhook endpoint, e.g. `whsec_…`; its bytes are the HMAC key.
    pub webhook_secret: String,
    /// The clock.
    pub now: Now,
    /// Whether every API request and its answer is kept for [`SandboxGateway::exchanges`].
    pub record_exchanges: bool,
}

/// The sandbox gateway. Clones share one state.
#[derive(Clone)]
pub struct SandboxGateway(Arc<Inner>);

struct Inner {
    settings: Settings,
    core: Mutex<Core>,
}

/// Everything behind the lock. Only `state` outlives the process.
struct Core {
    state: State,
    public_url: String,
    mode: WebhookMode,
    faults: Vec<Fault>,
    in_flight: BTreeSet<String>,
    exchanges: Vec<Exchange>,
    requests: u64,
}

impl fmt::Debug for SandboxGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxGateway").finish_non_exhaustive()
    }
}

impl SandboxGateway {
    /// Opens the gateway with what its data file holds, or empty where there is none.
    ///
    /// # Errors
    /// When the file exists and cannot be read as the gateway's own; the error names the file.
    pub fn open(settings: Settings) -> anyhow::Result<Self> {
        let state = match &settings.data_file {
            Some(path) => state::load(path)
                .with_context(|| format!("sandbox gateway: {} is not readable; move it away to start empty", path.display()))?,
            None => State::default(),
        };
        let core = Core {
            state,
            public_url: trimmed(&settings.public_url),
            mode: WebhookMode::Deliver,
            faults: Vec::new(),
            in_flight: BTreeSet::new(),
            exchanges: Vec::new(),
            requests: 0,
        };
        Ok(Self(Arc::new(Inner { settings, core: Mutex::new(core) })))
    }

    /// The API under `/v1`, the hosted page under `/c/pay` and the controls under `/_sandbox`.
    pub fn router(&self) -> axum::Router {
        use axum::routing::{any, get, post};
        axum::Router::new()
            .route("/c/pay/{session}", get(page::show).post(page::submit))
            .route("/_sandbox", get(control::overview))
            .route("/_sandbox/faults", post(control::fault))
            .route("/_sandbox/webhooks", post(control::webhooks))
            .route("/v1/{*rest}", any(api::serve))
            .fallback(any(api::serve))
            .with_state(self.clone())
    }

    /// Sets scheme and authority of the hosted page, once the port is known.
    pub fn set_public_url(&self, url: String) {
        self.lock().public_url = trimmed(&url);
    }

    /// Queues a fault; the next API call that it fits takes it. Faults do not survive a restart.
    pub fn inject(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// Takes back every fault that no call has met yet; answers how many.
    pub fn forget_faults(&self) -> usize {
        std::mem::take(&mut self.lock().faults).len()
    }

    /// Decides what becomes of webhooks from now on. A restart returns to [`WebhookMode::Deliver`].
    pub fn set_webhook_mode(&self, mode: WebhookMode) {
        self.lock().mode = mode;
    }

    /// Expires every open session past its `expires_at`, with its webhook. Every read does the same first.
    pub fn expire_due(&self) {
        let mut core = self.lock();
        self.refresh(&mut core);
    }

    /// When the first open session expires.
    #[must_use]
    pub fn next_expiry(&self) -> Option<DateTime<Utc>> {
        let core = self.lock();
        let open = core.state.sessions.values().filter(|session| session.status == state::SessionStatus::Open);
        open.map(|session| session.order.expires_at).min().and_then(|at| DateTime::from_timestamp(at, 0))
    }

    /// Pays an open session with a test card, as the hosted form does. `number` may hold spaces; only brand and last
    /// four digits are kept.
    ///
    /// # Errors
    /// When the session is unknown or expired, the number is not a card number, or the state cannot be written.
    pub fn pay(&self, session_id: &str, number: &str) -> Result<PayOutcome, PayError> {
        let expiry = cards::expiry_in_three_years((self.0.settings.now)());
        self.submit_card(session_id, number, expiry)
    }

    fn submit_card(&self, session: &str, number: &str, expiry: cards::Expiry) -> Result<PayOutcome, PayError> {
        let (card, verdict) = cards::read(number, expiry).ok_or(PayError::InvalidNumber)?;
        let mut core = self.lock();
        let moment = self.moment(&core, Origin::default());
        self.commit(&mut core, |state| {
            state.expire_due(&moment);
            state.submit(session, card, verdict, &moment)
        })
        .map_err(|error| {
            tracing::error!(error = format!("{error:#}"), "sandbox gateway: data file not written");
            PayError::NotSaved
        })?
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        self.0.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moment(&self, core: &Core, origin: Origin) -> Moment {
        Moment { now: (self.0.settings.now)().timestamp(), public_url: core.public_url.clone(), mode: core.mode, origin }
    }

    fn refresh(&self, core: &mut Core) {
        let moment = self.moment(core, Origin::default());
        if let Err(error) = self.commit(core, |state| state.expire_due(&moment)) {
            tracing::error!(error = format!("{error:#}"), "sandbox gateway: data file not written");
        }
    }

    /// Runs `work` on the state. With a data file the change is on disk before it is visible to anyone, or not made.
    fn commit<T>(&self, core: &mut Core, work: impl FnOnce(&mut State) -> T) -> anyhow::Result<T> {
        let Some(path) = &self.0.settings.data_file else {
            return Ok(work(&mut core.state));
        };
        let mut next = core.state.clone();
        let result = work(&mut next);
        if next != core.state {
            state::save(path, &next).with_context(|| format!("cannot write {}", path.display()))?;
            core.state = next;
        }
        Ok(result)
    }
}

fn trimmed(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}
