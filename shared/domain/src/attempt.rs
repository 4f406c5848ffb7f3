//! Attempts: tries to collect, stored before a gateway is called.

use crate::{
    ids::{AttemptId, ContactId, InvoiceId},
    money::Money,
    payment::{Method, Origin},
    pii::{Pii, RecipientRef},
};
use chrono::{DateTime, TimeDelta, Utc};

/// How long a hosted checkout stays open.
///
/// Source: Stripe, Create a Checkout Session, `expires_at`: 30 minutes to 24 hours after creation (version 2023-08-16).
pub const CHECKOUT_OPEN_MINUTES: i64 = 60;

/// How far a try has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttemptState {
    /// Committed, the call not yet made.
    Prepared,
    /// The call was made or is about to be; no answer is stored.
    Dispatched,
    /// A hosted checkout is open; nobody has paid.
    AwaitingPayer,
    /// The customer must authenticate.
    RequiresAction,
    /// A bank debit is under way.
    Processing,
    /// No answer, or none that could be read: ask before anything else.
    Unknown,
    /// Money moved.
    Applied,
    /// Certainly no money.
    Declined,
    /// Fenced at the gateway by time.
    Expired,
    /// Fenced at the gateway by us, or never sent.
    Cancelled,
    /// The gateway reports another amount or currency.
    Conflicted,
}

impl AttemptState {
    /// Every state.
    pub const ALL: [Self; 11] = [
        Self::Prepared,
        Self::Dispatched,
        Self::AwaitingPayer,
        Self::RequiresAction,
        Self::Processing,
        Self::Unknown,
        Self::Applied,
        Self::Declined,
        Self::Expired,
        Self::Cancelled,
        Self::Conflicted,
    ];

    /// Its name in API, table and journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Dispatched => "dispatched",
            Self::AwaitingPayer => "awaiting_payer",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::Unknown => "unknown",
            Self::Applied => "applied",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Conflicted => "conflicted",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }

    /// Whether such a try holds the invoice's one slot.
    #[must_use]
    pub fn holds_slot(self) -> bool {
        match self {
            Self::Prepared
            | Self::Dispatched
            | Self::AwaitingPayer
            | Self::RequiresAction
            | Self::Processing
            | Self::Unknown
            | Self::Conflicted => true,
            Self::Applied | Self::Declined | Self::Expired | Self::Cancelled => false,
        }
    }

    /// Whether money may be on its way, so that nothing else may be decided about the invoice (guards G2, G8).
    #[must_use]
    pub fn is_in_flight(self) -> bool {
        match self {
            Self::Processing | Self::Unknown | Self::Conflicted => true,
            Self::Prepared
            | Self::Dispatched
            | Self::AwaitingPayer
            | Self::RequiresAction
            | Self::Applied
            | Self::Declined
            | Self::Expired
            | Self::Cancelled => false,
        }
    }

    /// Whether such a try may become `next`. Late success makes the final states but `applied` and `conflicted` leave once.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Prepared => matches!(next, Self::Dispatched | Self::Cancelled),
            Self::Dispatched => !matches!(next, Self::Prepared | Self::Dispatched),
            Self::AwaitingPayer => {
                matches!(next, Self::Applied | Self::Processing | Self::Expired | Self::Cancelled | Self::Unknown | Self::Conflicted)
            }
            Self::RequiresAction => matches!(
                next,
                Self::Applied | Self::Processing | Self::Declined | Self::Expired | Self::Cancelled | Self::Unknown | Self::Conflicted
            ),
            Self::Processing => matches!(next, Self::Applied | Self::Declined | Self::Unknown | Self::Conflicted),
            Self::Unknown => !matches!(next, Self::Prepared | Self::Dispatched | Self::Unknown),
            Self::Declined | Self::Expired | Self::Cancelled => matches!(next, Self::Applied | Self::Conflicted),
            Self::Applied | Self::Conflicted => false,
        }
    }
}

/// Why a gateway said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decline {
    /// The gateway's code, such as `insufficient_funds`.
    pub code: String,
    /// Whether another try with the same method makes sense.
    pub class: DeclineClass,
}

