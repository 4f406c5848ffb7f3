//! Around every request: its id, who asks, what they may do, how its problem is written, and one line in the log.

use crate::{login::login, problem::ApiProblem, scopes};
use app::{
    AppError, Caller, Deps,
    authenticate::{Access, Login, authenticate, log_in},
};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
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
    } else if status == StatusCode::UNAUTHORIZED {
        // A metric counts these by their rule. Nothing of the token is told.
        tracing::warn!(%method, route, status = status.as_u16(), request_id, rule = "unauthenticated", reason = cause, "answered");
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

/// Lets only those through who may do what the route does, and notes who it was.
pub(crate) async fn staff_only(State(deps): State<Deps>, mut request: Request, next: Next) -> Result<Response, ApiProblem> {
    let defect = |what: &str| AppError::Defect(what.to_owned());
    let access = access(&deps, login(request.extensions()), request.headers()).await?;
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let needed = scopes::needed(request.method(), route).ok_or_else(|| defect("a route without a scope"))?;
    if !access.grant.may(needed) {
        return Err(ApiProblem::lacks_scope(needed, &access.grant));
    }
    let caller = request.extensions_mut().get_mut::<Caller>().ok_or_else(|| defect("a request without an id"))?;
    caller.actor = access.actor;
    request.extensions_mut().insert(access.grant);
    Ok(next.run(request).await)
}

/// Who asks: by a login that is trusted, else by an API key.
async fn access(deps: &Deps, login: Option<Login>, headers: &HeaderMap) -> Result<Access, AppError> {
    match login.map(|login| log_in(deps, &login)).transpose()?.flatten() {
        Some(access) => Ok(access),
        None => authenticate(deps, bearer(headers)).await,
    }
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
    ApiProblem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}
