//! Trouble on demand.

use serde::Deserialize;

/// The API call a fault waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// `POST /v1/checkout/sessions`.
    CreateSession,
    /// `GET /v1/checkout/sessions/{session}`.
    RetrieveSession,
    /// `POST /v1/checkout/sessions/{session}/expire`.
    ExpireSession,
    /// `GET /v1/payment_intents/{intent}`.
    RetrieveIntent,
    /// Whatever is called next.
    Any,
}

/// One piece of trouble for one API call. As JSON: `{"fault": "slow", "on": "create_session", "seconds": 25}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The request is lost: no effect, no answer.
    LoseBeforeEffect {
        /// The call it waits for.
        on: Call,
    },
    /// The request is carried out and its answer is lost.
    LoseAnswerAfterEffect {
        /// The call it waits for.
        on: Call,
    },
    /// 500 without effect. Under an idempotency key the same 500 is replayed, as Stripe does.
    ServerError {
        /// The call it waits for.
        on: Call,
    },
    /// The request is carried out and a 500 is answered, stored and replayed under its idempotency key.
    ServerErrorAfterEffect {
        /// The call it waits for.
        on: Call,
    },
    /// The request is carried out at once and answered late; meanwhile its idempotency key is in flight.
    Slow {
        /// The call it waits for.
        on: Call,
        /// How late the answer is.
        seconds: u32,
    },
    /// 409: another request under the same idempotency key is under way. Only a POST takes it.
    KeyInFlight {
        /// The call it waits for.
        on: Call,
    },
    /// 429 without effect, not stored.
    RateLimited {
        /// The call it waits for.
        on: Call,
    },
}

/// What becomes of webhooks at the moment they are caused. As JSON: `{"mode": "lose"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookMode {
    /// Each is queued once.
    Deliver,
    /// None is queued; the event can still be read at `/v1/events/{id}`.
    Lose,
    /// Each is queued twice, with the same event id.
    Double,
}

/// Stands in the extensions of a response whose answer the caller must not see. Its body breaks off: over a socket the
/// connection closes before there is a full answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerLost;

impl Fault {
    fn on(self) -> Call {
        match self {
            Self::LoseBeforeEffect { on }
            | Self::LoseAnswerAfterEffect { on }
            | Self::ServerError { on }
            | Self::ServerErrorAfterEffect { on }
            | Self::Slow { on, .. }
            | Self::KeyInFlight { on }
            | Self::RateLimited { on } => on,
        }
    }

    fn fits(self, call: Option<Call>, post: bool, replay: bool) -> bool {
        let carried_out = !replay;
        let possible = match self {
            Self::KeyInFlight { .. } => post,
            Self::ServerError { .. } | Self::ServerErrorAfterEffect { .. } => carried_out,
            Self::LoseBeforeEffect { .. } | Self::LoseAnswerAfterEffect { .. } | Self::Slow { .. } | Self::RateLimited { .. } => true,
        };
        possible && (self.on() == Call::Any || Some(self.on()) == call)
    }
}

/// Takes the first queued fault that fits. A request answered from its idempotency key carries nothing out, so a fault
/// of the execution waits for the next one.
pub(super) fn take(faults: &mut Vec<Fault>, call: Option<Call>, post: bool, replay: bool) -> Option<Fault> {
    let at = faults.iter().position(|fault| fault.fits(call, post, replay))?;
    Some(faults.remove(at))
}
