//! One type per id, each with its prefix.

use std::fmt;

/// Why a text is no id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Another kind of id, or none.
    #[error("the id of {kind} begins with `{prefix}_`")]
    Prefix {
        /// What the id should name.
        kind: &'static str,
        /// The prefix of that kind.
        prefix: &'static str,
    },
    /// The part after the prefix is not of the form.
    #[error("the id of {kind} is `{prefix}_` and {length} characters of 0-9 and A-Z without I, L, O, U")]
    Form {
        /// What the id should name.
        kind: &'static str,
        /// The prefix of that kind.
        prefix: &'static str,
        /// Characters after the prefix.
        length: usize,
    },
}

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn base32(mut value: u128, length: usize) -> String {
    let mut digits = vec![b'0'; length];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(value & 31) as usize];
        value >>= 5;
    }
    digits.into_iter().map(char::from).collect()
}

fn well_formed(body: &str, length: usize) -> bool {
    body.len() == length && body.bytes().all(|b| ALPHABET.contains(&b))
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $kind:literal, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The prefix before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Makes an id that sorts by its milliseconds since 1970; `random` keeps two of one millisecond apart.
            #[must_use]
            pub fn at(unix_ms: u64, random: u128) -> Self {
                let random_bits = $length * 5 - 48;
                let time = u128::from(unix_ms & 0xFFFF_FFFF_FFFF) << random_bits;
                Self(format!("{}_{}", $prefix, base32(time | (random & ((1 << random_bits) - 1)), $length)))
            }

            /// Makes the id that belongs to a digest: the same digest, the same id.
            #[must_use]
            pub fn of_digest(digest: &[u8; 32]) -> Self {
                let mut value = 0_u128;
                for byte in &digest[..16] {
                    value = (value << 8) | u128::from(*byte);
                }
                Self(format!("{}_{}", $prefix, base32(value, $length)))
            }

            /// Reads an id of this kind.
            ///
            /// # Errors
            /// [`IdError`] when it has another prefix or another form.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let (prefix, body) = text.split_once('_').unwrap_or(("", text));
                if prefix != $prefix {
                    return Err(IdError::Prefix { kind: $kind, prefix: $prefix });
                }
                if !well_formed(body, $length) {
                    return Err(IdError::Form { kind: $kind, prefix: $prefix, length: $length });
                }
                Ok(Self(text.to_owned()))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The part after the prefix.
            #[must_use]
            pub fn body(&self) -> &str {
                &self.0[$prefix.len() + 1..]
            }

            /// A number that spreads ids evenly over so many shards.
            #[must_use]
            pub fn shard(&self, shards: u8) -> u8 {
                let sum = self.0.bytes().fold(0_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b)));
                u8::try_from(sum % u32::from(shards.max(1))).unwrap_or(0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// An invoice.
    InvoiceId, "inv", "an invoice", 26
);
id!(
    /// A contact: who is billed.
    ContactId, "con", "a contact", 26
);
id!(
    /// A product.
    ProductId, "prd", "a product", 26
);
id!(
    /// A payment record.
    PaymentId, "pay", "a payment", 26
);
id!(
    /// Unapplied credit of a contact.
    CreditId, "crd", "a credit", 26
);
id!(
    /// An attempt to collect; 20 characters in all, the longest reference every gateway takes.
    ///
    /// Source: Authorize.Net API schema, `refId` and `invoiceNumber` hold 20 characters.
    AttemptId, "att", "an attempt", 16
);
id!(
    /// An API key's public part.
    ApiKeyId, "key", "an API key", 26
);
id!(
    /// One request or run, as logs and journal name it.
    RequestId, "req", "a request", 26
);
