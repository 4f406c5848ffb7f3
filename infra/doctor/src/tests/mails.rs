//! Whether mails will arrive.

use super::world::{ACCOUNT, At, CONFIGURATION_SET, IDENTITIES, IDENTITY, World};
use crate::{
    Check::{ConfigurationSet, Dkim, Dmarc, Identity, Sender, SesAccount, Spf, Tracking},
    Level::{Ok, Problem, Warning},
};
use serde_json::{Value, json};

fn mail_from(status: &str, behaviour: &str) -> Value {
    json!({"MailFromAttributes": {
        "MailFromDomain": "bounce.example.com", "MailFromDomainStatus": status, "BehaviorOnMxFailure": behaviour,
    }})
}

#[tokio::test]
async fn an_account_in_the_sandbox_is_a_problem_only_for_a_live_stack() {
    let sandbox = || World::healthy().spoils(ACCOUNT, &json!({"ProductionAccessEnabled": false})).says(IDENTITIES, json!({}));
    sandbox().expect(SesAccount, Problem, "in the SES sandbox").await;
    sandbox().with("Mode", "test").expect(SesAccount, Warning, "in the SES sandbox").await;
}

#[tokio::test]
async fn in_the_sandbox_it_is_said_who_can_be_mailed() {
    let identity = |name: &str, kind: &str, status: &str| json!({"IdentityName": name, "IdentityType": kind, "SendingEnabled": status == "SUCCESS", "VerificationStatus": status});
    let sandbox = |identities: &[Value]| {
        let found = json!({"EmailIdentities": identities});
        World::healthy().with("Mode", "test").spoils(ACCOUNT, &json!({"ProductionAccessEnabled": false})).says(IDENTITIES, found)
    };
    let mut known = vec![
        identity("example.com", "DOMAIN", "SUCCESS"),
        identity("ada@example.org", "EMAIL_ADDRESS", "SUCCESS"),
        identity("bob@example.net", "EMAIL_ADDRESS", "PENDING"),
    ];
    let found = sandbox(&known).finds(SesAccount).await;
    assert_eq!(found.says, "The account is in the SES sandbox: mails reach everybody at example.com, a•••@example.org, and nobody else.");
    assert!(found.todo.unwrap().contains("aws sesv2 create-email-identity --email-identity ADDRESS"));
    sandbox(&known[2..]).expect(SesAccount, Warning, "no address is verified, so mails reach nobody").await;
    known.extend((0..10).map(|n| identity(&format!("domain-{n}.example"), "DOMAIN", "SUCCESS")));
    sandbox(&known).expect(SesAccount, Warning, "everybody at domain-7.example and 2 more that are verified").await;
    sandbox(&[]).refuses(IDENTITIES, "AccessDeniedException").expect(SesAccount, Warning, "could not be read (AccessDenied").await;
}

#[tokio::test]
async fn tracking_of_clicks_is_warned_of_where_it_is_switched_on() {
    let account = |vdm: &str, metrics: &str| {
        World::healthy()
            .spoils(ACCOUNT, &json!({"VdmAttributes": {"VdmEnabled": vdm, "DashboardAttributes": {"EngagementMetrics": metrics}}}))
    };
    let of_set = |metrics: &str| json!({"VdmOptions": {"DashboardOptions": {"EngagementMetrics": metrics}}});
    World::healthy().expect(Tracking, Ok, "not set up to track").await;
    account("ENABLED", "DISABLED").expect(Tracking, Ok, "not set up to track").await;
    account("DISABLED", "ENABLED").expect(Tracking, Ok, "not set up to track").await;
    let found = account("ENABLED", "ENABLED").finds(Tracking).await;
    assert!(found.level == Warning && found.says.starts_with("The account tracks opens and clicks"), "{found:#?}");
    assert!(found.todo.unwrap().contains("aws sesv2 put-account-vdm-attributes"));
    account("ENABLED", "ENABLED").spoils(CONFIGURATION_SET, &of_set("DISABLED")).expect(Tracking, Ok, "not set up to track").await;
    let found = World::healthy().spoils(CONFIGURATION_SET, &of_set("ENABLED")).finds(Tracking).await;
    assert!(found.level == Warning && found.says.starts_with("Configuration set remit-mails tracks"), "{found:#?}");
    assert!(found.todo.unwrap().contains("put-configuration-set-vdm-options --configuration-set-name remit-mails"));
    World::healthy().refuses(ACCOUNT, "AccessDeniedException").expect(Tracking, Problem, "(AccessDeniedException)").await;
}

