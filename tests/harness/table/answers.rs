//! Answers that a table gives by itself, and what is read out of requests and items.

use super::{Answer, units};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Index and partition of a query of an index that begins at the partition's start.
pub(super) fn index_of(request: &Value) -> Option<String> {
    let index = request["IndexName"].as_str().filter(|_| request["ExclusiveStartKey"].is_null())?;
    Some(format!("{index} {}", request["ExpressionAttributeValues"][":p"]["S"]))
}

pub(super) fn members(item: &Value) -> HashMap<String, AttributeValue> {
    item.as_object().expect("an item").iter().map(|(name, value)| (name.clone(), attribute(value))).collect()
}

pub(super) fn attribute(value: &Value) -> AttributeValue {
    let (kind, inner) = value.as_object().and_then(|typed| typed.iter().next()).expect("a typed value");
    let text = || inner.as_str().expect("a text").to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "BOOL" => AttributeValue::Bool(inner.as_bool().expect("a boolean")),
        "NULL" => AttributeValue::Null(true),
        "L" => AttributeValue::L(inner.as_array().expect("a list").iter().map(attribute).collect()),
        "M" => AttributeValue::M(members(inner)),
        other => panic!("no item of ours holds {other}"),
    }
}

pub(super) fn refusal(status: u16, code: &str) -> (Answer, units::Units) {
    refusal_with(status, code, json!({}))
}

pub(super) fn refusal_with(status: u16, code: &str, mut body: Value) -> (Answer, units::Units) {
    body["__type"] = format!("com.amazonaws.dynamodb.v20120810#{code}").into();
    body["message"] = "refused by the test".into();
    (Answer { status, body: body.to_string() }, units::Units::default())
}

pub(super) fn conflict(operation: &str, request: &Value) -> Option<(Answer, units::Units)> {
    match operation {
        "PutItem" | "UpdateItem" | "DeleteItem" => Some(refusal(400, "TransactionConflictException")),
        _ => cancelled(operation, request, "TransactionConflict"),
    }
}

/// A transaction that is cancelled for its first item; nothing when the operation is none.
pub(super) fn cancelled(operation: &str, request: &Value, code: &str) -> Option<(Answer, units::Units)> {
    if !["TransactWriteItems", "TransactGetItems"].contains(&operation) {
        return None;
    }
    let items = request["TransactItems"].as_array().map_or(0, Vec::len);
    let reasons = (0..items).map(|n| json!({ "Code": if n == 0 { code } else { "None" } }));
    let reasons = json!({ "CancellationReasons": reasons.collect::<Vec<_>>() });
    Some(refusal_with(400, "TransactionCanceledException", reasons))
}

pub(super) fn only_table(request: &Value) -> Option<String> {
    let named = match (&request["TableName"], &request["RequestItems"], &request["TransactItems"]) {
        (Value::String(table), _, _) => vec![table.as_str()],
        (_, Value::Object(tables), _) => tables.keys().map(String::as_str).collect(),
        (_, _, Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_object)
            .flat_map(|item| item.values())
            .filter_map(|action| action["TableName"].as_str())
            .collect(),
        _ => Vec::new(),
    };
    let (first, rest) = named.split_first()?;
    rest.iter().all(|name| name == first).then(|| (*first).to_owned())
}
