#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]

use super::*;
use crate::stripe::testing::{ATTEMPT, INVOICE, SESSION, instant};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

const NOW: i64 = 1_700_000_000;
const SECRET: &str = "whsec_in_use";
const OLD_SECRET: &str = "whsec_rotated_out";
const BODY: &[u8] = br#"{"id":"evt_1","type":"charge.updated","created":1700000000,"livemode":false,"data":{"object":{}}}"#;

fn secrets(list: &[&str]) -> Vec<SecretString> {
    list.iter().map(|secret| SecretString::from(*secret)).collect()
}

fn v1(secret: &str, seconds: i64, raw: &[u8]) -> String {
    HEXLOWER.encode(sign(&secret.into(), &seconds.to_string(), raw).unwrap().as_slice())
}

fn header(secret: &str, seconds: i64) -> String {
    format!("t={seconds},v1={}", v1(secret, seconds, BODY))
}

fn check(raw: &[u8], header: Option<&str>, list: &[&str]) -> Result<Notice, NoticeError> {
    verify_notice(raw, header, &secrets(list), instant(NOW))
}

fn signed_at(seconds: i64) -> Result<Notice, NoticeError> {
    check(BODY, Some(&header(SECRET, seconds)), &[SECRET])
}

#[test]
fn a_signature_made_elsewhere_is_taken() {
    let elsewhere = "7e91d57beb8202499aeeccad7d146109f6b2398ed87f37eed3795286a2b93d83";
    assert_eq!(v1(SECRET, NOW, BODY), elsewhere);
    assert!(check(BODY, Some(&format!("t={NOW},v1={elsewhere}")), &[SECRET]).is_ok());
}

#[test]
fn f20_a_signature_of_299_seconds_ago_is_taken() {
    assert!(signed_at(NOW - 299).is_ok());
}

#[test]
fn f20_a_signature_of_300_seconds_ago_is_taken() {
    assert!(signed_at(NOW - 300).is_ok());
}

#[test]
fn f20_a_signature_of_301_seconds_ago_is_refused() {
    assert_eq!(signed_at(NOW - 301), Err(NoticeError::OutsideTolerance { seconds: 301 }));
}

#[test]
fn f20_a_signature_from_301_seconds_ahead_is_refused() {
    assert!(signed_at(NOW + 299).is_ok());
    assert!(signed_at(NOW + 300).is_ok());
    assert_eq!(signed_at(NOW + 301), Err(NoticeError::OutsideTolerance { seconds: 301 }));
}

#[test]
fn f21_either_secret_is_taken_while_one_is_rotated() {
    for signer in [SECRET, OLD_SECRET] {
        for list in [[SECRET, OLD_SECRET], [OLD_SECRET, SECRET]] {
            assert!(check(BODY, Some(&header(signer, NOW)), &list).is_ok(), "{signer}");
        }
    }
}

#[test]
fn f21_any_of_several_signatures_will_do() {
    let (good, old, wrong) = (v1(SECRET, NOW, BODY), v1(OLD_SECRET, NOW, BODY), "0".repeat(64));
    for (header, ok) in [
        (format!("t={NOW},v1={good},v1={old}"), true),
        (format!("t={NOW},v1={old},v1={good}"), true),
        (format!("t={NOW},v1={wrong},v1=short,v1={good},v0={wrong}"), true),
        (format!("v1={good},t={NOW}"), true),
        (format!("t={NOW}, v1={good}"), true),
        (format!("t={NOW},v1={old},v1={wrong}"), false),
    ] {
        assert_eq!(check(BODY, Some(&header), &[SECRET]).is_ok(), ok, "{header}");
    }
}

#[test]
fn a_secret_that_was_rotated_out_is_refused() {
    assert_eq!(check(BODY, Some(&header(OLD_SECRET, NOW)), &[SECRET]), Err(NoticeError::WrongSignature));
}

#[test]
fn a_body_with_any_one_byte_changed_is_refused() {
    let header = header(SECRET, NOW);
    for at in 0..BODY.len() {
        let mut tampered = BODY.to_vec();
        tampered[at] ^= 1;
        assert_eq!(check(&tampered, Some(&header), &[SECRET]), Err(NoticeError::WrongSignature), "byte {at}");
    }
}

#[test]
fn a_changed_time_is_refused() {
    let header = format!("t={},v1={}", NOW + 1, v1(SECRET, NOW, BODY));
    assert_eq!(check(BODY, Some(&header), &[SECRET]), Err(NoticeError::WrongSignature));
}

#[test]
fn a_header_that_is_missing_or_of_another_form_is_refused() {
    let good = v1(SECRET, NOW, BODY);
    for (header, wanted) in [
        (None, NoticeError::NotSigned),
        (Some(String::new()), NoticeError::MalformedHeader),
        (Some(format!("v1={good}")), NoticeError::MalformedHeader),
        (Some(format!("t=,v1={good}")), NoticeError::MalformedHeader),
        (Some(format!("t=-1,v1={good}")), NoticeError::MalformedHeader),
        (Some(format!("t=+{NOW},v1={good}")), NoticeError::MalformedHeader),
        (Some(format!("t=99999999999999999999,v1={good}")), NoticeError::MalformedHeader),
        (Some(format!("t={NOW},t={NOW},v1={good}")), NoticeError::MalformedHeader),
        (Some(format!("t={NOW}")), NoticeError::UnknownScheme),
        (Some(format!("t={NOW},v0={good}")), NoticeError::UnknownScheme),
        (Some(format!("t={NOW},v2={good}")), NoticeError::UnknownScheme),
        (Some(format!("t={NOW},v1=")), NoticeError::WrongSignature),
        (Some(format!("t={NOW},v1={}", &good[..62])), NoticeError::WrongSignature),
        (Some(format!("t=0{NOW},v1={good}")), NoticeError::WrongSignature),
    ] {
        assert_eq!(check(BODY, header.as_deref(), &[SECRET]), Err(wanted), "{header:?}");
    }
}

