//! Who takes an attempt out of each of its states, by what, and within what time: no state is without a way out.

use super::AttemptState;

/// Who takes an attempt out of a state, and by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The customer pays at the gateway, and the gateway tells.
    Paid,
    /// The customer comes back from the gateway's page.
    Return,
    /// The customer presses Pay again.
    Press,
    /// The gateway tells by itself that it is over.
    Notice,
    /// `collections`, every five minutes.
    Sweep,
    /// Staff change the invoice so that an open checkout must go: they void it, log money, or change its lines.
    Staff,
    /// Staff say what became of it: `POST /v1/attempts/{id}/resolve`.
    Resolve,
}

/// A way out of a state, and the minutes within which it leads out once it is taken or becomes possible.
pub type End = (Way, u32);

/// Every state with its ways out. States without one are final; money that still comes leads out of all of those but `applied`.
pub const ENDS: [(AttemptState, &[End]); 11] = [
    // Both are left within a request; a request that was cut off is asked about within the minute.
    (AttemptState::Prepared, &[(Way::Resolve, 5)]),
    (AttemptState::Dispatched, &[(Way::Press, 1), (Way::Return, 0), (Way::Sweep, 10), (Way::Staff, 0)]),
    (AttemptState::AwaitingPayer, &[(Way::Paid, 0), (Way::Return, 0), (Way::Notice, 0), (Way::Sweep, 70), (Way::Staff, 0)]),
    (AttemptState::RequiresAction, &[(Way::Resolve, 0)]),
    (AttemptState::Processing, &[(Way::Resolve, 0)]),
    (AttemptState::Unknown, &[(Way::Press, 0), (Way::Return, 0), (Way::Sweep, 10), (Way::Staff, 0), (Way::Resolve, 0)]),
    (AttemptState::Applied, &[]),
    (AttemptState::Declined, &[(Way::Paid, 0)]),
    (AttemptState::Expired, &[(Way::Paid, 0)]),
    (AttemptState::Cancelled, &[(Way::Paid, 0)]),
    (AttemptState::Conflicted, &[(Way::Resolve, 0)]),
];
