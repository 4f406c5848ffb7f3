//! What a gateway call comes to.

use crate::transport::TransportErrorKind;
use domain::attempt::CheckoutReport;
use std::fmt;

/// What a gateway call came to. `Debug` shows no checkout address.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// What the gateway says of the checkout.
    Report(CheckoutReport),
    /// This call certainly had no effect. An earlier one under the same key may have had one.
    Refused(Refusal),
    /// Nobody knows whether it had an effect: ask before anything else.
    Unknown(Why),
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report(CheckoutReport { session_ref, intent_ref, amount, state, decline, paid_at, url }) => f
                .debug_struct("Report")
                .field("session_ref", session_ref)
                .field("intent_ref", intent_ref)
                .field("amount", amount)
                .field("state", state)
                .field("decline", decline)
                .field("paid_at", paid_at)
                .field("url", &url.as_ref().map(|_| "•••"))
                .finish(),
            Self::Refused(refusal) => f.debug_tuple("Refused").field(refusal).finish(),
            Self::Unknown(why) => f.debug_tuple("Unknown").field(why).finish(),
        }
    }
}

/// A no that is certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The gateway's code, or ours where no call was made; lower case letters, digits and underscores.
    pub code: String,
    /// What kind of no.
    pub class: RefusalClass,
    /// The gateway's sentence, at most 200 characters, with addresses, keys and long numbers masked.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(class: RefusalClass, code: &str, message: &str) -> Self {
        Self { code: plain_code(code), class, message: masked(message) }
    }
}

/// Who can do something about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalClass {
    /// Our key or account is not allowed to: staff.
    Configuration,
    /// The call asked for something the gateway does not do: no retry helps.
    Request,
    /// The gateway knows no such object: of another account or mode, or none at all.
    NotThere,
    /// Too many calls: later.
    RateLimited,
    /// The same call is still being carried out: read later.
    KeyInFlight,
}

impl RefusalClass {
    /// Its name in journal and log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Request => "request",
            Self::NotThere => "not_there",
            Self::RateLimited => "rate_limited",
            Self::KeyInFlight => "key_in_flight",
        }
    }
}

/// Why nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// No whole answer arrived.
    NoAnswer(TransportErrorKind),
    /// The gateway itself failed, with that HTTP status.
    Failed(u16),
    /// An answer arrived that cannot be read; the rule it breaks.
    Unreadable(&'static str),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(kind) => write!(f, "no answer ({})", kind.name()),
            Self::Failed(status) => write!(f, "the gateway failed with status {status}"),
            Self::Unreadable(rule) => write!(f, "unreadable answer: {rule}"),
        }
    }
}

/// A code as gateways write them; anything else becomes `unnamed`.
pub(crate) fn plain_code(code: &str) -> String {
    let plain = (1..=64).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain { code.to_owned() } else { "unnamed".to_owned() }
}

fn masked(message: &str) -> String {
    let words: Vec<&str> = message.split_whitespace().map(|word| if tells_too_much(word) { "•••" } else { word }).collect();
    words.join(" ").chars().take(200).collect()
}

fn tells_too_much(word: &str) -> bool {
    let marks = ["@", "://", "%40", "sk_", "rk_", "pk_", "whsec_", "tok_", "_secret", "*"];
    marks.iter().any(|mark| word.contains(mark)) || word.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() >= 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_shows_no_address_key_link_or_long_number() {
        for (said, shown) in [
            ("Invalid email address: ada@example.com", "Invalid email address: •••"),
            ("Invalid API Key provided: sk_test_********1234", "Invalid API Key provided: •••"),
            ("Not a valid URL: 'https://pay.example/i/abc'", "Not a valid URL: •••"),
            ("Card 4242 4242 4242 4242 was sent", "Card ••• ••• ••• ••• was sent"),
            ("Missing required param: mode.", "Missing required param: mode."),
        ] {
            assert_eq!(masked(said), shown);
        }
    }

    #[test]
    fn a_message_is_cut_at_200_characters() {
        assert_eq!(masked(&"é".repeat(300)).chars().count(), 200);
    }

    #[test]
    fn a_code_of_another_form_is_unnamed() {
        for (said, kept) in [("rate_limit", "rate_limit"), ("", "unnamed"), ("Oh no!", "unnamed"), ("ada@example.com", "unnamed")] {
            assert_eq!(plain_code(said), kept);
        }
    }
}
