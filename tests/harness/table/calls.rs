//! What a table is asked, what goes wrong with it, and who looks on.

use super::Table;
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What happens to a request on its way.
pub type FaultPlan = Arc<dyn Fn(&CallSite) -> TableFault + Send + Sync>;

/// Where a fault plan is asked.
#[derive(Debug, Clone)]
pub struct CallSite {
    /// How many requests came before this one since the plan was set; a retry is a request of its own.
    pub n: u64,
    /// The function that asked; none for a test itself.
    pub function: Option<&'static str>,
    /// `PutItem`, `TransactWriteItems`, …
    pub operation: String,
    /// The request as the caller sent it.
    pub request: Value,
}

/// A fault on the way to the table or back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TableFault {
    /// Nothing happens to the request.
    #[default]
    None,
    /// The request is lost: no effect, and a broken connection for the caller.
    LoseBeforeEffect,
    /// The request takes effect and its answer is lost: a timeout for the caller.
    LoseAnswerAfterEffect,
    /// Refused with `ProvisionedThroughputExceededException`.
    Throttle,
    /// Refused because of another transaction on the same item; a read outside a transaction never is.
    TransactionConflict,
    /// A transaction is cancelled because one of its items is asked for too often; nothing happens to anything else.
    TransactionThrottled,
    /// 500, without effect.
    ServerError,
    /// Never answered and without effect: the caller's future stays pending until it is dropped.
    Crash,
    /// Takes effect and is never answered: the caller's future stays pending until it is dropped.
    CrashAfterEffect,
    /// A timeout for the caller; the request takes effect later, when [`Table::land_late`] lets it.
    EffectLater,
    /// A query of an index is answered as it was the last time, as an index may that lags behind; anything else is left alone.
    StaleIndex,
}

/// A request that has just been carried out, refused or not.
#[derive(Debug)]
pub struct Effect<'a> {
    /// `PutItem`, `TransactWriteItems`, …
    pub operation: &'a str,
    /// The request as the caller sent it.
    pub request: &'a Value,
    /// The status.
    pub status: u16,
}

/// How long the next request, or the next answer, is on its way; no time at all when it says zero.
pub type Pace = Arc<dyn Fn() -> Duration + Send + Sync>;

/// Lets a request or an answer be on its way for as long as `pace` says. Others go on meanwhile.
pub async fn travel(pace: Option<Pace>) {
    match pace.map(|pace| pace()) {
        Some(time) if time > Duration::ZERO => tokio::time::sleep(time).await,
        Some(_) | None => tokio::task::yield_now().await,
    }
}

/// What changes a request on its way, after its sender has signed it off: for a mechanism that is to be missing.
pub type Bend = Arc<dyn Fn(&str, &mut Value) + Send + Sync>;

/// What looks at every write right after it.
pub type Watch = Arc<dyn Fn(&Table, &Effect<'_>) + Send + Sync>;

/// One request the table was sent.
#[derive(Debug, Clone)]
pub struct Call {
    /// The function that asked; none for a test itself.
    pub function: Option<&'static str>,
    /// `PutItem`, `TransactWriteItems`, …
    pub operation: String,
    /// The table, when the request names exactly one.
    pub table: Option<String>,
    /// The index a query or scan reads.
    pub index: Option<String>,
    /// The request as the caller sent it.
    pub request: Value,
    /// The fault it met.
    pub fault: TableFault,
    /// The status the caller was told; none when the answer never came.
    pub status: Option<u16>,
    /// Read units consumed, indexes included. A refused request carries none.
    pub read_units: Decimal,
    /// Write units consumed, indexes included. A refused request carries none.
    pub write_units: Decimal,
    /// The part of the units that indexes consumed.
    pub index_units: BTreeMap<String, Decimal>,
}

/// The calls of one operation.
#[must_use]
pub fn calls_of<'a>(calls: &'a [Call], operation: &str) -> Vec<&'a Call> {
    calls.iter().filter(|call| call.operation == operation).collect()
}

/// The operations in order, one name each.
#[must_use]
pub fn operations(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.operation.as_str()).collect()
}

/// Read units of all calls.
#[must_use]
pub fn read_units(calls: &[Call]) -> Decimal {
    calls.iter().map(|call| call.read_units).sum()
}

/// Write units of all calls.
#[must_use]
pub fn write_units(calls: &[Call]) -> Decimal {
    calls.iter().map(|call| call.write_units).sum()
}
