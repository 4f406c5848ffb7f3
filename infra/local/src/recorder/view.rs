//! The mailbox and the event log to look at: JSON for programs, plain pages for people.

use super::{Mail, Recorder};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::get;
use serde_json::{Value, json};
use std::fmt::Write;

const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; \
     form-action 'none'";
const MAIL_POLICY: &str = "default-src 'none'; img-src data: https:; style-src 'unsafe-inline'; form-action 'none'; \
     sandbox allow-popups allow-popups-to-escape-sandbox";

/// `GET /messages`, `/messages/{id}`, `/messages/{id}.html`, `/messages/{id}.eml` and `/events`.
pub fn mailbox_router(recorder: Recorder) -> Router {
    Router::new().route("/messages", get(list)).route("/messages/{file}", get(message)).route("/events", get(events)).with_state(recorder)
}

/// The mails as a table, the newest first, for a page that carries [`mailbox_router`] at its root.
#[must_use]
pub fn mailbox_html(recorder: &Recorder) -> String {
    mailbox_html_at(recorder, "")
}

/// The mails as a table, for a page that carries [`mailbox_router`] under `base`.
#[must_use]
pub fn mailbox_html_at(recorder: &Recorder, base: &str) -> String {
    let mails = recorder.mails();
    if mails.is_empty() {
        return "<p>No mail yet.</p>".to_owned();
    }
    let mut html = String::from("<table>\n<tr><th>Sent</th><th>To</th><th>Subject</th></tr>\n");
    for mail in mails.iter().rev() {
        let (at, to, subject) = (mail.at.format("%Y-%m-%d %H:%M:%S"), mail.envelope_to.join(", "), mail.subject());
        let subject = if subject.is_empty() { "(no subject)" } else { &subject };
        let link = format!("<a href=\"{}/messages/{}\">{}</a>", escaped(base), escaped(&mail.id), escaped(subject));
        // Writing to a String cannot fail.
        let _ = writeln!(html, "<tr><td>{at}</td><td>{}</td><td>{link}</td></tr>", escaped(&to));
    }
    html.push_str("</table>\n");
    html
}

async fn list(State(recorder): State<Recorder>) -> Json<Vec<Value>> {
    Json(recorder.mails().iter().map(summary).collect())
}

async fn events(State(recorder): State<Recorder>) -> Response {
    Json(recorder.events()).into_response()
}

async fn message(State(recorder): State<Recorder>, Path(file): Path<String>) -> Response {
    let (id, kind) = file.rsplit_once('.').unwrap_or((&file, ""));
    let Some(mail) = recorder.mail(id) else {
        return (StatusCode::NOT_FOUND, "no such mail").into_response();
    };
    match kind {
        "" => (policy(PAGE_POLICY), Html(page(&mail))).into_response(),
        "eml" => ([(header::CONTENT_TYPE, "message/rfc822")], mail.raw).into_response(),
        "html" => match mail.html() {
            Some(html) => (policy(MAIL_POLICY), Html(in_new_tabs(&html))).into_response(),
            None => (StatusCode::NOT_FOUND, "this mail has no HTML").into_response(),
        },
        _ => (StatusCode::NOT_FOUND, "no such form of a mail").into_response(),
    }
}

fn policy(policy: &'static str) -> [(HeaderName, &'static str); 2] {
    [(header::CONTENT_SECURITY_POLICY, policy), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")]
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

fn page(mail: &Mail) -> String {
    let subject = escaped(&mail.subject());
    let id = escaped(&mail.id);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{subject}</title>\n\
         <style>body{{font:14px sans-serif;margin:2em}}td{{vertical-align:top;padding-right:1em}}\
         iframe{{width:100%;height:40em;border:1px solid #999}}pre{{white-space:pre-wrap}}</style></head>\n<body>\n\
         <h1>{subject}</h1>\n<p><a href=\"{id}.eml\">Raw message</a></p>\n<table>\n"
    );
    let envelope = [("Envelope from", mail.envelope_from.clone()), ("Envelope to", mail.envelope_to.join(", "))];
    let envelope = envelope.map(|(name, value)| (name.to_owned(), value));
    for (name, value) in envelope.into_iter().chain(mail.headers()) {
        // Writing to a String cannot fail.
        let _ = writeln!(html, "<tr><td>{}</td><td>{}</td></tr>", escaped(&name), escaped(&value));
    }
    html.push_str("</table>\n");
    if mail.html().is_some() {
        let _ = writeln!(
            html,
            "<h2>HTML</h2>\n<iframe title=\"The mail\" src=\"{id}.html\" \
             sandbox=\"allow-popups allow-popups-to-escape-sandbox\"></iframe>"
        );
    }
    if let Some(text) = mail.text() {
        let _ = writeln!(html, "<h2>Text</h2>\n<pre>{}</pre>", escaped(&text));
    }
    html.push_str("</body>\n</html>\n");
    html
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}
