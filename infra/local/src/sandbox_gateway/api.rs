//! The way of an API request: key, version, idempotency, fault, call, answer.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use serde_json::Value;

use super::call::Route;
use super::checkout::Moment;
use super::error::{Answer, ApiError};
use super::events::Origin;
use super::fault::{self, AnswerLost, Fault};
use super::form::Form;
use super::idempotency::Keyed;
use super::views::Exchange;
use super::{API_VERSION, Core, SandboxGateway};

/// A request taken apart, before anything about it is believed.
struct Request {
    method: Method,
    path: String,
    headers: HeaderMap,
    query: Option<String>,
    body: Bytes,
}

/// A request that may be carried out.
struct Admitted {
    route: Route,
    form: Form,
    keyed: Option<Keyed>,
}

/// What becomes of a request.
#[derive(Default)]
struct Settled {
    /// `None` where the request never arrived.
    answer: Option<Answer>,
    lost: bool,
    replayed: bool,
    late_seconds: u32,
    /// The key that stays in flight until the answer is out.
    holds: Option<String>,
}

/// Frees an idempotency key when the answer is out or the caller gone.
struct InFlight {
    gateway: SandboxGateway,
    key: String,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.gateway.lock().in_flight.remove(&self.key);
    }
}

pub(super) async fn serve(Shared(gateway): Shared<SandboxGateway>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let query = uri.query().map(str::to_owned);
    let request = Request { method, path: uri.path().to_owned(), headers, query, body };
    let (settled, request_id) = gateway.settle(&request);
    let in_flight = settled.holds.clone().map(|key| InFlight { gateway: gateway.clone(), key });
    if settled.late_seconds > 0 {
        tokio::time::sleep(Duration::from_secs(settled.late_seconds.into())).await;
    }
    drop(in_flight);
    match &settled.answer {
        Some(answer) if !settled.lost => response(answer, settled.replayed, &request_id, &request.headers),
        Some(_) | None => broken_off(),
    }
}

impl SandboxGateway {
    fn settle(&self, request: &Request) -> (Settled, String) {
        let mut core = self.lock();
        core.requests = core.requests.saturating_add(1);
        let request_id = format!("req_{:014}", core.requests);
        let settled = self
            .admit(request)
            .and_then(|admitted| self.carry_out(&mut core, &admitted, &request_id))
            .unwrap_or_else(|error| Settled { answer: Some(error.answer()), ..Settled::default() });
        if self.0.settings.record_exchanges {
            let exchange = exchange(request, &settled);
            core.exchanges.push(exchange);
        }
        (settled, request_id)
    }

    fn admit(&self, request: &Request) -> Result<Admitted, ApiError> {
        self.authenticate(&request.headers)?;
        if let Some(version) = header(&request.headers, "stripe-version").filter(|version| *version != API_VERSION) {
            let message = format!("Invalid Stripe API version: {version}. The sandbox speaks {API_VERSION}.");
            return Err(ApiError::invalid(message));
        }
        let route = Route::find(&request.method, &request.path)
            .ok_or_else(|| ApiError::unrecognized_url(request.method.as_str(), &request.path))?;
        let is_post = request.method == Method::POST;
        if is_post && !request.body.is_empty() && !is_form(&request.headers) {
            return Err(ApiError::invalid("Request bodies are sent as application/x-www-form-urlencoded."));
        }
        let pairs = if is_post { pairs(&request.body) } else { pairs(request.query.as_deref().unwrap_or("").as_bytes()) };
        let key = header(&request.headers, "idempotency-key").filter(|key| is_post && !key.is_empty());
        if key.is_some_and(|key| key.len() > 255) {
            return Err(ApiError::key_reused("Idempotency keys can be at most 255 characters long.".to_owned()));
        }
        let keyed = key.map(|key| Keyed::new(key, &request.path, &pairs));
        Ok(Admitted { route, form: Form::new(&pairs), keyed })
    }

