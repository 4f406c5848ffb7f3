//! The mailbox and the event log to look at: JSON for programs, plain pages for people.

use super::{Mail, Recorder};
use crate::look;
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use domain::calendar::Zone;
use serde_json::{Value, json};

/// Mails that the mailbox's page lists.
const MOST_MAILS: usize = 500;
const MAIL_POLICY: &str = "default-src 'none'; img-src data: https:; style-src 'unsafe-inline'; form-action 'none'; \
     sandbox allow-popups allow-popups-to-escape-sandbox";

/// A mail in a list of them.
pub(crate) struct MailRow {
    pub(crate) id: String,
    pub(crate) subject: String,
    pub(crate) to: String,
    pub(crate) at: String,
}

#[derive(Clone)]
struct Mailbox {
    recorder: Recorder,
    zone: Zone,
}

#[derive(Template)]
#[template(path = "mailbox.html")]
struct MailboxPage {
    mails: Vec<MailRow>,
    mail_count: usize,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct MailPage {
    id: String,
    subject: String,
    from: String,
    to: String,
    at: String,
    has_html: bool,
    text: Option<String>,
    headers: Vec<(String, String)>,
}

/// `GET /mailbox`, `/messages`, `/messages/{id}`, `/messages/{id}.html`, `/messages/{id}.eml` and `/events`, to be carried under
/// `/_local`. Pages show the time of a zone.
pub fn mailbox_router(recorder: Recorder, zone: Zone) -> Router {
    Router::new()
        .route("/mailbox", get(mailbox))
        .route("/messages", get(list))
        .route("/messages/{file}", get(message))
        .route("/events", get(events))
        .with_state(Mailbox { recorder, zone })
}

/// The newest mails, the newest first, and how many there are in all.
pub(crate) fn latest_mails(recorder: &Recorder, zone: Zone, most: usize) -> (Vec<MailRow>, usize) {
    let state = recorder.state();
    let row = |mail: &Mail| MailRow {
        id: mail.id.clone(),
        subject: subject(mail),
        to: mail.envelope_to.join(", "),
        at: look::minute(mail.at, zone),
    };
    (state.mails.iter().rev().take(most).map(row).collect(), state.mails.len())
}

/// How many mails were sent after one instant, until another.
pub(crate) fn mails_between(recorder: &Recorder, from: DateTime<Utc>, to: DateTime<Utc>) -> usize {
    recorder.state().mails.iter().rev().take_while(|mail| mail.at > from).filter(|mail| mail.at <= to).count()
}

fn subject(mail: &Mail) -> String {
    let subject = mail.subject();
    if subject.is_empty() { "(no subject)".to_owned() } else { subject }
}

async fn mailbox(State(mailbox): State<Mailbox>) -> Response {
    let (mails, mail_count) = latest_mails(&mailbox.recorder, mailbox.zone, MOST_MAILS);
    look::page(&MailboxPage { mails, mail_count })
}

async fn list(State(mailbox): State<Mailbox>) -> Json<Vec<Value>> {
    Json(mailbox.recorder.mails().iter().map(summary).collect())
}

async fn events(State(mailbox): State<Mailbox>) -> Response {
    Json(mailbox.recorder.events()).into_response()
}

async fn message(State(mailbox): State<Mailbox>, Path(file): Path<String>) -> Response {
    let (id, kind) = file.rsplit_once('.').unwrap_or((&file, ""));
    let Some(mail) = mailbox.recorder.mail(id) else {
        return (StatusCode::NOT_FOUND, "no such mail").into_response();
    };
    match kind {
        "" => look::page(&page(&mail, mailbox.zone)),
        "eml" => ([(header::CONTENT_TYPE, "message/rfc822")], mail.raw.clone()).into_response(),
        "html" => match mail.html() {
            Some(html) => {
                let headers = [(header::CONTENT_SECURITY_POLICY, MAIL_POLICY), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
                (headers, Html(in_new_tabs(&html))).into_response()
            }
            None => (StatusCode::NOT_FOUND, "this mail has no HTML").into_response(),
        },
        _ => (StatusCode::NOT_FOUND, "no such form of a mail").into_response(),
    }
}

fn summary(mail: &Mail) -> Value {
    json!({
        "id": mail.id,
        "from": mail.from(),
        "to": mail.to(),
        "cc": mail.cc(),
        "bcc": mail.bcc(),
        "envelope": { "from": mail.envelope_from, "to": mail.envelope_to },
        "subject": mail.subject(),
        "tags": mail.tags,
        "at": mail.at,
    })
}

/// A link in a mail opens a tab of its own, out of the sandbox.
fn in_new_tabs(html: &str) -> String {
    html.replacen("<head>", "<head><base target=\"_blank\">", 1)
}

fn page(mail: &Mail, zone: Zone) -> MailPage {
    MailPage {
        id: mail.id.clone(),
        subject: subject(mail),
        from: mail.envelope_from.clone(),
        to: mail.envelope_to.join(", "),
        at: format!("{} ({})", look::minute(mail.at, zone), zone.name()),
        has_html: mail.html().is_some(),
        text: mail.text(),
        headers: mail.headers(),
    }
}
