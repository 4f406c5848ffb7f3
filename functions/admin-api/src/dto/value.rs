//! Values inside bodies: amounts, decimals, dates, instants, ids, texts.

use super::Fit;
use crate::problem::ApiProblem;
use chrono::{DateTime, Datelike as _, NaiveDate, SecondsFormat, SubsecRound as _, Utc};
use domain::{currency::Currency, ids::IdError, money::Money};
use serde::{Deserialize, Deserializer, Serialize, de::Visitor};
use std::fmt;
use utoipa::ToSchema;

/// A decimal number as a string, never as a JSON number, so that no client rounds it.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(value_type = String, pattern = r"^-?[0-9]+(\.[0-9]+)?$", examples("165.00"))]
pub(crate) struct DecimalText(pub String);

impl<'de> Deserialize<'de> for DecimalText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Decimal;
        impl Visitor<'_> for Decimal {
            type Value = DecimalText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal string such as \"165.00\"")
            }

            fn visit_str<E>(self, text: &str) -> Result<DecimalText, E> {
                Ok(DecimalText(text.to_owned()))
            }
        }
        from.deserialize_str(Decimal)
    }
}

/// An exact amount of money.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object with `amount` and `currency`")]
#[schema(examples(json!({"amount": "165.00", "currency": "EUR"})))]
pub(crate) struct Amount {
    /// Decimal string with at most as many decimals as the currency has.
    pub amount: DecimalText,
    /// ISO 4217 code.
    #[schema(pattern = "^[A-Z]{3}$", examples("EUR"))]
    pub currency: String,
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self { amount: DecimalText(money.decimal_string()), currency: money.currency().code().to_owned() }
    }
}

impl Amount {
    /// The amount, which stands at that path.
    pub fn read(&self, field: &str) -> Fit<Money> {
        let currency = currency(&format!("{field}.currency"), &self.currency)?;
        Money::parse(&self.amount.0, currency).map_err(|error| ApiProblem::amount(format!("{field}.amount"), &error))
    }
}

/// A currency code.
pub(crate) fn currency(field: &str, code: &str) -> Fit<Currency> {
    fits(field, Currency::parse(code))
}

/// Whatever was parsed, or the sentence that says what would be right.
pub(crate) fn fits<T, E: fmt::Display>(field: &str, parsed: Result<T, E>) -> Fit<T> {
    parsed.map_err(|error| ApiProblem::value(field, error))
}

/// An id of the wanted kind.
pub(crate) fn id<T>(field: &str, parsed: Result<T, IdError>) -> Fit<T> {
    parsed.map_err(|error| ApiProblem::id(field, &error))
}

/// A local date, `YYYY-MM-DD`.
pub(crate) fn date(field: &str, text: &str) -> Fit<NaiveDate> {
    let digits =
        text.len() == 10 && text.bytes().enumerate().all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() });
    let parsed = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|date| digits && (1900..=2999).contains(&date.year()));
    parsed.ok_or_else(|| ApiProblem::value(field, "this is no date from 1900-01-01 to 2999-12-31; write one such as 2026-07-28"))
}

/// An optional local date.
pub(crate) fn optional_date(field: &str, text: Option<&str>) -> Fit<Option<NaiveDate>> {
    text.map(|text| date(field, text)).transpose()
}

/// An instant as a client writes it: RFC 3339, kept to the millisecond.
pub(crate) fn instant_of(field: &str, text: &str) -> Fit<DateTime<Utc>> {
    let parsed = DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc).trunc_subsecs(3));
    let parsed = parsed.filter(|at| (1900..=2999).contains(&at.year()));
    parsed.ok_or_else(|| ApiProblem::value(field, "this is no instant; write one such as 2026-12-31T23:00:00Z, with its zone"))
}

/// An instant, RFC 3339 in UTC with milliseconds.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
