//! What functions reach, on loopback: the table, the mailbox, the bus, the secrets and the gateway of a world.

use super::{Function, Process, Variables, beside, samples};
use crate::world::{GATEWAY_SECRET, NOTICE_SECRET, World};
use app::{Clock, Entropy};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use domain::{api_key::ApiKey, ids::ApiKeyId};
use serde_json::json;
use store::StoredApiKey;
use tokio::{net::TcpListener, task::JoinHandle};

/// The key that signs the links of worlds, in hex.
const LINK_KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707";
/// The secret part of the key that the stack was born with.
const BOOTSTRAP: &str = "b007b007b007b007b007b007b007b007b007b007b007b007b007b007b007b007";
/// What opens the gateway, and what signs its notices.
const STRIPE: [&str; 2] = [GATEWAY_SECRET, NOTICE_SECRET];

/// A world that processes reach. Its clock shows the real time, and whoever seeds may turn it back; its business keeps UTC and
/// reminds from midnight on, so that what is due does not hang on the hour.
pub struct Surroundings {
    /// The world.
    pub world: World,
    /// Where the gateway is for processes. Worlds have it elsewhere.
    pub gateway: String,
    table: String,
    recorder: String,
    servers: Servers,
}

struct Servers(Vec<JoinHandle<()>>);

impl Drop for Servers {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

#[expect(clippy::disallowed_methods, reason = "processes live by the real clock")]
fn real_time() -> DateTime<Utc> {
    Utc::now()
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

async fn serve(router: Router) -> (String, JoinHandle<()>) {
    let (listener, url) = listen().await;
    (url, beside(async move { axum::serve(listener, router).await.unwrap() }))
}

impl Surroundings {
    /// Begins a world and puts it on loopback.
    ///
    /// # Panics
    /// When the world's table is not the embedded one.
    pub async fn open() -> Self {
        let world = World::bare(&text_of(real_time())).await;
        let business = json!({
            "name": "Kestrel Studio", "zone": "UTC", "default_currency": "EUR", "email_from": "billing@kestrel.example.com",
            "reply_to": "hello@kestrel.example.com", "sweep_hour": 0, "due_default_days": 14, "terms": "Payable without deduction."
        });
        let _ = world.put("/v1/business", &business).await.expect(200);
        for (name, secret) in [
            ("remit/link-keys", json!({ "current": 1, "1": LINK_KEY })),
            ("remit/stripe", json!({ "secret_key": STRIPE[0], "webhook_secrets": [STRIPE[1]] })),
            ("remit/bootstrap-key", json!({ "id": "key_00000000000000000000000000", "secret": BOOTSTRAP })),
        ] {
            world.recorder.rotate_secret(name, secret.to_string());
        }
        let (table, tables) = serve(world.table.embedded().unwrap().router()).await;
        let (recorder, recorders) = serve(world.recorder.router()).await;
        let (gateway, gateways) = serve(world.gateway.router()).await;
        Self { world, gateway, table, recorder, servers: Servers(vec![tables, recorders, gateways]) }
    }

    /// The variables that a function has by the template, and where everything is.
    #[must_use]
    pub fn variables(&self, function: &Function) -> Variables {
        let mut variables = function.variables.clone();
        let mut set = |name: &str, value: &str| variables.insert(name.to_owned(), value.to_owned());
        set("AWS_ENDPOINT_URL_DYNAMODB", &self.table);
        for service in ["SESV2", "EVENTBRIDGE", "SECRETS_MANAGER"] {
            set(&format!("AWS_ENDPOINT_URL_{service}"), &self.recorder);
        }
        set("REMIT_STRIPE_API_URL", &self.gateway);
        set("REMIT_STRIPE_CHECKOUT_ORIGIN", &self.gateway);
        variables
    }

    /// Starts a function's release binary.
    pub async fn start(&self, function: &Function) -> Process {
        Process::start(&function.binary(), function, &self.variables(function)).await
    }

    /// Turns the world's clock to so long before the real time.
    pub fn turn_back(&self, span: TimeDelta) {
        self.world.set_clock(&text_of(real_time() - span));
    }

    /// The day in so many days.
    #[must_use]
    pub fn day(&self, days: i64) -> String {
        let day: NaiveDate = (real_time() + TimeDelta::days(days)).date_naive();
        day.to_string()
    }

    /// Puts down the API key and the contact that sample events name.
    ///
    /// # Panics
    /// When the table does not take them.
    pub async fn know_the_samples_key_and_contact(&mut self) {
        let id = ApiKeyId::parse(samples::API_KEY).unwrap();
        let hash = app::api_keys::hash_of_secret(samples::API_KEY_SECRET);
        let now = self.world.deps.clock.now();
        let key = ApiKey { last_used_at: Some(now), ..ApiKey::owner(id, "The samples' owner", now) };
        self.world.deps.store.put_api_key(&StoredApiKey { key, hash, rev: 1 }).await.unwrap();

        // An id is its instant and a random number: at that instant, with that number, the next one made is the wanted one.
        let (_, body) = samples::CONTACT.split_once('_').unwrap();
        let digit = |c: char| "0123456789ABCDEFGHJKMNPQRSTVWXYZ".find(c).unwrap() as u128;
        let whole = body.chars().fold(0_u128, |whole, c| (whole << 5) | digit(c));
        let then = DateTime::from_timestamp_millis(i64::try_from(whole >> 82).unwrap()).unwrap();
        let as_it_is = self.world.deps.clone();
        self.world.rebuild(|mut deps| {
            deps.clock = Clock::new(move || then);
            deps.entropy = Entropy::new(move |bytes| {
                bytes.iter_mut().zip(whole.to_be_bytes().iter().cycle()).for_each(|(byte, random)| *byte = *random);
            });
            deps
        });
        let made = self.world.contact("Ada Lovelace", "ada@example.com").await;
        assert_eq!(made, samples::CONTACT);
        self.world.rebuild(|_| as_it_is);
    }

    /// The one row of a partition whose place in it begins so.
    ///
    /// # Panics
    /// When there is none.
    pub async fn sort_key(&self, pk: &str, begins: &str) -> String {
        let query = self.world.table.client().query().table_name("remit").key_condition_expression("pk = :pk AND begins_with(sk, :sk)");
        let values = [(":pk", pk), (":sk", begins)].map(|(name, text)| (name.to_owned(), AttributeValue::S(text.to_owned())));
        let found = query.set_expression_attribute_values(Some(values.into())).send().await.unwrap();
        found.items()[0]["sk"].as_s().unwrap().clone()
    }

    /// Ends what listens, and closes the world: what the processes have written is what the journals tell.
    pub async fn close(self) {
        drop(self.servers);
        self.world.close().await;
    }

    /// What no line of a log may hold: addresses, and whatever opens anything.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let owner = self.world.staff("GET", "/").body(()).unwrap();
        let owner = owner.headers()["authorization"].to_str().unwrap().rsplit(['_', ' ']).next().unwrap().to_owned();
        let [opens, signs] = STRIPE;
        let mut secrets: Vec<String> = [LINK_KEY, BOOTSTRAP, opens, signs, samples::API_KEY_SECRET].map(str::to_owned).into();
        secrets.extend([owner, crate::world::GOOD_CARD.to_owned()]);
        secrets.extend(self.world.mails().into_iter().flat_map(|mail| mail.envelope_to));
        secrets.extend(["ada@example.com", "billing@kestrel.example.com", "hello@kestrel.example.com", "Lovelace"].map(str::to_owned));
        secrets
    }
}

fn text_of(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