#[tokio::test]
async fn an_account_that_may_not_send_or_is_watched_is_told_of() {
    World::healthy().expect(SesAccount, Ok, "out of the SES sandbox").await;
    for over in [json!({"SendingEnabled": false}), json!({"EnforcementStatus": "SHUTDOWN"})] {
        World::healthy().spoils(ACCOUNT, &over).expect(SesAccount, Problem, "switched off").await;
    }
    World::healthy().spoils(ACCOUNT, &json!({"EnforcementStatus": "PROBATION"})).expect(SesAccount, Warning, "under review").await;
}

#[tokio::test]
async fn a_configuration_set_is_there_and_sends() {
    World::healthy().expect(ConfigurationSet, Ok, "remit-mails is there").await;
    let off = json!({"SendingOptions": {"SendingEnabled": false}});
    World::healthy().spoils(CONFIGURATION_SET, &off).expect(ConfigurationSet, Problem, "switched off").await;
    World::healthy().refuses(CONFIGURATION_SET, "NotFoundException").expect(ConfigurationSet, Problem, "no configuration set").await;
}

#[tokio::test]
async fn an_identity_is_known_and_verified() {
    World::healthy().expect(Identity, Ok, "SES may send for example.com").await;
    let pending = json!({"VerifiedForSendingStatus": false, "VerificationStatus": "PENDING"});
    World::healthy().spoils(IDENTITY, &pending).expect(Identity, Problem, "not verified (PENDING)").await;
    World::healthy().refuses(IDENTITY, "NotFoundException").expect(Identity, Problem, "does not know example.com").await;
    let without = || World::healthy().with("SenderIdentity", "");
    without().expect(Identity, Problem, "no sender identity").await;
    without().with("Mode", "test").expect(Identity, Warning, "no sender identity").await;
}

#[tokio::test]
async fn without_an_identity_nothing_more_is_asked_about_it() {
    for world in [World::healthy().refuses(IDENTITY, "NotFoundException"), World::healthy().with("SenderIdentity", "")] {
        let report = world.examine().await;
        assert!(report.findings.iter().all(|finding| ![Dkim, Spf].contains(&finding.check)), "{report:#?}");
        assert!(report.findings.iter().any(|finding| finding.check == Dmarc && finding.level == Ok), "{report:#?}");
    }
}

#[tokio::test]
async fn mails_are_signed_or_it_is_a_problem() {
    World::healthy().expect(Dkim, Ok, "signed with DKIM").await;
    let dkim = |enabled: bool, status: &str| json!({"DkimAttributes": {"SigningEnabled": enabled, "Status": status}});
    for (over, level, says) in [
        (dkim(false, "SUCCESS"), Problem, "switched off"),
        (dkim(true, "PENDING"), Problem, "(PENDING)"),
        (dkim(true, "FAILED"), Problem, "(FAILED)"),
        (dkim(false, "NOT_STARTED"), Problem, "(NOT_STARTED)"),
        (dkim(true, "TEMPORARY_FAILURE"), Warning, "lately"),
        (json!({"DkimAttributes": null}), Problem, "(NOT_STARTED)"),
    ] {
        World::healthy().spoils(IDENTITY, &over).expect(Dkim, level, says).await;
    }
}

#[tokio::test]
async fn an_address_as_identity_is_asked_for_whole_and_printed_masked() {
    let address = || {
        let identity = World::healthy().aws[IDENTITY].clone().unwrap().1;
        World::healthy().with("SenderIdentity", "billing@example.com").says("GET /v2/email/identities/billing%40example.com", identity)
    };
    address().expect(Identity, Ok, "SES may send for b•••@example.com.").await;
    address().expect(Sender, Ok, "b•••@example.com belongs to b•••@example.com").await;
    let off = json!({"DkimAttributes": {"SigningEnabled": false, "Status": "NOT_STARTED"}});
    address().spoils("GET /v2/email/identities/billing%40example.com", &off).expect(Dkim, Problem, "b•••@example.com").await;
}

