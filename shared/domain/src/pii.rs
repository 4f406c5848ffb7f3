//! Personal text, which prints masked.

use crate::text::plain;
use std::fmt;

/// Text about a person. `Debug` and `Display` print a mask; [`Pii::reveal`] is the only way out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pii(String);

impl Pii {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the person it belongs to or the staff who may see it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Pii {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

impl fmt::Display for Pii {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// A mail address that is safe in a header. Prints masked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

/// Why a text is no mail address that we can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// It has another form.
    #[error("this is no mail address; write one such as ada@example.com, without line breaks, quotes or a display name")]
    Form,
    /// Its domain has letters beyond ASCII.
    #[error("the domain of this mail address must be in its ASCII form, such as xn--bcher-kva.example for bücher.example")]
    Domain,
    /// The part before the `@` has letters beyond ASCII, which not every mail server takes.
    #[error("mail cannot be sent to an address with letters beyond a to z before the @; give another address")]
    Local,
}

impl EmailAddress {
    /// Reads an address of the form `local@domain`, 254 characters at most, ASCII. Blanks and marks around it, as they are pasted along, are
    /// dropped.
    ///
    /// Source: RFC 5321 section 4.5.3.1, RFC 5322 section 3.4.1 (dot-atom form only).
    ///
    /// # Errors
    /// [`EmailError`].
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = plain(text);
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Form)?;
        if !domain.is_ascii() {
            return Err(EmailError::Domain);
        }
        if !local.is_ascii() {
            return Err(EmailError::Local);
        }
        let fits = text.len() <= 254 && !text.bytes().any(|b| b.is_ascii_control() || b" \"<>()[],;:\\".contains(&b));
        if fits && domain.contains('.') && email_address::EmailAddress::is_valid(&text) { Ok(Self(text)) } else { Err(EmailError::Form) }
    }

    /// The address itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A short reference that names this address without showing it: 16 hex digits of a SHA-256 of its lower case.
    #[must_use]
    pub fn reference(&self) -> RecipientRef {
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(self.0.to_ascii_lowercase().as_bytes());
        let mut bytes = [0_u8; 8];
        bytes.copy_from_slice(&digest[..8]);
        RecipientRef(bytes)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_once('@') {
            Some((local, domain)) => write!(f, "{}•••@{domain}", local.chars().take(1).collect::<String>()),
            None => f.write_str("•••"),
        }
    }
}

/// Names a recipient without showing the address. All zeros: nobody in particular (a copied link).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecipientRef([u8; 8]);

impl RecipientRef {
    /// Nobody in particular.
    pub const ANYONE: Self = Self([0; 8]);

    /// Takes the eight bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The eight bytes.
    #[must_use]
    pub fn bytes(self) -> [u8; 8] {
        self.0
    }

    /// Sixteen hex digits.
    #[must_use]
    pub fn hex(self) -> String {
        crate::digest::hex(&self.0)
    }

    /// Reads sixteen hex digits.
    #[must_use]
    pub fn find(hex: &str) -> Option<Self> {
        crate::digest::unhex::<8>(hex).map(Self)
    }
}

impl fmt::Debug for RecipientRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}
