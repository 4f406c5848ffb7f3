//! Lines of an invoice and their sums.

use crate::{
    currency::Currency,
    ids::ProductId,
    money::{Money, MoneyError, Rounding},
};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use std::collections::BTreeMap;

/// The most lines an invoice may have.
pub const MAX_LINES: usize = 200;

/// How many of something: more than 0, at most 1,000,000, at most four decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity(Decimal);

/// A share in percent: 0 to 100, at most four decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(Decimal);

/// Why a line cannot stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The quantity is none.
    #[error("a quantity is more than 0, at most 1000000, and has at most four decimals")]
    Quantity,
    /// The share is none.
    #[error("a percentage is from 0 to 100 and has at most four decimals")]
    Percent,
    /// The price is negative.
    #[error("a unit price is not negative; give a discount instead")]
    NegativePrice,
    /// The discount is more than the line.
    #[error("the discount is from 0 to the line's amount of {line}")]
    Discount {
        /// Quantity times unit price.
        line: Money,
    },
    /// The money does not work out.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

fn decimal(text: &str) -> Option<Decimal> {
    let digits =
        text.len() <= 20 && text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if digits { Decimal::from_str_exact(text).ok() } else { None }
}

impl Quantity {
    /// Reads a decimal string such as `1` or `2.5`.
    ///
    /// # Errors
    /// [`LineError::Quantity`].
    pub fn parse(text: &str) -> Result<Self, LineError> {
        let value = decimal(text).ok_or(LineError::Quantity)?.normalize();
        let fits = value > Decimal::ZERO && value <= Decimal::from(1_000_000) && value.scale() <= 4;
        if fits { Ok(Self(value)) } else { Err(LineError::Quantity) }
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> Decimal {
        self.0
    }
}

impl Percent {
    /// Reads a decimal string such as `19` or `7.7`.
    ///
    /// # Errors
    /// [`LineError::Percent`].
    pub fn parse(text: &str) -> Result<Self, LineError> {
        let value = decimal(text).ok_or(LineError::Percent)?.normalize();
        if value <= Decimal::ONE_HUNDRED && value.scale() <= 4 { Ok(Self(value)) } else { Err(LineError::Percent) }
    }

    /// The number, 19 for 19 %.
    #[must_use]
    pub fn get(self) -> Decimal {
        self.0
    }

    fn of(self, amount: Decimal) -> Result<Decimal, MoneyError> {
        amount.checked_mul(self.0).and_then(|p| p.checked_div(Decimal::ONE_HUNDRED)).ok_or(MoneyError::TooLarge)
    }
}

/// What is taken off a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discount {
    /// A share of the line.
    Percent(Percent),
    /// A sum.
    Amount(Money),
}

/// One exclusive tax of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tax {
    /// Its name, such as `VAT`; at most 20 characters.
    pub code: String,
    /// Its rate.
    pub rate: Percent,
}

/// What a line counts: everything but its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The product it was taken from.
    pub product_id: Option<ProductId>,
    /// How many.
    pub quantity: Quantity,
    /// Price of one, net of tax.
    pub unit_price: Money,
    /// What is taken off.
    pub discount: Option<Discount>,
    /// The tax on top.
    pub tax: Option<Tax>,
}

/// The words of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineText {
    /// 1 to 200 characters.
    pub name: String,
    /// At most 1,000 characters, or empty.
    pub description: String,
}

/// A line worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineSum {
    /// What was taken off.
    pub discount: Money,
    /// After discount, before tax.
    pub net: Money,
    /// The tax.
    pub tax: Money,
    /// Net and tax.
    pub gross: Money,
}

/// All the tax of one code and rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxSum {
    /// The tax.
    pub tax: Tax,
    /// What it is levied on.
    pub net: Money,
    /// How much it is.
    pub amount: Money,
}

/// An invoice's lines worked out. The lines add up to the totals, always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// Each line, in order.
    pub lines: Vec<LineSum>,
    /// All discounts together.
    pub discount: Money,
    /// All lines before tax.
    pub net: Money,
    /// The taxes, by code and rate.
    pub taxes: Vec<TaxSum>,
    /// All there is to pay.
    pub total: Money,
}

impl Line {
    /// Works the line out.
    ///
    /// # Errors
    /// [`LineError`] when price or discount do not fit.
    pub fn sum(&self, rounding: Rounding) -> Result<LineSum, LineError> {
        if self.unit_price.is_negative() {
            return Err(LineError::NegativePrice);
        }
        let currency = self.unit_price.currency();
        let exact = self.quantity.get().checked_mul(self.unit_price.amount()).ok_or(MoneyError::TooLarge)?;
        let full = Money::rounded(exact, currency, rounding)?;
        let discount = match self.discount {
            None => Money::zero(currency),
            Some(Discount::Percent(share)) => Money::rounded(share.of(full.amount())?, currency, rounding)?,
            Some(Discount::Amount(amount)) if amount.is_negative() || amount.exceeds(full)? => {
                return Err(LineError::Discount { line: full });
            }
            Some(Discount::Amount(amount)) => amount,
        };
        let net = full.minus(discount)?;
        let tax = match &self.tax {
            None => Money::zero(currency),
            Some(tax) => Money::rounded(tax.rate.of(net.amount())?, currency, rounding)?,
        };
        Ok(LineSum { discount, net, tax, gross: net.plus(tax)? })
    }
}

/// Works out all lines of an invoice in one currency.
///
/// # Errors
/// [`LineError`] of the first line that does not fit, with its index from 0.
pub fn totals(lines: &[Line], currency: Currency, rounding: Rounding) -> Result<Totals, (usize, LineError)> {
    let zero = Money::zero(currency);
    let mut sums = Vec::with_capacity(lines.len());
    let mut taxes: BTreeMap<(&str, Decimal), TaxSum> = BTreeMap::new();
    let (mut discount, mut net, mut total) = (zero, zero, zero);
    for (index, line) in lines.iter().enumerate() {
        let at = |error: LineError| (index, error);
        let sum = line.sum(rounding).map_err(at)?;
        discount = discount.plus(sum.discount).map_err(|e| at(e.into()))?;
        net = net.plus(sum.net).map_err(|e| at(e.into()))?;
        total = total.plus(sum.gross).map_err(|e| at(e.into()))?;
        if let Some(tax) = &line.tax {
            let of_one_kind = taxes.entry((tax.code.as_str(), tax.rate.get()));
            let entry = of_one_kind.or_insert_with(|| TaxSum { tax: tax.clone(), net: zero, amount: zero });
            entry.net = entry.net.plus(sum.net).map_err(|e| at(e.into()))?;
            entry.amount = entry.amount.plus(sum.tax).map_err(|e| at(e.into()))?;
        }
        sums.push(sum);
    }
    Ok(Totals { lines: sums, discount, net, taxes: taxes.into_values().collect(), total })
}

/// The quantity as people write it, for pages and mails.
#[must_use]
pub fn quantity_text(quantity: Quantity) -> String {
    match quantity.get().to_u64() {
        Some(whole) if Decimal::from(whole) == quantity.get() => whole.to_string(),
        Some(_) | None => quantity.get().to_string(),
    }
}
