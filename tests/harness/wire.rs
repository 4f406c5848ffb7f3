//! The SDK in front of an axum router in process: for the services that are not DynamoDB.

use crate::table::{Pace, sdk_config, travel};
use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use axum::Router;
use axum::body::Body;
use http_body_util::BodyExt;
use local::recorder::AnswerLost;
use std::fmt;
use std::sync::{Arc, Mutex};
use tower::ServiceExt;

/// What happens to a request on its way to the router.
pub type WirePlan = Arc<dyn Fn(&WireCall) -> WireFault + Send + Sync>;

/// One request that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireCall {
    /// The function that asked; none for a test itself.
    pub function: Option<&'static str>,
    /// How many requests came before this one since the plan was set; a retry is a request of its own.
    pub n: u64,
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The operation, for a service that names it in `X-Amz-Target`.
    pub target: Option<String>,
    /// The request's body.
    pub body: String,
}

/// A fault on the way to the router or back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WireFault {
    /// Nothing happens to the request.
    #[default]
    None,
    /// The request is lost: the router never sees it, the caller sees a broken connection.
    LoseBeforeEffect,
    /// The router carries it out, the caller sees a timeout.
    LoseAnswerAfterEffect,
    /// Never answered and without effect: the caller's future stays pending until it is dropped.
    Crash,
    /// Carried out and never answered: the caller's future stays pending until it is dropped.
    CrashAfterEffect,
}

/// A router below the SDK. Clones share it.
#[derive(Clone)]
pub struct Wire {
    router: Router,
    faults: Arc<Mutex<Faults>>,
    calls: Arc<Mutex<Vec<WireCall>>>,
    pace: Arc<Mutex<Option<Pace>>>,
}

#[derive(Default)]
struct Faults {
    plan: Option<WirePlan>,
    asked: u64,
}

/// An SDK client for `router`, with `plan` asked about every request.
#[must_use]
pub fn router_http_client(router: Router, plan: WirePlan) -> SharedHttpClient {
    let wire = Wire::to(router);
    wire.set_fault_plan(plan);
    wire.http_client()
}

impl Wire {
    /// A wire to `router` on which nothing is lost.
    #[must_use]
    pub fn to(router: Router) -> Self {
        Self { router, faults: Arc::default(), calls: Arc::default(), pace: Arc::default() }
    }

    /// The HTTP client that ends in the router.
    #[must_use]
    pub fn http_client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    /// An SDK configuration that ends in the router.
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        sdk_config("http://wire.invalid", self.http_client())
    }

    /// What was sent so far, retries included.
    #[must_use]
    pub fn calls(&self) -> Vec<WireCall> {
        self.calls.lock().unwrap().clone()
    }

    /// What was sent since the last taking.
    pub fn take_calls(&self) -> Vec<WireCall> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    /// Asks `plan` about every request from now on.
    pub fn set_fault_plan(&self, plan: WirePlan) {
        *self.faults.lock().unwrap() = Faults { plan: Some(plan), asked: 0 };
    }

    /// Lets requests and answers take their time from now on.
    pub fn set_pace(&self, pace: Pace) {
        *self.pace.lock().unwrap() = Some(pace);
    }

    async fn travel(&self) {
        let pace = self.pace.lock().unwrap().clone();
        travel(pace).await;
    }

    /// Lets every request through again.
    pub fn clear_faults(&self) {
        *self.faults.lock().unwrap() = Faults::default();
    }

    fn note(&self, request: &HttpRequest) -> WireFault {
        let mut faults = self.faults.lock().unwrap();
        let call = WireCall {
            function: crate::acting::at_work(),
            n: faults.asked,
            method: request.method().to_owned(),
            path: path(request.uri()).to_owned(),
            target: request.headers().get("x-amz-target").map(str::to_owned),
            body: String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned(),
        };
        faults.asked += 1;
        let plan = faults.plan.clone();
        drop(faults);
        self.calls.lock().unwrap().push(call.clone());
        plan.map_or(WireFault::None, |plan| plan(&call))
    }

    async fn serve(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        self.travel().await;
        let fault = self.note(&request);
        let answer = match fault {
            WireFault::LoseBeforeEffect => {
                return Err(ConnectorError::io("the connection broke".into()));
            }
            WireFault::Crash => std::future::pending().await,
            WireFault::None | WireFault::LoseAnswerAfterEffect | WireFault::CrashAfterEffect => forward(self.router.clone(), request).await,
        };
        self.travel().await;
        match fault {
            WireFault::LoseAnswerAfterEffect => Err(ConnectorError::timeout("the answer was lost".into())),
            WireFault::CrashAfterEffect => std::future::pending().await,
            WireFault::None | WireFault::LoseBeforeEffect | WireFault::Crash => answer,
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().serve(request))
    }
}

fn path(uri: &str) -> &str {
    let after_scheme = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("/", |at| &after_scheme[at..]);
    path.split('?').next().unwrap_or("/")
}

async fn forward(router: Router, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let request = request.map(|body| Body::from(body.bytes().unwrap_or_default().to_vec()));
    let response = match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if response.extensions().get::<AnswerLost>().is_some() {
        return Err(ConnectorError::timeout("the answer was lost".into()));
    }
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| ConnectorError::io(error.into()))?.to_bytes();
    let response = http::Response::from_parts(parts, SdkBody::from(body));
    HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
}
