//! A DynamoDB for one test, in process and below the SDK, with a count of what it was asked and faults on demand.
//!
//! Requests travel through the real SDK client, its serialisers and its retries, and end in an embedded engine instead
//! of a socket. With `REMIT_TEST_DYNAMODB` set to a URL they end in the DynamoDB that listens there; counts and faults
//! stay the same.

mod answers;
mod calls;
mod remote;
mod units;

pub use calls::{Bend, Call, CallSite, Effect, FaultPlan, Pace, TableFault, Watch, calls_of, operations, read_units, travel, write_units};

use answers::{cancelled, conflict, index_of, members, only_table, refusal};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::StaticTimeSource;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use chrono::{DateTime, Utc};
use dynoxide::Database;
use dynoxide::storage_backend::ManualClock;
use local::engine::{Answer, Engine as Embedded, Stream, response};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// The second every table and every signature begins with: 2026-01-01T00:00:00Z.
pub const EPOCH: u64 = 1_767_225_600;

/// A DynamoDB of a test's own. Clones share it.
#[derive(Clone)]
pub struct Table(Arc<Inner>);

struct Inner {
    engine: Engine,
    clock: ManualClock,
    calls: Mutex<Vec<Call>>,
    faults: Mutex<Faults>,
    watch: Mutex<Option<Watch>>,
    bend: Mutex<Option<Bend>>,
    pace: Mutex<Option<Pace>>,
    uncounted: AtomicBool,
    late: Mutex<Vec<(String, String, Value)>>,
    told: Mutex<BTreeMap<String, Answer>>,
}

enum Engine {
    Embedded(Embedded),
    Remote(remote::Remote),
}

#[derive(Default)]
struct Faults {
    plan: Option<FaultPlan>,
    asked: u64,
}

impl Table {
    /// An empty DynamoDB: in memory, or behind `REMIT_TEST_DYNAMODB` under names of its own.
    #[must_use]
    pub fn memory() -> Self {
        let clock = ManualClock::new(EPOCH);
        let engine = match remote_url() {
            Some(url) => Engine::Remote(remote::Remote::at(url)),
            None => {
                let database = Database::memory_with_clock(clock.arc()).expect("a database in memory");
                Engine::Embedded(Embedded::on(database).expect("the template's mapping"))
            }
        };
        Self(Arc::new(Inner {
            engine,
            clock,
            calls: Mutex::default(),
            faults: Mutex::default(),
            watch: Mutex::default(),
            bend: Mutex::default(),
            pace: Mutex::default(),
            uncounted: AtomicBool::new(false),
            late: Mutex::default(),
            told: Mutex::default(),
        }))
    }

