//! Which currencies Stripe takes, in which units, from how much to how much.

use crate::Unsupported;
use domain::{currency::Currency, money::Money};

/// Currencies of two decimals, here and there.
///
/// Source: docs.stripe.com/currencies#presentment-currencies, without those of [`ZERO`] and [`OTHER_UNITS`].
const TWO: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC CVE CZK DKK \
    DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD \
    MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD \
    SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD XCG YER ZAR ZMW";

/// Currencies without decimals, here and there: the amount is sent as it is.
///
/// Source: docs.stripe.com/currencies#zero-decimal.
const ZERO: &str = "BIF CLP DJF GNF JPY KMF KRW PYG RWF VND VUV XAF XOF XPF";

/// Currencies Stripe counts otherwise than ISO 4217: ISK and UGX have no decimals and are sent with two, MGA has two and is
/// sent with none.
///
/// Source: docs.stripe.com/currencies#special-cases.
const OTHER_UNITS: &str = "ISK MGA UGX";

/// The least charge, in minor units, where the account settles in the currency charged.
///
/// Source: docs.stripe.com/currencies#minimum-and-maximum-charge-amounts.
const LEAST: [(&str, i64); 24] = [
    ("AED", 200),
    ("AUD", 50),
    ("BGN", 100),
    ("BRL", 50),
    ("CAD", 50),
    ("CHF", 50),
    ("CZK", 1500),
    ("DKK", 250),
    ("EUR", 50),
    ("GBP", 30),
    ("HKD", 400),
    ("HUF", 17_500),
    ("INR", 50),
    ("JPY", 50),
    ("MXN", 1000),
    ("MYR", 200),
    ("NOK", 300),
    ("NZD", 50),
    ("PLN", 200),
    ("RON", 200),
    ("SEK", 300),
    ("SGD", 50),
    ("THB", 1000),
    ("USD", 50),
];

/// The greatest charge, in minor units: eight digits.
///
/// Source: docs.stripe.com/currencies#minimum-and-maximum-charge-amounts.
const MOST: i64 = 99_999_999;

fn lists(codes: &str, currency: Currency) -> bool {
    codes.split_whitespace().any(|code| code == currency.code())
}

fn counted_alike(currency: Currency) -> Result<(), Unsupported> {
    match currency.exponent() {
        _ if lists(OTHER_UNITS, currency) => Err(Unsupported::OtherUnits { currency }),
        2 if lists(TWO, currency) => Ok(()),
        0 if lists(ZERO, currency) => Ok(()),
        0..=2 => Err(Unsupported::NotOffered { currency }),
        _ => Err(Unsupported::TooManyDecimals { currency }),
    }
}

/// Whether Stripe can collect that sum.
pub(super) fn supports(amount: Money) -> Result<(), Unsupported> {
    to_wire(amount).map(|_| ())
}

/// The sum as Stripe counts it.
pub(super) fn to_wire(amount: Money) -> Result<i64, Unsupported> {
    let currency = amount.currency();
    counted_alike(currency)?;
    let least = LEAST.iter().find(|(code, _)| *code == currency.code()).map_or(1, |(_, least)| *least);
    let bound = |minor| Money::from_minor(minor, currency).unwrap_or(amount);
    if amount.minor() < least {
        return Err(Unsupported::TooSmall { offered: amount, least: bound(least) });
    }
    if amount.minor() > MOST {
        return Err(Unsupported::TooLarge { offered: amount, most: bound(MOST) });
    }
    Ok(amount.minor())
}

/// The sum as we count it; `None` for what Stripe would never have been asked to collect.
pub(super) fn from_wire(units: i64, code: &str) -> Option<Money> {
    let currency = Currency::parse(&code.to_ascii_uppercase()).ok()?;
    counted_alike(currency).ok()?;
    if units < 0 {
        return None;
    }
    Money::from_minor(units, currency).ok()
}

#[cfg(test)]
mod tests;
