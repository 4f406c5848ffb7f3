//! Everything the gateway knows, and the file that holds it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cards::{Card, Decline};
use super::idempotency::StoredAnswer;

const FILE_VERSION: u32 = 1;

/// All instants are Unix seconds, all amounts minor units, all maps sorted by ids that count upwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    file_version: u32,
    counter: u64,
    pub(super) sessions: BTreeMap<String, Session>,
    pub(super) intents: BTreeMap<String, Intent>,
    pub(super) charges: BTreeMap<String, Charge>,
    pub(super) events: BTreeMap<String, Value>,
    pub(super) webhooks: Vec<String>,
    pub(super) keys: BTreeMap<String, StoredAnswer>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            file_version: FILE_VERSION,
            counter: 0,
            sessions: BTreeMap::new(),
            intents: BTreeMap::new(),
            charges: BTreeMap::new(),
            events: BTreeMap::new(),
            webhooks: Vec::new(),
            keys: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SessionStatus {
    Open,
    Complete,
    Expired,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) status: SessionStatus,
    pub(super) paid: bool,
    pub(super) created: i64,
    pub(super) intent: Option<String>,
    pub(super) order: Order,
}

impl Session {
    pub(super) fn payment_status(&self) -> &'static str {
        if self.paid { "paid" } else { "unpaid" }
    }
}

/// What the merchant asked for, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) currency: String,
    pub(super) lines: Vec<Line>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) intent_metadata: BTreeMap<String, String>,
    pub(super) intent_description: Option<String>,
    pub(super) receipt_email: Option<String>,
    pub(super) client_reference_id: Option<String>,
    pub(super) customer_email: Option<String>,
    pub(super) success_url: String,
    pub(super) cancel_url: Option<String>,
    pub(super) locale: Option<String>,
    pub(super) submit_type: Option<String>,
    pub(super) expires_at: i64,
}

impl Order {
    pub(super) fn total(&self) -> i64 {
        self.lines.iter().map(Line::total).fold(0, i64::saturating_add)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) unit_amount: i64,
    pub(super) quantity: i64,
}

impl Line {
    pub(super) fn total(&self) -> i64 {
        self.unit_amount.saturating_mul(self.quantity)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum IntentStatus {
    RequiresPaymentMethod,
    Succeeded,
    Canceled,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Intent {
    pub(super) id: String,
    pub(super) session: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) status: IntentStatus,
    pub(super) created: i64,
    pub(super) canceled_at: Option<i64>,
    pub(super) latest_charge: Option<String>,
    pub(super) description: Option<String>,
    pub(super) receipt_email: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
}

/// One try to take money; `decline` is set where none moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Charge {
    pub(super) id: String,
    pub(super) intent: String,
    pub(super) session: String,
    pub(super) payment_method: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) at: i64,
    pub(super) card: Card,
    pub(super) decline: Option<Decline>,
    pub(super) email: Option<String>,
    pub(super) description: Option<String>,
    pub(super) receipt_email: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
}

impl State {
    /// `cs_test_…`, 66 characters, the most the path parameter takes.
    pub(super) fn session_id(&mut self) -> String {
        format!("cs_test_a1{:056}", self.count())
    }

    /// An id of any other object, e.g. `pi_3` and 23 digits.
    pub(super) fn object_id(&mut self, prefix: &str) -> String {
        format!("{prefix}_3{:023}", self.count())
    }

    fn count(&mut self) -> u64 {
        self.counter = self.counter.saturating_add(1);
        self.counter
    }
}

/// Reads the data file; a missing one is an empty state.
pub(super) fn load(path: &Path) -> anyhow::Result<State> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(State::default()),
        Err(error) => return Err(error.into()),
    };
    let state: State = serde_json::from_slice(&bytes).context("it does not hold a sandbox gateway's state")?;
    let found = state.file_version;
    ensure!(found == FILE_VERSION, "it has file version {found}, this build reads {FILE_VERSION}");
    Ok(state)
}

/// Writes the data file so that a crash leaves either the old or the new state.
pub(super) fn save(path: &Path, state: &State) -> anyhow::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        Some(_) | None => PathBuf::from("."),
    };
    fs::create_dir_all(&folder)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    let draft = PathBuf::from(name);
    let mut file = private_file(&draft)?;
    file.write_all(&serde_json::to_vec(state)?)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(&folder)?.sync_all()?;
    Ok(())
}

fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
