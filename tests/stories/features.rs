//! Features as data: which rules are held, and by which test.

use crate::template::root;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

/// A line a feature.
const FEATURES: &str = include_str!("features.csv");
/// How many are held today; this number only grows.
const HELD: usize = 90;

#[derive(Deserialize)]
struct Feature {
    id: String,
    phase: u8,
    /// What the rule asks.
    words: String,
    /// `path/of/the/file.rs::name_of_the_test`, several with a blank between; for a browser's test any text that stands in its file.
    test: String,
    state: String,
}

/// What is wrong with a feature by itself.
fn problems(feature: &Feature) -> Vec<String> {
    let mut wrong = Vec::new();
    if ![1, 2].contains(&feature.phase) {
        wrong.push(format!("phase {} is neither 1 nor 2", feature.phase));
    }
    if feature.words.trim().is_empty() {
        wrong.push("has no words".to_owned());
    }
    match (feature.state.as_str(), feature.test.trim().is_empty()) {
        ("held" | "partly", false) | ("not yet", true) => {}
        ("held" | "partly", true) => wrong.push(format!("is {} by no test", feature.state)),
        ("not yet", false) => wrong.push("is not yet held and names a test".to_owned()),
        (other, _) => wrong.push(format!("`{other}` is no state")),
    }
    wrong.extend(feature.test.split_whitespace().filter_map(missing));
    wrong
}

/// Why there is no such test; nothing when there is one.
fn missing(test: &str) -> Option<String> {
    let Some((file, name)) = test.split_once("::").filter(|(_, name)| !name.is_empty()) else {
        return Some(format!("`{test}` names no file and test"));
    };
    let Ok(text) = fs::read_to_string(root().join(file)) else {
        return Some(format!("there is no file {file}"));
    };
    if file.ends_with(".mjs") {
        return (!text.contains(name)).then(|| format!("`{name}` does not stand in {file}"));
    }
    let Some((before, _)) = text.split_once(&format!("fn {name}(")) else {
        return Some(format!("{file} has no `fn {name}`"));
    };
    // What stands between the function and the last empty line before it: its attributes.
    let attributes = before.rsplit("\n\n").next().unwrap_or_default();
    let is_test = attributes.contains("#[test]") || attributes.contains("#[tokio::test");
    (!is_test).then(|| format!("`{name}` in {file} is no test"))
}

#[test]
#[expect(clippy::print_stdout, reason = "it says how many features are held")]
fn every_feature_that_is_held_names_the_test_that_holds_it() {
    let (mut wrong, mut ids) = (Vec::new(), BTreeSet::new());
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for read in csv::Reader::from_reader(FEATURES.as_bytes()).into_deserialize::<Feature>() {
        match read {
            Ok(feature) => {
                wrong.extend(problems(&feature).into_iter().map(|problem| format!("{}: {problem}", feature.id)));
                if !ids.insert(feature.id.clone()) {
                    wrong.push(format!("{}: stands twice", feature.id));
                }
                *counts.entry(feature.state).or_default() += 1;
            }
            Err(error) => wrong.push(error.to_string()),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let count = |state: &str| counts.get(state).copied().unwrap_or_default();
    let held = count("held");
    println!("features: {held} held, {} partly, {} not yet", count("partly"), count("not yet"));
    assert!(held >= HELD, "{held} features are held; there were {HELD}");
}
