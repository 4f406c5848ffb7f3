//! SES v2's `SendEmail` with a raw message: what SES refuses, what it rewrites, and the mail that is kept.

use super::{MailFault, Recorded, answers};
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use mail_parser::{Address, Message, MessageParser};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

const MOST_RECIPIENTS: usize = 50;
const LONGEST_LINE: usize = 998;
const ONCE: [&str; 10] =
    ["from", "sender", "reply-to", "subject", "date", "message-id", "mime-version", "content-type", "in-reply-to", "list-unsubscribe"];

/// A mail as SES would have sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The id `SendEmail` answered with.
    pub id: String,
    /// The address it is from on the envelope.
    pub envelope_from: String,
    /// The addresses it goes to on the envelope.
    pub envelope_to: Vec<String>,
    /// `EmailTags`.
    pub tags: BTreeMap<String, String>,
    /// `ConfigurationSetName`.
    pub configuration_set: Option<String>,
    /// When it was accepted.
    pub at: DateTime<Utc>,
    /// The message, with the Message-ID and the Date that SES gives it.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

impl Mail {
    /// The address in From.
    #[must_use]
    pub fn from(&self) -> Option<String> {
        self.parsed().and_then(|message| addresses(message.from()).into_iter().next())
    }

    /// The addresses in To.
    #[must_use]
    pub fn to(&self) -> Vec<String> {
        self.parsed().map(|message| addresses(message.to())).unwrap_or_default()
    }

    /// The addresses in Cc.
    #[must_use]
    pub fn cc(&self) -> Vec<String> {
        self.parsed().map(|message| addresses(message.cc())).unwrap_or_default()
    }

    /// The addresses in Bcc.
    #[must_use]
    pub fn bcc(&self) -> Vec<String> {
        self.parsed().map(|message| addresses(message.bcc())).unwrap_or_default()
    }

    /// The subject, decoded.
    #[must_use]
    pub fn subject(&self) -> String {
        self.parsed().and_then(|message| message.subject().map(str::to_owned)).unwrap_or_default()
    }

    /// The plain text, when the mail has such a part.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let message = self.parsed()?;
        let part = message.text_bodies().find(|part| part.is_text() && !part.is_text_html())?;
        part.text_contents().map(str::to_owned)
    }

    /// The HTML, when the mail has such a part.
    #[must_use]
    pub fn html(&self) -> Option<String> {
        let message = self.parsed()?;
        let part = message.html_bodies().find(|part| part.is_text_html())?;
        part.text_contents().map(str::to_owned)
    }

    /// One header as it stands in the message, unfolded.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let message = self.parsed()?;
        let raw = message.header_raw(name.to_owned())?;
        Some(raw.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// All headers in order, as they stand in the message.
    #[must_use]
    pub fn headers(&self) -> Vec<(String, String)> {
        let Some(message) = self.parsed() else { return Vec::new() };
        message.headers_raw().map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
    }

    /// The parsed message, for what the other methods do not show.
    #[must_use]
    pub fn parsed(&self) -> Option<Message<'_>> {
        MessageParser::default().parse(&self.raw)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: Option<String>,
    destination: Option<Destination>,
    content: Content,
    #[serde(default)]
    email_tags: Vec<Tag>,
    configuration_set_name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    to_addresses: Vec<String>,
    cc_addresses: Vec<String>,
    bcc_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    raw: Option<Raw>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    name: String,
    value: String,
}

pub(super) fn send(recorded: &mut Recorded, now: DateTime<Utc>, body: &[u8]) -> Response {
    let number = recorded.mails.len() + 1;
    let mail = match accepted(body, number, now) {
        Ok(mail) => mail,
        Err(refusal) => {
            return answers::refused_by_rest(StatusCode::BAD_REQUEST, "BadRequestException", &refusal);
        }
    };
    let fault = recorded.mail_faults.pop_front();
    match fault {
        Some(MailFault::Throttled) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            return answers::refused_by_rest(status, "TooManyRequestsException", "Maximum sending rate exceeded.");
        }
        Some(MailFault::SendingPaused) => {
            let message = "Sending paused for this account.";
            return answers::refused_by_rest(StatusCode::BAD_REQUEST, "SendingPausedException", message);
        }
        Some(MailFault::RejectedMessage) => {
            let message = "The message can't be sent because it contains invalid content.";
            return answers::refused_by_rest(StatusCode::BAD_REQUEST, "MessageRejected", message);
        }
        Some(MailFault::NotVerified) => {
            let whose = mail.envelope_to.join(", ");
            let message =
                format!("Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: {whose}");
            return answers::refused_by_rest(StatusCode::BAD_REQUEST, "MessageRejected", &message);
        }
        Some(MailFault::ServerError) => return failed("the test asked for it"),
        Some(MailFault::LoseBeforeEffect) => return answers::lost(),
        Some(MailFault::LoseAnswerAfterEffect) | None => {}
    }
    if let Some(disk) = &recorded.disk
        && let Err(error) = disk.keep_mail(number, &mail)
    {
        return failed(&format!("{error:#}"));
    }
    let answer = answers::rest(&json!({ "MessageId": mail.id }));
    recorded.mails.push(mail);
    if fault == Some(MailFault::LoseAnswerAfterEffect) { answers::lost() } else { answer }
}

