//! The description is what the router does.

use super::{everywhere::ROUTES, nowhere};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

fn document() -> Value {
    serde_json::to_value(crate::routed(&nowhere()).1).unwrap()
}

fn operations(document: &Value) -> impl Iterator<Item = (String, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(|(method, operation)| (method.to_uppercase(), path.as_str(), operation))
    })
}

fn parameters(operation: &Value) -> Vec<&str> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.filter_map(|parameter| parameter["name"].as_str().or(parameter["$ref"].as_str())).collect()
}

#[test]
fn the_description_changes_only_on_purpose() {
    let (_, document) = crate::routed(&nowhere());
    insta::assert_snapshot!("openapi", document.to_pretty_json().unwrap());
}

#[test]
fn every_route_stands_in_the_description_and_nothing_else() {
    let document = document();
    let described: BTreeSet<(String, String)> = operations(&document).map(|(method, path, _)| (method, path.to_owned())).collect();
    let routed: BTreeSet<(String, String)> = ROUTES.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(described, routed);
    let ids: BTreeSet<&str> = operations(&document).filter_map(|(_, _, operation)| operation["operationId"].as_str()).collect();
    assert_eq!(ids.len(), ROUTES.len());
}

#[test]
fn every_operation_but_this_needs_a_key_every_post_an_idempotency_key_and_every_edit_takes_if_match() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["components"]["securitySchemes"]["api_key"]["scheme"], "bearer");
    assert_eq!(document["security"][0]["api_key"], serde_json::json!([]));
    for (method, path, operation) in operations(&document) {
        let open = path == "/v1/openapi.json";
        assert_eq!(operation.get("security").is_some(), open, "{method} {path}");
        let names = parameters(operation);
        assert_eq!(names.contains(&"#/components/parameters/IdempotencyKey"), method == "POST", "{method} {path}");
        let edits = ["PUT", "PATCH", "DELETE"].contains(&method.as_str());
        assert_eq!(names.contains(&"#/components/parameters/IfMatch"), edits, "{method} {path}");
        assert_eq!(names.contains(&"id"), path.contains("{id}"), "{method} {path}");
        let responses = operation["responses"].as_object().unwrap();
        assert_eq!(responses.contains_key("401"), !open, "{method} {path}");
        assert!(responses.keys().any(|status| status.starts_with('2')), "{method} {path}");
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_example_has_the_fields_of_its_schema() {
    let document = document();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
    let empty = Map::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let properties = schema["properties"].as_object().unwrap_or(&empty);
        for example in schema["examples"].as_array().into_iter().flatten().filter_map(Value::as_object) {
            assert!(example.keys().all(|field| properties.contains_key(field)), "{name}");
            let mut required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            assert!(required.all(|field| example.contains_key(field)), "{name}");
        }
    }
}
