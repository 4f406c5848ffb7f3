#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]

use super::*;
use crate::stripe::testing::{ATTEMPT, SESSION, URL, session};
use CheckoutState::{Expired, Failed, Open, Paid, Processing};
use domain::attempt::{Decline, DeclineClass};
use serde_json::{Value, json};

fn of(status: u16, body: &Value) -> Answer {
    answer(StatusCode::from_u16(status).unwrap(), body.to_string().as_bytes(), &Expected::Session(SESSION))
}

fn state(over: &Value) -> Result<CheckoutState, String> {
    match of(200, &session(over)) {
        Answer::Report(report) => Ok(report.state),
        other @ (Answer::Unknown(_) | Answer::Refused(_)) => Err(format!("{other:?}")),
    }
}

fn intent(status: &str) -> Value {
    json!({"id": "pi_1", "object": "payment_intent", "status": status, "latest_charge": null, "last_payment_error": null})
}

fn paid_by(details: &Value) -> Value {
    let charge = json!({"id": "ch_1", "payment_method_details": details});
    json!({"status": "complete", "payment_status": "paid", "payment_intent": {"id": "pi_1", "status": "succeeded", "latest_charge": charge}})
}

#[test]
fn every_status_of_a_session_has_its_state() {
    let unpaid = |intent: Value| json!({"status": "complete", "payment_status": "unpaid", "payment_intent": intent});
    for (over, wanted) in [
        (json!({}), Open),
        (json!({"payment_intent": "pi_1"}), Open),
        (json!({"payment_intent": intent("requires_payment_method")}), Open),
        (json!({"payment_intent": intent("processing")}), Open),
        (json!({"status": "expired", "url": null}), Expired),
        (json!({"status": "expired", "payment_intent": intent("canceled")}), Expired),
        (json!({"status": "complete", "payment_status": "paid", "payment_intent": "pi_1"}), Paid(Method::GatewayOther)),
        (unpaid(intent("processing")), Processing),
        (unpaid(intent("requires_action")), Processing),
        (unpaid(intent("requires_confirmation")), Processing),
        (unpaid(intent("requires_capture")), Processing),
        (unpaid(intent("succeeded")), Processing),
        (unpaid(intent("requires_payment_method")), Failed),
        (unpaid(intent("canceled")), Failed),
    ] {
        assert_eq!(state(&over), Ok(wanted), "{over}");
    }
}

#[test]
fn f04_what_cannot_be_read_is_unknown() {
    for over in [
        json!({"status": null}),
        json!({"status": "paused"}),
        json!({"payment_status": "half_paid"}),
        json!({"payment_status": "paid"}),
        json!({"status": "expired", "payment_status": "paid"}),
        json!({"status": "complete", "payment_status": "no_payment_required"}),
        json!({"status": "complete", "payment_status": "paid"}),
        json!({"status": "complete", "payment_intent": "pi_1"}),
        json!({"status": "complete"}),
        json!({"status": "complete", "payment_intent": intent("of_tomorrow")}),
        json!({"amount_total": null}),
        json!({"amount_total": -1}),
        json!({"amount_total": 1.5}),
        json!({"amount_total": "16500"}),
        json!({"currency": null}),
        json!({"currency": "isk"}),
        json!({"currency": "zzz"}),
        json!({"id": "cs_test_of_another"}),
        json!({"id": null}),
        json!({"object": "payment_intent"}),
    ] {
        assert!(state(&over).is_err_and(|answer| answer.starts_with("Unknown(Unreadable")), "{over}");
    }
}

#[test]
fn every_method_has_its_name() {
    let card = |brand: &str, last4: &str| Method::Card { brand: brand.to_owned(), last4: last4.to_owned() };
    for (details, wanted) in [
        (json!({"type": "card", "card": {"brand": "visa", "last4": "4242", "exp_year": 2030}}), card("visa", "4242")),
        (json!({"type": "card", "card": {"brand": null, "last4": "4242"}}), card("card", "4242")),
        (json!({"type": "card", "card": {"brand": "<b>", "last4": "4242"}}), card("card", "4242")),
        (json!({"type": "card", "card": {"brand": "visa", "last4": "42424242"}}), Method::GatewayOther),
        (json!({"type": "card", "card": {"brand": "visa", "last4": null}}), Method::GatewayOther),
        (json!({"type": "card"}), Method::GatewayOther),
        (json!({"type": "us_bank_account", "us_bank_account": {"last4": "6789"}}), Method::BankDebit),
        (json!({"type": "sepa_debit"}), Method::BankDebit),
        (json!({"type": "acss_debit"}), Method::BankDebit),
        (json!({"type": "au_becs_debit"}), Method::BankDebit),
        (json!({"type": "bacs_debit"}), Method::BankDebit),
        (json!({"type": "ach_debit"}), Method::BankDebit),
        (json!({"type": "ideal"}), Method::GatewayOther),
        (json!({"type": "link"}), Method::GatewayOther),
        (Value::Null, Method::GatewayOther),
    ] {
        assert_eq!(state(&paid_by(&details)), Ok(Paid(wanted)), "{details}");
    }
}

