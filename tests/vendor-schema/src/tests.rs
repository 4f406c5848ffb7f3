use crate::schema::Schema;
use serde_json::{Value, json};

fn schema() -> Schema {
    let text = json!({ "type": "string", "maxLength": 5 });
    let form = json!({ "application/x-www-form-urlencoded": { "schema": {
        "type": "object",
        "required": ["mode"],
        "additionalProperties": false,
        "properties": {
            "mode": { "type": "string", "enum": ["payment"] },
            "lines": { "type": "array", "items": { "type": "object", "properties": { "quantity": { "type": "integer" } } } },
            "metadata": { "type": "object", "additionalProperties": { "type": "string" } },
        },
    } } });
    let answer = json!({ "application/json": { "schema": {
        "type": "object", "required": ["id"], "properties": { "id": { "type": "string", "nullable": true } },
    } } });
    let refusal = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/error" } } });
    let responses = json!({ "200": { "content": answer }, "default": { "content": refusal } });
    let expand = json!({ "name": "expand", "in": "query", "schema": { "type": "array", "items": text } });
    let id = json!({ "name": "id", "in": "path", "required": true, "schema": text });
    let query = json!({ "name": "query", "in": "query", "required": true, "schema": text });
    Schema::new(json!({
        "components": { "schemas": { "error": {
            "type": "object", "required": ["error"],
            "properties": { "error": { "type": "object", "required": ["type"] } },
        } } },
        "paths": {
            "/v1/orders": { "post": { "requestBody": { "content": form }, "responses": responses } },
            "/v1/orders/{id}": { "get": { "parameters": [id, expand], "responses": responses } },
            "/v1/orders/search": { "get": { "parameters": [query], "responses": responses } },
        },
    }))
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn request_follows(method: &str, path: &str, query: &[(&str, &str)], form: &[(&str, &str)]) -> bool {
    schema().request_faults(method, path, &pairs(query), &pairs(form)).is_empty()
}

fn answer_follows(path: &str, status: u16, body: &Value) -> bool {
    schema().answer_faults("GET", path, status, body).is_empty()
}

#[test]
fn a_path_belongs_to_the_template_with_the_fewest_names() {
    let schema = schema();
    let found = |method: &str, path: &str| schema.find(method, path).map(|endpoint| endpoint.to_string());
    for path in ["/v1/orders/o_1", "/v1/orders/{id}"] {
        assert_eq!(found("GET", path).as_deref(), Some("GET /v1/orders/{id}"));
    }
    assert_eq!(found("get", "/v1/orders/search").as_deref(), Some("GET /v1/orders/search"));
    for (method, path) in [("DELETE", "/v1/orders"), ("GET", "/v1/orders/"), ("GET", "/v1/orders/o_1/more"), ("GET", "/v2/orders/o_1")] {
        assert_eq!(found(method, path), None, "{method} {path}");
    }
}

#[test]
fn a_form_is_held_against_its_schema() {
    let good = [("mode", "payment"), ("lines[0][quantity]", "1"), ("lines[1][quantity]", "2"), ("metadata[a]", "1")];
    assert!(request_follows("POST", "/v1/orders", &[], &good));
    for wrong in [
        &[("lines[0][quantity]", "1")][..],
        &[("mode", "gift")],
        &[("mode", "payment"), ("surprise", "1")],
        &[("mode", "payment"), ("lines[0][quantity]", "two")],
        &[("mode", "payment"), ("lines", "1")],
    ] {
        assert!(!request_follows("POST", "/v1/orders", &[], wrong), "{wrong:?}");
    }
    assert!(!request_follows("POST", "/v1/orders", &[("expand[]", "a")], &good));
}

#[test]
fn path_and_query_are_held_against_their_parameters() {
    assert!(request_follows("GET", "/v1/orders/o_1", &[("expand[]", "a"), ("expand[]", "b")], &[]));
    assert!(request_follows("GET", "/v1/orders/{id}", &[], &[]));
    assert!(!request_follows("GET", "/v1/orders/o_12345", &[], &[]));
    assert!(!request_follows("GET", "/v1/orders/o_1", &[("expand", "a")], &[]));
    assert!(!request_follows("GET", "/v1/orders/o_1", &[("limit", "1")], &[]));
    assert!(!request_follows("GET", "/v1/orders/o_1", &[], &[("mode", "payment")]));
    assert!(!request_follows("GET", "/v1/orders/search", &[], &[]));
    assert!(!request_follows("GET", "/v1/elsewhere", &[], &[]));
}

#[test]
fn an_answer_is_held_against_the_schema_of_its_status() {
    for path in ["/v1/orders/o_1", "/v1/orders/{id}"] {
        assert!(answer_follows(path, 200, &json!({ "id": "o_1" })));
        assert!(answer_follows(path, 200, &json!({ "id": null })));
        assert!(answer_follows(path, 400, &json!({ "error": { "type": "t" } })));
        assert!(!answer_follows(path, 200, &json!({ "id": 1 })));
        assert!(!answer_follows(path, 200, &json!({ "error": { "type": "t" } })));
        assert!(!answer_follows(path, 400, &json!({ "error": {} })));
        assert!(!answer_follows(path, 500, &Value::Null));
    }
}

#[test]
fn an_unknown_address_has_one_right_answer() {
    let refusal = |message: &str| json!({ "error": { "type": "t", "message": message } });
    let unknown = refusal("Unrecognized request URL (GET: /v1/elsewhere).");
    assert!(answer_follows("/v1/elsewhere", 404, &unknown));
    assert!(!answer_follows("/v1/elsewhere", 400, &unknown));
    assert!(!answer_follows("/v1/elsewhere", 404, &refusal("No such order: 'o_1'")));
    assert!(!answer_follows("/v1/elsewhere", 404, &json!({ "error": { "message": "Unrecognized request URL" } })));
}