#[tokio::test]
async fn senders_are_named_by_a_record_of_the_mail_from_domain() {
    World::healthy().expect(Spf, Ok, "bounce.example.com includes amazonses.com").await;
    let texts = |texts: &[&'static str]| World::healthy().at("bounce.example.com", At::Texts(texts.to_vec()));
    texts(&["other"]).expect(Spf, Problem, "no SPF record").await;
    texts(&["v=spf1 include:_spf.example.org -all"]).expect(Spf, Problem, "does not include amazonses.com").await;
    texts(&["v=spf1 include:amazonses.com ~all", "v=spf1 -all"]).expect(Spf, Problem, "several SPF records").await;
    World::healthy().at("bounce.example.com", At::Failure).expect(Spf, Problem, "could not be looked up").await;
    let mut gone = World::healthy();
    gone.names.remove("bounce.example.com");
    gone.expect(Spf, Problem, "no SPF record").await;
}

#[tokio::test]
async fn a_record_behind_an_alias_counts() {
    World::healthy()
        .at("bounce.example.com", At::Alias("spf.example.net"))
        .at("spf.example.net", At::Texts(vec!["v=spf1 include:amazonses.com ~all"]))
        .expect(Spf, Ok, "includes amazonses.com")
        .await;
}

#[tokio::test]
async fn without_a_mail_from_domain_in_use_spf_does_not_align() {
    World::healthy().spoils(IDENTITY, &json!({"MailFromAttributes": null})).expect(Spf, Warning, "no custom MAIL FROM domain").await;
    let pending = |behaviour| World::healthy().spoils(IDENTITY, &mail_from("PENDING", behaviour));
    pending("USE_DEFAULT_VALUE").expect(Spf, Warning, "(PENDING), so SPF does not align").await;
    pending("REJECT_MESSAGE").expect(Spf, Problem, "rejects mails meanwhile").await;
}

#[tokio::test]
async fn a_policy_for_claims_is_found_and_told() {
    World::healthy().expect(Dmarc, Ok, "p=quarantine for example.com").await;
    let texts = |texts: &[&'static str]| World::healthy().at("_dmarc.example.com", At::Texts(texts.to_vec()));
    texts(&["v=DMARC1; p=reject"]).expect(Dmarc, Ok, "p=reject").await;
    texts(&["v=DMARC1; p=none"]).expect(Dmarc, Warning, "forged invoices").await;
    texts(&["v=DMARC1"]).expect(Dmarc, Warning, "no policy").await;
    texts(&["v=DMARC1; p=none", "v=DMARC1; p=reject"]).expect(Dmarc, Warning, "several DMARC records").await;
    texts(&["other"]).expect(Dmarc, Warning, "has no DMARC record").await;
    World::healthy().at("_dmarc.example.com", At::Failure).expect(Dmarc, Problem, "_dmarc.example.com could not be looked up").await;
}

#[tokio::test]
async fn a_subdomain_follows_the_policy_above_it() {
    let mut item = World::healthy().aws[super::world::BUSINESS].clone().unwrap().1;
    item["Item"]["email_from"]["S"] = json!("billing@pay.example.com");
    let world = || World::healthy().says(super::world::BUSINESS, item.clone());
    world().expect(Sender, Ok, "b•••@pay.example.com belongs to example.com").await;
    world().expect(Dmarc, Ok, "at _dmarc.example.com has p=quarantine for pay.example.com").await;
    let own = At::Texts(vec!["v=DMARC1; p=reject; sp=none"]);
    world().at("_dmarc.example.com", own.clone()).expect(Dmarc, Warning, "p=none for pay.example.com").await;
    world().at("_dmarc.pay.example.com", own).expect(Dmarc, Ok, "at _dmarc.pay.example.com has p=reject").await;
}

#[tokio::test]
async fn a_sender_of_another_domain_is_a_problem() {
    let mut item = World::healthy().aws[super::world::BUSINESS].clone().unwrap().1;
    item["Item"]["email_from"]["S"] = json!("billing@kestrel.example");
    World::healthy()
        .says(super::world::BUSINESS, item)
        .expect(Sender, Problem, "b•••@kestrel.example does not belong to example.com")
        .await;
}
