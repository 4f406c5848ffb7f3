//! The test cards. Source: docs.stripe.com/testing (numbers and decline codes); the last one is the sandbox's own use of
//! a number that asks for authentication there.

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};

/// What is kept of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Card {
    pub(super) brand: String,
    pub(super) last4: String,
    pub(super) exp_month: u32,
    pub(super) exp_year: i32,
}

/// Month and year until the end of which a card is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expiry {
    month: u32,
    year: i32,
}

/// A refusal by the card's bank. Source: docs.stripe.com/declines/codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Decline {
    pub(super) code: String,
    pub(super) decline_code: String,
    pub(super) message: String,
}

/// What the card's bank says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Pays,
    PaysAndLeaves,
    Declines(Decline),
}

/// A card that the hosted page knows.
pub struct TestCard {
    /// Its number, in digits only.
    pub number: &'static str,
    /// What becomes of a payment with it: `is paid`.
    pub what: &'static str,
    effect: Effect,
}

impl TestCard {
    /// Its number as it stands on a card: `4242 4242 4242 4242`.
    #[must_use]
    pub fn spaced(&self) -> String {
        let groups: Vec<String> = self.number.chars().collect::<Vec<_>>().chunks(4).map(|group| group.iter().collect()).collect();
        groups.join(" ")
    }
}

enum Effect {
    Pays,
    PaysAndLeaves,
    Declines(&'static str, &'static str, &'static str),
}

/// Every card that the hosted page knows; any other is declined.
pub const TEST_CARDS: [TestCard; 6] = [
    TestCard { number: "4242424242424242", what: "is paid", effect: Effect::Pays },
    TestCard {
        number: "4000000000000002",
        what: "is declined",
        effect: Effect::Declines("card_declined", "generic_decline", "Your card was declined."),
    },
    TestCard {
        number: "4000000000009995",
        what: "is declined: insufficient funds",
        effect: Effect::Declines("card_declined", "insufficient_funds", "Your card has insufficient funds."),
    },
    TestCard {
        number: "4000000000000069",
        what: "is declined: expired card",
        effect: Effect::Declines("expired_card", "expired_card", "Your card has expired."),
    },
    TestCard {
        number: "4000000000000127",
        what: "is declined: incorrect security code",
        effect: Effect::Declines("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."),
    },
    TestCard { number: "4000000000003220", what: "is paid, and the payer never comes back to the merchant", effect: Effect::PaysAndLeaves },
];

const NOT_A_TEST_CARD: Effect = Effect::Declines(
    "card_declined",
    "test_mode_live_card",
    "Your card was declined. This is a sandbox: use one of the test cards listed on this page.",
);

/// Reads a card number with or without spaces and dashes. `None` where length or check digit are wrong.
pub(super) fn read(number: &str, expiry: Expiry) -> Option<(Card, Verdict)> {
    let digits: String = number.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let is_number = (12..=19).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if !is_number || !passes_luhn(&digits) {
        return None;
    }
    let last4 = digits.get(digits.len().saturating_sub(4)..)?.to_owned();
    let brand = brand(&digits).to_owned();
    let known = TEST_CARDS.iter().find(|card| card.number == digits);
    let verdict = match known.map_or(&NOT_A_TEST_CARD, |card| &card.effect) {
        Effect::Pays => Verdict::Pays,
        Effect::PaysAndLeaves => Verdict::PaysAndLeaves,
        Effect::Declines(code, decline_code, message) => Verdict::Declines(Decline {
            code: (*code).to_owned(),
            decline_code: (*decline_code).to_owned(),
            message: (*message).to_owned(),
        }),
    };
    Some((Card { brand, last4, exp_month: expiry.month, exp_year: expiry.year }, verdict))
}

/// Reads `MM/YY`, `MM / YYYY` or, from keypads without a slash, `MMYY`. `None` where it is no month or has passed.
pub(super) fn read_expiry(text: &str, now: DateTime<Utc>) -> Option<Expiry> {
    let (month, year) = text.split_once('/').or_else(|| text.trim().split_at_checked(2))?;
    let month: u32 = month.trim().parse().ok().filter(|month| (1..=12).contains(month))?;
    let year = year.trim();
    let given: i32 = year.parse().ok().filter(|given| *given >= 0)?;
    let year = match year.len() {
        2 => given.checked_add(2000)?,
        4 => given,
        _ => return None,
    };
    ((year, month) >= (now.year(), now.month())).then_some(Expiry { month, year })
}

pub(super) fn expiry_in_three_years(now: DateTime<Utc>) -> Expiry {
    Expiry { month: 12, year: now.year().saturating_add(3) }
}

fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(at, digit)| match (at % 2 == 1, digit) {
            (true, 0..=4) => digit * 2,
            (true, _) => digit * 2 - 9,
            (false, _) => digit,
        })
        .sum();
    sum.is_multiple_of(10)
}

fn brand(digits: &str) -> &'static str {
    let prefix = |length: usize| digits.get(..length).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    match (prefix(1), prefix(2), prefix(4)) {
        (4, _, _) => "visa",
        (_, 51..=55, _) | (_, _, 2221..=2720) => "mastercard",
        (_, 34 | 37, _) => "amex",
        (_, 65, _) | (_, _, 6011) => "discover",
        _ => "unknown",
    }
}
