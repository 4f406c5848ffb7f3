//! The API calls the sandbox knows, and what each does.

use http::Method;
use serde_json::{Value, json};

use super::checkout::Moment;
use super::create;
use super::error::{Answer, ApiError};
use super::fault::Call;
use super::form::Form;
use super::render::{self, INTENT_EXPANSIONS, SESSION_EXPANSIONS};
use super::state::{Session, SessionStatus, State};

/// An API call with the ids of its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    CreateSession,
    ListSessions,
    RetrieveSession(String),
    ExpireSession(String),
    RetrieveIntent(String),
    RetrieveEvent(String),
}

impl Route {
    pub(super) fn find(method: &Method, path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (get, post) = (method == Method::GET, method == Method::POST);
        match segments.as_slice() {
            ["v1", "checkout", "sessions"] if post => Some(Self::CreateSession),
            ["v1", "checkout", "sessions"] if get => Some(Self::ListSessions),
            ["v1", "checkout", "sessions", id] if get => Some(Self::RetrieveSession((*id).to_owned())),
            ["v1", "checkout", "sessions", id, "expire"] if post => Some(Self::ExpireSession((*id).to_owned())),
            ["v1", "payment_intents", id] if get => Some(Self::RetrieveIntent((*id).to_owned())),
            ["v1", "events", id] if get => Some(Self::RetrieveEvent((*id).to_owned())),
            _ => None,
        }
    }

    /// The path as Stripe's OpenAPI names it.
    pub(super) fn template(&self) -> &'static str {
        match self {
            Self::CreateSession | Self::ListSessions => "/v1/checkout/sessions",
            Self::RetrieveSession(_) => "/v1/checkout/sessions/{session}",
            Self::ExpireSession(_) => "/v1/checkout/sessions/{session}/expire",
            Self::RetrieveIntent(_) => "/v1/payment_intents/{intent}",
            Self::RetrieveEvent(_) => "/v1/events/{id}",
        }
    }

    /// The name a fault can wait for.
    pub(super) fn call(&self) -> Option<Call> {
        match self {
            Self::CreateSession => Some(Call::CreateSession),
            Self::RetrieveSession(_) => Some(Call::RetrieveSession),
            Self::ExpireSession(_) => Some(Call::ExpireSession),
            Self::RetrieveIntent(_) => Some(Call::RetrieveIntent),
            Self::ListSessions | Self::RetrieveEvent(_) => None,
        }
    }

    /// Carries the call out. An error means that nothing was begun, so it is not stored under an idempotency key.
    pub(super) fn run(&self, form: &Form, state: &mut State, moment: &Moment) -> Result<Answer, ApiError> {
        match self {
            Self::CreateSession => {
                let order = create::order(form, moment.now)?;
                let expand = expansions(form, &SESSION_EXPANSIONS)?;
                let id = state.open_session(order, moment.now);
                session_answer(state, &id, &expand, moment)
            }
            Self::ListSessions => list(form, state, moment),
            Self::RetrieveSession(id) => {
                form.only(&["expand[]"])?;
                let expand = expansions(form, &SESSION_EXPANSIONS)?;
                session_answer(state, id, &expand, moment)
            }
            Self::ExpireSession(id) => {
                form.only(&["expand[]"])?;
                let expand = expansions(form, &SESSION_EXPANSIONS)?;
                let status = find_session(state, id)?.status;
                if let Some(refusal) = not_open(status) {
                    return Ok(refusal.answer());
                }
                state.expire(id, moment.now, moment);
                session_answer(state, id, &expand, moment)
            }
            Self::RetrieveIntent(id) => {
                form.only(&["expand[]", "client_secret"])?;
                let expand = expansions(form, &INTENT_EXPANSIONS)?;
                let found = state.intents.get(id).ok_or_else(|| ApiError::no_such("payment_intent", id, "intent"))?;
                Ok(Answer::new(200, &render::intent(state, found, &expand)))
            }
            Self::RetrieveEvent(id) => {
                form.only(&["expand[]"])?;
                expansions(form, &[])?;
                let found = state.events.get(id).ok_or_else(|| ApiError::no_such("event", id, "id"))?;
                Ok(Answer::new(200, found))
            }
        }
    }
}

fn not_open(status: SessionStatus) -> Option<ApiError> {
    let status = match status {
        SessionStatus::Open => return None,
        SessionStatus::Complete => "complete",
        SessionStatus::Expired => "expired",
    };
    Some(ApiError::invalid(format!(
        "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of \
         `{status}`."
    )))
}

fn expansions<'a>(form: &'a Form, known: &[&str]) -> Result<Vec<&'a str>, ApiError> {
    let asked = form.list("expand");
    render::check_expansions(&asked, known)?;
    Ok(asked)
}

fn find_session<'a>(state: &'a State, id: &str) -> Result<&'a Session, ApiError> {
    state.sessions.get(id).ok_or_else(|| ApiError::no_such("checkout.session", id, "session"))
}

fn session_answer(state: &State, id: &str, expand: &[&str], moment: &Moment) -> Result<Answer, ApiError> {
    let session = find_session(state, id)?;
    Ok(Answer::new(200, &render::session(state, session, expand, &moment.public_url)))
}

/// Newest first. Source: docs.stripe.com/api/checkout/sessions/list.
fn list(form: &Form, state: &State, moment: &Moment) -> Result<Answer, ApiError> {
    form.only(&["expand[]", "limit", "payment_intent", "starting_after"])?;
    let asked = form.list("expand");
    let expand: Vec<&str> = asked.iter().map(|name| name.strip_prefix("data.").unwrap_or("")).collect();
    render::check_expansions(&expand, &SESSION_EXPANSIONS)?;
    let limit = form.integer("limit")?.unwrap_or(10);
    let limit = usize::try_from(limit)
        .ok()
        .filter(|limit| (1..=100).contains(limit))
        .ok_or_else(|| ApiError::invalid("limit must be between 1 and 100").with_code("parameter_invalid_integer").with_param("limit"))?;
    let intent = form.text("payment_intent")?;
    let after = form.text("starting_after")?;
    let fits = |session: &&Session| {
        intent.is_none_or(|id| session.intent.as_deref() == Some(id)) && after.is_none_or(|id| session.id.as_str() < id)
    };
    let found: Vec<&Session> = state.sessions.values().rev().filter(fits).take(limit.saturating_add(1)).collect();
    let data: Vec<Value> = found.iter().take(limit).map(|session| render::session(state, session, &expand, &moment.public_url)).collect();
    let has_more = found.len() > limit;
    let page = json!({ "object": "list", "data": data, "has_more": has_more, "url": "/v1/checkout/sessions" });
    Ok(Answer::new(200, &page))
}
