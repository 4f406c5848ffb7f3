//! What Stripe says of how it is set up.

use super::{API_VERSION, SESSIONS, Stripe, map, wire};
use crate::{
    answer::Why,
    setup::{NotTold, NoticeAddress, NoticeVersion, SetupReport},
};
use http::Method;
use serde::{Deserialize, de::IgnoredAny};

const ENDPOINTS: &str = "/v1/webhook_endpoints";

/// Without these a payment, or that there will be none, is learned of only by asking.
///
/// Source: docs.stripe.com/payments/checkout/fulfill-orders, events of a checkout.
const NEEDED: [&str; 4] = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
];
/// These only tell more: a try that was declined while its checkout stays open.
const USEFUL: [&str; 1] = ["payment_intent.payment_failed"];

/// A list of anything: that it was given is all that counts.
#[derive(Deserialize)]
struct AnyList {
    #[serde(rename = "data")]
    _data: Vec<IgnoredAny>,
}

impl Stripe {
    /// Asks with two reads. The key's own form says whether it moves real money; an endpoint of the other mode is not told of.
    pub(crate) async fn inspect_setup(&self, notice_urls: &[&str]) -> SetupReport {
        let checkouts = self.list::<AnyList>("inspect_checkouts", SESSIONS, &[limit(1)]).await.map(|_| ());
        let notices = self.list::<wire::EndpointList>("inspect_notices", ENDPOINTS, &[limit(100)]).await.and_then(|list| {
            // Stripe lets an account have 16 of them in each mode, so a second page is none that we know of.
            if list.has_more { Err(NotTold::Unknown(Why::Unreadable("an account has at most 100 webhook endpoints"))) } else { Ok(list) }
        });
        let ours = |endpoint: &wire::Endpoint| {
            // One with an application tells of the accounts connected to it, never of this one.
            endpoint.livemode == self.is_live() && endpoint.application.is_none() && notice_urls.contains(&endpoint.url.as_str())
        };
        let notices = notices.map(|list| list.data.into_iter().filter(ours).map(address).collect());
        SetupReport { live: self.is_live(), checkouts, notices }
    }

    pub(super) async fn list<List: for<'de> Deserialize<'de>>(
        &self,
        call: &'static str,
        path: &str,
        query: &[(&'static str, String)],
    ) -> Result<List, NotTold> {
        let unreadable = || NotTold::Unknown(Why::Unreadable("a success is a list"));
        let request = self.request(Method::GET, path, None, query).ok_or_else(unreadable)?;
        let told = match self.transport.send(request).await {
            Ok(response) if response.status().is_success() => serde_json::from_slice(response.body()).map_err(|_| unreadable()),
            Ok(response) => Err(refused(response.status().as_u16(), response.body())),
            Err(error) => Err(NotTold::Unknown(Why::NoAnswer(error.kind))),
        };
        tracing::debug!(gateway = super::NAME, call, told = told.is_ok(), "the gateway was asked for a list");
        told
    }
}

/// How many rows of a list are asked for.
pub(super) fn limit(rows: u8) -> (&'static str, String) {
    ("limit", rows.to_string())
}

fn refused(status: u16, body: &[u8]) -> NotTold {
    if status == 408 || !(400..500).contains(&status) {
        return NotTold::Unknown(Why::Failed(status));
    }
    let Ok(body) = serde_json::from_slice::<wire::ErrorBody>(body) else {
        return NotTold::Unknown(Why::Unreadable("a refusal names its error"));
    };
    let refusal = map::refusal(status, &body.error);
    match status {
        401 => NotTold::KeyRefused(refusal),
        403 => NotTold::NotAllowed(refusal),
        _ => NotTold::Refused(refusal),
    }
}

fn address(endpoint: wire::Endpoint) -> NoticeAddress {
    let heard = |kind: &&str| endpoint.enabled_events.iter().any(|event| event == "*" || event == *kind);
    NoticeAddress {
        enabled: endpoint.status == "enabled",
        missing: NEEDED.into_iter().filter(|kind| !heard(kind)).collect(),
        useful: USEFUL.into_iter().filter(|kind| !heard(kind)).collect(),
        version: match endpoint.api_version {
            None => NoticeVersion::AccountDefault,
            Some(version) if version == API_VERSION => NoticeVersion::Ours,
            Some(version) => NoticeVersion::Other(version),
        },
    }
}

#[cfg(test)]
mod tests;
