//! What people and programs read.

use super::world::{ACCOUNT, At, BUSINESS, IDENTITY, LINK_KEY, LINK_KEYS, SIGNING_SECRET, STRIPE_KEY, STRIPE_KEYS, World, secret};
use crate::{Check, Finding, Level, Report};
use serde_json::{Value, json};

fn report() -> Report {
    Report {
        findings: vec![
            Finding::ok(Check::Dkim, "Mails are signed."),
            Finding::warning(Check::ConfigurationSet, "It is odd.", "Make it even."),
            Finding::problem(Check::Spf, "It is missing.", "Add it."),
        ],
    }
}

#[test]
fn lines_are_aligned_and_end_with_counts() {
    let text = "\
ok       dkim               Mails are signed.
warning  configuration-set  It is odd.
                            > Make it even.
problem  spf                It is missing.
                            > Add it.

1 ok, 1 warning, 1 problem
";
    assert_eq!(report().text(false), text);
    assert_eq!(Report { findings: Vec::new() }.text(false), "\n0 ok, 0 warnings, 0 problems\n");
}

#[test]
fn colours_change_nothing_but_colour() {
    let coloured = report().text(true);
    assert!(coloured.contains("\u{1b}[32mok     \u{1b}[0m") && coloured.contains("\u{1b}[31mproblem\u{1b}[0m"));
    let plain = ["\u{1b}[32m", "\u{1b}[33m", "\u{1b}[31m", "\u{1b}[0m"].iter().fold(coloured, |text, code| text.replace(code, ""));
    assert_eq!(plain, report().text(false));
}

#[test]
fn json_says_the_same() {
    let json: Value = serde_json::from_str(&report().json().unwrap()).unwrap();
    assert_eq!(json["findings"][0], json!({"check": "dkim", "level": "ok", "says": "Mails are signed.", "todo": null}));
    assert_eq!(json["findings"][1]["check"], Check::ConfigurationSet.name());
    assert_eq!((&json["ok"], &json["warnings"], &json["problems"]), (&json!(1), &json!(1), &json!(1)));
}

#[test]
fn only_a_problem_ends_the_program_with_one() {
    let mut report = report();
    assert_eq!(report.exit_code(), 1);
    report.findings.retain(|finding| finding.level != Level::Problem);
    assert_eq!(report.exit_code(), 0);
}

#[tokio::test]
async fn every_name_in_json_is_the_name_in_text() {
    let report = World::healthy().examine().await;
    let json: Value = serde_json::from_str(&report.json().unwrap()).unwrap();
    for (finding, said) in report.findings.iter().zip(json["findings"].as_array().unwrap()) {
        assert_eq!(said["check"], finding.check.name());
    }
}

/// Worlds in which what must not be printed comes near to a sentence.
fn worlds() -> Vec<World> {
    let mut item = World::healthy().aws[BUSINESS].clone().unwrap().1;
    item["Item"]["email_from"]["S"] = json!("billing@kestrel.example");
    let mut broken = item.clone();
    broken["Item"]["sweep_hour"] = json!({"S": "billing@kestrel.example"});
    let mut silent = World::healthy();
    silent.aws.values_mut().for_each(|answer| *answer = None);
    let address = World::healthy().with("SenderIdentity", "billing@kestrel.example");
    vec![
        World::healthy(),
        World::healthy().says(BUSINESS, item),
        World::healthy().says(BUSINESS, broken),
        silent,
        address.refuses("GET /v2/email/identities/billing%40kestrel.example", "MessageRejected"),
        World::healthy().refuses(ACCOUNT, "AccessDeniedException").refuses(IDENTITY, "TooManyRequestsException"),
        World::healthy().says(LINK_KEYS, secret(&format!("{LINK_KEY}!"))),
        World::healthy().says(STRIPE_KEYS, secret(&json!({"secret_key": SIGNING_SECRET, "webhook_secrets": [STRIPE_KEY]}).to_string())),
        World::healthy().says(STRIPE_KEYS, secret(STRIPE_KEY)),
        World::healthy().at("_dmarc.example.com", At::Texts(vec!["v=DMARC1; p=billing@kestrel.example"])),
    ]
}

#[tokio::test]
async fn no_secret_key_or_whole_address_is_printed() {
    for (n, world) in worlds().into_iter().enumerate() {
        let report = world.examine().await;
        for text in [report.text(true), report.json().unwrap(), format!("{report:?}")] {
            for hidden in ["verysecret", LINK_KEY, "billing@", "ada@"] {
                assert!(!text.contains(hidden), "{n}: {hidden} in {text}");
            }
        }
    }
}
