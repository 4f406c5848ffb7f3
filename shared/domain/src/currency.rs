//! Currencies and their minor units.

use std::fmt;

/// An ISO 4217 currency that has a minor unit.
///
/// Source: ISO 4217:2015, list one (active codes).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

/// Why a text is no currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CurrencyError {
    /// The code is not in ISO 4217.
    #[error("`{0}` is not an ISO 4217 currency code; write three capital letters such as EUR")]
    Unknown(String),
    /// The code names something without a minor unit, such as gold.
    #[error("`{0}` has no minor unit, so no invoice can be written in it")]
    NoMinorUnit(String),
}

impl Currency {
    /// Reads a three-letter code in capitals.
    ///
    /// # Errors
    /// [`CurrencyError`] when the code is unknown or has no minor unit.
    pub fn parse(code: &str) -> Result<Self, CurrencyError> {
        let found = iso_currency::Currency::from_code(code).ok_or_else(|| CurrencyError::Unknown(code.chars().take(12).collect()))?;
        match found.exponent() {
            Some(_) => Ok(Self(found)),
            None => Err(CurrencyError::NoMinorUnit(code.to_owned())),
        }
    }

    /// The three-letter code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimals of the minor unit: JPY 0, EUR 2, KWD 3, CLF 4.
    #[must_use]
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(2, u32::from)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}
