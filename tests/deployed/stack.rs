//! A stack that is deployed somewhere, with a mailbox and a gateway of our own.

use app::{Clock, Deps, Entropy, Parts};
use aws_config::SdkConfig;
use axum::{Router, body::Body};
use chrono::{TimeDelta, Utc};
use domain::link::LinkKeys;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use local::{
    recorder::{self, Recorder},
    sandbox_gateway::{self, SandboxGateway},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use store::Store;
use tests::{
    http_client,
    world::{GOOD_CARD, hidden_fields},
};
use tower::ServiceExt as _;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; .ci/deployed sets it"))
}

/// An answer.
pub struct Reply {
    pub status: u16,
    pub text: String,
    pub location: String,
}

impl Reply {
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

pub struct Stack {
    pub store: Store,
    pub gateway: SandboxGateway,
    recorder: Recorder,
    sdk: SdkConfig,
    outputs: BTreeMap<String, String>,
    endpoint: String,
    token: String,
    client: reqwest::Client,
    keys: AtomicU64,
    /// Links, tokens and addresses: none may stand in a log.
    secrets: Mutex<BTreeSet<String>>,
}

async fn serve(router: Router, port: &str) {
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
}

impl Stack {
    pub async fn connect() -> Self {
        let now: recorder::Now = Arc::new(Utc::now);
        let settings = recorder::Settings { data_dir: None, now: now.clone(), secrets: BTreeMap::new() };
        let recorder = Recorder::open(settings).unwrap();
        serve(recorder.router(), &variable("REMIT_DEPLOYED_MAIL_PORT")).await;
        let gateway_port = variable("REMIT_DEPLOYED_GATEWAY_PORT");
        let gateway = SandboxGateway::open(sandbox_gateway::Settings {
            data_file: None,
            public_url: format!("http://127.0.0.1:{gateway_port}"),
            secret_key: variable("REMIT_DEPLOYED_STRIPE_KEY"),
            webhook_secret: variable("REMIT_DEPLOYED_WEBHOOK_SECRET"),
            now,
            record_exchanges: true,
        })
        .unwrap();
        serve(gateway.router(), &gateway_port).await;

        let sdk = runtime::aws::sdk_config();
        let outputs: Vec<Value> = serde_json::from_str(&variable("REMIT_DEPLOYED_OUTPUTS")).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let outputs: BTreeMap<String, String> =
            outputs.iter().map(|output| (text(&output["OutputKey"]), text(&output["OutputValue"]))).collect();
        let secrets = aws_sdk_secretsmanager::Client::new(&sdk);
        let minted = secrets.get_secret_value().secret_id(&outputs["BootstrapKeySecretName"]).send().await.unwrap();
        let minted: Value = serde_json::from_str(&minted.secret_string.unwrap()).unwrap();
        let token = format!("{}_{}", text(&minted["id"]), text(&minted["secret"]));
        let shown = BTreeSet::from([
            text(&minted["secret"]),
            variable("REMIT_DEPLOYED_STRIPE_KEY"),
            variable("REMIT_DEPLOYED_WEBHOOK_SECRET"),
            GOOD_CARD.to_owned(),
        ]);
        Self {
            store: Store::new(&sdk, None, &outputs["TableName"]),
            gateway,
            recorder,
            sdk,
            endpoint: variable("AWS_ENDPOINT_URL"),
            outputs,
            token,
            client: http_client().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
            keys: AtomicU64::new(1),
            secrets: Mutex::new(shown),
        }
    }

    /// A request to an address of the stack, sent to where it is emulated: an API is known by the host it is asked for.
    fn request(&self, method: Method, url: &str) -> reqwest::RequestBuilder {
        let bare = url.trim_start_matches("https://").trim_start_matches("http://");
        let (host, path) = bare.find('/').map_or((bare, ""), |at| bare.split_at(at));
        let port = self.endpoint.rsplit(':').next().unwrap();
        let host = match host.split_once(".execute-api.") {
            Some((id, _)) => format!("{id}.execute-api.localhost:{port}"),
            None if self.outputs["CustomerUrl"].contains(host) => host.to_owned(),
            None => return self.client.request(method, url),
        };
        self.client.request(method, format!("http://127.0.0.1:{port}{path}")).header("host", host)
    }