/// What may follow a decline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclineClass {
    /// The same method may work later.
    Soft,
    /// This method must not be tried again.
    Hard,
    /// The customer has to do something.
    Action,
}

impl DeclineClass {
    /// Its name in API, table and journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Soft => "soft",
            Self::Hard => "hard",
            Self::Action => "action",
        }
    }

    /// The class of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        [Self::Soft, Self::Hard, Self::Action].into_iter().find(|c| c.name() == name)
    }
}

/// A try to collect. Everything a gateway call needs stands in it, so that the same call can be made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Our reference at the gateway.
    pub id: AttemptId,
    /// The invoice to be paid.
    pub invoice_id: InvoiceId,
    /// Who owes.
    pub contact_id: ContactId,
    /// The sum to collect.
    pub amount: Money,
    /// The invoice's revision that the payer saw.
    pub invoice_rev: u32,
    /// For whom the pay link was written.
    pub recipient: RecipientRef,
    /// The invoice's link version in the addresses the gateway was given.
    pub link_version: u16,
    /// The key that signed them.
    pub link_key: u8,
    /// Where it began.
    pub origin: Origin,
    /// The gateway's name, such as `stripe`.
    pub gateway: String,
    /// The idempotency key, random, fixed for life.
    pub key: String,
    /// When it was committed.
    pub taken_at: DateTime<Utc>,
    /// When the checkout closes by itself.
    pub expires_at: DateTime<Utc>,
    /// How far it has come.
    pub state: AttemptState,
    /// The gateway's checkout, once known.
    pub session_ref: Option<String>,
    /// The gateway's payment, once known.
    pub intent_ref: Option<String>,
    /// The last no, inside an open checkout or for good.
    pub decline: Option<Decline>,
    /// Look-ups that brought nothing new.
    pub looks: u32,
    /// When to ask the gateway next, if nobody else has.
    pub look_at: Option<DateTime<Utc>>,
}

/// When a checkout that was just opened closes by itself.
#[must_use]
pub fn checkout_closes_at(taken_at: DateTime<Utc>) -> DateTime<Utc> {
    taken_at + TimeDelta::minutes(CHECKOUT_OPEN_MINUTES)
}

impl Attempt {
    /// When to ask the gateway next, given the state just reached and how often it was asked in vain.
    ///
    /// An unanswered call is asked about within the minute, an open checkout when it has closed, a bank debit after
    /// 5 minutes, an hour, then daily.
    #[must_use]
    pub fn next_look_at(&self, state: AttemptState, looks: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match state {
            AttemptState::Prepared | AttemptState::Dispatched | AttemptState::Unknown => {
                Some(now + TimeDelta::minutes(if looks < 3 { 1 } else { 5 }))
            }
            AttemptState::AwaitingPayer => {
                Some(if now < self.expires_at { self.expires_at + TimeDelta::minutes(1) } else { now + TimeDelta::minutes(5) })
            }
            AttemptState::RequiresAction => Some(now + TimeDelta::hours(1)),
            AttemptState::Processing => Some(
                now + match looks {
                    0 => TimeDelta::minutes(5),
                    1 => TimeDelta::hours(1),
                    _ => TimeDelta::days(1),
                },
            ),
            AttemptState::Applied | AttemptState::Declined | AttemptState::Expired | AttemptState::Cancelled | AttemptState::Conflicted => {
                None
            }
        }
    }
}

/// What a gateway says of a checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutReport {
    /// The gateway's id of the checkout.
    pub session_ref: String,
    /// The gateway's id of the payment in it, once there is one.
    pub intent_ref: Option<String>,
    /// The sum it collects.
    pub amount: Money,
    /// How far it has come.
    pub state: CheckoutState,
    /// The last no inside it.
    pub decline: Option<Decline>,
    /// Where the payer goes while it is open. Whoever has it can pay there.
    pub url: Option<Pii>,
}

/// How far a checkout has come at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckoutState {
    /// Nobody has paid yet.
    Open,
    /// The money moved.
    Paid(Method),
    /// A bank debit is under way.
    Processing,
    /// A bank debit came to nothing.
    Failed,
    /// It can no longer be paid.
    Expired,
}
