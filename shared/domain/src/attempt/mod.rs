//! Attempts to collect: records of their own, stored before a gateway is called.

pub mod ends;
mod journal;

pub use journal::{AttemptEvent, Outcome};

use crate::{
    ids::{AttemptId, ContactId, InvoiceId, PaymentId},
    invoice::SlotClass,
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

    /// Whether such an attempt holds the slot of each of its invoices.
    #[must_use]
    pub fn holds_slot(self) -> bool {
        self.slot_class().is_some()
    }

    /// What an invoice says of such an attempt in its slot; none once it no longer holds one.
    #[must_use]
    pub fn slot_class(self) -> Option<SlotClass> {
        match self {
            Self::Prepared | Self::Dispatched | Self::AwaitingPayer => Some(SlotClass::Open),
            Self::RequiresAction => Some(SlotClass::Action),
            Self::Processing | Self::Unknown | Self::Conflicted => Some(SlotClass::InFlight),
            Self::Applied | Self::Declined | Self::Expired | Self::Cancelled => None,
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

/// What an attempt is to collect for one invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The invoice to be paid.
    pub invoice_id: InvoiceId,
    /// Its revision that the payer saw.
    pub rev: u32,
    /// The sum to collect for it.
    pub amount: Money,
}

/// What an attempt is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// To collect for one invoice or several of one contact. It takes the slot of each.
    Collect {
        /// What for, in the order in which the payer saw it.
        orders: Vec<Order>,
    },
}

/// How an attempt collects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// The payer pays at the gateway's own page.
    Hosted {
        /// For whom the pay link was written.
        recipient: RecipientRef,
        /// The invoice's link version in the addresses the gateway was given.
        link_version: u16,
        /// The key that signed them.
        link_key: u8,
        /// When the checkout closes by itself.
        open_until: DateTime<Utc>,
    },
}

/// An attempt to collect. Everything a gateway call needs stands in it, so that the same call can be made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Our reference at the gateway.
    pub id: AttemptId,
    /// What it is for.
    pub purpose: Purpose,
    /// How it collects.
    pub how: How,
    /// Who owes.
    pub contact_id: ContactId,
    /// The sum to collect: that of all orders.
    pub amount: Money,
    /// Where it began.
    pub origin: Origin,
    /// The gateway's name, such as `stripe`.
    pub gateway: String,
    /// The idempotency key, random, fixed for life. The journal holds only its digest.
    pub key: String,
    /// When it was committed.
    pub taken_at: DateTime<Utc>,
    /// How far it has come.
    pub state: AttemptState,
    /// The gateway's checkout, once known.
    pub session_ref: Option<String>,
    /// The gateway's payment, once known.
    pub intent_ref: Option<String>,
    /// The last decline, inside an open checkout or for good.
    pub decline: Option<Decline>,
    /// What it collected.
    pub payment_id: Option<PaymentId>,
    /// What staff said that it came to. What conflicts with that later is known.
    pub resolved: Option<Outcome>,
    /// When and how often the gateway was asked about it. Outside the journal.
    pub look: Look,
    /// What staff wrote when they said what became of it. Outside the journal.
    pub note: Option<Pii>,
}

/// When a gateway is asked about an attempt. It stands on the record, outside its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Look-ups that brought nothing new since the state was reached.
    pub count: u32,
    /// When to ask next, if nobody else has.
    pub at: Option<DateTime<Utc>>,
}

/// When a checkout that was just opened closes by itself.
#[must_use]
pub fn checkout_closes_at(taken_at: DateTime<Utc>) -> DateTime<Utc> {
    taken_at + TimeDelta::minutes(CHECKOUT_OPEN_MINUTES)
}

impl Attempt {
    /// What it is to collect, for each invoice.
    #[must_use]
    pub fn orders(&self) -> &[Order] {
        let Purpose::Collect { orders } = &self.purpose;
        orders
    }

    /// What it is to collect for one invoice.
    #[must_use]
    pub fn order_of(&self, invoice_id: &InvoiceId) -> Option<&Order> {
        self.orders().iter().find(|order| order.invoice_id == *invoice_id)
    }

    /// For whom the pay link was written.
    #[must_use]
    pub fn recipient(&self) -> RecipientRef {
        let How::Hosted { recipient, .. } = self.how;
        recipient
    }

    /// When nobody can pay any more by itself.
    #[must_use]
    pub fn open_until(&self) -> DateTime<Utc> {
        let How::Hosted { open_until, .. } = self.how;
        open_until
    }

    /// When to ask the gateway next, given the state just reached and how often it was asked in vain.
    ///
    /// An unanswered call is asked about within the minute, then after 5 minutes, an hour, daily; an open checkout when it has
    /// closed; a bank debit after 5 minutes, an hour, then daily.
    #[must_use]
    pub fn next_look(&self, state: AttemptState, count: u32, now: DateTime<Utc>) -> Look {
        let at = match state {
            AttemptState::Prepared | AttemptState::Dispatched | AttemptState::Unknown => Some(now + backing_off(count)),
            AttemptState::AwaitingPayer if now < self.open_until() => Some(self.open_until() + TimeDelta::minutes(1)),
            AttemptState::AwaitingPayer => Some(now + TimeDelta::minutes(5)),
            AttemptState::RequiresAction => Some(now + TimeDelta::hours(1)),
            AttemptState::Processing => Some(now + backing_off(count + 3)),
            AttemptState::Applied | AttemptState::Declined | AttemptState::Expired | AttemptState::Cancelled | AttemptState::Conflicted => {
                None
            }
        };
        Look { count, at }
    }
}

/// A minute three times, five minutes for an hour, an hour for a day, then daily.
fn backing_off(count: u32) -> TimeDelta {
    match count {
        0..3 => TimeDelta::minutes(1),
        3..15 => TimeDelta::minutes(5),
        15..39 => TimeDelta::hours(1),
        _ => TimeDelta::days(1),
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
    /// When its money moved, where the gateway tells.
    pub paid_at: Option<DateTime<Utc>>,
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
