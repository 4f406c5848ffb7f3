//! A form carries flat names and text; a schema speaks of objects and numbers.

use serde_json::{Map, Value, json};

/// A form's bracketed names as the object they stand for, with the types that its schema names.
pub(crate) fn read(pairs: &[(String, String)], schema: &Value, root: &Value) -> Value {
    typed(object(pairs), schema, root)
}

fn object(pairs: &[(String, String)]) -> Value {
    let mut root = Value::Object(Map::new());
    for (name, value) in pairs {
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

/// Numbers and truth values are text in a form.
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
