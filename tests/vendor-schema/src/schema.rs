//! An OpenAPI 3.0 description, and what in a request or an answer does not follow it.

use crate::form;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

type Pairs = [(String, String)];

/// The description, and the validators that were made of it so far.
pub(crate) struct Schema {
    root: Value,
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// One method of one path.
pub(crate) struct Endpoint<'a> {
    method: String,
    template: &'a str,
    operation: &'a Value,
    /// What stands in the path where the template has a name.
    named: Vec<(String, String)>,
}

impl fmt::Display for Endpoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.template)
    }
}

impl Schema {
    pub(crate) fn new(mut root: Value) -> Self {
        translate(&mut root);
        Self { root, validators: Mutex::default() }
    }

    /// The endpoint that a path, or a template, belongs to. One that spells the path out goes before one with a name in it.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<Endpoint<'_>> {
        let fitting = self.root["paths"].as_object()?.iter().filter_map(|(template, operations)| {
            let operation = operations.get(method.to_ascii_lowercase())?;
            Some(Endpoint { method: method.to_ascii_uppercase(), template, operation, named: named(template, path)? })
        });
        fitting.min_by_key(|endpoint| endpoint.named.len())
    }

    pub(crate) fn request_faults(&self, method: &str, path: &str, query: &Pairs, form: &Pairs) -> Vec<String> {
        let Some(endpoint) = self.find(method, path) else { return vec!["the schema holds no such address".to_owned()] };
        let parameters = parameters(endpoint.operation);
        let given = form::read(&[&endpoint.named, query].concat(), &parameters, &self.root);
        let mut faults = self.faults(&format!("parameters {endpoint}"), &given, &parameters);
        let body = &endpoint.operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
        let body = if body.is_null() { &json!({ "maxProperties": 0 }) } else { body };
        faults.extend(self.faults(&format!("form {endpoint}"), &form::read(form, body, &self.root), body));
        faults
    }

    pub(crate) fn answer_faults(&self, method: &str, path: &str, status: u16, body: &Value) -> Vec<String> {
        let Some(endpoint) = self.find(method, path) else { return self.unknown_address_faults(status, body) };
        let responses = &endpoint.operation["responses"];
        let status = status.to_string();
        let status = if responses.get(&status).is_some() { &status } else { "default" };
        let schema = &responses[status]["content"]["application/json"]["schema"];
        if schema.is_null() {
            return vec!["the schema holds no such status".to_owned()];
        }
        self.faults(&format!("answer {status} {endpoint}"), body, schema)
    }

    /// The schema says nothing of addresses that it does not hold; the provider refuses them with these words.
    fn unknown_address_faults(&self, status: u16, body: &Value) -> Vec<String> {
        let said = body["error"]["message"].as_str().unwrap_or_default();
        if status != 404 || !said.starts_with("Unrecognized request URL") {
            return vec!["the schema holds no such address, and this is not the 404 that says so".to_owned()];
        }
        self.faults("refusal", body, &json!({ "$ref": "#/components/schemas/error" }))
    }

    /// `what` names the schema: its validator is made once.
    fn faults(&self, what: &str, value: &Value, schema: &Value) -> Vec<String> {
        let made = || {
            let whole = json!({ "components": self.root["components"], "allOf": [schema] });
            Arc::new(jsonschema::draft202012::options().build(&whole).unwrap())
        };
        let validator = self.validators.lock().unwrap().entry(what.to_owned()).or_insert_with(made).clone();
        validator.iter_errors(value).map(|error| format!("{what}: {}: {error}", error.instance_path())).collect()
    }
}

/// What stands in a path where the template has a name; nothing if it is the template itself, `None` if it does not fit.
fn named(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    if template.split('/').count() != path.split('/').count() {
        return None;
    }
    let mut named = Vec::new();
    for (known, given) in template.split('/').zip(path.split('/')).filter(|(known, given)| known != given) {
        let name = known.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).filter(|_| !given.is_empty())?;
        named.push((name.to_owned(), given.to_owned()));
    }
    Some(named)
}

/// The parameters of path and query as one closed object. Those of the path are never missing: without them it would not fit.
fn parameters(operation: &Value) -> Value {
    let list = || operation["parameters"].as_array().into_iter().flatten();
    let properties: Map<String, Value> =
        list().filter_map(|parameter| Some((parameter["name"].as_str()?.to_owned(), parameter["schema"].clone()))).collect();
    let required: Vec<&Value> = list()
        .filter(|parameter| parameter["in"] == "query" && parameter["required"] == true)
        .map(|parameter| &parameter["name"])
        .collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
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
