//! What each function's role allows: the template's policies, against which every call of a function is held.
//!
//! Source: DynamoDB developer guide, "Using IAM policy conditions for fine-grained access control" and "Using IAM with DynamoDB
//! transactions". `dynamodb:LeadingKeys` is the partition key that a request names: the table's, or the index's when it reads one. In
//! a transaction each item is judged by itself, as the action it would be alone.

use serde_json::Value;
use serde_yaml_ng::Value as Yaml;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::LazyLock,
};

/// A permission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// An action on a resource, such as `dynamodb:Query index/due`.
    pub what: String,
    /// The partition keys it is for: one, or all that begin with what stands before a `*`. None where it names no keys.
    pub keys: Option<String>,
}

/// What a call needs a permission for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// An action on a resource.
    pub what: String,
    /// The partition key it names; none where there are no keys.
    pub key: Option<String>,
}

impl Grant {
    /// Whether it allows what is asked for.
    #[must_use]
    pub fn allows(&self, asked: &Asked) -> bool {
        let fits = |pattern: &str, key: &str| match pattern.strip_suffix('*') {
            Some(begins) => key.starts_with(begins),
            None => key == pattern,
        };
        let key_fits = self.keys.as_ref().is_none_or(|pattern| asked.key.as_ref().is_some_and(|key| fits(pattern, key)));
        self.what == asked.what && key_fits
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.keys.as_deref().unwrap_or_default())
    }
}

static GRANTED: LazyLock<BTreeMap<String, BTreeSet<Grant>>> = LazyLock::new(read);

/// What each function may do, by its folder's name.
#[must_use]
pub fn granted() -> &'static BTreeMap<String, BTreeSet<Grant>> {
    &GRANTED
}

/// Stops the test when a function asks the table for what its role does not allow.
///
/// # Panics
/// Then.
pub fn hold(function: &str, operation: &str, request: &Value) {
    let grants = &granted()[function];
    for asked in of_table(operation, request) {
        assert!(grants.iter().any(|grant| grant.allows(&asked)), "the role of {function} does not allow {asked:?}");
    }
}

/// What a request to the table needs.
#[must_use]
pub fn of_table(operation: &str, request: &Value) -> Vec<Asked> {
    let asked = |action: &str, resource: &str, key: &Value| Asked {
        what: format!("dynamodb:{action} {resource}"),
        key: Some(key.as_str().unwrap_or_else(|| panic!("no partition key is found in {request}")).to_owned()),
    };
    let item = |action: &str, item: &Value| {
        let place = if action == "PutItem" { "Item" } else { "Key" };
        asked(action, "table", &item[place]["pk"]["S"])
    };
    match operation {
        "TransactWriteItems" | "TransactGetItems" => {
            let items = request["TransactItems"].as_array().unwrap().iter().flat_map(|one| one.as_object().unwrap());
            let action = |kind: &str| match kind {
                "ConditionCheck" => "ConditionCheckItem".to_owned(),
                kind => format!("{kind}Item"),
            };
            items.map(|(kind, it)| item(&action(kind), it)).collect()
        }
        "Query" => {
            let resource = request["IndexName"].as_str().map_or("table".to_owned(), |index| format!("index/{index}"));
            vec![asked(operation, &resource, &request["ExpressionAttributeValues"][":p"]["S"])]
        }
        operation => vec![item(operation, request)],
    }
}

fn read() -> BTreeMap<String, BTreeSet<Grant>> {
    let template: Yaml = serde_yaml_ng::from_str(local::schedule::TEMPLATE).unwrap();
    let resources = template["Resources"].as_mapping().unwrap().values();
    let functions = resources.filter(|resource| resource["Type"] == "AWS::Serverless::Function").map(|resource| &resource["Properties"]);
    let name = |function: &Yaml| function["CodeUri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    functions.map(|function| (name(function), statements(function).flat_map(grants).collect())).collect()
}

/// The statements of a function's policies, those behind a condition of the template included.
fn statements(function: &Yaml) -> impl Iterator<Item = &Yaml> {
    let all = function["Policies"].as_sequence().unwrap().iter().flat_map(|policy| policy["Statement"].as_sequence().unwrap());
    all.map(|statement| match statement {
        Yaml::Tagged(tagged) if tagged.tag == "If" => &tagged.value[1],
        plain => plain,
    })
}

fn grants(statement: &Yaml) -> Vec<Grant> {
    let keys = match statement.get("Condition").map(|condition| &condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]) {
        Some(patterns) if !patterns.is_null() => {
            listed(patterns).into_iter().map(|pattern| Some(pattern.as_str().unwrap().to_owned())).collect()
        }
        Some(_) | None => vec![None],
    };
    let mut grants = Vec::new();
    for action in listed(&statement["Action"]) {
        for on in listed(&statement["Resource"]) {
            let what = format!("{} {}", action.as_str().unwrap(), resource(on));
            grants.extend(keys.iter().map(|keys| Grant { what: what.clone(), keys: keys.clone() }));
        }
    }
    grants
}

fn listed(of: &Yaml) -> Vec<&Yaml> {
    of.as_sequence().map_or_else(|| vec![of], |list| list.iter().collect())
}

/// A resource's name in a [`Grant`].
fn resource(value: &Yaml) -> String {
    let text = format!("{value:?}");
    if let Some((_, index)) = text.split_once("/index/") {
        return format!("index/{}", index.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>());
    }
    let known = [
        ("secret:${StripeSecretName}", "StripeSecretName"),
        ("StreamArn", "stream"),
        ("${Table.Arn}/stream", "stream"),
        ("FailedRuns", "FailedRuns"),
        ("Bus.Arn", "bus"),
        ("LinkKeys", "LinkKeys"),
        ("BootstrapKey", "BootstrapKey"),
        (":ses:", "mail"),
        ("Table.Arn", "table"),
    ];
    let found = known.iter().find(|(part, _)| text.contains(part));
    found.unwrap_or_else(|| panic!("{text} is not understood here")).1.to_owned()
}
