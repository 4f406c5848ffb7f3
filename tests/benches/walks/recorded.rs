//! Services whose answers are recorded once, and then given again in the same order without anything being done for them. What a walk
//! costs above them is our own work and the SDK's.

use aws_config::SdkConfig;
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use futures::FutureExt as _;
use gateway::Transport;
use std::{
    fmt,
    sync::{Arc, Mutex},
};
use tests::table::sdk_config;

/// One call: what was asked, and the answer.
#[derive(Clone)]
struct Call {
    asked: String,
    status: u16,
    content_type: String,
    body: Bytes,
}

#[derive(Default)]
struct Calls {
    recorded: Vec<Call>,
    next: usize,
}

/// The calls that one service was sent on a walk. Clones share them.
#[derive(Clone, Default)]
pub struct Recorded(Arc<Mutex<Calls>>);

impl Recorded {
    /// An SDK configuration that ends in a service, whose answers are recorded.
    pub fn record(&self, service: impl HttpConnector + Clone + 'static) -> SdkConfig {
        let connector = SharedHttpConnector::new(Recording { service, calls: self.clone() });
        sdk_config("http://recorded.invalid", http_client_fn(move |_, _| connector.clone()))
    }

    /// An SDK configuration that is given what was recorded.
    pub fn replay(&self) -> SdkConfig {
        let connector = SharedHttpConnector::new(Replaying(self.clone()));
        sdk_config("http://recorded.invalid", http_client_fn(move |_, _| connector.clone()))
    }

    /// A way to a gateway on which its answers are recorded.
    pub fn record_gateway(&self, gateway: Transport) -> Transport {
        let (calls, gateway) = (self.clone(), Arc::new(gateway));
        Transport::new(move |request| {
            let (calls, gateway) = (calls.clone(), gateway.clone());
            async move {
                let asked = asked_of_gateway(&request);
                let answer = gateway.send(request).await?;
                calls.keep(Call { asked, status: answer.status().as_u16(), content_type: String::new(), body: answer.body().clone() });
                Ok(answer)
            }
            .boxed()
        })
    }

    /// A way to a gateway on which is answered what was recorded.
    pub fn replay_gateway(&self) -> Transport {
        let calls = self.clone();
        Transport::new(move |request| {
            let call = calls.next(&asked_of_gateway(&request));
            let answer = http::Response::builder().status(call.status).body(call.body).unwrap();
            std::future::ready(Ok(answer)).boxed()
        })
    }

    fn keep(&self, call: Call) {
        self.0.lock().unwrap().recorded.push(call);
    }

    /// The next answer.
    ///
    /// # Panics
    /// When the call is not the one that was recorded at this place.
    fn next(&self, asked: &str) -> Call {
        let mut calls = self.0.lock().unwrap();
        let place = calls.next;
        calls.next += 1;
        let recorded = calls.recorded.get(place).map_or("nothing", |call| call.asked.as_str());
        assert_eq!(asked, recorded, "call {place} differs from the recorded one");
        calls.recorded[place].clone()
    }

    /// How many calls were recorded.
    pub fn len(&self) -> usize {
        self.0.lock().unwrap().recorded.len()
    }

    /// Begins again with the first call.
    ///
    /// # Panics
    /// When calls were left out.
    pub fn rewind(&self) {
        let mut calls = self.0.lock().unwrap();
        assert_eq!(calls.next, calls.recorded.len(), "calls made, and calls recorded");
        calls.next = 0;
    }
}

/// The operation, or for a service that names none the path.
fn asked_of_aws(request: &HttpRequest) -> String {
    request.headers().get("x-amz-target").unwrap_or_else(|| request.uri()).to_owned()
}

fn asked_of_gateway(request: &http::Request<Bytes>) -> String {
    format!("{} {}", request.method(), request.uri().path())
}

/// Records what a service answers.
struct Recording<C> {
    service: C,
    calls: Recorded,
}

impl<C: HttpConnector + Clone + 'static> HttpConnector for Recording<C> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (service, calls) = (self.service.clone(), self.calls.clone());
        HttpConnectorFuture::new(async move {
            let asked = asked_of_aws(&request);
            let answer = service.call(request).await?;
            calls.keep(Call {
                asked,
                status: answer.status().as_u16(),
                content_type: answer.headers().get("content-type").unwrap_or_default().to_owned(),
                body: Bytes::copy_from_slice(answer.body().bytes().unwrap()),
            });
            Ok(answer)
        })
    }
}

/// Answers what was recorded.
struct Replaying(Recorded);

impl HttpConnector for Replaying {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call = self.0.next(&asked_of_aws(&request));
        let mut answer = HttpResponse::new(StatusCode::try_from(call.status).unwrap(), SdkBody::from(call.body));
        answer.headers_mut().insert("content-type", call.content_type);
        HttpConnectorFuture::ready(Ok(answer))
    }
}

impl<C> fmt::Debug for Recording<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recording")
    }
}

impl fmt::Debug for Replaying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Replaying")
    }
}
