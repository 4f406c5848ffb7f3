//! Lambda's Runtime API for one process, on loopback.
//!
//! Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes", version 2018-06-01.

use super::{Function, beside};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{Response, StatusCode},
    routing::{get, post},
};
use chrono::Utc;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    net::TcpListener,
    sync::{Mutex as AsyncMutex, mpsc, oneshot, watch},
    task::JoinHandle,
};

/// What a function made of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Its answer.
    Answer(Value),
    /// Its error, as it told the Runtime API.
    Error(Value),
}

impl Outcome {
    /// The answer.
    ///
    /// # Panics
    /// When it was an error.
    #[must_use]
    pub fn answer(self) -> Value {
        match self {
            Self::Answer(answer) => answer,
            Self::Error(error) => panic!("the function failed: {error}"),
        }
    }
}

struct Invocation {
    id: String,
    event: String,
}

struct Inner {
    function: Function,
    count: AtomicU64,
    begun: watch::Sender<Option<Instant>>,
    init_error: Mutex<Option<Value>>,
    events: AsyncMutex<mpsc::UnboundedReceiver<Invocation>>,
    answers: Mutex<BTreeMap<String, oneshot::Sender<Outcome>>>,
}

/// A Runtime API. It ends when it is dropped.
pub struct RuntimeApi {
    /// Its host and port: the value of `AWS_LAMBDA_RUNTIME_API`.
    pub address: String,
    events: mpsc::UnboundedSender<Invocation>,
    inner: Arc<Inner>,
    server: JoinHandle<()>,
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl RuntimeApi {
    /// Begins to listen.
    ///
    /// # Panics
    /// When loopback has no port left.
    pub async fn listen(function: &Function) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (events, waiting) = mpsc::unbounded_channel();
        let inner = Arc::new(Inner {
            function: function.clone(),
            count: AtomicU64::new(1),
            begun: watch::Sender::new(None),
            init_error: Mutex::default(),
            events: AsyncMutex::new(waiting),
            answers: Mutex::default(),
        });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(inner.clone());
        let server = beside(async move { axum::serve(listener, routes).await.unwrap() });
        Self { address, events, inner, server }
    }

    /// When the function asked for its first event, once it did.
    pub async fn begun(&self, patience: Duration) -> Option<Instant> {
        let mut begun = self.inner.begun.subscribe();
        let asked = tokio::time::timeout(patience, begun.wait_for(Option::is_some)).await;
        asked.ok().and_then(|found| *found.unwrap())
    }

    /// Why the function could not begin, if it said so.
    #[must_use]
    pub fn init_error(&self) -> Option<Value> {
        self.inner.init_error.lock().unwrap().clone()
    }

    /// Gives the function an event and waits for what it makes of it; nothing when it takes longer than it may.
    pub async fn invoke(&self, event: &str) -> Option<Outcome> {
        let n = self.inner.count.fetch_add(1, Ordering::Relaxed);
        let id = format!("8476a536-e9f4-11e8-9739-{n:012x}");
        let (answer, answered) = oneshot::channel();
        self.inner.answers.lock().unwrap().insert(id.clone(), answer);
        self.events.send(Invocation { id, event: event.to_owned() }).unwrap();
        tokio::time::timeout(self.inner.function.timeout, answered).await.ok().map(Result::unwrap)
    }
}

type Api = State<Arc<Inner>>;

#[expect(clippy::disallowed_methods, reason = "a deadline is an instant of the real clock")]
async fn next(State(inner): Api) -> Response<Body> {
    inner.begun.send_if_modified(|begun| begun.is_none() && begun.replace(Instant::now()).is_none());
    let Some(invocation) = inner.events.lock().await.recv().await else { return std::future::pending().await };
    let deadline = Utc::now() + inner.function.timeout;
    Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &invocation.id)
        .header("lambda-runtime-deadline-ms", deadline.timestamp_millis())
        .header(
            "lambda-runtime-invoked-function-arn",
            format!("arn:aws:lambda:eu-central-1:123456789012:function:{}", inner.function.resource),
        )
        .header("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0")
        .body(Body::from(invocation.event))
        .unwrap()
}

async fn response(State(inner): Api, Path(id): Path<String>, body: Bytes) -> StatusCode {
    settle(&inner, &id, Outcome::Answer(serde_json::from_slice(&body).unwrap()))
}

async fn error(State(inner): Api, Path(id): Path<String>, body: Bytes) -> StatusCode {
    settle(&inner, &id, Outcome::Error(serde_json::from_slice(&body).unwrap()))
}

fn settle(inner: &Inner, id: &str, outcome: Outcome) -> StatusCode {
    // Who no longer waits has given up on a function that took too long.
    let known = inner.answers.lock().unwrap().remove(id).is_some_and(|answer| answer.send(outcome).is_ok());
    if known { StatusCode::ACCEPTED } else { StatusCode::BAD_REQUEST }
}

async fn init_error(State(inner): Api, body: Bytes) -> StatusCode {
    *inner.init_error.lock().unwrap() = Some(serde_json::from_slice(&body).unwrap());
    StatusCode::ACCEPTED
}