    /// The HTTP client that ends in this table.
    #[must_use]
    pub fn http_client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    /// An SDK configuration that ends in this table: fixed time, static credentials, tokio's sleep.
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        sdk_config("http://table.invalid", self.http_client())
    }

    /// A client with a retry quota of its own, so that tests do not use up each other's.
    #[must_use]
    pub fn client(&self) -> Client {
        let own = RetryPartition::custom("test").token_bucket(TokenBucket::default()).build();
        Client::from_conf(aws_sdk_dynamodb::config::Builder::from(&self.sdk_config()).retry_partition(own).build())
    }

    /// The embedded engine, to look at from below; none when the table is a remote one.
    #[must_use]
    pub fn embedded(&self) -> Option<&Embedded> {
        match &self.0.engine {
            Engine::Embedded(engine) => Some(engine),
            Engine::Remote(_) => None,
        }
    }

    /// The table's stream from here on; none when the table is a remote one.
    #[must_use]
    pub fn stream(&self) -> Option<Stream> {
        self.embedded().map(Embedded::stream)
    }

    /// Deletes what has expired by then, as DynamoDB does some day, and tells how many items that were.
    /// A remote table deletes nothing.
    pub fn sweep_expired(&self, now: DateTime<Utc>) -> usize {
        self.0.clock.set(u64::try_from(now.timestamp()).unwrap_or_default());
        self.embedded().map_or(0, |engine| engine.database().sweep_ttl().expect("a sweep"))
    }

    /// What was sent so far, retries included.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.0.calls.lock().unwrap().clone()
    }

    /// What was sent since the last taking.
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.0.calls.lock().unwrap())
    }

    /// Asks `plan` about every request from now on.
    pub fn set_fault_plan(&self, plan: FaultPlan) {
        *self.0.faults.lock().unwrap() = Faults { plan: Some(plan), asked: 0 };
    }

    /// Lets every request through again.
    pub fn clear_faults(&self) {
        *self.0.faults.lock().unwrap() = Faults::default();
    }

    /// Lets something look at every write right after it, before anybody is answered.
    pub fn set_watch(&self, watch: Watch) {
        *self.0.watch.lock().unwrap() = Some(watch);
    }

    /// Lets requests and answers take their time from now on.
    pub fn set_pace(&self, pace: Pace) {
        *self.0.pace.lock().unwrap() = Some(pace);
    }

    /// Keeps no calls and counts no units from now on, which is quicker.
    pub fn stop_counting(&self) {
        self.0.uncounted.store(true, Ordering::Relaxed);
    }

    /// Changes every request on its way to the engine.
    pub fn set_bend(&self, bend: Bend) {
        *self.0.bend.lock().unwrap() = Some(bend);
    }

    /// Lets requests take effect that were said to be lost, the oldest first; answers how many.
    pub fn land_late(&self, most: usize) -> usize {
        let waiting: Vec<_> = {
            let mut late = self.0.late.lock().unwrap();
            let most = most.min(late.len());
            late.drain(..most).collect()
        };
        for (target, operation, request) in &waiting {
            let _ = self.carry_out(target, operation, request);
        }
        waiting.len()
    }

    /// The items of one partition, read past the SDK and past every fault; only from the embedded engine.
    #[must_use]
    pub fn partition(&self, table: &str, pk: &str) -> Vec<HashMap<String, AttributeValue>> {
        let query = json!({
            "TableName": table, "ConsistentRead": true,
            "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": { ":p": { "S": pk } },
        });
        let engine = self.embedded().expect("the embedded engine");
        let answer: Value = serde_json::from_str(&engine.answer("Query", &query.to_string()).body).expect("an answer in JSON");
        assert!(answer["LastEvaluatedKey"].is_null(), "{pk} has more than a page");
        answer["Items"].as_array().expect("items").iter().map(members).collect()
    }

    async fn travel(&self) {
        let pace = self.0.pace.lock().unwrap().clone();
        travel(pace).await;
    }

    fn fault(&self, operation: &str, request: &Value) -> TableFault {
        let mut faults = self.0.faults.lock().unwrap();
        let Some(plan) = faults.plan.clone() else {
            return TableFault::None;
        };
        let function = crate::acting::at_work();
        let site = CallSite { n: faults.asked, function, operation: operation.to_owned(), request: request.clone() };
        faults.asked += 1;
        drop(faults);
        plan(&site)
    }

    async fn serve(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        self.travel().await;
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = request.body().bytes().expect("a DynamoDB request is in memory");
        let body = serde_json::from_slice(body).expect("a DynamoDB request is JSON");
        if let Some(function) = crate::acting::at_work() {
            crate::roles::hold(function, &operation, &body);
        }

        let fault = self.fault(&operation, &body);
        let answer = match fault {
            TableFault::Throttle => Some(refusal(400, "ProvisionedThroughputExceededException")),
            TableFault::ServerError => Some(refusal(500, "InternalServerError")),
            TableFault::TransactionConflict => {
                Some(conflict(&operation, &body).unwrap_or_else(|| self.carry_out(&target, &operation, &body)))
            }
            TableFault::TransactionThrottled => {
                Some(cancelled(&operation, &body, "ThrottlingError").unwrap_or_else(|| self.carry_out(&target, &operation, &body)))
            }
            TableFault::LoseBeforeEffect | TableFault::Crash => None,
            TableFault::EffectLater => {
                self.0.late.lock().unwrap().push((target.clone(), operation.clone(), body.clone()));
                None
            }
            TableFault::StaleIndex => Some(self.told_before(&body).unwrap_or_else(|| self.carry_out(&target, &operation, &body))),
            TableFault::None | TableFault::LoseAnswerAfterEffect | TableFault::CrashAfterEffect => {
                Some(self.carry_out(&target, &operation, &body))
            }
        };
        self.record(operation, body, fault, answer.as_ref());

        self.travel().await;
        match (fault, answer) {
            (TableFault::LoseBeforeEffect, _) => Err(ConnectorError::io("the connection broke".into())),
            (TableFault::LoseAnswerAfterEffect | TableFault::EffectLater, _) => Err(ConnectorError::timeout("the answer was lost".into())),
            (TableFault::Crash | TableFault::CrashAfterEffect, _) | (_, None) => std::future::pending().await,
            (_, Some(answer)) => response(answer.0),
        }
    }

    fn carry_out(&self, target: &str, operation: &str, sent: &Value) -> (Answer, units::Units) {
        let mut request = sent.clone();
        let bend = self.0.bend.lock().unwrap().clone();
        if let Some(bend) = bend {
            bend(operation, &mut request);
        }
        let counts = !self.0.uncounted.load(Ordering::Relaxed);
        let asked = if counts { units::ask(operation, &mut request) } else { units::Asked::Indexes };
        let answer = match &self.0.engine {
            Engine::Embedded(engine) => engine.answer(operation, &request.to_string()),
            Engine::Remote(remote) => remote.answer(target, request),
        };
        self.seen(operation, sent, &answer);
        if !counts {
            return (answer, units::Units::default());
        }
        let mut body = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
        let consumed = units::count(operation, &body);
        if asked == units::Asked::Indexes {
            return (answer, consumed);
        }
        units::hide(asked, &mut body);
        (Answer { status: answer.status, body: body.to_string() }, consumed)
    }

    /// Shows a write to whoever watches, and keeps what an index said, for when it is to lag behind.
    fn seen(&self, operation: &str, request: &Value, answer: &Answer) {
        if let Some(place) = index_of(request) {
            self.0.told.lock().unwrap().insert(place, answer.clone());
        }
        let watch = self.0.watch.lock().unwrap().clone();
        if let Some(watch) = watch.filter(|_| ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"].contains(&operation)) {
            watch(self, &Effect { operation, request, status: answer.status });
        }
    }

    fn told_before(&self, request: &Value) -> Option<(Answer, units::Units)> {
        let place = index_of(request)?;
        let empty = Answer { status: 200, body: json!({ "Items": [], "Count": 0, "ScannedCount": 0 }).to_string() };
        let told = self.0.told.lock().unwrap().get(&place).cloned().unwrap_or(empty);
        Some((told, units::Units::default()))
    }

    fn record(&self, operation: String, request: Value, fault: TableFault, answer: Option<&(Answer, units::Units)>) {
        if self.0.uncounted.load(Ordering::Relaxed) {
            return;
        }
        let answered = match fault {
            TableFault::LoseBeforeEffect
            | TableFault::LoseAnswerAfterEffect
            | TableFault::Crash
            | TableFault::CrashAfterEffect
            | TableFault::EffectLater => None,
            TableFault::None
            | TableFault::Throttle
            | TableFault::TransactionConflict
            | TableFault::TransactionThrottled
            | TableFault::ServerError
            | TableFault::StaleIndex => answer,
        };
        let consumed = answer.map(|(_, units)| units.clone()).unwrap_or_default();
        let call = Call {
            function: crate::acting::at_work(),
            operation,
            table: only_table(&request),
            index: request["IndexName"].as_str().map(str::to_owned),
            request,
            fault,
            status: answered.map(|(answer, _)| answer.status),
            read_units: consumed.read,
            write_units: consumed.write,
            index_units: consumed.indexes,
        };
        self.0.calls.lock().unwrap().push(call);
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Table")
    }
}

impl HttpConnector for Table {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().serve(request))
    }
}

/// The SDK keeps retry quotas by region: with one of its own, no client uses up another's.
static REGIONS: AtomicU64 = AtomicU64::new(1);

/// An SDK configuration for a client that never leaves the process.
#[must_use]
pub fn sdk_config(endpoint: &str, http_client: SharedHttpClient) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(format!("eu-test-{}", REGIONS.fetch_add(1, Ordering::Relaxed))))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("remittest", "secret", None, None, "test")))
        .retry_config(RetryConfig::standard())
        .time_source(StaticTimeSource::from_secs(EPOCH))
        .sleep_impl(TokioSleep::new())
        .http_client(http_client)
        .build()
}

#[expect(clippy::disallowed_methods, reason = "which engine the tests run on is chosen outside of them")]
fn remote_url() -> Option<String> {
    std::env::var("REMIT_TEST_DYNAMODB").ok().filter(|url| !url.is_empty())
}
