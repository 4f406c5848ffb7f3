//! Exact amounts of money.

use crate::currency::Currency;
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use std::fmt;

/// The largest amount, in minor units, that any record may hold.
pub const MAX_MINOR: i64 = 99_999_999_999_999;

/// An exact amount in one currency, never finer than the currency's minor unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

/// Why an amount cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text is no decimal number.
    #[error("`{0}` is no amount; write a decimal string such as \"165.00\"")]
    NotANumber(String),
    /// The amount is finer than the minor unit.
    #[error("an amount in {currency} has at most {allowed} decimals, this one has {given}")]
    TooManyDecimals {
        /// The currency of the amount.
        currency: Currency,
        /// Decimals its minor unit has.
        allowed: u32,
        /// Decimals that were written.
        given: u32,
    },
    /// The amount is past [`MAX_MINOR`].
    #[error("the amount is larger than any record may hold")]
    TooLarge,
    /// Two currencies met in one sum.
    #[error("{left} and {right} cannot be added")]
    MixedCurrencies {
        /// Currency of the left side.
        left: Currency,
        /// Currency of the right side.
        right: Currency,
    },
}

/// A named way to round to the minor unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Half of a minor unit goes away from zero, on every line by itself; sums are sums of rounded lines.
    ///
    /// Source: commercial rounding, DIN 1333 section 4.5.1; allowed for VAT per item by UK VAT Notice 700, 17.5.1.
    HalfUpPerLine,
}

impl Rounding {
    /// The name under which invoices store the rule.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HalfUpPerLine => "half_up_per_line",
        }
    }

    /// The rule of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        (name == "half_up_per_line").then_some(Self::HalfUpPerLine)
    }

    fn strategy(self) -> RoundingStrategy {
        match self {
            Self::HalfUpPerLine => RoundingStrategy::MidpointAwayFromZero,
        }
    }
}

impl Money {
    /// Nothing, in that currency.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self { amount: Decimal::new(0, currency.exponent()), currency }
    }

    /// Reads a decimal string such as `165.00`.
    ///
    /// # Errors
    /// [`MoneyError`] when the text is no number, finer than the minor unit, or too large.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let not_a_number = || MoneyError::NotANumber(text.chars().take(40).collect());
        let plain = text.strip_prefix('-').unwrap_or(text);
        let well_formed = plain.len() <= 30
            && plain.starts_with(|c: char| c.is_ascii_digit())
            && plain.ends_with(|c: char| c.is_ascii_digit())
            && plain.chars().all(|c| c.is_ascii_digit() || c == '.')
            && plain.matches('.').count() <= 1;
        if !well_formed {
            return Err(not_a_number());
        }
        let amount = Decimal::from_str_exact(text).map_err(|_| not_a_number())?;
        Self::exact(amount, currency)
    }

    /// Takes a decimal that must already be a whole number of minor units.
    ///
    /// # Errors
    /// [`MoneyError`] when it is finer than the minor unit, or too large.
    pub fn exact(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let allowed = currency.exponent();
        let given = amount.scale();
        if given > allowed {
            return Err(MoneyError::TooManyDecimals { currency, allowed, given });
        }
        Self::bounded(amount, currency)
    }

    /// Rounds a decimal to the minor unit by the named rule.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn rounded(amount: Decimal, currency: Currency, rounding: Rounding) -> Result<Self, MoneyError> {
        Self::bounded(amount.round_dp_with_strategy(currency.exponent(), rounding.strategy()), currency)
    }

    fn bounded(mut amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        amount.rescale(currency.exponent());
        let money = Self { amount, currency };
        match money.amount.mantissa().to_i64() {
            Some(minor) if minor.abs() <= MAX_MINOR => Ok(money),
            Some(_) | None => Err(MoneyError::TooLarge),
        }
    }

    /// Makes an amount of integer minor units, as tables and gateways keep it.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn from_minor(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        Self::bounded(Decimal::new(minor, currency.exponent()), currency)
    }

    /// The amount in integer minor units; cents for EUR, yen for JPY.
    #[must_use]
    pub fn minor(self) -> i64 {
        self.amount.mantissa().to_i64().unwrap_or(MAX_MINOR)
    }

    /// The amount as a decimal.
    #[must_use]
    pub fn amount(self) -> Decimal {
        self.amount
    }

    /// The currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.amount.is_zero()
    }

    /// Whether it is more than nothing.
    #[must_use]
    pub fn is_positive(self) -> bool {
        self.amount > Decimal::ZERO
    }

    /// Whether it is less than nothing.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.amount < Decimal::ZERO
    }

    fn same(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::MixedCurrencies { left: self.currency, right: other.currency })
        }
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError`] on mixed currencies or past the largest amount.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        let sum = self.amount.checked_add(other.amount).ok_or(MoneyError::TooLarge)?;
        Self::bounded(sum, self.currency)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`MoneyError`] on mixed currencies or past the largest amount.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        let difference = self.amount.checked_sub(other.amount).ok_or(MoneyError::TooLarge)?;
        Self::bounded(difference, self.currency)
    }

    /// The smaller of the two.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`].
    pub fn min(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        Ok(if other.amount < self.amount { other } else { self })
    }

    /// Whether this is more than the other.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`].
    pub fn exceeds(self, other: Self) -> Result<bool, MoneyError> {
        self.same(other)?;
        Ok(self.amount > other.amount)
    }

    /// The amount as the API writes it: all decimals of the currency, no separators, no code.
    #[must_use]
    pub fn decimal_string(self) -> String {
        self.amount.to_string()
    }

    /// The amount for people, in English: `EUR 1,234.50`.
    #[must_use]
    pub fn display(self) -> String {
        let text = self.amount.abs().to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let mut grouped = String::new();
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let sign = if self.is_negative() { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{} {sign}{grouped}{point}{fraction}", self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.amount)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display())
    }
}