fn failed(message: &str) -> Response {
    answers::refused_by_rest(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", message)
}

fn accepted(body: &[u8], number: usize, now: DateTime<Utc>) -> Result<Mail, String> {
    let request: SendEmail = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let raw = request.content.raw.ok_or("only raw content is recorded")?;
    let raw = STANDARD.decode(raw.data).map_err(|_| "Raw.Data is not base64")?;
    well_formed(&raw)?;
    let message = MessageParser::default().parse(&raw).ok_or("the message has no headers")?;
    if message.parts.iter().any(|part| part.is_encoding_problem) {
        return Err("a part of the message is not encoded as it says".to_owned());
    }
    let header_from = addresses(message.from());
    let [header_from] = header_from.as_slice() else {
        return Err("Missing required header 'From'.".to_owned());
    };
    let envelope_from = match &request.from_email_address {
        Some(given) => bare(given)?,
        None => bare(header_from)?,
    };
    let envelope_to = match request.destination {
        Some(given) => [given.to_addresses, given.cc_addresses, given.bcc_addresses].concat(),
        None => [message.to(), message.cc(), message.bcc()].into_iter().flat_map(addresses).collect(),
    };
    let envelope_to = envelope_to.iter().map(|address| bare(address)).collect::<Result<Vec<_>, _>>()?;
    if envelope_to.is_empty() {
        return Err("the message has no recipient".to_owned());
    }
    if envelope_to.len() > MOST_RECIPIENTS {
        return Err(format!("Recipient count exceeds {MOST_RECIPIENTS}."));
    }
    for header in [message.to(), message.cc(), message.bcc()] {
        addresses(header).iter().try_for_each(|address| bare(address).map(drop))?;
    }
    let id = format!("mail-{number:06}");
    Ok(Mail {
        raw: rewritten(&raw, &message, &id, now),
        id,
        envelope_from,
        envelope_to,
        tags: tags(request.email_tags)?,
        configuration_set: request.configuration_set_name,
        at: now,
    })
}

/// A header, a blank line and a body; no line too long; seven bits in the header; no field twice that may stand once.
fn well_formed(raw: &[u8]) -> Result<(), String> {
    let lines = || raw.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    if lines().any(|line| line.len() > LONGEST_LINE) {
        return Err("a line is longer than 1000 characters".to_owned());
    }
    let mut seen = Vec::new();
    for line in lines() {
        if line.is_empty() {
            return if seen.is_empty() { Err("the message has no headers".to_owned()) } else { Ok(()) };
        }
        if !line.is_ascii() {
            return Err("a header holds characters outside of ASCII".to_owned());
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let name = line.split(|byte| *byte == b':').next().filter(|name| name.len() < line.len());
        let name = name.map(|name| String::from_utf8_lossy(name).to_ascii_lowercase());
        let name = name.filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()));
        let name = name.ok_or("a header line has no name")?;
        if ONCE.contains(&name.as_str()) && seen.contains(&name) {
            return Err(format!("Duplicate header '{name}'."));
        }
        seen.push(name);
    }
    Err("the message has no blank line after its headers".to_owned())
}

fn rewritten(raw: &[u8], message: &Message<'_>, id: &str, now: DateTime<Utc>) -> Vec<u8> {
    let date = now.to_rfc2822();
    let mut mail = format!("Message-ID: <{id}@email.amazonses.com>\r\nDate: {date}\r\n").into_bytes();
    let mut from = 0;
    for header in message.headers() {
        let ours = ["message-id", "date"].iter().any(|name| header.name().eq_ignore_ascii_case(name));
        if ours && let (Ok(field), Ok(end)) = (usize::try_from(header.offset_field()), usize::try_from(header.offset_end())) {
            mail.extend_from_slice(raw.get(from..field).unwrap_or_default());
            from = end;
        }
    }
    mail.extend_from_slice(raw.get(from..).unwrap_or_default());
    mail
}

fn tags(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, String> {
    let plain = |text: &str, more: &[u8]| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte) || more.contains(&byte);
        (1..=256).contains(&text.len()) && text.bytes().all(allowed)
    };
    let mut named = BTreeMap::new();
    for Tag { name, value } in tags {
        if !plain(&name, b"") || !plain(&value, b".@") {
            return Err(format!("Invalid tag <{name}>."));
        }
        if named.insert(name.clone(), value).is_some() {
            return Err(format!("Duplicate tag <{name}>."));
        }
    }
    Ok(named)
}

fn addresses(header: Option<&Address<'_>>) -> Vec<String> {
    let all = header.into_iter().flat_map(Address::iter);
    all.map(|address| address.address().unwrap_or_default().to_owned()).collect()
}

/// The address in `a@b.example` or `Name <a@b.example>`, if SES would take it.
fn bare(given: &str) -> Result<String, String> {
    let refusal = || format!("Illegal address: {given:?}");
    let in_brackets = given.rsplit_once('<').and_then(|(_, rest)| rest.trim_end().strip_suffix('>'));
    let address = in_brackets.unwrap_or(given).trim();
    let (local, domain) = address.rsplit_once('@').ok_or_else(refusal)?;
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let local_byte = |byte: u8| byte.is_ascii_graphic() && !b"@<>()[],;:\\\"".contains(&byte);
    let sound = (1..=64).contains(&local.len())
        && local.bytes().all(local_byte)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && domain.len() <= 255
        && domain.contains('.')
        && domain.split('.').all(label)
        && !given.contains(['\r', '\n']);
    if sound { Ok(address.to_owned()) } else { Err(refusal()) }
}