#[test]
fn without_a_secret_nothing_is_taken() {
    for list in [&[][..], &[""][..], &[SECRET, ""][..]] {
        assert_eq!(check(BODY, Some(&header("", NOW)), list), Err(NoticeError::NoSecrets), "{list:?}");
    }
}

fn read(event: &Value) -> Result<Notice, NoticeError> {
    let raw = event.to_string();
    check(raw.as_bytes(), Some(&format!("t={NOW},v1={}", v1(SECRET, NOW, raw.as_bytes()))), &[SECRET])
}

fn event(kind: &str, object: &Value) -> Value {
    json!({"id": "evt_1", "object": "event", "type": kind, "created": NOW, "livemode": false, "data": {"object": object}})
}

#[test]
fn a_notice_names_what_it_is_about() {
    let metadata = json!({"remit_attempt": ATTEMPT, "remit_invoice": INVOICE});
    let both = (Some(ATTEMPT), Some(INVOICE));
    for (kind, object, refs, ids) in [
        (
            "checkout.session.completed",
            json!({"object": "checkout.session", "id": SESSION, "payment_intent": "pi_1", "metadata": metadata}),
            (Some(SESSION), Some("pi_1")),
            both,
        ),
        (
            "checkout.session.completed",
            json!({"object": "checkout.session", "id": SESSION, "payment_intent": {"id": "pi_1"}, "metadata": metadata}),
            (Some(SESSION), Some("pi_1")),
            both,
        ),
        (
            "checkout.session.expired",
            json!({"object": "checkout.session", "id": SESSION, "payment_intent": null, "metadata": metadata}),
            (Some(SESSION), None),
            both,
        ),
        (
            "checkout.session.of_tomorrow",
            json!({"object": "checkout.session", "id": SESSION, "metadata": metadata}),
            (Some(SESSION), None),
            both,
        ),
        ("payment_intent.succeeded", json!({"object": "payment_intent", "id": "pi_1", "metadata": metadata}), (None, Some("pi_1")), both),
        ("payment_intent.succeeded", json!({"object": "payment_intent", "id": "pi_1", "metadata": {}}), (None, Some("pi_1")), (None, None)),
        ("payment_intent.succeeded", json!({"object": "payment_intent", "id": "pi_1"}), (None, Some("pi_1")), (None, None)),
        (
            "payment_intent.succeeded",
            json!({"object": "payment_intent", "id": "pi_1", "metadata": {"remit_attempt": INVOICE, "remit_invoice": 7}}),
            (None, Some("pi_1")),
            (None, None),
        ),
        (
            "payment_intent.succeeded",
            json!({"object": "payment_intent", "id": "../../account", "metadata": metadata}),
            (None, None),
            (None, None),
        ),
        ("customer.created", json!({"object": "customer", "id": "cus_1", "metadata": metadata}), (None, None), (None, None)),
        ("of.tomorrow", json!([1, 2, 3]), (None, None), (None, None)),
        ("of.tomorrow", json!(null), (None, None), (None, None)),
    ] {
        let notice = read(&event(kind, &object)).unwrap();
        assert_eq!((notice.session_ref.as_deref(), notice.intent_ref.as_deref()), refs, "{object}");
        assert_eq!((notice.attempt_id.as_ref().map(AttemptId::as_str), notice.invoice_id.as_ref().map(InvoiceId::as_str)), ids, "{object}");
        assert_eq!((notice.event_id.as_str(), notice.kind.as_str(), notice.created_at), ("evt_1", kind, instant(NOW)));
    }
}

#[test]
fn f23_a_notice_tells_its_mode_and_its_account() {
    for (livemode, account) in [(true, None), (false, None), (true, Some("acct_1"))] {
        let mut event = event("account.updated", &json!({}));
        event["livemode"] = json!(livemode);
        event["account"] = json!(account);
        let notice = read(&event).unwrap();
        assert_eq!((notice.livemode, notice.account.as_deref()), (livemode, account));
    }
}

#[test]
fn f22_a_genuine_body_that_is_no_event_is_unreadable() {
    let with = |name: &str, value: Value| {
        let mut event = event("of.tomorrow", &json!({}));
        event[name] = value;
        event
    };
    for body in [
        json!([]),
        json!("evt_1"),
        with("id", json!(null)),
        with("id", json!("")),
        with("id", json!("x".repeat(256))),
        with("id", json!("evt 1")),
        with("type", json!(7)),
        with("type", json!("")),
        with("created", json!("today")),
        with("created", json!(i64::MAX)),
        with("livemode", json!(null)),
        with("data", json!(null)),
    ] {
        assert!(matches!(read(&body), Err(NoticeError::Unreadable(_))), "{body}");
    }
}