    fn authenticate(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
            let (scheme, rest) = value.split_once(' ')?;
            if scheme.eq_ignore_ascii_case("bearer") {
                return Some(rest.trim().to_owned());
            }
            let pair = BASE64_STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok())?;
            let (user, _) = pair.split_once(':')?;
            scheme.eq_ignore_ascii_case("basic").then(|| user.to_owned())
        });
        match given {
            Some(key) if key == self.0.settings.secret_key => Ok(()),
            Some(_) => Err(ApiError::unauthorized("Invalid API Key provided.")),
            None => Err(ApiError::unauthorized(
                "You did not provide an API key. You need to provide your API key in the Authorization header, using \
                 Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            )),
        }
    }

    fn carry_out(&self, core: &mut Core, admitted: &Admitted, request_id: &str) -> Result<Settled, ApiError> {
        let key = admitted.keyed.as_ref().map(|keyed| keyed.key.clone());
        let origin = Origin { request_id: Some(request_id.to_owned()), idempotency_key: key.clone() };
        let moment = self.moment(core, origin);
        if let Some(key) = key.as_ref().filter(|key| core.in_flight.contains(*key)) {
            return Err(ApiError::key_in_flight(key));
        }
        let replay = match &admitted.keyed {
            Some(keyed) => core.state.replay(keyed, moment.now)?,
            None => None,
        };
        let replayed = replay.is_some();
        let is_post = matches!(admitted.route, Route::CreateSession | Route::ExpireSession(_));
        let fault = fault::take(&mut core.faults, admitted.route.call(), is_post, replayed);
        let (mut lost, mut late_seconds) = (false, 0);
        match fault {
            Some(Fault::LoseBeforeEffect { .. }) => return Ok(Settled { lost: true, ..Settled::default() }),
            Some(Fault::KeyInFlight { .. }) => return Err(ApiError::key_in_flight(key.as_deref().unwrap_or("(none)"))),
            Some(Fault::RateLimited { .. }) => return Err(ApiError::rate_limited()),
            Some(Fault::LoseAnswerAfterEffect { .. }) => lost = true,
            Some(Fault::Slow { seconds, .. }) => late_seconds = seconds,
            Some(Fault::ServerError { .. } | Fault::ServerErrorAfterEffect { .. }) | None => {}
        }
        let answer = match replay {
            Some(answer) => answer,
            None => self.execute(core, admitted, fault, &moment)?,
        };
        let holds = key.filter(|_| late_seconds > 0);
        core.in_flight.extend(holds.clone());
        Ok(Settled { answer: Some(answer), lost, replayed, late_seconds, holds })
    }

    /// Effect, stored answer and data file in one step.
    fn execute(&self, core: &mut Core, admitted: &Admitted, fault: Option<Fault>, moment: &Moment) -> Result<Answer, ApiError> {
        let done = self.commit(core, |state| {
            state.expire_due(moment);
            let fails_first = matches!(fault, Some(Fault::ServerError { .. }));
            let fails_after = matches!(fault, Some(Fault::ServerErrorAfterEffect { .. }));
            let answer = if fails_first {
                ApiError::server_error().answer()
            } else {
                let answer = admitted.route.run(&admitted.form, state, moment)?;
                if fails_after { ApiError::server_error().answer() } else { answer }
            };
            if let Some(keyed) = &admitted.keyed {
                state.remember(keyed, &answer, moment.now);
            }
            Ok(answer)
        });
        done.unwrap_or_else(|error| {
            tracing::error!(error = format!("{error:#}"), "sandbox gateway: data file not written");
            Err(ApiError::not_saved())
        })
    }
}

fn exchange(request: &Request, settled: &Settled) -> Exchange {
    let route = Route::find(&request.method, &request.path);
    let answer = settled.answer.as_ref();
    Exchange {
        method: request.method.to_string(),
        path: route.map_or_else(|| request.path.clone(), |route| route.template().to_owned()),
        query: pairs(request.query.as_deref().unwrap_or("").as_bytes()),
        form: pairs(&request.body),
        status: answer.map_or(0, |answer| answer.status),
        answer: answer.and_then(|answer| serde_json::from_str(&answer.body).ok()).unwrap_or(Value::Null),
        lost: settled.lost,
    }
}

fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    serde_urlencoded::from_bytes(encoded).unwrap_or_default()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn is_form(headers: &HeaderMap) -> bool {
    header(headers, "content-type").is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
}

fn response(answer: &Answer, replayed: bool, request_id: &str, asked: &HeaderMap) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body.clone()).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(HeaderName::from_static("stripe-version"), HeaderValue::from_static(API_VERSION));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static("request-id"), id);
    }
    if let Some(key) = asked.get("idempotency-key") {
        headers.insert(HeaderName::from_static("idempotency-key"), key.clone());
    }
    if replayed {
        headers.insert(HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true"));
    }
    response
}

fn broken_off() -> Response {
    let closed = io::Error::new(io::ErrorKind::ConnectionAborted, "the connection was closed before the answer");
    let body = Body::from_stream(futures::stream::iter([Err::<Bytes, io::Error>(closed)]));
    let mut response = Response::new(body);
    response.extensions_mut().insert(AnswerLost);
    response
}
