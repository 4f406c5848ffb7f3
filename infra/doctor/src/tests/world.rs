//! A stack in which all is well, to be spoiled in one place.

use crate::{Check, Finding, Level, Report, Surroundings, dns::Dns, examine, outputs::Outputs};
use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::time::StaticTimeSource;
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use gateway::Transport;
use hickory_resolver::proto::{
    op::{Message, ResponseCode},
    rr::{
        Name, RData, Record,
        rdata::{CNAME, TXT},
    },
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt, sync::Arc};
use tokio::net::UdpSocket;

pub(super) const LINK_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
pub(super) const STRIPE_KEY: &str = "sk_live_verysecret";
pub(super) const SIGNING_SECRET: &str = "whsec_verysecret";
pub(super) const WEBHOOK_URL: &str = "https://abc.execute-api.eu-central-1.amazonaws.com/webhooks/stripe";
pub(super) const IDENTITY: &str = "GET /v2/email/identities/example.com";
pub(super) const ACCOUNT: &str = "GET /v2/email/account";
pub(super) const IDENTITIES: &str = "POST /v2/email/list-identities";
pub(super) const CONFIGURATION_SET: &str = "GET /v2/email/configuration-sets/remit-mails";
pub(super) const BUSINESS: &str = "GetItem";
pub(super) const LINK_KEYS: &str = "GetSecretValue remit-links";
pub(super) const STRIPE_KEYS: &str = "GetSecretValue remit/stripe";
pub(super) const BOOTSTRAP: &str = "DescribeSecret remit-bootstrap";
pub(super) const SESSIONS: &str = "/v1/checkout/sessions?limit=1";
pub(super) const ENDPOINTS: &str = "/v1/webhook_endpoints?limit=100";

/// 2026-03-01 12:00:00 UTC, a Sunday.
const NOW: i64 = 1_772_366_400;

/// Status and body by operation; `None` breaks the connection.
pub(super) type Answers = BTreeMap<String, Option<(u16, Value)>>;

