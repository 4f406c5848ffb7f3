//! A stand-in for the three AWS calls besides the table: mail, events and secrets, kept where they can be read.
//!
//! It speaks SES v2 `SendEmail`, EventBridge `PutEvents` and Secrets Manager `GetSecretValue` as the SDK speaks them,
//! on one address. What it accepts is on disk before it answers. Its ids are counted and its clock is given to it.

mod answers;
mod disk;
mod events;
mod mail;
mod secrets;
pub mod view;

pub use events::RecordedEvent;
pub use mail::Mail;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use chrono::{DateTime, Utc};
use disk::Disk;
use secrets::Secret;
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where the recorder's time comes from.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// SES takes 40 MB of mail, in base64 and JSON.
const LARGEST_REQUEST: usize = 56 * 1024 * 1024;

/// What a recorder starts with.
pub struct Settings {
    /// Where mails and events are kept; none keeps them in memory only.
    pub data_dir: Option<PathBuf>,
    /// The clock.
    pub now: Now,
    /// Secrets by name: the string under `AWSCURRENT`.
    pub secrets: BTreeMap<String, String>,
}

/// The mailbox, the event log and the secrets behind one address. Clones share them.
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    now: Now,
    state: Mutex<Recorded>,
}

struct Recorded {
    disk: Option<Disk>,
    mails: Vec<Mail>,
    events: Vec<RecordedEvent>,
    secrets: BTreeMap<String, Secret>,
    mail_faults: VecDeque<MailFault>,
    event_faults: VecDeque<EventsFault>,
}

/// Something that goes wrong once, with the next call it concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// With the next `SendEmail`.
    Mail(MailFault),
    /// With the next `PutEvents`.
    Events(EventsFault),
}

/// What goes wrong with a `SendEmail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailFault {
    /// 429 `TooManyRequestsException`.
    Throttled,
    /// 400 `SendingPausedException`: the account may not send for now.
    SendingPaused,
    /// 400 `MessageRejected`: SES does not like what is in it.
    RejectedMessage,
    /// 400 `MessageRejected`: the account is in the sandbox and the recipient is not verified.
    NotVerified,
    /// Nothing is recorded and no answer arrives.
    LoseBeforeEffect,
    /// The mail is recorded and its answer does not arrive.
    LoseAnswerAfterEffect,
    /// 500, nothing is recorded.
    ServerError,
}

/// What goes wrong with a `PutEvents`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventsFault {
    /// Nothing is recorded and no answer arrives.
    LoseBeforeEffect,
    /// The events are recorded and the answer does not arrive.
    LoseAnswerAfterEffect,
    /// The first entry fails, the others are recorded: `FailedEntryCount` is 1 under status 200.
    PartialFailure,
}

/// Marks an answer that never reached its caller. On a socket its body breaks off; in process it stands in the
/// response's extensions.
#[derive(Debug, Clone, Copy)]
pub struct AnswerLost;

impl Recorder {
    /// Opens a recorder and reads back what its folder holds.
    ///
    /// # Errors
    /// When the folder cannot be made or read, or holds something that the recorder did not write.
    pub fn open(settings: Settings) -> anyhow::Result<Self> {
        let Settings { data_dir, now, secrets } = settings;
        let disk = data_dir.as_deref().map(Disk::open).transpose()?;
        let (mails, events) = match &disk {
            Some(disk) => (disk.mails()?, disk.events()?),
            None => Default::default(),
        };
        let created = now();
        let secrets = secrets.into_iter().map(|(name, value)| (name, Secret::new(value, created))).collect();
        let state = Recorded { disk, mails, events, secrets, mail_faults: VecDeque::new(), event_faults: VecDeque::new() };
        Ok(Self(Arc::new(Inner { now, state: Mutex::new(state) })))
    }

    /// All three services on one address.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/v2/email/outbound-emails", post(send_email))
            .route("/", post(by_target))
            .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
            .with_state(self.clone())
    }

    /// All mails, the oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.state().mails.clone()
    }

    /// One mail by the id that `SendEmail` answered with.
    #[must_use]
    pub fn mail(&self, id: &str) -> Option<Mail> {
        self.state().mails.iter().find(|mail| mail.id == id).cloned()
    }

    /// All events, the oldest first.
    #[must_use]
    pub fn events(&self) -> Vec<RecordedEvent> {
        self.state().events.clone()
    }

    /// The events behind the first so many, the oldest first.
    #[must_use]
    pub fn events_from(&self, place: usize) -> Vec<RecordedEvent> {
        self.state().events.get(place..).unwrap_or_default().to_vec()
    }

    /// Lets the next call meet a fault. Faults of one service queue up.
    pub fn inject(&self, fault: Fault) {
        let mut state = self.state();
        match fault {
            Fault::Mail(fault) => state.mail_faults.push_back(fault),
            Fault::Events(fault) => state.event_faults.push_back(fault),
        }
    }

    /// Gives a secret a new current string; the one it had becomes `AWSPREVIOUS`.
    pub fn rotate_secret(&self, name: &str, value: String) {
        let now = (self.0.now)();
        let mut state = self.state();
        match state.secrets.get_mut(name) {
            Some(secret) => secret.rotate(value),
            None => {
                state.secrets.insert(name.to_owned(), Secret::new(value, now));
            }
        }
    }

    /// Deletes a secret with a window for recovery, as Secrets Manager does unless it is told otherwise: it is there and cannot be read.
    pub fn delete_secret(&self, name: &str) {
        if let Some(secret) = self.state().secrets.get_mut(name) {
            secret.delete();
        }
    }

    /// A panic while the lock is held leaves whole mails and events behind: each is pushed in one step.
    fn state(&self) -> MutexGuard<'_, Recorded> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn send_email(State(recorder): State<Recorder>, body: Bytes) -> Response {
    let now = (recorder.0.now)();
    mail::send(&mut recorder.state(), now, &body)
}

async fn by_target(State(recorder): State<Recorder>, headers: HeaderMap, body: Bytes) -> Response {
    let now = (recorder.0.now)();
    match headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
        Some("AWSEvents.PutEvents") => events::put(&mut recorder.state(), now, &body),
        Some("secretsmanager.GetSecretValue") => secrets::get(&recorder.state(), &body),
        _ => {
            answers::refused_by_target(StatusCode::BAD_REQUEST, "UnknownOperationException", "this recorder does not speak that operation")
        }
    }
}
