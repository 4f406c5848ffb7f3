//! What is deployed against what is written: the template must be the one the code stands on.

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use store::keys;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The template as plain data: `!Ref x` reads as `{"Ref": x}`.
pub(crate) fn template() -> Value {
    fn plain(value: serde_yaml_ng::Value) -> Value {
        match value {
            serde_yaml_ng::Value::Tagged(tagged) => {
                Value::from(serde_json::Map::from_iter([(tagged.tag.to_string().trim_start_matches('!').to_owned(), plain(tagged.value))]))
            }
            serde_yaml_ng::Value::Mapping(map) => map
                .into_iter()
                .map(|(name, value)| (name.as_str().unwrap().to_owned(), plain(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            serde_yaml_ng::Value::Sequence(list) => list.into_iter().map(plain).collect::<Vec<_>>().into(),
            other => serde_json::to_value(other).unwrap(),
        }
    }
    plain(serde_yaml_ng::from_str(local::schedule::TEMPLATE).unwrap())
}

pub(crate) fn resources(template: &Value, kind: &str) -> BTreeMap<String, Value> {
    let all = template["Resources"].as_object().unwrap().iter();
    all.filter(|(_, resource)| resource["Type"] == kind).map(|(name, resource)| (name.clone(), resource["Properties"].clone())).collect()
}

/// Folder of each function in the template, with its resource's name and properties.
pub(crate) fn functions(template: &Value) -> BTreeMap<String, (String, Value)> {
    let found = resources(template, "AWS::Serverless::Function").into_iter();
    found.map(|(name, it)| (it["CodeUri"].as_str().unwrap().strip_prefix("../functions/").unwrap().to_owned(), (name, it))).collect()
}

fn folders() -> BTreeSet<String> {
    fs::read_dir(root().join("functions")).unwrap().map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned()).collect()
}

/// The statements of a function's policies, those behind a condition included.
pub(crate) fn statements(function: &Value) -> Vec<Value> {
    let policies = function["Policies"].as_array().unwrap().iter();
    policies
        .flat_map(|policy| policy["Statement"].as_array().unwrap())
        .map(|statement| statement.get("If").map_or(statement, |branch| &branch[1]).clone())
        .collect()
}

pub(crate) fn actions(statement: &Value) -> Vec<String> {
    match &statement["Action"] {
        Value::Array(list) => list.iter().map(|action| action.as_str().unwrap().to_owned()).collect(),
        one => vec![one.as_str().unwrap().to_owned()],
    }
}

fn key_schema(table: &Value) -> (String, String) {
    let key = |n: usize, kind: &str| {
        assert_eq!(table["KeySchema"][n]["KeyType"], kind);
        table["KeySchema"][n]["AttributeName"].as_str().unwrap().to_owned()
    };
    (key(0, "HASH"), key(1, "RANGE"))
}

#[test]
fn the_table_of_the_template_is_the_one_the_store_reads_and_writes() {
    let template = template();
    let tables = resources(&template, "AWS::DynamoDB::Table");
    let table = &tables["Table"];
    assert_eq!(tables.len(), 1);
    assert_eq!(key_schema(table), ("pk".to_owned(), "sk".to_owned()));
    let indexes: BTreeMap<String, &Value> = table["GlobalSecondaryIndexes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|index| (index["IndexName"].as_str().unwrap().to_owned(), index))
        .collect();
    assert_eq!(indexes.len(), keys::INDEXES.len());
    let mut attributes = BTreeSet::from(["pk".to_owned(), "sk".to_owned()]);
    for index in keys::INDEXES {
        let there = indexes[index.name];
        assert_eq!(key_schema(there), (index.partition.to_owned(), index.sort.to_owned()), "{}", index.name);
        let expected = if index.with_summary {
            serde_json::json!({ "ProjectionType": "INCLUDE", "NonKeyAttributes": [keys::SUMMARY] })
        } else {
            serde_json::json!({ "ProjectionType": "KEYS_ONLY" })
        };
        assert_eq!(there["Projection"], expected, "{}", index.name);
        attributes.extend([index.partition.to_owned(), index.sort.to_owned()]);
    }
    let defined = table["AttributeDefinitions"].as_array().unwrap().iter();
    let defined: BTreeSet<String> =
        defined.map(|a| format!("{}:{}", a["AttributeName"].as_str().unwrap(), a["AttributeType"].as_str().unwrap())).collect();
    assert_eq!(defined, attributes.into_iter().map(|name| format!("{name}:S")).collect());
    assert_eq!(table["TimeToLiveSpecification"], serde_json::json!({ "AttributeName": keys::TTL, "Enabled": true }));
    assert_eq!(table["StreamSpecification"]["StreamViewType"], "NEW_IMAGE");
    assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
}

#[test]
fn what_cannot_be_made_again_is_kept_when_the_stack_goes_unless_it_never_came_up() {
    let template = template();
    let kept: BTreeSet<&str> = template["Resources"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, resource)| resource.get("DeletionPolicy").is_some() || resource.get("UpdateReplacePolicy").is_some())
        .map(|(name, resource)| {
            assert_eq!((&resource["DeletionPolicy"], &resource["UpdateReplacePolicy"]), (&"RetainExceptOnCreate".into(), &"Retain".into()));
            // Under a name of its own it would stand in the way of the next deployment.
            assert!(resource["Properties"].get("Name").is_none() && resource["Properties"].get("TableName").is_none(), "{name}");
            name.as_str()
        })
        .collect();
    assert_eq!(kept, ["LinkKeys", "Table"].into());
}

#[tokio::test(start_paused = true)]
async fn the_table_that_stories_run_on_has_the_template_s_keys_and_indexes() {
    tests::world::story("2026-11-02T10:00:00Z", async |w| {
        let made = w.table.client().describe_table().table_name("remit").send().await.unwrap().table.unwrap();
        let names =
            |schema: &[aws_sdk_dynamodb::types::KeySchemaElement]| schema.iter().map(|key| key.attribute_name.clone()).collect::<Vec<_>>();
        assert_eq!(names(made.key_schema()), ["pk", "sk"]);
        let mut found: Vec<_> =
            made.global_secondary_indexes().iter().map(|i| (i.index_name().unwrap().to_owned(), names(i.key_schema()))).collect();
        let mut expected: Vec<_> =
            keys::INDEXES.iter().map(|i| (i.name.to_owned(), vec![i.partition.to_owned(), i.sort.to_owned()])).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    })
    .await;
}

#[test]
fn every_function_has_its_folder_its_resource_and_its_log_group_of_one_name() {
    let template = template();
    let functions = functions(&template);
    assert_eq!(functions.keys().cloned().collect::<BTreeSet<_>>(), folders());
    let logs = resources(&template, "AWS::Logs::LogGroup");
    for (folder, (name, function)) in &functions {
        let camel: String = folder.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        assert_eq!(*name, camel);
        let group = function["LoggingConfig"]["LogGroup"]["Ref"].as_str().unwrap();
        assert_eq!(logs[group]["LogGroupName"]["Sub"].as_str().unwrap(), format!("/aws/lambda/${{AWS::StackName}}/{folder}"));
        assert_eq!(logs[group]["RetentionInDays"], 90);
    }
}

#[test]
fn every_schedule_of_the_template_is_one_that_the_local_run_keeps() {
    let template = template();
    let starts = local::schedule::starts(local::schedule::TEMPLATE).unwrap();
    let expected: BTreeSet<String> =
        functions(&template).into_iter().filter(|(_, (_, it))| it.get("Events").is_some()).map(|(folder, _)| folder).collect();
    let kept: BTreeSet<String> = starts.iter().map(|start| start.function.clone()).collect();
    assert_eq!(kept, expected);
    assert_eq!(kept, ["collections", "dispatch", "past-due-reminders", "upcoming-reminders"].map(str::to_owned).into());
    assert_eq!(starts.len(), 4);
}

#[test]
fn exactly_the_functions_that_call_the_gateway_are_given_its_secret() {
    let template = template();
    for (folder, (_, function)) in functions(&template) {
        let main = fs::read_to_string(root().join("functions").join(&folder).join("src/main.rs")).unwrap();
        let needs = main.contains("Needs::Gateway");
        let signs = needs || main.contains("Needs::Links");
        assert!(signs || main.contains("to_table("), "{folder}");
        assert_eq!(statements(&function).iter().any(|s| s["Sid"] == "ReadLinkKeys"), signs, "{folder}");
        let named = function["Environment"]["Variables"].get("REMIT_STRIPE_SECRET").is_some();
        let read = statements(&function)
            .iter()
            .any(|s| s["Sid"] == "ReadStripeKeys" && s["Resource"]["Sub"].as_str().unwrap().contains("${StripeSecretName}-??????"));
        assert_eq!((named, read), (needs, needs), "{folder}");
    }
}

#[test]
fn every_variable_of_the_template_is_one_that_runtime_reads() {
    let config = fs::read_to_string(root().join("shared/runtime/src/config.rs")).unwrap();
    let logs = fs::read_to_string(root().join("shared/runtime/src/logs.rs")).unwrap_or_default();
    let template = template();
    let mut variables: BTreeSet<String> =
        template["Globals"]["Function"]["Environment"]["Variables"].as_object().unwrap().keys().cloned().collect();
    for (_, (_, function)) in functions(&template) {
        variables.extend(function["Environment"]["Variables"].as_object().into_iter().flat_map(|own| own.keys().cloned()));
    }
    assert!(variables.len() >= 7, "{variables:?}");
    for variable in variables {
        assert!(config.contains(&format!("\"{variable}\"")) || logs.contains(&format!("\"{variable}\"")), "nothing reads {variable}");
    }
}

#[test]
fn no_function_may_do_more_than_it_does() {
    let template = template();
    for (folder, (_, function)) in functions(&template) {
        let mut sids = BTreeSet::new();
        for statement in statements(&function) {
            assert_eq!(statement["Effect"], "Allow", "{folder}");
            assert!(sids.insert(statement["Sid"].as_str().unwrap().to_owned()), "{folder}");
            for action in actions(&statement) {
                assert!(!action.contains('*'), "{folder} may {action}");
                let service = action.split(':').next().unwrap().to_owned();
                let outbox = ["ses", "events", "sqs"].contains(&service.as_str());
                let next_slice = action == "events:PutEvents" && statement["Sid"] == "AskForNextSlice" && folder.ends_with("-reminders");
                assert!(!outbox || folder == "dispatch" || next_slice, "{folder} may {action}");
                assert!(outbox || ["dynamodb", "secretsmanager"].contains(&service.as_str()), "{folder} may {action}");
                let writes = ["dynamodb:UpdateItem", "dynamodb:DeleteItem"].contains(&action.as_str());
                assert!(!writes || folder == "admin-api", "{folder} may {action}");
                assert!(action != "dynamodb:Scan" && action != "dynamodb:BatchWriteItem", "{folder} may {action}");
            }
            assert_ne!(statement["Resource"], "*", "{folder}");
        }
    }
}

#[test]
fn each_function_reads_the_indexes_of_its_own_work() {
    let template = template();
    let index = |function: &Value| -> BTreeSet<String> {
        let text = serde_json::to_string(&statements(function)).unwrap();
        keys::INDEXES.iter().map(|index| index.name.to_owned()).filter(|name| text.contains(&format!("/index/{name}\""))).collect()
    };
    let expected: [(&str, &[&str]); 5] = [
        ("admin-api", &["by_contact", "by_due_date", "by_kind", "by_status"]),
        ("collections", &["due"]),
        ("dispatch", &["outbox"]),
        ("past-due-reminders", &["due"]),
        ("upcoming-reminders", &["due"]),
    ];
    for (folder, (_, function)) in functions(&template) {
        let may: BTreeSet<String> =
            expected.iter().filter(|(name, _)| *name == folder).flat_map(|(_, indexes)| indexes.iter().map(|i| (*i).to_owned())).collect();
        assert_eq!(index(&function), may, "{folder}");
    }
}

#[test]
fn the_stream_brings_new_outbox_rows_and_nothing_else() {
    let template = template();
    let mappings = resources(&template, "AWS::Lambda::EventSourceMapping");
    assert_eq!(mappings.len(), 1);
    let mapping = &mappings["DispatchStream"];
    assert_eq!(mapping["FunctionName"]["Ref"], "Dispatch");
    let filters = mapping["FilterCriteria"]["Filters"].as_array().unwrap();
    let pattern: Value = serde_json::from_str(filters[0]["Pattern"].as_str().unwrap()).unwrap();
    assert_eq!(filters.len(), 1);
    // The outbox's rows are `M#{message key}`: the first table on the page of keys.
    let page = fs::read_to_string(root().join("shared/store/src/keys.rs")).unwrap();
    assert!(page.contains("MESSAGES: &str = \"M#\"") && page.contains("`M#{message key}`"));
    assert_eq!(pattern, serde_json::json!({ "eventName": ["INSERT"], "dynamodb": { "Keys": { "sk": { "S": [{ "prefix": "M#" }] } } } }));
    assert_eq!(mapping["FunctionResponseTypes"], serde_json::json!(["ReportBatchItemFailures"]));
}

#[test]
fn own_06_every_kind_of_resource_is_one_that_costs_nothing_by_the_hour() {
    let allowed = BTreeSet::from([
        "AWS::ApiGatewayV2::Api",
        "AWS::ApiGatewayV2::ApiMapping",
        "AWS::ApiGatewayV2::Authorizer",
        "AWS::ApiGatewayV2::DomainName",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
        "AWS::ApiGatewayV2::Stage",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::DynamoDB::Table",
        "AWS::Events::EventBus",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::Logs::MetricFilter",
        "AWS::SES::ConfigurationSet",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::SecretsManager::Secret",
        "AWS::Serverless::Function",
    ]);
    let template = template();
    for (name, resource) in template["Resources"].as_object().unwrap() {
        assert!(allowed.contains(resource["Type"].as_str().unwrap()), "{name} is of {}", resource["Type"]);
    }
    let text = local::schedule::TEMPLATE;
    assert!(!text.contains("ProvisionedConcurrency") && !text.contains("VpcConfig") && !text.contains("ProvisionedThroughput"));
}

#[test]
fn mails_come_from_the_sender_alone_and_a_trial_may_send_them_to_whoever_is_verified() {
    let template = template();
    let (_, dispatch) = &functions(&template)["dispatch"];
    let branches = dispatch["Policies"][0]["Statement"].as_array().unwrap();
    let of = |sid: &str| branches.iter().find(|branch| branch["If"][1]["Sid"] == sid).unwrap();
    let (always, testers) = (of("SendMails"), of("SendMailsToTesters"));
    assert_eq!((&always["If"][0], &testers["If"][0]), (&"HasSender".into(), &"MailsTesters".into()));
    let live = serde_json::json!({ "Not": [{ "Condition": "IsLive" }] });
    assert_eq!(template["Conditions"]["MailsTesters"]["And"], serde_json::json!([{ "Condition": "HasSender" }, live]));
    let resource = |statement: &Value| statement["If"][1]["Resource"].to_string();
    assert!(resource(always).contains(":identity/${SenderIdentity}\"") && !resource(always).contains('*'));
    assert!(resource(testers).ends_with(":identity/*\"}") && !resource(testers).contains("configuration-set"));
    let condition = testers["If"][1]["Condition"].as_object().unwrap();
    assert_eq!(condition.keys().collect::<Vec<_>>(), ["StringLike"]);
    let patterns = condition["StringLike"]["ses:FromAddress"].as_array().unwrap();
    // No sender holds a star or two @, so a pattern with one star is a beginning and an end.
    let may = |identity: &str, sender: &str| {
        patterns.iter().any(|pattern| {
            let pattern =
                pattern.get("Sub").map_or(identity.to_owned(), |text| text.as_str().unwrap().replace("${SenderIdentity}", identity));
            let parts: Vec<&str> = pattern.split('*').collect();
            match parts[..] {
                [whole] => sender == whole,
                ["", end] => sender.ends_with(end),
                ["", middle, end] => sender.strip_suffix(end).is_some_and(|rest| rest.contains(middle)),
                _ => panic!("{pattern} is not understood here"),
            }
        })
    };
    for (identity, sender, allowed) in [
        ("example.com", "billing@example.com", true),
        ("example.com", "billing@pay.example.com", true),
        ("example.com", "billing@myexample.com", false),
        ("example.com", "billing@example.com.attacker.example", false),
        ("billing@example.com", "billing@example.com", true),
        ("billing@example.com", "other@example.com", false),
        ("billing@example.com", "mybilling@example.com", false),
    ] {
        assert_eq!(may(identity, sender), allowed, "{sender} by {identity}");
    }
}
