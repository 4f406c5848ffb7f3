//! Customers' links: signed, not stored.

use crate::{ids::InvoiceId, pii::RecipientRef};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use std::fmt;

/// What a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The invoice page, `/i/{token}`.
    Invoice,
    /// The pay page, `/p/{token}`.
    Pay,
}

impl Purpose {
    fn byte(self) -> u8 {
        match self {
            Self::Invoice => b'i',
            Self::Pay => b'p',
        }
    }
}

/// What a link says: which invoice, for what, for whom, in which version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it opens.
    pub purpose: Purpose,
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// For whom it was written.
    pub recipient: RecipientRef,
    /// The invoice's link version when it was written; a raised version revokes it.
    pub version: u16,
}

/// The keys that sign links: one that writes, and all that are still believed.
#[derive(Clone)]
pub struct LinkKeys {
    current: u8,
    keys: Vec<(u8, [u8; 32])>,
}

impl fmt::Debug for LinkKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkKeys({} keys)", self.keys.len())
    }
}

/// The set of keys cannot sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the current link key is not among the keys")]
pub struct LinkKeysError;

/// A link as it stands in an address. Prints masked.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(•••)")
    }
}

const FORMAT: u8 = 1;
const BODY: usize = 26;
const PAYLOAD: usize = 3 + 8 + 2 + BODY;
const SIGNED: usize = PAYLOAD + 32;

impl LinkKeys {
    /// Takes keys by their numbers and the number of the one that writes.
    ///
    /// # Errors
    /// [`LinkKeysError`] when the current number is not among them.
    pub fn new(current: u8, keys: Vec<(u8, [u8; 32])>) -> Result<Self, LinkKeysError> {
        if keys.iter().any(|(number, _)| *number == current) { Ok(Self { current, keys }) } else { Err(LinkKeysError) }
    }

    /// The number of the key that writes.
    #[must_use]
    pub fn current(&self) -> u8 {
        self.current
    }

    /// Signs with the key that writes.
    #[must_use]
    pub fn sign(&self, link: &Link) -> Token {
        self.sign_with(self.current, link)
    }

    /// Signs with a key of a given number, so that an address written once can be written again after a rotation.
    /// Falls back to the first key when that number has left.
    #[must_use]
    pub fn sign_with(&self, number: u8, link: &Link) -> Token {
        let found = self.keys.iter().find(|(n, _)| *n == number).or(self.keys.first());
        let (number, key) = found.map_or((number, [0; 32]), |(n, k)| (*n, *k));
        let mut payload = vec![FORMAT, number, link.purpose.byte()];
        payload.extend_from_slice(&link.recipient.bytes());
        payload.extend_from_slice(&link.version.to_be_bytes());
        payload.extend_from_slice(link.invoice_id.body().as_bytes());
        let signature = mac(&key, &payload).finalize().into_bytes();
        payload.extend_from_slice(&signature);
        Token(URL_SAFE_NO_PAD.encode(payload))
    }

    /// Reads a token of one purpose; `None` when it is forged, damaged or of another purpose.
    #[must_use]
    pub fn verify(&self, purpose: Purpose, token: &str) -> Option<Link> {
        if token.len() > 128 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        if bytes.len() != SIGNED {
            return None;
        }
        let (payload, signature) = bytes.split_at(PAYLOAD);
        let (_, key) = self.keys.iter().find(|(number, _)| *number == payload[1])?;
        mac(key, payload).verify_slice(signature).ok()?;
        if payload[0] != FORMAT || payload[2] != purpose.byte() {
            return None;
        }
        let mut recipient = [0; 8];
        recipient.copy_from_slice(&payload[3..11]);
        let body = std::str::from_utf8(&payload[13..]).ok()?;
        Some(Link {
            purpose,
            invoice_id: InvoiceId::parse(&format!("{}_{body}", InvoiceId::PREFIX)).ok()?,
            recipient: RecipientRef::from_bytes(recipient),
            version: u16::from_be_bytes([payload[11], payload[12]]),
        })
    }
}

fn mac(key: &[u8; 32], payload: &[u8]) -> Hmac<sha2::Sha256> {
    // A block-long key padded with zeros signs as the short key does (RFC 2104, section 2).
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<sha2::Sha256>::new(&block.into());
    mac.update(payload);
    mac
}