#[test]
fn f13_the_reports_sum_is_the_sessions() {
    for (over, wanted) in [
        (json!({}), "EUR 165.00"),
        (json!({"amount_total": 1}), "EUR 0.01"),
        (json!({"amount_total": 500, "currency": "jpy"}), "JPY 500"),
        (json!({"currency": "usd"}), "USD 165.00"),
    ] {
        assert!(matches!(of(200, &session(&over)), Answer::Report(report) if report.amount.to_string() == wanted), "{over}");
    }
}

#[test]
fn a_decline_is_told_while_the_money_has_not_moved() {
    let lost = json!({"type": "card_error", "code": "card_declined", "decline_code": "lost_card", "message": "Your card was declined."});
    let over = |status: &str, payment_status: &str| json!({"status": status, "payment_status": payment_status, "payment_intent": {"id": "pi_1", "status": "requires_payment_method", "last_payment_error": lost}});
    let hard = Some(Decline { code: "lost_card".to_owned(), class: DeclineClass::Hard });
    for (over, wanted) in [
        (over("open", "unpaid"), hard.clone()),
        (over("expired", "unpaid"), hard.clone()),
        (over("complete", "unpaid"), hard),
        (over("complete", "paid"), None),
        (json!({}), None),
    ] {
        assert!(matches!(of(200, &session(&over)), Answer::Report(report) if report.decline == wanted), "{over}");
    }
}

#[test]
fn only_an_open_checkout_has_an_address() {
    for (over, wanted) in [(json!({}), Some(URL)), (json!({"url": null}), None), (json!({"status": "expired"}), None)] {
        assert!(matches!(of(200, &session(&over)), Answer::Report(report) if report.url.as_ref().map(Pii::reveal) == wanted), "{over}");
    }
}

#[test]
fn an_opened_checkout_belongs_to_the_attempt() {
    for (over, ok) in
        [(json!({}), true), (json!({"client_reference_id": null}), true), (json!({"client_reference_id": "att_of_another"}), false)]
    {
        let answer = answer(StatusCode::OK, session(&over).to_string().as_bytes(), &Expected::Attempt(ATTEMPT));
        assert_eq!(matches!(answer, Answer::Report(_)), ok, "{over}");
    }
}

#[test]
fn every_refusal_has_its_class() {
    for (status, kind, code, class) in [
        (400, "invalid_request_error", Some("parameter_missing"), RefusalClass::Request),
        (400, "invalid_request_error", Some("amount_too_small"), RefusalClass::Request),
        (400, "idempotency_error", None, RefusalClass::Request),
        (400, "idempotency_error", Some("idempotency_key_in_use"), RefusalClass::KeyInFlight),
        (401, "invalid_request_error", None, RefusalClass::Configuration),
        (402, "card_error", Some("card_declined"), RefusalClass::Request),
        (403, "invalid_request_error", None, RefusalClass::Configuration),
        (404, "invalid_request_error", Some("resource_missing"), RefusalClass::NotThere),
        (409, "idempotency_error", Some("idempotency_key_in_use"), RefusalClass::KeyInFlight),
        (409, "invalid_request_error", None, RefusalClass::KeyInFlight),
        (429, "invalid_request_error", Some("rate_limit"), RefusalClass::RateLimited),
        (429, "invalid_request_error", Some("lock_timeout"), RefusalClass::RateLimited),
    ] {
        let body = json!({"error": {"type": kind, "code": code, "message": "No."}});
        let wanted = code.unwrap_or(kind);
        assert!(matches!(of(status, &body), Answer::Refused(no) if no.class == class && no.code == wanted), "{status} {body}");
    }
}

#[test]
fn f04_an_answer_that_is_neither_read_nor_refused_is_unknown() {
    for (status, body, wanted) in [
        (500, json!({"error": {"type": "api_error"}}), Why::Failed(500)),
        (502, json!("Bad gateway"), Why::Failed(502)),
        (503, json!({}), Why::Failed(503)),
        (408, json!({"error": {"type": "api_error"}}), Why::Failed(408)),
        (424, json!({"error": {"type": "api_error"}}), Why::Failed(424)),
        (200, json!({}), Why::Unreadable("a success is a checkout session")),
        (200, json!("OK"), Why::Unreadable("a success is a checkout session")),
        (204, json!(null), Why::Unreadable("a success is a checkout session")),
        (302, json!({}), Why::Unreadable("an answer is a success or an error")),
        (403, json!("<html>blocked</html>"), Why::Unreadable("a refusal names its error")),
        (404, json!({}), Why::Unreadable("a refusal names its error")),
    ] {
        assert_eq!(of(status, &body), Answer::Unknown(wanted), "{status} {body}");
    }
}

#[test]
fn a_missing_checkout_is_called_so() {
    let body =
        json!({"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such checkout.session: cs_test_1"}});
    assert!(matches!(of(404, &body), Answer::Refused(no) if no.message == "no such checkout"));
}
