//! The payment gateway: whether its keys work and are for what the stack is for, and whether it tells us of payments.

use super::secrets::unusable;
use crate::{
    Surroundings,
    outputs::{Mode, Outputs},
    report::{Check, Finding},
};
use gateway::{
    Gateway, NotTold, NoticeAddress, NoticeVersion,
    stripe::{API_VERSION, ConfigError, Stripe, StripeConfig, check_notice_secrets},
};
use runtime::secrets::Secrets;

pub(crate) async fn findings(with: &Surroundings, outputs: &Outputs) -> Vec<Finding> {
    let Some(secret) = &outputs.gateway_secret else {
        return vec![Finding::warning(
            Check::GatewayKeys,
            "No payment gateway is set up: customers cannot pay on their pages.",
            "To take payments there, put Stripe's keys in a secret and deploy with its name as parameter StripeSecretName.",
        )];
    };
    let form = "Store it as {\"secret_key\": \"sk_…\", \"webhook_secrets\": [\"whsec_…\"]}.";
    let keys = match Secrets::new(&with.sdk, None).stripe(secret).await {
        Ok(keys) => keys,
        Err(error) => return vec![unusable(Check::GatewayKeys, &error, form)],
    };
    let count = keys.webhook_secrets.len();
    let checked = check_notice_secrets(&keys.webhook_secrets);
    let usual = StripeConfig::new(keys.secret_key, with.transport.clone());
    let api_url = with.gateway_url.clone().unwrap_or_else(|| usual.api_url.clone());
    let made = checked.and_then(|()| Stripe::new(StripeConfig { api_url, ..usual }));
    let gateway = match made {
        Ok(stripe) => Gateway::Stripe(stripe),
        Err(error @ (ConfigError::ApiUrl | ConfigError::CheckoutOrigin)) => {
            let todo = "Correct the variable REMIT_STRIPE_API_URL, or leave it out.";
            return vec![Finding::problem(Check::GatewayAccess, format!("Stripe cannot be asked: {error}."), todo)];
        }
        Err(error @ (ConfigError::SecretKey | ConfigError::NoticeSecrets)) => {
            return vec![Finding::problem(Check::GatewayKeys, format!("Secret {secret} cannot be used: {error}."), form)];
        }
    };
    let secrets = if count == 1 { "1 signing secret".to_owned() } else { format!("{count} signing secrets") };
    let mut findings = vec![Finding::ok(Check::GatewayKeys, format!("Secret {secret} has a Stripe key and {secrets} of the right form."))];
    let urls = outputs.notice_urls();
    let report = gateway.inspect_setup(&urls.iter().map(String::as_str).collect::<Vec<_>>()).await;
    findings.push(mode(report.live, outputs.mode));
    match report.checkouts {
        Ok(()) => findings.push(Finding::ok(Check::GatewayAccess, "Stripe takes the key, and it may read checkouts.")),
        Err(NotTold::KeyRefused(refusal)) => {
            // Asked for anything else with that key, Stripe would say the same.
            findings.push(key_refused(Check::GatewayAccess, &refusal.code, secret));
            return findings;
        }
        Err(why) => findings.push(not_told(Check::GatewayAccess, &why, "Checkout Sessions: Write", secret)),
    }
    findings.extend(match report.notices {
        Ok(addresses) => notices(&addresses, &outputs.notice_url),
        Err(NotTold::NotAllowed(_)) => vec![Finding::warning(
            Check::Notices,
            "The restricted key may not read webhook endpoints, so whether Stripe tells us of payments was not checked.",
            format!("Give the key Webhook Endpoints: Read, or see in Stripe's dashboard that {} is there.", outputs.notice_url),
        )],
        Err(why) => vec![not_told(Check::Notices, &why, "Webhook Endpoints: Read", secret)],
    });
    findings
}

/// A gateway in test mode must never close invoices of a live stack, nor may one that tries things out move money.
fn mode(live: bool, mode: Mode) -> Finding {
    let check = Check::GatewayMode;
    match (live, mode) {
        (true, Mode::Live) => Finding::ok(check, "The key is for live mode, and so is the stack."),
        (false, Mode::Test) => Finding::ok(check, "The key is for test mode, and so is the stack."),
        (false, Mode::Live) => Finding::problem(
            check,
            "The key is for test mode in a live stack: test cards would close real invoices.",
            "Put a live key and its endpoint's signing secret into the secret, or deploy with the parameter Mode=test.",
        ),
        (true, Mode::Test) => Finding::problem(
            check,
            "The key is for live mode in a test stack: trying things out would move real money.",
            "Put a test key and its endpoint's signing secret into the secret, or deploy with the parameter Mode=live.",
        ),
    }
}

