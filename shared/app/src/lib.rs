//! Use cases, one file each, named by the verb. Each loads, decides, commits, and answers; the world outside is told by
//! what the commit left in the outbox. No use case calls another; what several share is in [`change`],
//! [`settlement`], `commit` and [`api_keys`].

pub mod api_keys;
pub mod authenticate;
pub mod caller;
pub mod change;
mod commit;
pub mod connect;
pub mod create_api_key;
pub mod create_contact;
pub mod create_invoice;
pub mod create_product;
pub mod delete_draft;
pub mod dispatch_outbox;
pub mod error;
pub mod measures;
pub mod open_invoice;
pub mod patch_contact;
pub mod patch_invoice;
pub mod presses;
pub mod reconcile;
pub mod record_gateway_notice;
pub mod record_payment;
pub mod remind;
pub mod request_payment;
pub mod resolve_attempt;
pub mod return_from_checkout;
pub mod revoke_api_key;
pub mod rotate_api_key;
pub mod save_business;
pub mod send_invoice;
pub mod settle_attempts;
pub mod settlement;
pub mod start_payment;
pub mod sweep;
pub mod void_invoice;

pub use caller::{Answered, Caller, Idempotency};
pub use error::AppError;

use api_keys::Bootstrap;
use chrono::{DateTime, SubsecRound, Utc};
use domain::{
    automation::Automation,
    ids::{ApiKeyId, InvoiceId, RequestId},
    invoice::{Invoice, actions::Circumstances},
    link::{Link, LinkKeys, Purpose},
    money::Money,
    pii::{Pii, RecipientRef},
    settings::Business,
};
use gateway::Gateway;
use measures::Measures;
use presses::Presses;
use secrecy::SecretString;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};
use store::{
    Store, Stored, StoredApiKey,
    queries::{ContactFolder, InvoiceFolder},
};

/// Where instants come from. Only functions and the local run make one from a real clock.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// A clock that asks the given function.
    pub fn new(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The instant, to the millisecond, as the table keeps it.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)().trunc_subsecs(3)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Where random bytes come from: ids, salts, keys.
#[derive(Clone)]
pub struct Entropy(Arc<Fill>);

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

impl Entropy {
    /// A source that fills the given bytes.
    pub fn new(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// Fills bytes at random.
    pub fn fill(&self, bytes: &mut [u8]) {
        (self.0)(bytes);
    }

    /// A random number of 128 bits.
    #[must_use]
    pub fn number(&self) -> u128 {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        u128::from_be_bytes(bytes)
    }

    /// Thirty-two random hex digits.
    #[must_use]
    pub fn token(&self) -> String {
        format!("{:032x}", self.number())
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}

/// Seconds that settings and API keys are kept in memory.
pub const CACHE_SECONDS: i64 = 60;

/// What changes seldom, kept for a minute.
#[derive(Debug, Default)]
struct Cache {
    business: Option<(DateTime<Utc>, Stored<Business>)>,
    keys: BTreeMap<String, (DateTime<Utc>, StoredApiKey)>,
}

/// Everything a use case may use.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The table.
    pub store: Store,
    /// The payment gateway, if one is set up.
    pub gateway: Option<Gateway>,
    /// The keys that sign customers' links.
    pub links: LinkKeys,
    /// What every customer's address begins with, such as `https://pay.example.com`, without a slash at the end.
    pub base_url: String,
    /// Secrets that sign the gateway's notices.
    pub notice_secrets: Vec<SecretString>,
    /// The key that the stack was born with, while its secret is there.
    pub bootstrap: Option<Bootstrap>,
    /// Whose logins are trusted; nobody's when it is not set up.
    pub jwt_issuer: Option<String>,
    /// Reminders that go out.
    pub automations: Arc<[Automation]>,
    /// Where instants come from.
    pub clock: Clock,
    /// Where random bytes come from.
    pub entropy: Entropy,
    /// What the run at hand notices.
    pub measures: Measures,
    presses: Presses,
    cache: Arc<Mutex<Cache>>,
}

/// What [`Deps`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// The table.
    pub store: Store,
    /// The payment gateway, if one is set up.
    pub gateway: Option<Gateway>,
    /// The keys that sign customers' links.
    pub links: LinkKeys,
    /// What every customer's address begins with.
    pub base_url: String,
    /// Secrets that sign the gateway's notices.
    pub notice_secrets: Vec<SecretString>,
    /// The key that the stack was born with, if it is to be taken.
    pub bootstrap: Option<Bootstrap>,
    /// Whose logins are trusted, if any.
    pub jwt_issuer: Option<String>,
    /// Where instants come from.
    pub clock: Clock,
    /// Where random bytes come from.
    pub entropy: Entropy,
}

