//! Around every request: its id, whose key it carries, how its problem is written, and one line in the log.

use crate::problem::ApiProblem;
use app::{AppError, Caller, Deps, authenticate::authenticate};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use domain::record::Actor;

/// Names the request in answers, logs and journal.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request its id and the answer what every answer has.
pub(crate) async fn frame(State(deps): State<Deps>, mut request: Request, next: Next) -> Response {
    let caller = Caller::new(&deps, Actor::System("admin-api".to_owned()), deps.clock.now());
    let request_id = caller.request_id.to_string();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(caller);
    let mut response = next.run(request).await;
    let problem = response.extensions_mut().remove::<ApiProblem>();
    let code = problem.as_ref().map(|problem| problem.problem().code);
    let cause = problem.as_ref().and_then(|problem| problem.cause.clone());
    if let Some(problem) = problem {
        response = problem.render(&request_id);
    }
    let status = response.status();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    if status.is_server_error() {
        tracing::error!(%method, route, status = status.as_u16(), request_id, code, cause, "answered");
    } else {
        tracing::info!(%method, route, status = status.as_u16(), request_id, code, "answered");
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Lets only holders of an API key through, and notes which key it was.
pub(crate) async fn staff_only(State(deps): State<Deps>, mut request: Request, next: Next) -> Result<Response, ApiProblem> {
    let key = authenticate(&deps, bearer(request.headers())).await?;
    let caller = request.extensions_mut().get_mut::<Caller>().ok_or_else(|| AppError::Defect("a request without an id".to_owned()))?;
    caller.actor = Actor::Staff(key);
    Ok(next.run(request).await)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut found = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (found.next()?, found.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Nothing is at this address.
pub(crate) async fn no_route() -> ApiProblem {
    ApiProblem::not_found("there is nothing at this address; GET /v1/openapi.json lists what there is")
}

/// Something is at this address, but not for this method.
pub(crate) async fn no_method() -> ApiProblem {
    let detail = "this address does not take this method; the Allow header names those it takes";
    ApiProblem::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}
