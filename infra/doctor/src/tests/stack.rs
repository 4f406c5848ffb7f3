//! Clock, secrets and settings.

use super::world::{ACCOUNT, BOOTSTRAP, BUSINESS, CONFIGURATION_SET, IDENTITY, LINK_KEY, LINK_KEYS, World, secret};
use crate::{
    Check::{BootstrapKey, Business, Clock, Identity, LinkKeys, SesAccount},
    Level::{Ok, Problem, Warning},
};
use serde_json::json;

#[tokio::test]
async fn a_healthy_stack_has_nothing_to_be_said_of() {
    let report = World::healthy().examine().await;
    assert!(report.findings.iter().all(|finding| finding.level == Ok), "{report:#?}");
    assert_eq!((report.findings.len(), report.exit_code()), (18, 0));
}

#[tokio::test]
async fn the_clock_is_compared_with_the_date_of_aws() {
    for (ahead, level, says) in
        [(0, Ok, "0 s ahead"), (-30, Ok, "30 s behind"), (90, Warning, "90 s ahead"), (-250, Problem, "250 s behind")]
    {
        let mut world = World::healthy();
        world.ahead = ahead;
        world.expect(Clock, level, says).await;
    }
    let mut refused = World::healthy().refuses(ACCOUNT, "RequestTimeTooSkewed");
    refused.ahead = 900;
    refused.expect(Clock, Problem, "900 s ahead").await;
}

#[tokio::test]
async fn what_cannot_be_asked_is_a_problem() {
    let mut silent = World::healthy();
    for asked in [ACCOUNT, CONFIGURATION_SET, IDENTITY] {
        silent.aws.insert(asked.to_owned(), None);
    }
    let report = silent.examine().await;
    for (check, says) in [(Clock, "could not be compared"), (SesAccount, "(no answer)")] {
        let found = report.findings.iter().find(|finding| finding.check == check).unwrap();
        assert!(found.level == Problem && found.says.contains(says), "{found:#?}");
    }
    assert_eq!(report.exit_code(), 1);
    let mut silent = World::healthy();
    silent.aws.insert(BUSINESS.to_owned(), None);
    let found = silent.finds(Business).await;
    assert!(found.level == Problem && found.todo.is_some_and(|todo| todo.contains("reaches AWS")));
    World::healthy().refuses(IDENTITY, "AccessDeniedException").expect(Identity, Problem, "(AccessDeniedException)").await;
    World::healthy().refuses(BUSINESS, "ResourceNotFoundException").expect(Business, Problem, "(ResourceNotFoundException)").await;
}

#[tokio::test]
async fn the_business_is_shown_with_its_zone_its_time_and_its_hour() {
    let says = "in Europe/Berlin, where it is 2026-03-01 13:00; it writes as b•••@example.com and reminds at 9:00";
    World::healthy().expect(Business, Ok, says).await;
    assert_eq!(super::world::now().to_rfc3339(), "2026-03-01T12:00:00+00:00");
    World::healthy().says(BUSINESS, json!({})).expect(Business, Problem, "no settings").await;
    let mut item = World::healthy().aws[BUSINESS].clone().unwrap().1;
    item["Item"]["email_from"]["S"] = json!("billing at example.com");
    World::healthy().says(BUSINESS, item).expect(Business, Problem, "cannot be understood").await;
}

#[tokio::test]
async fn keys_of_links_are_readable_and_can_sign() {
    World::healthy().expect(LinkKeys, Ok, "has 1 key, and number 1 signs").await;
    let two = json!({"current": 2, "1": LINK_KEY, "2": LINK_KEY}).to_string();
    World::healthy().says(LINK_KEYS, secret(&two)).expect(LinkKeys, Ok, "has 2 keys, and number 2 signs").await;
    let none = json!({"current": 3, "1": LINK_KEY}).to_string();
    World::healthy().says(LINK_KEYS, secret(&none)).expect(LinkKeys, Problem, "cannot sign").await;
    World::healthy().says(LINK_KEYS, secret(&LINK_KEY[1..])).expect(LinkKeys, Problem, "is not of the form").await;
    for code in ["ResourceNotFoundException", "InvalidRequestException"] {
        World::healthy().refuses(LINK_KEYS, code).expect(LinkKeys, Problem, "There is no secret remit-links").await;
    }
}

#[tokio::test]
async fn the_bootstrap_key_should_be_gone() {
    World::healthy().expect(BootstrapKey, Ok, "is gone").await;
    let there = json!({"ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:remit-bootstrap", "Name": "remit-bootstrap"});
    World::healthy().says(BOOTSTRAP, there.clone()).expect(BootstrapKey, Warning, "still in secret remit-bootstrap").await;
    let mut going = there;
    going["DeletedDate"] = json!(1_772_000_000);
    World::healthy().says(BOOTSTRAP, going).expect(BootstrapKey, Ok, "is gone").await;
    World::healthy().refuses(BOOTSTRAP, "AccessDeniedException").expect(BootstrapKey, Problem, "(AccessDeniedException)").await;
}
