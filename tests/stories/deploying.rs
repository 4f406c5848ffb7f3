//! What a stranger meets who deploys for the first time: the questions, and where the answers are kept.

use crate::template::{resources, template};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};

fn text(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(name)).unwrap()
}

#[test]
fn a_deployment_asks_seven_questions_each_described_in_a_breath_and_with_a_default() {
    let template = template();
    let parameters = template["Parameters"].as_object().unwrap();
    assert!(parameters.len() <= 7, "{:?}", parameters.keys());
    let readme = text("README.md");
    for (name, parameter) in parameters {
        assert!(parameter.get("Default").is_some(), "{name} has no default");
        let described = parameter["Description"].as_str().unwrap_or_default();
        assert!((20..=130).contains(&described.chars().count()), "{name} is described in {} characters", described.chars().count());
        assert!(readme.contains(&format!("`{name}`")), "the README does not know {name}");
    }
}

#[test]
fn a_stack_of_defaults_only_is_a_trial_on_the_processors_that_the_build_is_for() {
    let template = template();
    assert_eq!(template["Parameters"]["Mode"]["Default"], "test");
    let given = template["Parameters"].as_object().unwrap().iter().filter(|(name, it)| *name != "Mode" && it["Default"] != "");
    assert_eq!(given.count(), 0);
    // The build takes the architecture from the template, so an answer could only be another one than was built for.
    assert_eq!(template["Globals"]["Function"]["Architectures"], serde_json::json!(["arm64"]));
}

/// `sam deploy --guided` reads samconfig.yaml where there is no samconfig.toml, and writes the latter: `.ci/deployed` tries it.
#[test]
fn answers_are_kept_in_a_file_that_git_ignores_and_the_one_it_knows_holds_none() {
    assert!(text(".gitignore").lines().any(|line| line == "/samconfig.toml"));
    let config: BTreeMap<String, Value> = serde_yaml_ng::from_str(&text("samconfig.yaml")).unwrap();
    let settings = &config["default"]["deploy"]["parameters"];
    assert_eq!(settings, &serde_json::json!({ "stack_name": "remit", "resolve_s3": true, "capabilities": "CAPABILITY_IAM" }));
    assert_eq!(config["default"].as_object().unwrap().len(), 1, "one place for each setting");
}

/// A new account is not set up for SES's Virtual Deliverability Manager, and a configuration set that names it may then not be made.
#[test]
fn a_deployment_asks_for_nothing_of_ses_that_a_new_account_lacks() {
    let sets = resources(&template(), "AWS::SES::ConfigurationSet");
    assert_eq!(sets.len(), 1);
    assert!(sets.values().all(|set| set.get("VdmOptions").is_none()), "{sets:#?}");
}
