//! Why a command on an invoice is refused: the rule that was broken, in figures.

use crate::{
    attempt::AttemptState,
    invoice::{EvolveError, SlotClass, actions::Action, line::LineError, status::StatusCode},
    money::{Money, MoneyError},
};
use chrono::NaiveDate;

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The status does not allow the action.
    #[error("{}", .action.status_sentence(*.status))]
    Status {
        /// What was asked.
        action: Action,
        /// Where the invoice stands.
        status: StatusCode,
    },
    /// Nothing is owed (G1).
    #[error("nothing is owed on this invoice, so there is nothing to pay")]
    NothingOwed,
    /// Money may be moving (G2, G8).
    #[error("{}; wait until its outcome is known", in_slot(*.class))]
    InFlight {
        /// What the attempt in the slot means for the invoice.
        class: SlotClass,
    },
    /// The gateway still decides about the attempt, or it came to its end.
    #[error("{}", not_stuck(*.state))]
    NotStuck {
        /// How far it has come.
        state: AttemptState,
    },
    /// The gateway's object is the payment of another attempt.
    #[error(
        "this money at the gateway is the payment of another attempt; give the id of what this one collected, or say that it was nothing"
    )]
    ClaimedElsewhere,
    /// More than is owed (G2).
    #[error("{offered} is more than the {balance} that is owed; give at most the balance")]
    ExceedsBalance {
        /// What is owed.
        balance: Money,
        /// What was offered.
        offered: Money,
    },
    /// Nothing, or less, was offered.
    #[error("the amount must be more than zero")]
    NotPositive,
    /// Another currency than the invoice's.
    #[error("the invoice is in {invoice}, the amount in {given}; give the invoice's currency")]
    Currency {
        /// The invoice's.
        invoice: &'static str,
        /// The one given.
        given: &'static str,
    },
    /// Received in the future.
    #[error("the date of receipt must not be in the future; today is {today}")]
    ReceivedInFuture {
        /// The local date.
        today: NaiveDate,
    },
    /// The invoice has no line (G4).
    #[error("an invoice needs at least one line before it is sent")]
    NoLines,
    /// Too many lines.
    #[error("an invoice has at most {} lines, this one has {given}", super::line::MAX_LINES)]
    TooManyLines {
        /// How many were given.
        given: usize,
    },
    /// A line does not fit.
    #[error("{error}")]
    Line {
        /// The line, from 0.
        index: usize,
        /// What is wrong with it.
        error: LineError,
    },
    /// The contact has no address (G4, G5).
    #[error("the contact has no mail address; add one, or set `deliver` to `none` and hand over the link yourself")]
    NoRecipient,
    /// Due before it is dated (G4).
    #[error("the due date {due_on} is before the invoice date {invoice_date}; it must be the same day or later")]
    DueBeforeInvoice {
        /// The invoice date.
        invoice_date: NaiveDate,
        /// The due date.
        due_on: NaiveDate,
    },
    /// No gateway can serve a pay link (G5).
    #[error("no payment page can be offered: {reason}")]
    NoGateway {
        /// Why.
        reason: String,
    },
    /// Asked again within the minute (G5).
    #[error("the customer was asked {seconds} seconds ago; wait until 60 have passed, or give `\"force\": true`")]
    AskedJustNow {
        /// Seconds since.
        seconds: i64,
    },
    /// Money was received or may be moving, so only some fields may change (G3).
    #[error("once money was received or is on its way only notes, due date and reminders may change")]
    EditLimited {
        /// The field that may not.
        field: &'static str,
    },
    /// Money was received: voiding needs a word (G9).
    #[error("{received} was received; give `\"acknowledge_captured_funds\": true` to void and keep it as the contact's credit")]
    NeedsAcknowledgement {
        /// What was received.
        received: Money,
    },
    /// The page was written for another revision or amount.
    #[error("the invoice changed while the page was open")]
    PageOutdated,
    /// The sums do not work out.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The invoice cannot take the event: a defect of ours.
    #[error("the invoice cannot follow: {0}")]
    Evolve(EvolveError),
}

fn not_stuck(state: AttemptState) -> String {
    let name = state.name();
    if state.holds_slot() {
        return format!(
            "the gateway still tells of this attempt, which is {name}; it ends by itself, or is closed by what you do to the invoice"
        );
    }
    format!("this attempt has come to its end, which is {name}; nothing is left to be said of it")
}

