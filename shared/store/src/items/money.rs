//! Amounts, references and digests inside items.

use crate::error::Corrupt;
use domain::{
    currency::Currency,
    digest::Digest,
    ids::IdError,
    money::Money,
    payment::Method,
    pii::{EmailAddress, RecipientRef},
};
use serde::{Deserialize, Serialize};

/// Integer minor units and their currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MoneyItem {
    pub minor: i64,
    pub currency: String,
}

impl From<Money> for MoneyItem {
    fn from(money: Money) -> Self {
        Self { minor: money.minor(), currency: money.currency().code().to_owned() }
    }
}

impl MoneyItem {
    pub fn read(&self) -> Result<Money, Corrupt> {
        minor(self.minor, currency(&self.currency)?)
    }
}

pub(crate) fn currency(code: &str) -> Result<Currency, Corrupt> {
    Currency::parse(code).map_err(|e| Corrupt::new("currency", e))
}

pub(crate) fn minor(minor: i64, currency: Currency) -> Result<Money, Corrupt> {
    Money::from_minor(minor, currency).map_err(|e| Corrupt::new("amount", e))
}

pub(crate) fn id<T>(parsed: Result<T, IdError>) -> Result<T, Corrupt> {
    parsed.map_err(|e| Corrupt::new("id", e))
}

pub(crate) fn digest(hex: &str) -> Result<Digest, Corrupt> {
    Digest::find(hex).ok_or_else(|| Corrupt::new("digest", "not 64 hex digits"))
}

pub(crate) fn recipient(hex: &str) -> Result<RecipientRef, Corrupt> {
    RecipientRef::find(hex).ok_or_else(|| Corrupt::new("recipient", "not 16 hex digits"))
}

pub(crate) fn email(text: &str) -> Result<EmailAddress, Corrupt> {
    EmailAddress::parse(text).map_err(|e| Corrupt::new("address", e))
}

pub(crate) fn named<T>(what: &'static str, found: Option<T>) -> Result<T, Corrupt> {
    found.ok_or_else(|| Corrupt::new(what, "the name is not known to this version"))
}

/// How money was handed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MethodItem {
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last4: Option<String>,
}

impl From<&Method> for MethodItem {
    fn from(method: &Method) -> Self {
        let (brand, last4) = match method {
            Method::Card { brand, last4 } => (Some(brand.clone()), Some(last4.clone())),
            Method::BankDebit | Method::GatewayOther | Method::Cash | Method::Cheque | Method::Transfer | Method::Other => (None, None),
        };
        Self { kind: method.name().to_owned(), brand, last4 }
    }
}

impl MethodItem {
    pub fn read(self) -> Result<Method, Corrupt> {
        let plain = [Method::BankDebit, Method::GatewayOther, Method::Cash, Method::Cheque, Method::Transfer, Method::Other];
        match (self.kind.as_str(), self.brand, self.last4) {
            ("card", Some(brand), Some(last4)) => Ok(Method::Card { brand, last4 }),
            (kind, _, _) => named("method", plain.into_iter().find(|m| m.name() == kind)),
        }
    }
}