    fn keep(&self, secret: &str) {
        self.secrets.lock().unwrap().insert(secret.to_owned());
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let answer = request.send().await.unwrap();
        let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        Reply { status: answer.status().as_u16(), location, text: answer.text().await.unwrap() }
    }

    fn form(&self, url: &str, fields: &[(String, String)]) -> reqwest::RequestBuilder {
        let body = serde_urlencoded::to_string(fields).unwrap();
        self.request(Method::POST, url).header("content-type", "application/x-www-form-urlencoded").body(body)
    }

    /// A request to the staff's API with any key.
    pub async fn staff(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> (u16, Value) {
        let mut request = self.request(method.parse().unwrap(), &format!("{}{path}", self.outputs["StaffUrl"]));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
            if method == "POST" {
                request = request.header("idempotency-key", format!("deployed-{}", self.keys.fetch_add(1, Ordering::Relaxed)));
            }
        }
        let reply = self.send(request).await;
        (reply.status, serde_json::from_str(&reply.text).unwrap_or(Value::String(reply.text)))
    }

    /// A change through the staff's API that must succeed.
    pub async fn api(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.staff(method, path, Some(&self.token), Some(body)).await;
        assert!((200..300).contains(&status), "{status} {answer:#}");
        answer
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.staff("GET", path, Some(&self.token), None).await;
        assert_eq!(status, 200, "{answer:#}");
        answer
    }

    /// Tokens of staff who log in: by whose they are, and those that no stack may take by what is wrong with them.
    pub fn tokens(&self) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
        let mut all: Value = serde_json::from_str(&std::fs::read_to_string(variable("REMIT_DEPLOYED_TOKENS")).unwrap()).unwrap();
        let refused = serde_json::from_value(all["refused"].take()).unwrap();
        all.as_object_mut().unwrap().remove("refused");
        let tokens: (BTreeMap<String, String>, BTreeMap<String, String>) = (serde_json::from_value(all).unwrap(), refused);
        for token in tokens.0.values().chain(tokens.1.values()) {
            self.keep(token);
        }
        tokens
    }