fn in_slot(class: SlotClass) -> &'static str {
    match class {
        SlotClass::Open => "a checkout is open",
        SlotClass::Action => "the customer still has to confirm a payment",
        SlotClass::InFlight => "a payment is on its way",
    }
}

impl From<EvolveError> for Refusal {
    fn from(error: EvolveError) -> Self {
        Self::Evolve(error)
    }
}

impl Refusal {
    /// The rule that was broken.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Status { action, .. } => action.rule(),
            Self::NothingOwed => "G1",
            Self::InFlight { .. } => "G8",
            Self::NotStuck { .. } | Self::ClaimedElsewhere => "ATT-RESOLVE",
            Self::ExceedsBalance { .. } | Self::NotPositive | Self::Currency { .. } | Self::ReceivedInFuture { .. } => "G2",
            Self::NoLines | Self::NoRecipient | Self::DueBeforeInvoice { .. } => "G4",
            Self::NoGateway { .. } | Self::AskedJustNow { .. } => "G5",
            Self::EditLimited { .. } => "G3",
            Self::NeedsAcknowledgement { .. } => "G9",
            Self::TooManyLines { .. } | Self::Line { .. } | Self::Money(_) => "NEW-CUSTOMISE-LINES",
            Self::PageOutdated => "PAGE-PAY-FULL-ONLY",
            Self::Evolve(_) => "R4",
        }
    }

    /// A stable code for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status_forbids",
            Self::NothingOwed => "nothing_owed",
            Self::InFlight { .. } => "payment_in_flight",
            Self::NotStuck { .. } => "attempt_not_stuck",
            Self::ClaimedElsewhere => "claimed_elsewhere",
            Self::ExceedsBalance { .. } => "exceeds_balance",
            Self::NotPositive => "amount_not_positive",
            Self::Currency { .. } => "currency_differs",
            Self::ReceivedInFuture { .. } => "received_in_future",
            Self::NoLines => "no_lines",
            Self::TooManyLines { .. } => "too_many_lines",
            Self::Line { .. } => "line_invalid",
            Self::NoRecipient => "no_recipient",
            Self::DueBeforeInvoice { .. } => "due_before_invoice_date",
            Self::NoGateway { .. } => "no_gateway",
            Self::AskedJustNow { .. } => "asked_just_now",
            Self::EditLimited { .. } => "edit_limited",
            Self::NeedsAcknowledgement { .. } => "needs_acknowledgement",
            Self::PageOutdated => "page_outdated",
            Self::Money(_) => "amount_invalid",
            Self::Evolve(_) => "impossible",
        }
    }

    /// The field of the request that it is about, as a path.
    #[must_use]
    pub fn field(&self) -> Option<String> {
        match self {
            Self::ExceedsBalance { .. } | Self::NotPositive | Self::Currency { .. } => Some("amount".to_owned()),
            Self::ReceivedInFuture { .. } => Some("received_on".to_owned()),
            Self::ClaimedElsewhere => Some("gateway_ref".to_owned()),
            Self::NoLines | Self::TooManyLines { .. } => Some("lines".to_owned()),
            Self::Line { index, error } => Some(match error {
                LineError::Quantity => format!("lines[{index}].quantity"),
                LineError::Percent | LineError::Discount { .. } => format!("lines[{index}].discount"),
                LineError::NegativePrice => format!("lines[{index}].unit_price"),
                LineError::Money(_) => format!("lines[{index}]"),
            }),
            Self::DueBeforeInvoice { .. } => Some("due_on".to_owned()),
            Self::EditLimited { field } => Some((*field).to_owned()),
            Self::NeedsAcknowledgement { .. } => Some("acknowledge_captured_funds".to_owned()),
            Self::AskedJustNow { .. } => Some("force".to_owned()),
            Self::Status { .. }
            | Self::NothingOwed
            | Self::InFlight { .. }
            | Self::NotStuck { .. }
            | Self::NoRecipient
            | Self::NoGateway { .. }
            | Self::PageOutdated
            | Self::Money(_)
            | Self::Evolve(_) => None,
        }
    }
}
