//! From what went wrong to what the client is told: every status of an error is decided here.

use crate::node::Misfit;
use app::AppError;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    access::{Grant, GrantError, Scope, names},
    api_key::KeyRefusal,
    ids::IdError,
    invoice::refusal::Refusal,
    money::MoneyError,
};
use runtime::{Problem, limits::BodyError};
use std::fmt;
use store::StoreError;

/// A problem on its way to the client. [`crate::frame`] adds the request's id and writes it.
#[derive(Debug, Clone)]
pub(crate) struct ApiProblem {
    problem: Problem,
    /// Seconds after which the same request may succeed.
    retry_after: Option<u32>,
    /// What really happened, for the log; the client gets a fixed text instead.
    pub cause: Option<String>,
}

impl ApiProblem {
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { problem: Problem::new(status, code, detail), retry_after: None, cause: None }
    }

    /// The request itself is not of the form.
    pub fn bad(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// A value of the right form that does not fit.
    pub fn value(field: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "value_invalid", detail.to_string()).field(field)
    }

    /// An amount that does not fit.
    pub fn amount(field: impl Into<String>, error: &MoneyError) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "amount_invalid", error.to_string()).field(field)
    }

    /// An id of another kind or form, in a body or a query.
    pub fn id(field: impl Into<String>, error: &IdError) -> Self {
        Self::bad("id_invalid", error.to_string()).field(field)
    }

    /// Nothing is at this address.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// Whoever asks may not do this.
    pub fn lacks_scope(needed: Scope, grant: &Grant) -> Self {
        let detail = format!("this needs the scope `{}`; yours are {}", needed.name(), names(grant.scopes()));
        Self::forbidden("scope_missing", detail, "KEY-SCOPE")
    }

    fn forbidden(code: &'static str, detail: impl Into<String>, rule: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail).rule(rule)
    }

    fn rule(self, rule: &str) -> Self {
        Self { problem: self.problem.rule(rule), ..self }
    }

    /// The same, with the field it is about.
    pub fn field(self, field: impl Into<String>) -> Self {
        Self { problem: self.problem.field(Some(field.into())), ..self }
    }

    fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    fn cause(self, cause: impl fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), ..self }
    }

    /// What the client is told.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The answer, with the request's id in it.
    pub fn render(self, request_id: &str) -> Response {
        let mut response = self.problem.request(request_id).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Misfit> for ApiProblem {
    fn from(misfit: Misfit) -> Self {
        let field = misfit.field();
        let problem = Self::new(misfit.status, misfit.code, misfit.text);
        match field {
            Some(field) => problem.field(field),
            None => problem,
        }
    }
}

impl From<BodyError> for ApiProblem {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", error.to_string()),
            BodyError::Broken => Self::bad("body_broken", error.to_string()),
        }
    }
}

impl From<StoreError> for ApiProblem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } => {
                let detail = "the table did not answer; send the same request again, with the same Idempotency-Key";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(1).cause(error)
            }
            StoreError::Corrupt(_) | StoreError::Defect(_) => defect(error),
            StoreError::TooLarge { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "record_too_large", error.to_string()),
            StoreError::TooMany { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "too_much_at_once", error.to_string()),
            StoreError::Cursor => Self::bad("cursor_invalid", error.to_string()).field("cursor"),
        }
    }
}

fn defect(cause: impl fmt::Display) -> ApiProblem {
    let detail = "something is wrong on our side; it was noted under this request's id";
    ApiProblem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).cause(cause)
}

impl From<AppError> for ApiProblem {
    fn from(error: AppError) -> Self {
        let text = error.to_string();
        match error {
            AppError::Refused(Refusal::Evolve(error)) => defect(error),
            AppError::Refused(refusal) => {
                let Self { problem, .. } = Self::new(status_of(&refusal), refusal.code(), text);
                Self { problem: problem.rule(refusal.rule()).field(refusal.field()), retry_after: None, cause: None }
            }
            AppError::Key(refusal) => {
                let Self { problem, .. } = Self::new(status_of_key(&refusal), refusal.code(), text);
                let problem = problem.rule(refusal.rule()).field(refusal.field().map(str::to_owned));
                Self { problem, retry_after: None, cause: None }
            }
            AppError::NotFound { .. } => Self::not_found(text),
            AppError::Invalid { field, reason } => Self::value(field, reason),
            AppError::Stale => Self::new(StatusCode::PRECONDITION_FAILED, "stale", text),
            AppError::KeyReused => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", text),
            AppError::ResultGone => Self::new(StatusCode::GONE, "result_gone", text),
            AppError::NoBusiness => Self::new(StatusCode::CONFLICT, "no_business", text),
            AppError::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", text).retry_after(1),
            AppError::GatewayUnanswered => Self::new(StatusCode::SERVICE_UNAVAILABLE, "gateway_unanswered", text).retry_after(60),
            AppError::Unauthenticated(why) => Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", text).cause(why.name()),
            AppError::NotAnIdToken(_) => {
                Self::new(StatusCode::UNAUTHORIZED, "id_token_needed", text).rule("LOGIN-TOKEN").cause("not_an_id_token")
            }
            AppError::NoRole(_) => Self::forbidden("role_missing", text, "LOGIN-ROLE"),
            AppError::Store(error) => error.into(),
            AppError::Defect(_) => defect(text),
        }
    }
}

/// 422 where another value of a field would do, 409 where the record's state is in the way.
fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::ExceedsBalance { .. }
        | Refusal::ClaimedElsewhere
        | Refusal::NotPositive
        | Refusal::Currency { .. }
        | Refusal::ReceivedInFuture { .. }
        | Refusal::NoLines
        | Refusal::TooManyLines { .. }
        | Refusal::Line { .. }
        | Refusal::DueBeforeInvoice { .. }
        | Refusal::Money(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::Status { .. }
        | Refusal::NotStuck { .. }
        | Refusal::NothingOwed
        | Refusal::InFlight { .. }
        | Refusal::NoRecipient
        | Refusal::NoGateway { .. }
        | Refusal::AskedJustNow { .. }
        | Refusal::EditLimited { .. }
        | Refusal::NeedsAcknowledgement { .. }
        | Refusal::PageOutdated => StatusCode::CONFLICT,
        Refusal::Evolve(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// 403 where the maker's own rights end, 422 where another value would do, 409 where the key's state is in the way.
fn status_of_key(refusal: &KeyRefusal) -> StatusCode {
    match refusal {
        KeyRefusal::Grant(GrantError::RoleBeyondMaker { .. } | GrantError::ScopeBeyondMaker { .. }) => StatusCode::FORBIDDEN,
        KeyRefusal::Grant(GrantError::NoScopes { .. } | GrantError::BeyondRole { .. }) | KeyRefusal::ExpiresInPast { .. } => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        KeyRefusal::NotValid { .. } | KeyRefusal::LastOwner => StatusCode::CONFLICT,
    }
}
