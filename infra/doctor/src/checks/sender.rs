//! The business's sender: whether it may be sent from, and what its domain tells receivers.

use super::{
    identity::not_looked_up,
    records::{self, Dmarc, Policy},
};
use crate::{
    dns::Dns,
    outputs::{Identity, domain_of},
    report::{Check, Finding},
};
use domain::pii::EmailAddress;

/// Receivers look at the domain of the sender that people see; before there is one, the identity's domain is taken for it.
pub(crate) async fn findings(dns: &Dns, identity: Option<&Identity>, sender: Option<&EmailAddress>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let (Some(identity), Some(sender)) = (identity, sender) {
        findings.push(belongs(identity, sender));
    }
    if let Some(domain) = sender.map(domain_of).or_else(|| identity.map(Identity::domain)) {
        findings.push(dmarc(dns, &domain).await);
    }
    findings
}

fn belongs(identity: &Identity, sender: &EmailAddress) -> Finding {
    if identity.covers(sender) {
        return Finding::ok(Check::Sender, format!("The business's sender {sender} belongs to {identity}."));
    }
    Finding::problem(
        Check::Sender,
        format!("The business's sender {sender} does not belong to {identity}, so every mail fails."),
        "Change email_from with PUT /v1/business, or deploy with a SenderIdentity that it belongs to.",
    )
}

async fn dmarc(dns: &Dns, domain: &str) -> Finding {
    let check = Check::Dmarc;
    for name in records::upwards(domain) {
        let at = format!("_dmarc.{name}");
        let texts = match dns.texts(&at).await {
            Ok(texts) => texts,
            Err(unanswered) => return not_looked_up(check, &unanswered.name),
        };
        return match records::dmarc(&texts) {
            Dmarc::Absent => continue,
            Dmarc::Record { policy, subdomains } => {
                policed(domain, &at, if name == domain { policy } else { subdomains.unwrap_or(policy) })
            }
            Dmarc::Malformed => Finding::warning(
                check,
                format!("The DMARC record at {at} has no policy that receivers know, so they pass over it."),
                "Write it as \"v=DMARC1; p=quarantine; rua=mailto:…\", with an address of yours for reports.",
            ),
            Dmarc::Several => {
                Finding::warning(check, format!("There are several DMARC records at {at}, so receivers use none."), "Leave one of them.")
            }
        };
    }
    Finding::warning(
        check,
        format!("{domain} has no DMARC record: large receivers trust its mails less, and anybody can write in its name."),
        format!("Publish a TXT record at _dmarc.{domain}: \"v=DMARC1; p=none\", and raise p to quarantine once mails arrive."),
    )
}

fn policed(domain: &str, at: &str, policy: Policy) -> Finding {
    let says = format!("The DMARC record at {at} has p={} for {domain}", policy.name());
    match policy {
        Policy::Quarantine | Policy::Reject => Finding::ok(Check::Dmarc, format!("{says}.")),
        Policy::None => Finding::warning(
            Check::Dmarc,
            format!("{says}: forged invoices in its name are delivered."),
            "Raise p to quarantine and then to reject, once the reports show that your own mails pass.",
        ),
    }
}
