//! A mail as bytes.

use crate::compose::Composed;
use chrono::{DateTime, Utc};
use domain::{digest::Digest, pii::EmailAddress, settings::Business};
use mail_builder::{
    MessageBuilder,
    headers::{address::Address, content_type::ContentType, date::Date, raw::Raw},
    mime::MimePart,
};
use std::fmt;

/// A mail for one recipient. Prints its tag only.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// Its words.
    pub composed: &'a Composed,
    /// Who writes.
    pub business: &'a Business,
    /// Everybody addressed, as the header shows them.
    pub header_to: &'a [EmailAddress],
    /// Everybody who gets a copy, as the header shows them.
    pub header_cc: &'a [EmailAddress],
    /// The one it is handed over for.
    pub envelope_to: &'a EmailAddress,
    /// The name of the first one addressed. Personal.
    pub to_name: Option<&'a str>,
    /// The outbox row's id: message tag `remit_message`, and the seed of boundary and Message-ID.
    pub tag: &'a str,
    /// When it was put into the outbox: its Date.
    pub at: DateTime<Utc>,
    /// An `https` address that unsubscribes with one POST.
    pub unsubscribe: Option<&'a str>,
}

impl fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outgoing({})", self.tag)
    }
}

/// Why a mail cannot be put into bytes.
#[derive(Debug, thiserror::Error)]
pub enum MimeError {
    /// A control character in a header's value.
    #[error("a control character stands in the mail's {header} header")]
    Control {
        /// Which header.
        header: &'static str,
    },
    /// The address to unsubscribe is none.
    #[error("the unsubscribe address is no plain https address")]
    Unsubscribe,
    /// The bytes could not be written.
    #[error("the mail could not be written out")]
    Write(#[from] std::io::Error),
}

/// Puts a mail into bytes: text and HTML as alternatives. The same mail gives the same bytes.
///
/// Source: RFC 5322 (headers), RFC 2046 section 5.1.4 (alternatives, plainest first), RFC 3834 section 5 (`Auto-Submitted`),
/// RFC 8058 (one-click unsubscribe).
///
/// # Errors
/// [`MimeError`] when a header's value holds a control character, or the unsubscribe address is none.
pub fn mime(outgoing: &Outgoing<'_>) -> Result<Vec<u8>, MimeError> {
    let Outgoing { composed, business, header_to, header_cc, to_name, tag, at, unsubscribe, .. } = *outgoing;
    let name = clean("From", &business.name)?;
    let subject = clean("Subject", &composed.subject)?;
    let to_name = to_name.map(|name| clean("To", name)).transpose()?;
    let seed = Digest::of(&[b"mail 1", tag.as_bytes(), composed.text.as_bytes(), composed.html.as_bytes()]).hex();
    let domain = business.email_from.reveal().rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let mut message = MessageBuilder::new()
        .from(Address::new_address(Some(name), business.email_from.reveal()))
        .reply_to(Address::new_address(None::<&str>, business.reply_to.as_ref().unwrap_or(&business.email_from).reveal()))
        .to(addresses(header_to, to_name.filter(|name| !name.is_empty())));
    if !header_cc.is_empty() {
        message = message.cc(addresses(header_cc, None));
    }
    if let Some(url) = unsubscribe {
        let plain = url.starts_with("https://") && url.bytes().all(|b| b.is_ascii_graphic() && !b"<>,".contains(&b));
        if !plain {
            return Err(MimeError::Unsubscribe);
        }
        message = message
            .header("List-Unsubscribe", Raw::new(format!("<{url}>")))
            .header("List-Unsubscribe-Post", Raw::new("List-Unsubscribe=One-Click"));
    }
    let parts = vec![MimePart::new("text/plain", composed.text.as_str()), MimePart::new("text/html", composed.html.as_str())];
    let alternatives = ContentType::new("multipart/alternative").attribute("boundary", format!("=_{}", &seed[..32]));
    let bytes = message
        .subject(subject)
        .date(Date::new(at.timestamp()))
        .message_id(format!("{}@{domain}", &seed[..32]))
        .header("Auto-Submitted", Raw::new("auto-generated"))
        .body(MimePart::new(alternatives, parts))
        .write_to_vec()?;
    Ok(bytes)
}

fn clean<'a>(header: &'static str, text: &'a str) -> Result<&'a str, MimeError> {
    if text.chars().any(char::is_control) { Err(MimeError::Control { header }) } else { Ok(text) }
}

fn addresses<'a>(all: &'a [EmailAddress], first_name: Option<&'a str>) -> Address<'a> {
    let names = std::iter::once(first_name).chain(std::iter::repeat(None));
    Address::new_list(all.iter().zip(names).map(|(address, name)| Address::new_address(name, address.reveal())).collect())
}
