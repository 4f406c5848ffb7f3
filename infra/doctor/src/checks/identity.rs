//! What mails are sent from: whether SES may, whether they are signed, whether the sending servers are named.

use super::records::{self, Spf};
use crate::{
    aws::{code, untold},
    dns::Dns,
    outputs::{Identity, Mode},
    report::{Check, Finding},
};
use aws_sdk_sesv2::{
    Client,
    operation::get_email_identity::GetEmailIdentityOutput,
    types::{BehaviorOnMxFailure, DkimAttributes, MailFromAttributes},
};

const SPF_RECORD: &str = "v=spf1 include:amazonses.com ~all";

/// Source: SES API v2, `GetEmailIdentity`.
pub(crate) async fn findings(ses: &Client, dns: &Dns, identity: Option<&Identity>, mode: Mode) -> Vec<Finding> {
    let Some(identity) = identity else {
        let says = "The stack has no sender identity, so nothing is mailed: mails wait.";
        let todo = "Verify a domain or an address in SES and deploy with the parameter SenderIdentity.";
        return vec![match mode {
            Mode::Live => Finding::problem(Check::Identity, says, todo),
            Mode::Test => Finding::warning(Check::Identity, says, todo),
        }];
    };
    let found = match ses.get_email_identity().email_identity(identity.reveal()).send().await {
        Ok(found) => found,
        Err(error) if code(&error) == "NotFoundException" => {
            return vec![Finding::problem(
                Check::Identity,
                format!("SES in this region does not know {identity}, so every mail fails."),
                "Create the identity in SES, in the stack's region, and verify it.",
            )];
        }
        Err(error) => return vec![untold(Check::Identity, &format!("The identity {identity}"), &code(&error))],
    };
    let spf = spf(dns, found.mail_from_attributes.as_ref()).await;
    vec![verified(identity, &found), dkim(identity, found.dkim_attributes.as_ref()), spf]
}

fn verified(identity: &Identity, found: &GetEmailIdentityOutput) -> Finding {
    if found.verified_for_sending_status {
        return Finding::ok(Check::Identity, format!("SES may send for {identity}."));
    }
    let status = found.verification_status.as_ref().map_or("no status", |status| status.as_str());
    let todo = match identity {
        Identity::Domain(_) => "Publish the DKIM records that SES shows for the domain, and wait: it looks for them for 72 hours.",
        Identity::Address(_) => "Open the link in the mail that SES sent to the address; have SES send another if it is a day old.",
    };
    Finding::problem(Check::Identity, format!("{identity} is not verified ({status}), so every mail fails."), todo)
}

fn dkim(identity: &Identity, attributes: Option<&DkimAttributes>) -> Finding {
    let check = Check::Dkim;
    let status = attributes.and_then(|attributes| attributes.status.as_ref()).map_or("NOT_STARTED", |status| status.as_str());
    let enabled = attributes.is_some_and(|attributes| attributes.signing_enabled);
    let publish = "Publish the DKIM records that SES shows for the identity exactly as they are, and look again in an hour.";
    match status {
        "SUCCESS" if enabled => Finding::ok(check, format!("Mails from {identity} are signed with DKIM.")),
        "SUCCESS" => Finding::problem(
            check,
            format!("DKIM is ready for {identity} and switched off: receivers distrust mails without it."),
            "Enable DKIM signing for the identity in SES.",
        ),
        "TEMPORARY_FAILURE" => {
            Finding::warning(check, format!("SES could not see the DKIM records of {identity} lately (TEMPORARY_FAILURE)."), publish)
        }
        _ => match identity {
            Identity::Domain(_) => Finding::problem(
                check,
                format!("Mails from {identity} are not signed with DKIM ({status}): many receivers refuse them."),
                publish,
            ),
            Identity::Address(_) => Finding::problem(
                check,
                format!("Mails from {identity} are not signed with DKIM ({status}): many receivers refuse them."),
                "Verify the address's domain in SES with DKIM and deploy with it as SenderIdentity; a free mailbox cannot be sent from.",
            ),
        },
    }
}

/// Without a MAIL FROM domain of its own, SPF speaks for amazonses.com, which is not the domain that people see.
///
/// Source: Amazon SES, "Using a custom MAIL FROM domain"; RFC 7489 section 3.1.2.
async fn spf(dns: &Dns, attributes: Option<&MailFromAttributes>) -> Finding {
    let check = Check::Spf;
    let Some(attributes) = attributes.filter(|attributes| !attributes.mail_from_domain.is_empty()) else {
        return Finding::warning(
            check,
            "There is no custom MAIL FROM domain, so SPF does not align and DMARC rests on DKIM alone.",
            "Set a subdomain as custom MAIL FROM domain of the identity in SES, and publish the MX and TXT record it shows.",
        );
    };
    let domain = &attributes.mail_from_domain;
    let status = attributes.mail_from_domain_status.as_str();
    if status != "SUCCESS" {
        let says = format!("SES does not use the MAIL FROM domain {domain} ({status})");
        let todo = format!("Publish the MX record that SES shows for {domain}, and wait: it looks for it for 72 hours.");
        return if attributes.behavior_on_mx_failure == BehaviorOnMxFailure::RejectMessage {
            Finding::problem(check, format!("{says} and rejects mails meanwhile."), todo)
        } else {
            Finding::warning(check, format!("{says}, so SPF does not align and DMARC rests on DKIM alone."), todo)
        };
    }
    let texts = match dns.texts(domain).await {
        Ok(texts) => texts,
        Err(unanswered) => return not_looked_up(check, &unanswered.name),
    };
    match records::spf(&texts) {
        Spf::Includes => Finding::ok(check, format!("The SPF record of {domain} includes amazonses.com.")),
        Spf::Absent => {
            Finding::problem(check, format!("{domain} has no SPF record."), format!("Publish a TXT record there: \"{SPF_RECORD}\"."))
        }
        Spf::WithoutSes => Finding::problem(
            check,
            format!("The SPF record of {domain} does not include amazonses.com, so mails fail SPF."),
            "Add include:amazonses.com to it.",
        ),
        Spf::Several => Finding::problem(
            check,
            format!("{domain} has several SPF records, so receivers use none."),
            format!("Leave one: \"{SPF_RECORD}\"."),
        ),
    }
}

/// What DNS did not say is a problem, because nobody knows.
pub(crate) fn not_looked_up(check: Check, name: &str) -> Finding {
    let todo = "See that this machine reaches a name server, or name one with --dns, and run this again.";
    Finding::problem(check, format!("{name} could not be looked up in DNS."), todo)
}
