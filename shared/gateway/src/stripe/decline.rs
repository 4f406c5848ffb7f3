//! Stripe's decline codes and what may follow them.

use super::wire;
use crate::answer::plain_code;
use domain::attempt::{Decline, DeclineClass};

/// Codes after which the same method must not be tried again: the card or account is gone, blocked or wrong, cannot be used
/// for this at all, or its holder or Stripe's own risk check said no for good.
///
/// Source: docs.stripe.com/declines/codes; docs.stripe.com/billing/revenue-recovery/smart-retries, "hard decline codes";
/// docs.stripe.com/error-codes for the entries about cards and bank accounts as such.
const HARD: [&str; 31] = [
    "account_closed",
    "bank_account_restricted",
    "bank_ownership_changed",
    "card_not_supported",
    "currency_not_supported",
    "debit_not_authorized",
    "do_not_try_again",
    "expired_card",
    "fraudulent",
    "highest_risk_level",
    "incorrect_number",
    "invalid_account",
    "invalid_account_number",
    "invalid_expiry_month",
    "invalid_expiry_year",
    "invalid_number",
    "live_mode_test_card",
    "lost_card",
    "merchant_blacklist",
    "new_account_information_available",
    "no_account",
    "pickup_card",
    "pin_try_exceeded",
    "previously_declined_do_not_retry",
    "restricted_card",
    "revocation_of_all_authorizations",
    "revocation_of_authorization",
    "stolen_card",
    "stop_payment_order",
    "test_mode_live_card",
    "transaction_not_allowed",
];

/// Codes after which the customer has to do something.
///
/// Source: docs.stripe.com/declines/codes; docs.stripe.com/error-codes#payment-intent-authentication-failure.
const ACTION: [&str; 4] = [
    "authentication_not_handled",
    "authentication_required",
    "mobile_device_authentication_required",
    "payment_intent_authentication_failure",
];

/// What may follow a decline of that code; what is not listed may work later.
pub(super) fn class(code: &str) -> DeclineClass {
    if HARD.contains(&code) {
        DeclineClass::Hard
    } else if ACTION.contains(&code) {
        DeclineClass::Action
    } else {
        DeclineClass::Soft
    }
}

/// The last no, by its finest code: the issuer's reason, else Stripe's code, else the type of error.
pub(super) fn of(error: &wire::ApiError) -> Decline {
    let code = plain_code(error.decline_code.as_deref().or(error.code.as_deref()).unwrap_or(&error.kind));
    Decline { class: class(&code), code }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOFT: &str = "approve_with_id call_issuer card_velocity_exceeded do_not_honor duplicate_transaction generic_decline incorrect_address \
        incorrect_cvc incorrect_pin incorrect_zip insufficient_funds invalid_amount invalid_cvc invalid_pin issuer_not_available \
        no_action_taken not_permitted offline_pin_required online_or_offline_pin_required processing_error reenter_transaction security_violation \
        service_not_allowed testmode_decline try_again_later withdrawal_count_limit_exceeded a_code_of_tomorrow";
    const HARD: &str = "card_not_supported currency_not_supported do_not_try_again expired_card fraudulent incorrect_number invalid_account \
        invalid_expiry_month invalid_expiry_year invalid_number lost_card merchant_blacklist new_account_information_available pickup_card \
        pin_try_exceeded restricted_card revocation_of_all_authorizations revocation_of_authorization stolen_card \
        stop_payment_order transaction_not_allowed highest_risk_level account_closed no_account bank_account_restricted \
        bank_ownership_changed debit_not_authorized invalid_account_number live_mode_test_card test_mode_live_card \
        previously_declined_do_not_retry";
    const ACTION: &str =
        "authentication_required authentication_not_handled mobile_device_authentication_required payment_intent_authentication_failure";

    #[test]
    fn f15_every_decline_code_has_its_class() {
        for (codes, wanted) in [(SOFT, DeclineClass::Soft), (HARD, DeclineClass::Hard), (ACTION, DeclineClass::Action)] {
            for code in codes.split_whitespace() {
                assert_eq!(class(code), wanted, "{code}");
            }
        }
    }

    #[test]
    fn f15_the_tables_hold_no_code_that_the_test_does_not_know() {
        for (table, known) in [(&super::HARD[..], HARD), (&super::ACTION[..], ACTION)] {
            for code in table {
                assert!(known.split_whitespace().any(|k| k == *code), "{code}");
            }
        }
    }

    #[test]
    fn f15_the_issuers_reason_comes_before_stripes_code() {
        for (decline_code, code, wanted) in [
            (Some("lost_card"), Some("card_declined"), ("lost_card", DeclineClass::Hard)),
            (None, Some("expired_card"), ("expired_card", DeclineClass::Hard)),
            (None, None, ("card_error", DeclineClass::Soft)),
            (Some("No Code"), None, ("unnamed", DeclineClass::Soft)),
        ] {
            let error = wire::ApiError {
                kind: "card_error".to_owned(),
                code: code.map(str::to_owned),
                decline_code: decline_code.map(str::to_owned),
                message: None,
            };
            assert_eq!(of(&error), Decline { code: wanted.0.to_owned(), class: wanted.1 });
        }
    }
}
