//! Around every request: its id, who asks, what they may do, how its problem is written, and one line in the log.

use crate::{login::login, problem::ApiProblem, scopes};
use app::{
    AppError, Caller, Deps,
    authenticate::{Access, Login, authenticate, log_in},
};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use domain::record::Actor;

/// Names the request in answers, logs and journal.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Who asks, as far as it is known, and the scope they lacked: for the log.
#[derive(Debug, Clone, Default)]
struct Asker {
    /// A key's id or a login's subject, never an address.
    actor: Option<String>,
    role: Option<&'static str>,
    lacks: Option<&'static str>,
}

impl Asker {
    fn actor(&mut self, actor: &Actor) {
        self.actor = match actor {
            Actor::Staff(key) => Some(key.to_string()),
            Actor::User(user) => Some(user.log_name()),
            Actor::Customer(_) | Actor::System(_) | Actor::Gateway(_) => None,
        };
    }
}

/// Gives the request its id and the answer what every answer has.
pub(crate) async fn frame(State(deps): State<Deps>, mut request: Request, next: Next) -> Response {
    let caller = Caller::new(&deps, Actor::System("admin-api".to_owned()), deps.clock.now());
    let request_id = caller.request_id.to_string();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(caller);
    let mut response = next.run(request).await;
    let problem = response.extensions_mut().remove::<ApiProblem>();
    let asker = response.extensions_mut().remove::<Asker>().unwrap_or_default();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    tell(&request_id, &method, route, response.status(), &asker, problem.as_ref());
    if let Some(problem) = problem {
        response = problem.render(&request_id);
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// One line a request: who asked for what, how it was answered, and the rule and the scope by which it was refused. Nothing of a key or
/// a token is told.
fn tell(request_id: &str, method: &Method, route: &str, status: StatusCode, asker: &Asker, problem: Option<&ApiProblem>) {
    let Asker { actor, role, lacks } = asker;
    let actor = actor.as_deref();
    let code = problem.map(|problem| problem.problem().code);
    let rule = problem.and_then(|problem| problem.problem().rule.as_deref());
    let cause = problem.and_then(|problem| problem.cause.as_deref());
    let (failed, status, unproven) = (status.is_server_error(), status.as_u16(), status == StatusCode::UNAUTHORIZED);
    if failed {
        tracing::error!(%method, route, status, request_id, actor, role, code, cause, "answered");
    } else if unproven {
        // A metric counts these by their rule.
        tracing::warn!(%method, route, status, request_id, actor, rule = "unauthenticated", reason = cause, code, "answered");
    } else {
        tracing::info!(%method, route, status, request_id, actor, role, rule, lacks, code, "answered");
    }
}

/// Lets only those through who may do what the route does, and notes who it was.
pub(crate) async fn staff_only(State(deps): State<Deps>, mut request: Request, next: Next) -> Response {
    let mut asker = Asker::default();
    let mut response = match admit(&deps, &mut request, &mut asker).await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    response.extensions_mut().insert(asker);
    response
}

async fn admit(deps: &Deps, request: &mut Request, asker: &mut Asker) -> Result<(), ApiProblem> {
    let defect = |what: &str| AppError::Defect(what.to_owned());
    let access = match access(deps, login(request.extensions()), request.headers()).await {
        Ok(access) => access,
        Err(error) => {
            error.turned_away().iter().for_each(|actor| asker.actor(actor));
            return Err(error.into());
        }
    };
    asker.actor(&access.actor);
    asker.role = Some(access.grant.role().name());
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let needed = scopes::needed(request.method(), route).ok_or_else(|| defect("a route without a scope"))?;
    if !access.grant.may(needed) {
        asker.lacks = Some(needed.name());
        return Err(ApiProblem::lacks_scope(needed, &access.grant));
    }
    let caller = request.extensions_mut().get_mut::<Caller>().ok_or_else(|| defect("a request without an id"))?;
    caller.actor = access.actor;
    request.extensions_mut().insert(access.grant);
    Ok(())
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
