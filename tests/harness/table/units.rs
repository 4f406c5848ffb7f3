//! Consumed capacity: asked for with every request, counted, and hidden again from a caller who did not ask.

use rust_decimal::Decimal;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::str::FromStr;

const READS: [&str; 5] = ["GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"];
const WRITES: [&str; 5] = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"];

/// What a caller had asked for before the harness asked for everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Nothing,
    Total,
    Indexes,
}

/// The units one call consumed.
#[derive(Debug, Clone, Default)]
pub(super) struct Units {
    pub(super) read: Decimal,
    pub(super) write: Decimal,
    pub(super) indexes: BTreeMap<String, Decimal>,
}

/// Makes the request ask for the units of table and indexes.
pub(super) fn ask(operation: &str, request: &mut Value) -> Asked {
    let Value::Object(members) = request else {
        return Asked::Indexes;
    };
    if !READS.contains(&operation) && !WRITES.contains(&operation) {
        return Asked::Indexes;
    }
    match members.insert("ReturnConsumedCapacity".to_owned(), "INDEXES".into()) {
        Some(Value::String(level)) if level == "INDEXES" => Asked::Indexes,
        Some(Value::String(level)) if level == "TOTAL" => Asked::Total,
        _ => Asked::Nothing,
    }
}

/// Counts the units an answer carries.
pub(super) fn count(operation: &str, answer: &Value) -> Units {
    let mut units = Units::default();
    for consumed in consumed(answer) {
        let [total, read, write] = ["CapacityUnits", "ReadCapacityUnits", "WriteCapacityUnits"].map(|name| decimal(&consumed[name]));
        match (read, write) {
            (None, None) if READS.contains(&operation) => units.read += total.unwrap_or_default(),
            (None, None) => units.write += total.unwrap_or_default(),
            (read, write) => {
                units.read += read.unwrap_or_default();
                units.write += write.unwrap_or_default();
            }
        }
        let indexes = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"];
        for (index, capacity) in indexes.iter().filter_map(|kind| consumed[*kind].as_object()).flatten() {
            *units.indexes.entry(index.clone()).or_default() += decimal(&capacity["CapacityUnits"]).unwrap_or_default();
        }
    }
    units
}

/// Takes out of an answer what the caller had not asked for.
pub(super) fn hide(asked: Asked, answer: &mut Value) {
    let Value::Object(members) = answer else {
        return;
    };
    match asked {
        Asked::Indexes => {}
        Asked::Nothing => {
            members.remove("ConsumedCapacity");
        }
        Asked::Total => match members.get_mut("ConsumedCapacity") {
            Some(Value::Array(tables)) => tables.iter_mut().filter_map(Value::as_object_mut).for_each(totals),
            Some(Value::Object(table)) => totals(table),
            _ => {}
        },
    }
}

fn totals(consumed: &mut Map<String, Value>) {
    consumed.retain(|name, _| !matches!(name.as_str(), "Table" | "GlobalSecondaryIndexes" | "LocalSecondaryIndexes"));
}

fn consumed(answer: &Value) -> &[Value] {
    let consumed = &answer["ConsumedCapacity"];
    match consumed.as_array() {
        Some(tables) => tables,
        None => std::slice::from_ref(consumed),
    }
}

fn decimal(number: &Value) -> Option<Decimal> {
    number.as_number().and_then(|it| Decimal::from_str(&it.to_string()).ok())
}