    pub async fn contact(&self, name: &str, address: &str) -> String {
        self.keep(address);
        let made = self.api("POST", "/v1/contacts", &json!({ "name": name, "emails": [{ "address": address }] })).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// What customers' addresses begin with.
    pub fn customer_url(&self) -> &str {
        &self.outputs["CustomerUrl"]
    }

    /// A customer's page.
    pub async fn open(&self, url: &str) -> Reply {
        self.keep(url.rsplit_once('/').map_or(url, |(_, token)| token.split('?').next().unwrap()));
        self.send(self.request(Method::GET, url).header("user-agent", "Mozilla/5.0")).await
    }

    /// Presses Pay, and gives the checkout's address.
    pub async fn press_pay(&self, pay_url: &str) -> String {
        let page = self.open(pay_url).await.expect(200);
        let form = hidden_fields(&page.text);
        assert!(!form.is_empty(), "{}", page.text);
        self.send(self.form(pay_url, &form)).await.expect(303).location
    }

    /// Pays on the gateway's page, and gives the address that it leads back to.
    pub async fn pay_at(&self, checkout: &str) -> String {
        let card = [("number", GOOD_CARD), ("exp", "12/40"), ("cvc", "123")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let answer = self.send(self.form(checkout, &card)).await;
        assert!((300..400).contains(&answer.status), "{} {}", answer.status, answer.text);
        answer.location
    }

    /// Delivers what the gateway has to tell.
    pub async fn deliver_notices(&self) -> Vec<u16> {
        let mut statuses = Vec::new();
        for notice in self.gateway.take_webhooks() {
            let mut request = self.request(Method::POST, &self.outputs["StripeWebhookUrl"]).body(notice.body.clone());
            for (name, value) in &notice.headers {
                request = request.header(name, value);
            }
            statuses.push(self.send(request).await.status);
        }
        statuses
    }

    pub fn subjects(&self) -> Vec<String> {
        self.recorder.mails().iter().map(recorder::Mail::subject).collect()
    }

    /// The text of the first mail whose subject begins so, once it is there.
    pub async fn mail_of(&self, subject: &str, patience: Duration) -> String {
        let found = || self.recorder.mails().into_iter().find(|mail| mail.subject().starts_with(subject));
        until(patience, || found().is_some()).await.unwrap_or_else(|()| panic!("no mail `{subject}` among {:?}", self.subjects()));
        found().unwrap().text().unwrap()
    }

    /// The first address in a text whose path begins so.
    pub fn link(&self, text: &str, path: &str) -> String {
        let link = text.split_whitespace().find(|word| word.starts_with("https://") && word.contains(path));
        link.unwrap_or_else(|| panic!("no link {path} in {text}")).to_owned()
    }

    /// A step of operating the stack, and what it prints.
    pub async fn operated(&self, step: &[&str]) -> String {
        let script = tests::lambda::root().join(".ci/operated");
        let gateway = format!("http://127.0.0.1:{}", variable("REMIT_DEPLOYED_GATEWAY_PORT"));
        let mut command = std::process::Command::new(script);
        command.args(step).env("REMIT_STRIPE_API_URL", &gateway).env("REMIT_STRIPE_CHECKOUT_ORIGIN", &gateway);
        let run = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
        println!("{said}");
        said
    }

    /// A backup of the table as it is now, and where it ends.
    pub async fn backup(&self) -> String {
        self.operated(&["backup"]).await.trim().to_owned()
    }

    /// Brings the stack back from that backup.
    pub async fn bring_back(&self, since: &str) {
        let said = self.operated(&["bring-back", since]).await;
        assert!(said.contains("Invoice numbers: raised.") && said.contains("Written down again: 1."), "{said}");
    }

    /// Sends an invoice as it would have been sent ten days ago: the same use case on the same table, under a clock of then.
    pub async fn send_ten_days_ago(&self, invoice: &Value) {
        let entropy = Entropy::new(|bytes| getrandom::fill(bytes).unwrap());
        let deps = Deps::new(Parts {
            store: Store::new(&self.sdk, None, &self.outputs["TableName"]),
            gateway: None,
            links: LinkKeys::new(1, vec![(1, [7; 32])]).unwrap(),
            base_url: "https://pay.invalid".to_owned(),
            notice_secrets: Vec::new(),
            clock: Clock::new(|| Utc::now() - TimeDelta::days(10)),
            entropy,
            bootstrap: None,
            jwt_issuer: None,
        });
        let key = self.own_key().await;
        let request = Request::builder().method("POST").uri("/v1/invoices").header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {key}")).header("idempotency-key", &key[..30]);
        let answer = admin_api::router(deps).oneshot(request.body(Body::from(invoice.to_string())).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        assert_eq!(parts.status, StatusCode::CREATED, "{:?}", body.collect().await.unwrap().to_bytes());
    }

    /// An API key made through the deployed API, that opens it from then on.
    pub async fn own_key(&self) -> String {
        let made = self.api("POST", "/v1/api-keys", &json!({ "name": "deployed", "role": "owner" })).await;
        let token = made["token"].as_str().unwrap().to_owned();
        self.keep(&token);
        token
    }

    pub fn write_down_what_no_log_may_hold(&self) {
        let secrets: Vec<String> = self.secrets.lock().unwrap().iter().filter(|secret| secret.len() > 8).cloned().collect();
        std::fs::write(variable("REMIT_DEPLOYED_SECRETS"), secrets.join("\n")).unwrap();
    }
}

async fn until(patience: Duration, holds: impl Fn() -> bool) -> Result<(), ()> {
    let began = tokio::time::Instant::now();
    while began.elapsed() < patience {
        if holds() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Err(())
}
