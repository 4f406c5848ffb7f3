//! Everything said to and by the sandbox gateway, held against the provider's published schema.
//!
//! `REMIT_VENDOR_SCHEMAS` names the folder with the schema. Without it nothing is checked; in CI that is a failure.

use local::sandbox_gateway::Exchange;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::Write as _,
    sync::{Arc, Mutex, OnceLock},
};

const FILE: &str = "stripe-openapi-2023-08-16-subset.json";

static SCHEMA: OnceLock<Option<Value>> = OnceLock::new();
static VALIDATORS: Mutex<BTreeMap<String, Arc<jsonschema::Validator>>> = Mutex::new(BTreeMap::new());

#[expect(clippy::disallowed_methods, reason = "where the schemas are is said from outside")]
fn schema() -> Option<&'static Value> {
    SCHEMA
        .get_or_init(|| {
            let Some(folder) = std::env::var("REMIT_VENDOR_SCHEMAS").ok().filter(|folder| !folder.is_empty()) else {
                assert!(std::env::var("CI").is_err(), "REMIT_VENDOR_SCHEMAS is not set, so nothing would be checked");
                return None;
            };
            let path = std::path::Path::new(&folder).join(FILE);
            let path = if path.is_absolute() { path } else { std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path) };
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let mut schema: Value = serde_json::from_str(&text).unwrap();
            translate(&mut schema);
            Some(schema)
        })
        .as_ref()
}

/// OpenAPI 3.0 says `nullable` where JSON Schema has a type of its own.
fn translate(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map.iter_mut() {
                if name != "example" && name != "examples" {
                    translate(inner);
                }
            }
            if map.remove("nullable") == Some(Value::Bool(true)) {
                let inner = Value::Object(std::mem::take(map));
                map.insert("anyOf".to_owned(), json!([{ "type": "null" }, inner]));
            }
        }
        Value::Array(list) => list.iter_mut().for_each(translate),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A form's bracketed names as the object they stand for.
fn object(form: &[(String, String)]) -> Value {
    let mut root = Value::Object(Map::new());
    for (name, value) in form {
        let mut parts: Vec<&str> = name.split(['[', ']']).filter(|part| !part.is_empty()).collect();
        if name.ends_with("[]") {
            parts.push("");
        }
        put(&mut root, &parts, value);
    }
    arrays(&mut root);
    root
}

fn put(at: &mut Value, parts: &[&str], value: &str) {
    let Value::Object(map) = at else { return };
    let Some((first, rest)) = parts.split_first() else { return };
    let key = if first.is_empty() { map.len().to_string() } else { (*first).to_owned() };
    if rest.is_empty() {
        map.insert(key, Value::String(value.to_owned()));
    } else {
        put(map.entry(key).or_insert_with(|| Value::Object(Map::new())), rest, value);
    }
}

/// Objects whose names are all numbers are lists.
fn arrays(value: &mut Value) {
    if let Value::Object(map) = value {
        map.values_mut().for_each(arrays);
        if !map.is_empty() && map.keys().all(|key| key.parse::<usize>().is_ok()) {
            *value = Value::Array(std::mem::take(map).into_iter().map(|(_, inner)| inner).collect());
        }
    }
}

/// A form carries text only: numbers are text there.
fn typed(value: Value, schema: &Value, root: &Value) -> Value {
    let schema = resolve(schema, root);
    let any = schema.get("anyOf").and_then(Value::as_array);
    let wanted = any.into_iter().flatten().chain([schema]).map(|s| resolve(s, root));
    match value {
        Value::String(text) => {
            let integer = wanted.clone().any(|s| s.get("type") == Some(&json!("integer")));
            let boolean = wanted.clone().any(|s| s.get("type") == Some(&json!("boolean")));
            match (text.parse::<i64>(), text.parse::<bool>()) {
                (Ok(number), _) if integer => json!(number),
                (_, Ok(yes)) if boolean => json!(yes),
                _ => Value::String(text),
            }
        }
        Value::Object(map) => {
            let inner = |name: &str| {
                let of = |s: &Value| {
                    s.get("properties")
                        .and_then(|p| p.get(name))
                        .cloned()
                        .or_else(|| s.get("additionalProperties").filter(|a| a.is_object()).cloned())
                };
                wanted.clone().find_map(of).unwrap_or(Value::Bool(true))
            };
            Value::Object(
                map.into_iter()
                    .map(|(name, value)| {
                        let s = inner(&name);
                        (name, typed(value, &s, root))
                    })
                    .collect(),
            )
        }
        Value::Array(list) => {
            let items = wanted.clone().find_map(|s| s.get("items").cloned()).unwrap_or(Value::Bool(true));
            Value::Array(list.into_iter().map(|value| typed(value, &items, root)).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap_or(schema),
        None => schema,
    }
}

fn validate(what: &str, value: &Value, schema: &Value, root: &Value) {
    let made = || {
        let whole = json!({ "components": root["components"], "allOf": [schema] });
        Arc::new(jsonschema::draft202012::options().build(&whole).unwrap())
    };
    let validator = VALIDATORS.lock().unwrap().entry(what.to_owned()).or_insert_with(made).clone();
    let errors: Vec<String> = validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}\n{value:#}");
}

/// Checks every request and every answer.
///
/// # Panics
/// When one does not follow the schema.
pub fn check(exchanges: &[Exchange]) {
    let Some(root) = schema() else { return };
    let mut counts: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for exchange in exchanges {
        let method = exchange.method.to_ascii_lowercase();
        let endpoint = format!("{} {}", exchange.method, exchange.path);
        let operation = &root["paths"][&exchange.path][&method];
        assert!(operation.is_object(), "{endpoint} is not in the schema");
        let mut request_checked = 0;
        if method == "post" {
            let schema = &operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
            let body = typed(object(&exchange.form), schema, root);
            validate(&format!("request {endpoint}"), &body, schema, root);
            request_checked = 1;
        } else {
            for (name, _) in &exchange.query {
                let known = operation["parameters"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|p| p["name"] == name.split('[').next().unwrap_or_default());
                assert!(known, "{endpoint} has no parameter {name}");
            }
            request_checked += 1;
        }
        let mut answer_checked = 0;
        if exchange.status > 0 {
            let status = exchange.status.to_string();
            let responses = &operation["responses"];
            let response = responses.get(&status).or_else(|| responses.get("default")).unwrap_or(&Value::Null);
            validate(&format!("answer {status} {endpoint}"), &exchange.answer, &response["content"]["application/json"]["schema"], root);
            answer_checked = 1;
        }
        let count = counts.entry(endpoint).or_default();
        count.0 += request_checked;
        count.1 += answer_checked;
    }
    note(&counts);
}

/// Adds up what was checked in the file that `REMIT_VENDOR_COUNTS` names: endpoint, requests, answers.
#[expect(clippy::disallowed_methods, reason = "where the counts go is said from outside")]
fn note(counts: &BTreeMap<String, (u64, u64)>) {
    let Ok(path) = std::env::var("REMIT_VENDOR_COUNTS") else { return };
    let mut lines = String::new();
    for (endpoint, (requests, answers)) in counts {
        let _ = writeln!(lines, "{endpoint} {requests} {answers}");
    }
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(lines.as_bytes()).unwrap();
}
