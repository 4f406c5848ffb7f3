//! Attempts to collect through a gateway.

use super::{
    Fit, given,
    value::{Amount, fits, instant},
};
use crate::problem::ApiProblem;
use domain::{
    attempt::{Attempt, Order, Outcome},
    invoice::resolve::Resolution,
    pii::Pii,
    text,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a payment was declined.
#[derive(Serialize, ToSchema)]
#[schema(as = Decline)]
pub(crate) struct DeclineBody {
    /// The gateway's code.
    #[schema(examples("insufficient_funds"))]
    pub code: String,
    /// `soft`, `hard` or `action`: whether the same method may work later, never, or after the customer did something.
    #[schema(examples("soft"))]
    pub class: &'static str,
}

/// What an attempt is to collect for one invoice.
#[derive(Serialize, ToSchema)]
#[schema(as = Order)]
pub(crate) struct OrderBody {
    /// The invoice.
    pub invoice_id: String,
    /// Its revision that the payer saw.
    pub rev: u32,
    /// The sum.
    pub amount: Amount,
}

impl From<&Order> for OrderBody {
    fn from(order: &Order) -> Self {
        Self { invoice_id: order.invoice_id.to_string(), rev: order.rev, amount: order.amount.into() }
    }
}

/// An attempt to collect through a gateway.
#[derive(Serialize, ToSchema)]
#[schema(as = Attempt, examples(json!({
    "id": "att_01JZ8Q6X3S9V7K2M", "purpose": "collect", "state": "awaiting_payer",
    "orders": [{"invoice_id": "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "rev": 1, "amount": {"amount": "165.00", "currency": "EUR"}}],
    "amount": {"amount": "165.00", "currency": "EUR"}, "contact_id": "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "gateway_account": "stripe",
    "session_ref": "cs_test_a1", "gateway_ref": null, "taken_at": "2026-07-28T09:30:00.000Z", "open_until": "2026-07-28T10:30:00.000Z",
    "decline": null, "payment_id": null, "may_be_resolved": false, "looks": 0, "look_at": "2026-07-28T10:31:00.000Z", "note": null
})))]
pub(crate) struct AttemptBody {
    /// Our reference at the gateway.
    #[schema(pattern = "^att_[0-9A-HJKMNP-TV-Z]{16}$")]
    pub id: String,
    /// `collect`.
    pub purpose: &'static str,
    /// `prepared`, `dispatched`, `awaiting_payer`, `requires_action`, `processing`, `unknown`, `applied`, `declined`, `expired`,
    /// `cancelled` or `conflicted`.
    #[schema(examples("awaiting_payer"))]
    pub state: &'static str,
    /// What it is to collect, for each invoice.
    pub orders: Vec<OrderBody>,
    /// The sum of all orders.
    pub amount: Amount,
    /// Who owes.
    pub contact_id: String,
    /// The gateway.
    #[schema(examples("stripe"))]
    pub gateway_account: String,
    /// The gateway's id of the checkout, once known.
    pub session_ref: Option<String>,
    /// The gateway's id of the money, once known.
    pub gateway_ref: Option<String>,
    /// When it began.
    #[schema(format = DateTime)]
    pub taken_at: String,
    /// When the checkout closes by itself.
    #[schema(format = DateTime)]
    pub open_until: String,
    /// Why it was last declined.
    pub decline: Option<DeclineBody>,
    /// What it collected.
    pub payment_id: Option<String>,
    /// Whether the gateway does not end it, so that staff may.
    pub may_be_resolved: bool,
    /// How often the gateway was asked in vain.
    pub looks: u32,
    /// When it is asked next.
    #[schema(format = DateTime)]
    pub look_at: Option<String>,
    /// What staff wrote when they said what became of it.
    pub note: Option<String>,
}

impl From<&Attempt> for AttemptBody {
    fn from(attempt: &Attempt) -> Self {
        Self {
            id: attempt.id.to_string(),
            purpose: "collect",
            state: attempt.state.name(),
            orders: attempt.orders().iter().map(OrderBody::from).collect(),
            amount: attempt.amount.into(),
            contact_id: attempt.contact_id.to_string(),
            gateway_account: attempt.gateway.clone(),
            session_ref: attempt.session_ref.clone(),
            gateway_ref: attempt.intent_ref.clone(),
            taken_at: instant(attempt.taken_at),
            open_until: instant(attempt.open_until()),
            decline: attempt.decline.as_ref().map(|decline| DeclineBody { code: decline.code.clone(), class: decline.class.name() }),
            payment_id: attempt.payment_id.as_ref().map(ToString::to_string),
            may_be_resolved: attempt.is_stuck(),
            looks: attempt.look.count,
            look_at: attempt.look.at.map(instant),
            note: attempt.note.as_ref().map(|note| note.reveal().to_owned()),
        }
    }
}

/// What really became of an attempt.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResolvedAs {
    /// It collected money, which the business has.
    Collected,
    /// It collected nothing. Money that still comes is settled as ever.
    Nothing,
    /// It collected money, which was given back at the gateway.
    Refund,
}

/// What staff say of an attempt.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = Resolution, examples(json!({"outcome": "nothing", "reason": "The gateway's support says that no payment was made."})))]
pub(crate) struct ResolutionBody {
    /// What became of it.
    pub outcome: ResolvedAs,
    /// How much was collected; what was ordered when left out.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub amount: Option<Amount>,
    /// The gateway's own id of the money, such as a payment intent's.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, max_length = 255)]
    pub gateway_ref: Option<String>,
    /// How staff know; 1 to 500 characters, for staff only.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl ResolutionBody {
    /// What staff say, and how they know.
    pub fn read(self) -> Fit<(Resolution, Pii)> {
        let reason = fits("reason", text::line(&self.reason, 500))?;
        let gateway_ref = self.gateway_ref.map(|text| plain_ref(&text)).transpose()?;
        let outcome = match self.outcome {
            ResolvedAs::Collected => Outcome::Collected,
            ResolvedAs::Nothing => Outcome::Nothing,
            ResolvedAs::Refund => Outcome::Refund,
        };
        if outcome == Outcome::Nothing && self.amount.is_some() {
            return Err(ApiProblem::value("amount", "nothing was collected, so there is no amount; leave it out"));
        }
        let amount = self.amount.map(|amount| amount.read("amount")).transpose()?;
        Ok((Resolution { outcome, amount, gateway_ref }, Pii::new(reason)))
    }
}

fn plain_ref(text: &str) -> Fit<String> {
    let plain = (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain {
        return Ok(text.to_owned());
    }
    Err(ApiProblem::value("gateway_ref", "the gateway's id is 1 to 255 letters, digits and underscores, such as pi_3OabcDEF"))
}
