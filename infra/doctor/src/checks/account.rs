//! What the account and its configuration set may send, to whom, and whether SES would track it.

use crate::{
    aws::{code, untold},
    outputs::{Identity, Mode, Outputs},
    report::{Check, Finding},
};
use aws_sdk_sesv2::{
    Client,
    operation::{get_account::GetAccountOutput, get_configuration_set::GetConfigurationSetOutput},
    types::{FeatureStatus, VerificationStatus},
};

/// How many of the identities that a sandbox lets through are shown.
const SHOWN: usize = 10;

/// Source: SES API v2, `GetAccount`, `GetConfigurationSet` and `ListEmailIdentities`.
pub(crate) async fn findings(ses: &Client, outputs: &Outputs) -> Vec<Finding> {
    let name = &outputs.configuration_set;
    let account = ses.get_account().send().await.map_err(|error| code(&error));
    let set = ses.get_configuration_set().configuration_set_name(name).send().await.map_err(|error| code(&error));
    let sending = match &account {
        Ok(account) if in_sandbox(account) => sandbox(ses, outputs.mode).await,
        Ok(account) => sending(account),
        Err(code) => untold(Check::SesAccount, "The account's sending", code),
    };
    let tracking = match (&account, &set) {
        (Ok(account), Ok(set)) => tracking(account, set, name),
        (Err(code), _) | (Ok(_), Err(code)) => untold(Check::Tracking, "Whether SES tracks clicks", code),
    };
    vec![sending, configuration_set(&set, name), tracking]
}

fn is_off(account: &GetAccountOutput) -> bool {
    !account.sending_enabled || account.enforcement_status.as_deref() == Some("SHUTDOWN")
}

fn in_sandbox(account: &GetAccountOutput) -> bool {
    !account.production_access_enabled && !is_off(account)
}

/// Whether mails go out at all.
fn sending(account: &GetAccountOutput) -> Finding {
    let check = Check::SesAccount;
    if is_off(account) {
        return Finding::problem(
            check,
            "The account's sending is switched off: no mail leaves.",
            "Look at the account dashboard of SES for the reason, and ask AWS Support to enable sending.",
        );
    }
    if account.enforcement_status.as_deref().is_some_and(|status| status != "HEALTHY") {
        return Finding::warning(
            check,
            "AWS has the account's sending under review.",
            "Look at bounces and complaints on the reputation page of SES, and do what AWS asks there.",
        );
    }
    Finding::ok(check, "The account is out of the SES sandbox and its sending is on.")
}

/// A new account is in the sandbox, where only who is verified can be mailed.
async fn sandbox(ses: &Client, mode: Mode) -> Finding {
    let says = format!("The account is in the SES sandbox: {}.", reached(ses).await);
    match mode {
        Mode::Live => {
            Finding::problem(Check::SesAccount, says, "Request production access on the account dashboard of SES, in the stack's region.")
        }
        Mode::Test => Finding::warning(
            Check::SesAccount,
            says,
            "To mail somebody else, verify their address (aws sesv2 create-email-identity --email-identity ADDRESS); to mail anybody, \
             request production access on the account dashboard of SES. Mails that were refused until then go out by themselves.",
        ),
    }
}

async fn reached(ses: &Client) -> String {
    let found = match ses.list_email_identities().page_size(1000).send().await {
        Ok(found) => found,
        Err(error) => return format!("mails reach verified addresses only, and which those are could not be read ({})", code(&error)),
    };
    let verified = found.email_identities().iter().filter(|identity| identity.verification_status == Some(VerificationStatus::Success));
    let whom = |name: &str| match Identity::parse(name)? {
        Identity::Domain(domain) => Some(format!("everybody at {domain}")),
        address @ Identity::Address(_) => Some(address.to_string()),
    };
    let whom: Vec<String> = verified.filter_map(|identity| whom(identity.identity_name()?)).collect();
    let more = whom.len().saturating_sub(SHOWN);
    let shown = whom.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match (whom.len(), more) {
        (0, _) => "no address is verified, so mails reach nobody".to_owned(),
        (_, 0) => format!("mails reach {shown}, and nobody else"),
        (_, more) => format!("mails reach {shown} and {more} more that are verified, and nobody else"),
    }
}

/// Whether mails are sent with it.
fn configuration_set(set: &Result<GetConfigurationSetOutput, String>, name: &str) -> Finding {
    let check = Check::ConfigurationSet;
    match set {
        Ok(set) if set.sending_options.as_ref().is_none_or(|options| options.sending_enabled) => {
            Finding::ok(check, format!("Configuration set {name} is there and its sending is on."))
        }
        Ok(_) => Finding::problem(
            check,
            format!("Sending is switched off for configuration set {name}: no mail leaves."),
            "Enable sending for it: aws sesv2 put-configuration-set-sending-options --sending-enabled.",
        ),
        Err(code) if code == "NotFoundException" => Finding::problem(
            check,
            format!("There is no configuration set {name}, so every mail fails."),
            "Deploy the stack again, and see that AWS_REGION is the stack's region.",
        ),
        Err(code) => untold(check, &format!("Configuration set {name}"), code),
    }
}

/// Whether SES is set up to lead links through an address of its own. What the configuration set says goes before what the account
/// says, and what a mail's own request says before both; an SES that does not know the latter yet would rewrite links all the same.
fn tracking(account: &GetAccountOutput, set: &GetConfigurationSetOutput, name: &str) -> Finding {
    let of_set = set.vdm_options.as_ref().and_then(|options| options.dashboard_options.as_ref()?.engagement_metrics.as_ref());
    let vdm = account.vdm_attributes.as_ref().filter(|vdm| vdm.vdm_enabled == FeatureStatus::Enabled);
    let of_account = vdm.and_then(|vdm| vdm.dashboard_attributes.as_ref()?.engagement_metrics.as_ref());
    if of_set.or(of_account) != Some(&FeatureStatus::Enabled) {
        return Finding::ok(Check::Tracking, "SES is not set up to track opens and clicks.");
    }
    let (where_it_is, off) = if of_set.is_some() {
        let off = format!(
            "aws sesv2 put-configuration-set-vdm-options --configuration-set-name {name} --vdm-options \
             'DashboardOptions={{EngagementMetrics=DISABLED}}'"
        );
        (format!("Configuration set {name}"), off)
    } else {
        let attributes = "'VdmEnabled=ENABLED,DashboardAttributes={EngagementMetrics=DISABLED}'";
        ("The account".to_owned(), format!("aws sesv2 put-account-vdm-attributes --vdm-attributes {attributes}"))
    };
    Finding::warning(
        Check::Tracking,
        format!("{where_it_is} tracks opens and clicks, which leads customers' links through SES. Mails ask to be left out of it."),
        format!("See that the links in a mail are the stack's own, or switch it off: {off}."),
    )
}
