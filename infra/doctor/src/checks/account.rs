//! What the account and its configuration set may send.

use crate::{
    aws::{code, untold},
    outputs::Mode,
    report::{Check, Finding},
};
use aws_sdk_sesv2::Client;

/// Whether mails go to anybody, or nobody.
///
/// Source: SES API v2, `GetAccount`.
pub(crate) async fn account(ses: &Client, mode: Mode) -> Finding {
    let check = Check::SesAccount;
    let account = match ses.get_account().send().await {
        Ok(account) => account,
        Err(error) => return untold(check, "The account's sending", &code(&error)),
    };
    let enforcement = account.enforcement_status.as_deref().unwrap_or("HEALTHY");
    if !account.sending_enabled || enforcement == "SHUTDOWN" {
        return Finding::problem(
            check,
            "The account's sending is switched off: no mail leaves.",
            "Look at the account dashboard of SES for the reason, and ask AWS Support to enable sending.",
        );
    }
    if !account.production_access_enabled {
        let says = "The account is in the SES sandbox: mails reach verified addresses only.";
        let todo = "Request production access on the account dashboard of SES, in the stack's region.";
        return match mode {
            Mode::Live => Finding::problem(check, says, todo),
            Mode::Test => Finding::warning(check, says, todo),
        };
    }
    if enforcement != "HEALTHY" {
        return Finding::warning(
            check,
            "AWS has the account's sending under review.",
            "Look at bounces and complaints on the reputation page of SES, and do what AWS asks there.",
        );
    }
    Finding::ok(check, "The account is out of the SES sandbox and its sending is on.")
}

/// Whether mails are sent with it.
///
/// Source: SES API v2, `GetConfigurationSet`.
pub(crate) async fn configuration_set(ses: &Client, name: &str) -> Finding {
    let check = Check::ConfigurationSet;
    match ses.get_configuration_set().configuration_set_name(name).send().await {
        Ok(set) if set.sending_options.as_ref().is_none_or(|options| options.sending_enabled) => {
            Finding::ok(check, format!("Configuration set {name} is there and its sending is on."))
        }
        Ok(_) => Finding::problem(
            check,
            format!("Sending is switched off for configuration set {name}: no mail leaves."),
            "Enable sending for it: aws sesv2 put-configuration-set-sending-options --sending-enabled.",
        ),
        Err(error) if code(&error) == "NotFoundException" => Finding::problem(
            check,
            format!("There is no configuration set {name}, so every mail fails."),
            "Deploy the stack again, and see that AWS_REGION is the stack's region.",
        ),
        Err(error) => untold(check, &format!("Configuration set {name}"), &code(&error)),
    }
}