/// What is at a name.
#[derive(Debug, Clone)]
pub(super) enum At {
    Texts(Vec<&'static str>),
    Alias(&'static str),
    Failure,
}

/// Everything the doctor may ask, and what it hears.
pub(super) struct World {
    /// Outputs of the stack.
    pub outputs: BTreeMap<&'static str, String>,
    /// What AWS answers.
    pub aws: Answers,
    /// Status and body by path.
    pub gateway: BTreeMap<&'static str, (u16, Value)>,
    /// Where the gateway is said to be.
    pub gateway_url: Option<&'static str>,
    /// What is at each name.
    pub names: BTreeMap<String, At>,
    /// How far this machine's clock is ahead, in seconds.
    pub ahead: i64,
}

pub(super) fn secret(text: &str) -> Value {
    json!({"ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x", "Name": "x", "SecretString": text})
}

pub(super) fn refusal(code: &str) -> Option<(u16, Value)> {
    Some((400, json!({"__type": code, "message": "ada@example.com may not."})))
}

pub(super) fn endpoint(over: &Value) -> Value {
    let mut endpoint = json!({
        "id": "we_1", "object": "webhook_endpoint", "api_version": "2023-08-16", "application": null, "created": 1_700_000_000,
        "description": null, "enabled_events": ["*"], "livemode": true, "metadata": {}, "status": "enabled", "url": WEBHOOK_URL,
    });
    for (name, value) in over.as_object().unwrap() {
        endpoint[name] = value.clone();
    }
    endpoint
}

pub(super) fn list(data: &[Value]) -> Value {
    json!({"object": "list", "url": "/v1/things", "has_more": false, "data": data})
}

impl World {
    pub fn healthy() -> Self {
        let outputs = [
            ("CustomerUrl", "https://pay.example.com"),
            ("StaffUrl", "https://staff.example.com"),
            ("StripeWebhookUrl", WEBHOOK_URL),
            ("TableName", "remit-table"),
            ("LinkKeysSecretName", "remit-links"),
            ("StripeSecretName", "remit/stripe"),
            ("SenderIdentity", "example.com"),
            ("ConfigurationSetName", "remit-mails"),
            ("Mode", "live"),
            ("BootstrapKeySecretName", "remit-bootstrap"),
        ];
        let identity = json!({
            "IdentityType": "DOMAIN", "VerifiedForSendingStatus": true, "VerificationStatus": "SUCCESS",
            "DkimAttributes": {"SigningEnabled": true, "Status": "SUCCESS"},
            "MailFromAttributes": {
                "MailFromDomain": "bounce.example.com", "MailFromDomainStatus": "SUCCESS", "BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
            },
        });
        let business = json!({"Item": {
            "pk": {"S": "BUSINESS"}, "sk": {"S": "A#STATE"}, "v": {"N": "1"}, "seq": {"N": "1"}, "head": {"S": LINK_KEY},
            "name": {"S": "Kestrel Studio"}, "zone": {"S": "Europe/Berlin"}, "default_currency": {"S": "EUR"},
            "email_from": {"S": "billing@example.com"}, "sweep_hour": {"N": "9"}, "due_default_days": {"N": "14"},
        }});
        let aws = [
            (ACCOUNT, json!({"ProductionAccessEnabled": true, "SendingEnabled": true, "EnforcementStatus": "HEALTHY"})),
            (CONFIGURATION_SET, json!({"ConfigurationSetName": "remit-mails", "SendingOptions": {"SendingEnabled": true}})),
            (IDENTITY, identity),
            (BUSINESS, business),
            (LINK_KEYS, secret(&json!({"current": 1, "1": LINK_KEY}).to_string())),
            (STRIPE_KEYS, secret(&json!({"secret_key": STRIPE_KEY, "webhook_secrets": [SIGNING_SECRET]}).to_string())),
        ];
        let mut aws: BTreeMap<_, _> = aws.into_iter().map(|(asked, body)| (asked.to_owned(), Some((200, body)))).collect();
        aws.insert(BOOTSTRAP.to_owned(), refusal("ResourceNotFoundException"));
        Self {
            outputs: outputs.into_iter().map(|(key, value)| (key, value.to_owned())).collect(),
            aws,
            gateway: BTreeMap::from([(SESSIONS, (200, list(&[]))), (ENDPOINTS, (200, list(&[endpoint(&json!({}))])))]),
            gateway_url: None,
            names: BTreeMap::from([
                ("bounce.example.com".to_owned(), At::Texts(vec!["v=spf1 include:amazonses.com ~all"])),
                ("_dmarc.example.com".to_owned(), At::Texts(vec!["v=DMARC1; p=quarantine; rua=mailto:ada@example.com"])),
            ]),
            ahead: 0,
        }
    }

    /// Answers one question of AWS otherwise.
    pub fn says(mut self, asked: &str, body: Value) -> Self {
        self.aws.insert(asked.to_owned(), Some((200, body)));
        self
    }

    /// Lays fields over the answer to one question of AWS.
    pub fn spoils(mut self, asked: &str, over: &Value) -> Self {
        let (_, body) = self.aws.get_mut(asked).unwrap().as_mut().unwrap();
        for (name, value) in over.as_object().unwrap() {
            body[name] = value.clone();
        }
        self
    }

    /// Refuses one question of AWS.
    pub fn refuses(mut self, asked: &str, code: &str) -> Self {
        self.aws.insert(asked.to_owned(), refusal(code));
        self
    }

    /// Sets an output of the stack.
    pub fn with(mut self, key: &'static str, value: &str) -> Self {
        self.outputs.insert(key, value.to_owned());
        self
    }

    /// Puts something at a name.
    pub fn at(mut self, name: &str, at: At) -> Self {
        self.names.insert(name.to_owned(), at);
        self
    }

    /// The outputs as the command line prints them.
    pub fn printed(&self) -> String {
        let list: Vec<Value> = self
            .outputs
            .iter()
            .map(|(key, value)| json!({"OutputKey": key, "OutputValue": value, "Description": format!("What {key} is.")}))
            .collect();
        serde_json::to_string_pretty(&list).unwrap()
    }

    pub async fn examine(self) -> Report {
        let outputs = Outputs::parse(&self.printed()).unwrap();
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        let local = now + TimeDelta::seconds(self.ahead);
        let aws = Aws { answers: Arc::new(self.aws), date: now.format("%a, %d %b %Y %H:%M:%S GMT").to_string() };
        let with = Surroundings {
            sdk: sdk(aws),
            gateway_url: self.gateway_url.map(str::to_owned),
            transport: transport(self.gateway),
            dns: Dns::at(address).unwrap(),
            clock: Arc::new(move || local),
        };
        // The name server lives as long as the examination.
        tokio::select! {
            biased;
            report = examine(&outputs, &with) => report,
            () = name_server(server, self.names) => Report { findings: Vec::new() },
        }
    }

    /// What one check comes to.
    pub async fn finds(self, check: Check) -> Finding {
        let report = self.examine().await;
        report.findings.into_iter().find(|finding| finding.check == check).unwrap()
    }

    /// One check is as bad as that and says so.
    pub async fn expect(self, check: Check, level: Level, says: &str) {
        let found = self.finds(check).await;
        assert!(found.level == level && found.says.contains(says), "{found:#?}\nwanted {level:?}: {says}");
        assert_eq!(found.todo.is_none(), level == Level::Ok, "{found:#?}");
    }
}

/// AWS below the SDK: an operation's name in, its answer out.
#[derive(Clone)]
struct Aws {
    answers: Arc<Answers>,
    date: String,
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aws")
    }
}

/// Method and path, or the target's operation and, for a secret, its name.
fn asked(request: &HttpRequest) -> String {
    let Some(target) = request.headers().get("x-amz-target") else {
        let path = request.uri().trim_start_matches("http://aws.invalid");
        return format!("{} {path}", request.method());
    };
    let operation = target.rsplit_once('.').unwrap().1;
    let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
    body["SecretId"].as_str().map_or_else(|| operation.to_owned(), |name| format!("{operation} {name}"))
}

impl HttpConnector for Aws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let asked = asked(&request);
        let answer = self.answers.get(&asked).unwrap_or_else(|| panic!("{asked} is not asked for")).clone();
        let Some((status, body)) = answer else {
            return HttpConnectorFuture::ready(Err(ConnectorError::io("connection reset".into())));
        };
        let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body.to_string()));
        response.headers_mut().insert("date", self.date.clone());
        response.headers_mut().insert("content-type", "application/json");
        HttpConnectorFuture::ready(Ok(response))
    }
}

