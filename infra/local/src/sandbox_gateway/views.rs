//! What the sandbox shows to tests and to the process that hosts it.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::SandboxGateway;
use super::events::signature;
use super::state::SessionStatus;

/// One webhook, ready to be posted to the endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `Content-Type`, `User-Agent` and `Stripe-Signature` (`t=<unix seconds>,v1=<hex>`, docs.stripe.com/webhooks).
    pub headers: Vec<(String, String)>,
    /// The event object as JSON; the signature covers exactly these bytes.
    pub body: Vec<u8>,
}

/// One API request and what was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// `GET` or `POST`.
    pub method: String,
    /// The path as a template, e.g. `/v1/checkout/sessions/{session}`; an unknown path stands as it came.
    pub path: String,
    /// The query's pairs, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The form body's pairs, decoded, in order; keys keep their brackets.
    pub form: Vec<(String, String)>,
    /// The HTTP status.
    pub status: u16,
    /// The answer's JSON; null where a fault lost the request before it had an effect.
    pub answer: Value,
    /// Whether a fault kept the answer from the caller.
    pub lost: bool,
}

/// The state of a session. Source: docs.stripe.com/api/checkout/sessions/object, `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionViewStatus {
    /// Nobody has paid; the page takes cards.
    Open,
    /// Submitted successfully.
    Complete,
    /// Closed without money, for good.
    Expired,
}

/// A checkout session as tests see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// `cs_test_…`.
    pub id: String,
    /// Open, complete or expired.
    pub status: SessionViewStatus,
    /// `paid` or `unpaid`, as on the wire.
    pub payment_status: &'static str,
    /// `amount_total` in minor units.
    pub amount_minor: i64,
    /// Lower-case ISO 4217 code.
    pub currency: String,
    /// What the merchant calls it.
    pub client_reference_id: Option<String>,
    /// The session's metadata.
    pub metadata: BTreeMap<String, String>,
    /// `pi_…`, from the first submission on.
    pub payment_intent: Option<String>,
    /// When it was opened (whole seconds).
    pub created: DateTime<Utc>,
    /// When it closes by itself (whole seconds).
    pub expires_at: DateTime<Utc>,
}

/// A captured charge: money that moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeView {
    /// `ch_…`.
    pub id: String,
    /// `pi_…`.
    pub payment_intent: String,
    /// `cs_test_…`.
    pub session: String,
    /// The captured amount in minor units.
    pub amount_minor: i64,
    /// Lower-case ISO 4217 code.
    pub currency: String,
    /// When it was captured (whole seconds).
    pub at: DateTime<Utc>,
}

/// What came of submitting a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayOutcome {
    /// The money is captured and the payer is sent on.
    Paid {
        /// `success_url` with the session's id filled in.
        return_to: String,
    },
    /// The money is captured and the payer closes the window without coming back.
    PaidWithoutReturn,
    /// The session was complete before; nothing is captured again.
    AlreadyComplete {
        /// `success_url` with the session's id filled in.
        return_to: String,
    },
    /// No money; the session stays open and payable. Source: docs.stripe.com/declines/codes.
    Declined {
        /// The error code, e.g. `card_declined`.
        code: String,
        /// The decline code, e.g. `insufficient_funds`.
        decline_code: String,
        /// What the payer reads.
        message: String,
    },
}

/// Why a card could not be submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayError {
    /// There is no such session.
    UnknownSession,
    /// The session is expired.
    SessionExpired,
    /// Not a card number: wrong length or check digit.
    InvalidNumber,
    /// The data file could not be written, so nothing was done.
    NotSaved,
}

impl fmt::Display for PayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownSession => "there is no such checkout session",
            Self::SessionExpired => "the checkout session is expired",
            Self::InvalidNumber => "this is not a card number",
            Self::NotSaved => "the sandbox could not write its data file; nothing was charged",
        })
    }
}

impl std::error::Error for PayError {}

impl SandboxGateway {
    /// Every session, oldest first.
    pub fn sessions(&self) -> Vec<SessionView> {
        let mut core = self.lock();
        self.refresh(&mut core);
        let view = |session: &super::state::Session| SessionView {
            id: session.id.clone(),
            status: match session.status {
                SessionStatus::Open => SessionViewStatus::Open,
                SessionStatus::Complete => SessionViewStatus::Complete,
                SessionStatus::Expired => SessionViewStatus::Expired,
            },
            payment_status: session.payment_status(),
            amount_minor: session.order.total(),
            currency: session.order.currency.clone(),
            client_reference_id: session.order.client_reference_id.clone(),
            metadata: session.order.metadata.clone(),
            payment_intent: session.intent.clone(),
            created: instant(session.created),
            expires_at: instant(session.order.expires_at),
        };
        core.state.sessions.values().map(view).collect()
    }

    /// Every captured charge, oldest first: what money really moved.
    pub fn charges(&self) -> Vec<ChargeView> {
        let core = self.lock();
        let captured = core.state.charges.values().filter(|charge| charge.decline.is_none());
        captured
            .map(|charge| ChargeView {
                id: charge.id.clone(),
                payment_intent: charge.intent.clone(),
                session: charge.session.clone(),
                amount_minor: charge.amount,
                currency: charge.currency.clone(),
                at: instant(charge.at),
            })
            .collect()
    }

    /// Every API request and answer so far, in order; empty unless [`super::Settings::record_exchanges`].
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.lock().exchanges.clone()
    }

    /// Hands over the queued webhooks in order and forgets them, signed as of now.
    pub fn take_webhooks(&self) -> Vec<Notice> {
        let mut core = self.lock();
        let moment = self.moment(&core, super::Origin::default());
        let taken = self.commit(&mut core, |state| {
            state.expire_due(&moment);
            std::mem::take(&mut state.webhooks)
        });
        let ids = taken.unwrap_or_else(|error| {
            tracing::error!(error = format!("{error:#}"), "sandbox gateway: data file not written");
            Vec::new()
        });
        let events = ids.iter().filter_map(|id| core.state.events.get(id));
        let bodies = events.filter_map(|event| serde_json::to_vec_pretty(event).ok());
        bodies.map(|body| self.notice(body, moment.now)).collect()
    }

    fn notice(&self, body: Vec<u8>, at: i64) -> Notice {
        let signed = signature(&self.0.settings.webhook_secret, at, &body);
        let headers = [
            ("Content-Type", "application/json; charset=utf-8".to_owned()),
            ("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)".to_owned()),
            ("Stripe-Signature", signed),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Notice { headers, body }
    }
}

pub(super) fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::UNIX_EPOCH)
}
