//! SHA-256 digests, as the journal and the side texts use them.

use data_encoding::HEXLOWER;
use sha2::Digest as _;
use std::fmt;

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest before the first entry of a chain.
    pub const NONE: Self = Self([0; 32]);

    /// The digest of the parts, each preceded by its length so that no two lists of parts meet.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = sha2::Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The 32 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 hex digits.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(&self.0)
    }

    /// Reads 64 hex digits.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        unhex::<32>(text).map(Self)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Reads so many bytes of lower-case hex digits.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_from_the_64_lower_case_hex_digits_it_is_written_as_and_from_nothing_else() {
        let digest = Digest::of(&[b"a part"]);
        let hex = digest.hex();
        assert!(hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{hex}");
        assert_eq!(Digest::find(&hex), Some(digest));
        for wrong in [&hex[1..], &format!("{hex}0"), &format!("{hex}00"), &hex[..62], "", &hex.to_uppercase(), &hex.replace(&hex[..1], "g")]
        {
            assert_eq!(Digest::find(wrong), None, "{wrong}");
        }
    }
}