fn sdk(aws: Aws) -> SdkConfig {
    let connector = SharedHttpConnector::new(aws);
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url("http://aws.invalid")
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("doctor", "secret", None, None, "test")))
        .retry_config(RetryConfig::disabled())
        .time_source(StaticTimeSource::from_secs(u64::try_from(NOW).unwrap()))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build()
}

fn transport(answers: BTreeMap<&'static str, (u16, Value)>) -> Transport {
    Transport::new(move |request| {
        assert_eq!((request.method().as_str(), request.uri().host()), ("GET", Some("api.stripe.com")));
        let asked = request.uri().path_and_query().unwrap().as_str();
        let (status, body) = answers.get(asked).unwrap_or_else(|| panic!("{asked} is not asked for")).clone();
        Box::pin(async move { Ok(http::Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap()) })
    })
}

/// Answers for ever. A name that is not known does not exist.
async fn name_server(socket: UdpSocket, names: BTreeMap<String, At>) {
    let mut buffer = [0; 1500];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let mut message = Message::from_vec(&buffer[..length]).unwrap().into_response();
        let name = message.queries[0].name().clone();
        let known = |name: &Name| names.get(name.to_ascii().to_ascii_lowercase().trim_end_matches('.')).cloned();
        let mut found = known(&name);
        if let Some(At::Alias(other)) = found {
            let other = Name::from_ascii(format!("{other}.")).unwrap();
            message.add_answer(Record::from_rdata(name.clone(), 60, RData::CNAME(CNAME(other.clone()))));
            found = known(&other);
        }
        match found {
            Some(At::Texts(texts)) => {
                for text in texts {
                    // A long text comes in several pieces.
                    let pieces = text.as_bytes().chunks(20).map(|piece| String::from_utf8_lossy(piece).into_owned()).collect();
                    message.add_answer(Record::from_rdata(name.clone(), 60, RData::TXT(TXT::new(pieces))));
                }
            }
            Some(At::Failure) => message.metadata.response_code = ResponseCode::ServFail,
            Some(At::Alias(_)) | None => message.metadata.response_code = ResponseCode::NXDomain,
        }
        socket.send_to(&message.to_vec().unwrap(), from).await.unwrap();
    }
}

/// The instant at which all is examined, by AWS's clock.
pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap()
}
