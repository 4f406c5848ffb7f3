//! Notices from Stripe: unverified, then verified, then read. There is no other way from bytes to a notice.

use super::{form, is_reference, wire};
use crate::notice::{Notice, NoticeError};
use chrono::{DateTime, Utc};
use domain::{
    digest::Digest,
    ids::{AttemptId, ContactId, InvoiceId},
};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// The header that signs a notice, in lower case.
pub const SIGNATURE_HEADER: &str = "stripe-signature";

/// How far a notice's signing may lie from now, either way, in seconds.
///
/// Source: docs.stripe.com/webhooks#replay-attacks, the default tolerance of Stripe's libraries.
pub const TOLERANCE_SECONDS: u64 = 300;

/// Checks a notice against the secrets in use, several of them while one is rotated, and reads it.
///
/// Source: docs.stripe.com/webhooks#verify-manually.
///
/// # Errors
/// [`NoticeError`].
pub fn verify_notice(
    raw: &[u8],
    signature_header: Option<&str>,
    secrets: &[SecretString],
    now: DateTime<Utc>,
) -> Result<Notice, NoticeError> {
    Unverified::new(raw, signature_header).verify(secrets, now)?.read()
}

/// A notice as it arrived; nothing in it may be believed.
pub struct Unverified<'a> {
    raw: &'a [u8],
    header: Option<&'a str>,
}

/// A notice that Stripe signed lately.
pub struct Verified<'a> {
    raw: &'a [u8],
}

impl<'a> Unverified<'a> {
    /// Takes the request's body, byte for byte, and its signature header.
    #[must_use]
    pub fn new(raw: &'a [u8], header: Option<&'a str>) -> Self {
        Self { raw, header }
    }

    /// Checks the signature, then its age.
    ///
    /// # Errors
    /// Every [`NoticeError`] but [`NoticeError::Unreadable`].
    pub fn verify(self, secrets: &[SecretString], now: DateTime<Utc>) -> Result<Verified<'a>, NoticeError> {
        if secrets.is_empty() || secrets.iter().any(|secret| secret.expose_secret().is_empty()) {
            return Err(NoticeError::NoSecrets);
        }
        let header = Header::parse(self.header.ok_or(NoticeError::NotSigned)?)?;
        let mut matched = Choice::from(0);
        for secret in secrets {
            let expected = sign(secret, header.seconds_text, self.raw)?;
            for candidate in &header.signatures {
                matched |= expected[..].ct_eq(&candidate.bytes()[..]);
            }
        }
        if !bool::from(matched) {
            return Err(NoticeError::WrongSignature);
        }
        let seconds = now.timestamp().abs_diff(header.seconds);
        if seconds > TOLERANCE_SECONDS {
            return Err(NoticeError::OutsideTolerance { seconds });
        }
        Ok(Verified { raw: self.raw })
    }
}

fn sign(secret: &SecretString, seconds: &str, raw: &[u8]) -> Result<[u8; 32], NoticeError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).map_err(|_| NoticeError::NoSecrets)?;
    mac.update(seconds.as_bytes());
    mac.update(b".");
    mac.update(raw);
    Ok(mac.finalize().into_bytes().into())
}

struct Header<'a> {
    seconds_text: &'a str,
    seconds: i64,
    signatures: Vec<Digest>,
}

impl<'a> Header<'a> {
    /// Signatures of another scheme are passed over; so is a `v1` that is no SHA-256.
    fn parse(text: &'a str) -> Result<Self, NoticeError> {
        let parts = || text.split(',').filter_map(|part| part.trim().split_once('='));
        let mut times = parts().filter(|(scheme, _)| *scheme == "t").map(|(_, time)| time);
        let (Some(seconds_text), None) = (times.next(), times.next()) else {
            return Err(NoticeError::MalformedHeader);
        };
        if seconds_text.is_empty() || !seconds_text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NoticeError::MalformedHeader);
        }
        let seconds = seconds_text.parse().map_err(|_| NoticeError::MalformedHeader)?;
        if !parts().any(|(scheme, _)| scheme == "v1") {
            return Err(NoticeError::UnknownScheme);
        }
        let signatures = parts().filter(|(scheme, _)| *scheme == "v1").filter_map(|(_, hex)| Digest::find(hex)).collect();
        Ok(Self { seconds_text, seconds, signatures })
    }
}

impl Verified<'_> {
    /// Reads the notice. Kinds we do not know come without references.
    ///
    /// # Errors
    /// [`NoticeError::Unreadable`] when it is no event.
    pub fn read(self) -> Result<Notice, NoticeError> {
        let event: wire::Event = serde_json::from_slice(self.raw).map_err(|_| NoticeError::Unreadable("a notice is an event"))?;
        if !is_plain(&event.id) || !is_plain(&event.kind) {
            return Err(NoticeError::Unreadable("an event has an id and a type of at most 255 visible ASCII characters"));
        }
        let created_at = DateTime::from_timestamp(event.created, 0).ok_or(NoticeError::Unreadable("an event was made at an instant"))?;
        let object = &event.data.object;
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        let reference = |pointer: &str| text(pointer).filter(|id| is_reference(id)).map(str::to_owned);
        let (session_ref, intent_ref) = match text("/object") {
            Some("checkout.session") => (reference("/id"), reference("/payment_intent").or_else(|| reference("/payment_intent/id"))),
            Some("payment_intent") => (None, reference("/id")),
            Some(_) | None => (None, None),
        };
        let ours = session_ref.is_some() || intent_ref.is_some();
        let ours = |name: &str| object.get("metadata").and_then(|data| data.get(name)).and_then(Value::as_str).filter(|_| ours);
        Ok(Notice {
            attempt_id: ours(form::ATTEMPT).and_then(|id| AttemptId::parse(id).ok()),
            invoice_id: ours(form::INVOICE).and_then(|id| InvoiceId::parse(id).ok()),
            contact_id: ours(form::CONTACT).and_then(|id| ContactId::parse(id).ok()),
            event_id: event.id,
            kind: event.kind,
            session_ref,
            intent_ref,
            livemode: event.livemode,
            account: event.account,
            created_at,
        })
    }
}

fn is_plain(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests;
