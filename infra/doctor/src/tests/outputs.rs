//! What the doctor is told.

use super::world::World;
use crate::outputs::{Identity, Mode, Outputs, OutputsError};
use domain::pii::EmailAddress;

#[test]
fn the_command_lines_own_words_are_read_and_what_is_not_known_is_passed_over() {
    let outputs = Outputs::parse(&World::healthy().printed()).unwrap();
    assert_eq!((outputs.table.as_str(), outputs.mode), ("remit-table", Mode::Live));
    assert_eq!(outputs.sender_identity, Some(Identity::Domain("example.com".to_owned())));
    assert_eq!(outputs.gateway_secret.as_deref(), Some("remit/stripe"));
}

#[test]
fn gateway_and_sender_may_be_empty_or_missing() {
    let mut world = World::healthy().with("SenderIdentity", "");
    world.outputs.remove("StripeSecretName");
    let outputs = Outputs::parse(&world.printed()).unwrap();
    assert_eq!((outputs.sender_identity, outputs.gateway_secret), (None, None));
}

#[test]
fn a_missing_output_is_named() {
    for key in
        ["CustomerUrl", "StripeWebhookUrl", "TableName", "LinkKeysSecretName", "ConfigurationSetName", "Mode", "BootstrapKeySecretName"]
    {
        let mut without = World::healthy();
        without.outputs.remove(key);
        for world in [without, World::healthy().with(key, " ")] {
            assert_eq!(Outputs::parse(&world.printed()), Err(OutputsError::Missing(key)));
        }
    }
}

#[test]
fn a_malformed_output_is_named_with_what_is_expected() {
    for (key, value) in [
        ("Mode", "production"),
        ("CustomerUrl", "pay.example.com"),
        ("StripeWebhookUrl", "http://example.com/webhooks/stripe"),
        ("SenderIdentity", "example"),
        ("SenderIdentity", "exa mple.com"),
        ("SenderIdentity", "@example.com"),
    ] {
        let error = Outputs::parse(&World::healthy().with(key, value).printed()).unwrap_err();
        assert!(matches!(error, OutputsError::Malformed { key: named, .. } if named == key), "{value}: {error}");
        assert!(!error.to_string().contains('@'));
    }
}

#[test]
fn what_is_no_list_of_outputs_says_where_and_shows_nothing_of_it() {
    for text in ["", "{}", "[{\"OutputKey\": \"Mode\"}]", "Error: Stack ada@example.com does not exist"] {
        let error = Outputs::parse(text).unwrap_err().to_string();
        assert!(error.contains("sam list stack-outputs") && !error.contains("ada@"), "{error}");
    }
}

#[test]
fn notices_may_be_taken_at_the_stacks_address_and_at_the_customers() {
    let outputs = Outputs::parse(&World::healthy().with("CustomerUrl", "https://pay.example.com/").printed()).unwrap();
    assert_eq!(outputs.notice_urls(), [super::world::WEBHOOK_URL, "https://pay.example.com/webhooks/stripe"]);
    let same = World::healthy().with("CustomerUrl", "https://example.com/bills");
    let same = same.with("StripeWebhookUrl", "https://example.com/bills/webhooks/stripe");
    assert_eq!(Outputs::parse(&same.printed()).unwrap().notice_urls(), ["https://example.com/bills/webhooks/stripe"]);
}

#[test]
fn an_identity_covers_what_ses_lets_it_send() {
    for (identity, sender, covers) in [
        ("example.com", "billing@example.com", true),
        ("example.com", "billing@EXAMPLE.com", true),
        ("Example.com", "billing@pay.example.com", true),
        ("example.com", "billing@notexample.com", false),
        ("pay.example.com", "billing@example.com", false),
        ("billing@example.com", "billing@Example.com", true),
        ("billing@example.com", "billing+1@example.com", true),
        ("billing@example.com", "other@example.com", false),
        ("billing@example.com", "billing@pay.example.com", false),
    ] {
        let outputs = Outputs::parse(&World::healthy().with("SenderIdentity", identity).printed()).unwrap();
        let sender = EmailAddress::parse(sender).unwrap();
        assert_eq!(outputs.sender_identity.unwrap().covers(&sender), covers, "{identity} {}", sender.reveal());
    }
}