impl Deps {
    /// Puts everything together, with the default automations.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            store: parts.store,
            gateway: parts.gateway,
            links: parts.links,
            base_url: parts.base_url,
            notice_secrets: parts.notice_secrets,
            bootstrap: parts.bootstrap,
            jwt_issuer: parts.jwt_issuer,
            automations: domain::automation::defaults().into(),
            clock: parts.clock,
            entropy: parts.entropy,
            measures: Measures::default(),
            presses: Presses::default(),
            cache: Arc::new(Mutex::new(Cache::default())),
        }
    }

    /// The same, with another clock.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The same, with keys that were read again.
    pub(crate) fn with_keys(self, keys: connect::Keys) -> Self {
        Self { gateway: keys.gateway, links: keys.links, notice_secrets: keys.notice_secrets, bootstrap: keys.bootstrap, ..self }
    }

    /// The business's settings, at most [`CACHE_SECONDS`] old.
    ///
    /// # Errors
    /// [`AppError::NoBusiness`] before they were saved for the first time.
    pub async fn business(&self, now: DateTime<Utc>) -> Result<Business, AppError> {
        if let Some(found) = self.cached(|cache| cache.business.clone(), now) {
            return Ok(found.value);
        }
        let found = self.store.find_business().await?.ok_or(AppError::NoBusiness)?;
        self.remember(|cache| cache.business = Some((now, found.clone())));
        Ok(found.value)
    }

    pub(crate) async fn load_invoice(&self, id: &InvoiceId) -> Result<InvoiceFolder, AppError> {
        self.store.find_invoice(id).await?.ok_or(AppError::NotFound { what: "invoice" })
    }

    pub(crate) async fn load_contact(&self, invoice: &Invoice) -> Result<ContactFolder, AppError> {
        self.store.find_contact(&invoice.contact_id).await?.ok_or_else(|| AppError::Defect(format!("{} has no contact", invoice.id)))
    }

    fn cached<T>(&self, pick: impl Fn(&Cache) -> Option<(DateTime<Utc>, T)>, now: DateTime<Utc>) -> Option<T> {
        let cache = self.cache.lock().ok()?;
        let (since, value) = pick(&cache)?;
        let age = (now - since).num_seconds();
        (0..CACHE_SECONDS).contains(&age).then_some(value)
    }

    fn remember(&self, put: impl FnOnce(&mut Cache)) {
        if let Ok(mut cache) = self.cache.lock() {
            put(&mut cache);
        }
    }

    /// Reads a key from the table again when it comes next.
    fn forget_key(&self, id: &ApiKeyId) {
        self.remember(|cache| {
            cache.keys.remove(id.as_str());
        });
    }

    fn request_id(&self, now: DateTime<Utc>) -> RequestId {
        RequestId::at(millis(now), self.entropy.number())
    }

    /// The path name that stands before every path of a customer's address: `/bills`, or nothing.
    #[must_use]
    pub fn path_name(&self) -> &str {
        path_name(&self.base_url)
    }

    /// Whether customers' pages have an address of the gateway in front of them instead of one of the business.
    #[must_use]
    pub fn has_temporary_address(&self) -> bool {
        self.base_url.contains(".execute-api.")
    }

    /// The address of an invoice's page for one recipient.
    #[must_use]
    pub fn invoice_url(&self, invoice: &Invoice, recipient: RecipientRef) -> Pii {
        self.url(Purpose::Invoice, invoice, recipient)
    }

    /// The address of an invoice's pay page for one recipient.
    #[must_use]
    pub fn pay_url(&self, invoice: &Invoice, recipient: RecipientRef) -> Pii {
        self.url(Purpose::Pay, invoice, recipient)
    }

    fn url(&self, purpose: Purpose, invoice: &Invoice, recipient: RecipientRef) -> Pii {
        let link = Link { purpose, invoice_id: invoice.id.clone(), recipient, version: invoice.link_version };
        let path = match purpose {
            Purpose::Invoice => "i",
            Purpose::Pay => "p",
        };
        Pii::new(format!("{}/{path}/{}", self.base_url, self.links.sign(&link).reveal()))
    }

    /// Whether the gateway moves real money.
    #[must_use]
    pub fn moves_real_money(&self) -> bool {
        self.gateway.as_ref().is_some_and(Gateway::is_live)
    }

    /// Why no gateway can collect that sum, if so.
    #[must_use]
    pub fn no_gateway(&self, amount: Money) -> Option<String> {
        match &self.gateway {
            None => Some("no payment gateway is set up".to_owned()),
            Some(gateway) => gateway.supports(amount).err().map(|error| error.to_string()),
        }
    }

    /// What the action table goes by beside the invoice.
    #[must_use]
    pub fn circumstances(&self, invoice: &Invoice, has_recipient: bool) -> Circumstances {
        Circumstances { has_recipient, no_gateway: self.no_gateway(invoice.amount_due()) }
    }
}

/// The path name in what customers' addresses begin with: `/bills` in `https://example.com/bills`.
#[must_use]
pub fn path_name(base_url: &str) -> &str {
    let host = base_url.find("://").map_or(0, |at| at + 3);
    base_url.get(host..).and_then(|rest| rest.find('/')).and_then(|at| base_url.get(host + at..)).unwrap_or_default()
}

/// Milliseconds since 1970, as ids carry them.
#[must_use]
pub fn millis(at: DateTime<Utc>) -> u64 {
    u64::try_from(at.timestamp_millis()).unwrap_or(0)
}
