//! The hosted payment page: shows a session, takes a card, sends the payer on.

use axum::extract::{Path, State as Shared};
use axum::response::{Html, IntoResponse, Redirect, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use http::{HeaderValue, StatusCode};

use super::SandboxGateway;
use super::cards::{self, Expiry};
use super::checkout::return_url;
use super::html::{self, Trouble};
use super::state::{Session, SessionStatus};
use super::views::{PayError, PayOutcome};

/// What the form sends. The number lives as long as the request.
#[derive(Default)]
struct Submission {
    number: String,
    exp: String,
    cvc: String,
}

pub(super) async fn show(Shared(gateway): Shared<SandboxGateway>, Path(id): Path<String>) -> Response {
    gateway.page(&id, None)
}

pub(super) async fn submit(Shared(gateway): Shared<SandboxGateway>, Path(id): Path<String>, body: Bytes) -> Response {
    match gateway.session(&id).map(|session| (session.status, return_url(&session))) {
        Some((SessionStatus::Open, _)) => gateway.submitted(&id, &read(&body)),
        Some((SessionStatus::Complete, return_to)) => onward(&return_to),
        Some((SessionStatus::Expired, _)) | None => gateway.page(&id, None),
    }
}

impl SandboxGateway {
    fn submitted(&self, id: &str, submission: &Submission) -> Response {
        let expiry = match self.check(submission) {
            Ok(expiry) => expiry,
            Err(trouble) => return self.page(id, Some(&trouble)),
        };
        match self.submit_card(id, &submission.number, expiry) {
            Ok(PayOutcome::Paid { return_to } | PayOutcome::AlreadyComplete { return_to }) => onward(&return_to),
            Ok(PayOutcome::PaidWithoutReturn) => page_of(StatusCode::OK, html::left_after_paying()),
            Ok(PayOutcome::Declined { message, .. }) => self.page(id, Some(&Trouble::form(message))),
            Err(PayError::InvalidNumber) => self.page(id, Some(&Trouble::number())),
            Err(PayError::NotSaved) => self.page(id, Some(&Trouble::form(PayError::NotSaved.to_string()))),
            Err(PayError::UnknownSession | PayError::SessionExpired) => self.page(id, None),
        }
    }

    fn session(&self, id: &str) -> Option<Session> {
        let mut core = self.lock();
        self.refresh(&mut core);
        core.state.sessions.get(id).cloned()
    }

    fn page(&self, id: &str, trouble: Option<&Trouble>) -> Response {
        let Some(session) = self.session(id) else {
            return page_of(StatusCode::NOT_FOUND, html::unknown());
        };
        let page = match session.status {
            SessionStatus::Open => html::form(&session, trouble),
            SessionStatus::Complete => html::complete(&session),
            SessionStatus::Expired => html::expired(&session),
        };
        page_of(StatusCode::OK, page)
    }

    fn check(&self, submission: &Submission) -> Result<Expiry, Trouble> {
        let now = (self.0.settings.now)();
        let expiry = cards::read_expiry(&submission.exp, now);
        if cards::read(&submission.number, cards::expiry_in_three_years(now)).is_none() {
            return Err(Trouble::number());
        }
        let Some(expiry) = expiry else { return Err(Trouble::expiry()) };
        let cvc = submission.cvc.trim();
        if !(3..=4).contains(&cvc.len()) || !cvc.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Trouble::cvc());
        }
        Ok(expiry)
    }
}

fn read(body: &[u8]) -> Submission {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(body).unwrap_or_default();
    let mut submission = Submission::default();
    for (name, value) in pairs {
        match name.as_str() {
            "number" => submission.number = value,
            "exp" => submission.exp = value,
            "cvc" => submission.cvc = value,
            _ => {}
        }
    }
    submission
}

pub(super) fn page_of(status: StatusCode, page: String) -> Response {
    with_headers((status, Html(page)).into_response())
}

fn onward(url: &str) -> Response {
    with_headers(Redirect::to(url).into_response())
}

fn with_headers(mut response: Response) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    // With `no-referrer` a browser sends `Origin: null` with the page's own form.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
