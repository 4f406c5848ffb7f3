//! Items in DynamoDB's own JSON, as fixtures keep them.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use tests::world::World;

/// An attribute in DynamoDB's own JSON.
fn write(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bool(yes) => json!({ "BOOL": yes }),
        AttributeValue::Null(yes) => json!({ "NULL": yes }),
        AttributeValue::L(list) => json!({ "L": list.iter().map(write).collect::<Vec<_>>() }),
        AttributeValue::M(map) => json!({ "M": write_item(map) }),
        other => panic!("{other:?} in an item"),
    }
}

pub(crate) fn write_item(item: &HashMap<String, AttributeValue>) -> Value {
    let sorted: BTreeMap<&String, Value> = item.iter().map(|(name, value)| (name, write(value))).collect();
    json!(sorted)
}

fn read(value: &Value) -> AttributeValue {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    let text = || value.as_str().unwrap().to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap()),
        "NULL" => AttributeValue::Null(value.as_bool().unwrap()),
        "L" => AttributeValue::L(value.as_array().unwrap().iter().map(read).collect()),
        "M" => AttributeValue::M(read_item(value.as_object().unwrap())),
        other => panic!("{other} in a fixture"),
    }
}

pub(crate) fn read_item(item: &Map<String, Value>) -> HashMap<String, AttributeValue> {
    item.iter().map(|(name, value)| (name.clone(), read(value))).collect()
}

/// Everything in the table, item by item in the order of its keys.
pub(crate) async fn scanned(w: &World) -> Vec<Value> {
    let client = w.table.client();
    let mut items = BTreeMap::new();
    let mut start = None;
    loop {
        let page = client.scan().table_name("remit").consistent_read(true).set_exclusive_start_key(start).send().await.unwrap();
        for item in page.items() {
            let key = |name: &str| item[name].as_s().unwrap().clone();
            items.insert((key("pk"), key("sk")), write_item(item));
        }
        start = page.last_evaluated_key;
        if start.is_none() {
            return items.into_values().collect();
        }
    }
}

/// Items, sorted, without what chance decides: ids, digests, numbers of six digits and more, and the shards of ids.
pub(crate) fn plain(items: &[Value]) -> Vec<String> {
    let mut lines: Vec<String> = items.iter().map(|item| plain_line(&item.to_string())).collect();
    lines.sort();
    lines
}

fn plain_line(text: &str) -> String {
    let (mut line, mut word) = (String::new(), String::new());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let shard = line.ends_with('#') && word.len() == 2 && digits == 2;
        let chance = word.len() >= 6 && digits > 0;
        line.push_str(if shard || chance { "…" } else { &word });
        line.push(c);
        word.clear();
    }
    line
}