fn notices(addresses: &[NoticeAddress], url: &str) -> Vec<Finding> {
    let make = format!("Add a webhook endpoint in Stripe's dashboard with the address {url}, and put its signing secret into the secret.");
    let says = match addresses {
        [] => "Stripe does not know the stack's address, so payments are noticed late.",
        _ => "The stack's webhook endpoint is disabled, so payments are noticed late.",
    };
    let enabled: Vec<&NoticeAddress> = addresses.iter().filter(|address| address.enabled).collect();
    let Some(best) = enabled.iter().min_by_key(|address| (address.missing.len(), address.useful.len())) else {
        let todo = if addresses.is_empty() { make } else { format!("Enable the endpoint {url} in Stripe's dashboard.") };
        return vec![Finding::problem(Check::Notices, says, todo)];
    };
    let found = match enabled.len() {
        1 => Finding::ok(Check::Notices, "Stripe has an enabled webhook endpoint with the stack's address."),
        several => Finding::warning(
            Check::Notices,
            format!("Stripe has {several} enabled webhook endpoints with the stack's address: everything is told {several} times."),
            "Leave one of them, and its signing secret in the secret.",
        ),
    };
    vec![found, kinds(best), version(best)]
}

fn kinds(address: &NoticeAddress) -> Finding {
    let check = Check::NoticeKinds;
    match (&address.missing[..], &address.useful[..]) {
        ([], []) => Finding::ok(check, "The endpoint listens to all events that are needed."),
        ([], useful) => Finding::warning(
            check,
            format!("The endpoint does not listen to {}, so a declined try is seen late.", useful.join(", ")),
            "Add it to the endpoint's events in Stripe's dashboard.",
        ),
        (missing, useful) => Finding::problem(
            check,
            format!("The endpoint does not listen to {}, so payments are noticed late.", missing.join(", ")),
            format!("Add to the endpoint's events in Stripe's dashboard: {}.", [missing, useful].concat().join(", ")),
        ),
    }
}

fn version(address: &NoticeAddress) -> Finding {
    let check = Check::NoticeVersion;
    let todo = format!("Make the endpoint anew through Stripe's API with api_version={API_VERSION}; a dashboard offers newer ones only.");
    match &address.version {
        NoticeVersion::Ours => Finding::ok(check, format!("The endpoint's events are written in version {API_VERSION}.")),
        NoticeVersion::AccountDefault => {
            let says = format!("The endpoint's events are written in the account's default version, which may not be {API_VERSION}.");
            Finding::warning(check, says, todo)
        }
        // Of an event only its id, kind, mode and object are read, which every version so far has had alike.
        NoticeVersion::Other(version) => {
            Finding::warning(check, format!("The endpoint's events are written in version {version}, not {API_VERSION}."), todo)
        }
    }
}

fn key_refused(check: Check, code: &str, secret: &str) -> Finding {
    let todo = format!("Make a new key in Stripe's dashboard and put it into secret {secret}.");
    Finding::problem(check, format!("Stripe does not take the key ({code}): customers cannot pay."), todo)
}

fn not_told(check: Check, why: &NotTold, permission: &str, secret: &str) -> Finding {
    let again = "See that this machine reaches Stripe, and run this again.";
    match why {
        NotTold::KeyRefused(refusal) => key_refused(check, &refusal.code, secret),
        NotTold::NotAllowed(refusal) => {
            let todo = format!("Give the key the permission {permission} in Stripe's dashboard.");
            Finding::problem(check, format!("Stripe takes the key, which may not do what is needed ({}).", refusal.code), todo)
        }
        NotTold::Refused(refusal) => Finding::problem(check, format!("Stripe refused to tell ({}).", refusal.code), again),
        NotTold::Unknown(why) => Finding::problem(check, format!("Stripe did not tell: {why}."), again),
    }
}
