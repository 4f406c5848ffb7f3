//! The description is what the router does.

use super::{everywhere::ROUTES, openapi};
use crate::{routes::openapi::DOCUMENT, scopes::TABLE};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

fn document() -> Value {
    serde_json::to_value(openapi::document()).unwrap()
}

/// The document as it stands in its file.
fn text() -> String {
    openapi::document().to_pretty_json().unwrap() + "\n"
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
fn the_description_that_is_served_is_the_one_that_the_routes_make() {
    let made = text();
    let differs = made.lines().zip(DOCUMENT.lines()).find(|(made, served)| made != served);
    assert_eq!(differs, None, "`cargo test -p admin-api -- --ignored` writes openapi.json anew");
    assert_eq!(made.len(), DOCUMENT.len());
}

#[test]
#[ignore = "writes openapi.json anew"]
fn write_the_description() {
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json"), text()).unwrap();
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
fn every_operation_but_this_needs_one_scope_every_post_an_idempotency_key_and_every_change_takes_if_match() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["components"]["securitySchemes"]["api_key"]["scheme"], "bearer");
    for (method, path, operation) in operations(&document) {
        let open = path == "/v1/openapi.json";
        let scope = TABLE.iter().find(|(of, at, _)| (*of, *at) == (method.as_str(), path)).map(|(_, _, scope)| scope.name());
        assert_eq!(scope.is_none(), open, "{method} {path} has no row in the table of scopes");
        let needs = scope.map_or(json!([]), |scope| json!([{ "api_key": [scope] }, { "login": [scope] }]));
        assert_eq!(operation["security"], needs, "{method} {path}");
        let names = parameters(operation);
        assert_eq!(names.contains(&"#/components/parameters/IdempotencyKey"), method == "POST", "{method} {path}");
        let changes = ["PUT", "PATCH", "DELETE"].contains(&method.as_str()) || (method == "POST" && path.contains("{id}"));
        assert_eq!(names.contains(&"#/components/parameters/IfMatch"), changes, "{method} {path}");
        assert_eq!(names.contains(&"id"), path.contains("{id}"), "{method} {path}");
        let responses = operation["responses"].as_object().unwrap();
        assert_eq!((responses.contains_key("401"), responses.contains_key("403")), (!open, !open), "{method} {path}");
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

#[test]
fn the_table_of_scopes_has_one_row_for_every_route_and_none_beside() {
    let document = document();
    let described: BTreeSet<(String, &str)> =
        operations(&document).filter(|(_, path, _)| *path != "/v1/openapi.json").map(|(method, path, _)| (method, path)).collect();
    let rows: BTreeSet<(String, &str)> = TABLE.iter().map(|(method, path, _)| ((*method).to_owned(), *path)).collect();
    assert_eq!(rows, described);
    assert_eq!(rows.len(), TABLE.len(), "a route stands twice");
}
