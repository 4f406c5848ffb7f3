//! What the services are asked, and what their answers mean.

use super::{copies, kinds, mary, outgoing, write};
use crate::{
    Bus, HandOver, Mailer, Outgoing, Published,
    fixture::{after_payment, business, invoice, noon, payment, text},
    mailer::tag_value,
};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sesv2::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use domain::message::BusEvent;
use std::sync::{Arc, Mutex};

/// Answers every request alike and keeps what was asked.
#[derive(Debug, Clone)]
struct Canned {
    answer: Answer,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Says(u16, &'static str, &'static str),
    Breaks,
    TakesTooLong,
}

impl HttpConnector for Canned {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default();
        self.asked.lock().unwrap().push((request.uri().to_owned(), body));
        HttpConnectorFuture::ready(match self.answer {
            Answer::Says(status, code, body) => {
                let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
                if !code.is_empty() {
                    response.headers_mut().insert("x-amzn-errortype", code);
                }
                Ok(response)
            }
            Answer::Breaks => Err(ConnectorError::io("reset".into())),
            Answer::TakesTooLong => Err(ConnectorError::timeout("slow".into())),
        })
    }
}

fn mailer(answer: Answer) -> (Mailer, Canned) {
    let canned = Canned { answer, asked: Arc::default() };
    let connector = SharedHttpConnector::new(canned.clone());
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("id", "secret", None, None, "test")))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    let bus = Bus::new(&sdk, Some("http://events.test"), "remit".to_owned());
    (Mailer::new(&sdk, Some("http://ses.test"), Some("transactional".to_owned()), bus), canned)
}

async fn send(answer: Answer) -> (HandOver, Vec<(String, String)>) {
    let business = business();
    let composed = write(&kinds()[0], &invoice(3), &text(3), &business, 10);
    let (to, cc) = (mary(), copies());
    let (mailer, canned) = mailer(answer);
    let outcome = mailer.send(&Outgoing { envelope_to: &cc[0], ..outgoing(&composed, &business, &to, &cc) }).await;
    let asked = canned.asked.lock().unwrap().clone();
    (outcome, asked)
}

#[tokio::test]
async fn a_mail_goes_to_its_envelopes_recipient_only() {
    let (outcome, asked) = send(Answer::Says(200, "", r#"{"MessageId":"0100"}"#)).await;
    assert_eq!(outcome, HandOver::Accepted { service_id: "0100".to_owned() });
    assert_eq!(asked.len(), 1);
    let (uri, body) = &asked[0];
    assert!(uri.starts_with("http://ses.test/v2/email/outbound-emails"), "{uri}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["Destination"], serde_json::json!({ "ToAddresses": ["books@somerville.example"] }));
    assert_eq!(body["ConfigurationSetName"], "transactional");
    let untracked = serde_json::json!({ "Tracking": { "OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED" } });
    assert_eq!(body["ConfigurationOverrides"], untracked);
    assert_eq!(body["EmailTags"], serde_json::json!([{ "Name": "remit_message", "Value": "inv_5F1_2Funpaid_2Ffirst" }]));
    assert!(body["Content"]["Raw"]["Data"].is_string());
}

#[tokio::test]
async fn only_a_certain_no_is_called_one_and_nothing_is_tried_twice() {
    let refused = |code: &str| HandOver::Refused { reason: code.to_owned() };
    let blocked = |reason: &str| HandOver::Blocked { reason: reason.to_owned() };
    let text = r#"{"message":"Whatever it is about mary@somerville.example"}"#;
    let certain = [
        (400, "TooManyRequestsException", HandOver::Throttled),
        (429, "TooManyRequestsException", HandOver::Throttled),
        (400, "LimitExceededException", HandOver::Throttled),
        (400, "SendingPausedException", HandOver::Throttled),
        (400, "ThrottlingException", HandOver::Throttled),
        (403, "ExpiredTokenException", HandOver::Throttled),
        (429, "", HandOver::Throttled),
        (400, "MessageRejected", refused("MessageRejected")),
        (400, "MailFromDomainNotVerifiedException", blocked("MailFromDomainNotVerifiedException")),
        (400, "BadRequestException", refused("BadRequestException")),
        (400, "AccountSuspendedException", blocked("AccountSuspendedException")),
        (404, "NotFoundException", refused("NotFoundException")),
        (403, "AccessDeniedException", blocked("AccessDeniedException")),
    ];
    for (status, code, expected) in certain {
        let (outcome, asked) = send(Answer::Says(status, code, text)).await;
        assert_eq!((outcome, asked.len()), (expected, 1), "{status} {code}");
    }
    let uncertain = [
        Answer::Says(500, "InternalServiceErrorException", text),
        Answer::Says(503, "", ""),
        Answer::Says(502, "", "<html>bad gateway</html>"),
        Answer::Says(403, "", "<html>a proxy says no</html>"),
        Answer::Says(408, "RequestTimeout", text),
        Answer::Says(200, "", "not json"),
        Answer::Says(200, "", "{}"),
        Answer::Breaks,
        Answer::TakesTooLong,
    ];
    for answer in uncertain {
        let (outcome, asked) = send(answer).await;
        assert!(matches!(&outcome, HandOver::Unknown { reason } if !reason.contains('@')), "{answer:?} gave {outcome:?}");
        assert_eq!(asked.len(), 1, "{answer:?}");
    }
}

#[tokio::test]
async fn an_address_that_is_not_verified_is_told_from_what_else_a_message_is_rejected_for() {
    let sandbox =
        r#"{"message":"Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: a@b.example"}"#;
    let elsewhere = r#"{"message":"It says 'Email address is not verified' in the subject."}"#;
    let waits = HandOver::Blocked { reason: "MessageRejected, an address is not verified".to_owned() };
    let never = HandOver::Refused { reason: "MessageRejected".to_owned() };
    assert_eq!(send(Answer::Says(400, "MessageRejected", sandbox)).await.0, waits);
    for text in [elsewhere, r#"{"message":"The message can't be sent because it contains invalid content."}"#, "{}"] {
        assert_eq!(send(Answer::Says(400, "MessageRejected", text)).await.0, never, "{text}");
    }
    let other = HandOver::Refused { reason: "BadRequestException".to_owned() };
    assert_eq!(send(Answer::Says(400, "BadRequestException", sandbox)).await.0, other);
}

#[tokio::test]
async fn a_mail_that_cannot_be_written_is_refused_without_a_call() {
    let mut business = business();
    business.name = "Evil\r\nBcc: a@example.com".to_owned();
    let composed = write(&kinds()[0], &invoice(3), &text(3), &crate::fixture::business(), 10);
    let to = mary();
    let (mailer, canned) = mailer(Answer::Says(200, "", "{}"));
    let outcome = mailer.send(&outgoing(&composed, &business, &to, &[])).await;
    assert_eq!(outcome, HandOver::Refused { reason: "a control character stands in the mail's From header".to_owned() });
    assert!(canned.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_event_tells_references_and_sums_and_nothing_of_a_person() {
    let partly = after_payment(invoice(3), "61.44");
    let received = payment("61.44");
    let event = Published { id: "evt-1", event: BusEvent::PaymentApplied, at: noon(10), invoice: &partly, payment_id: Some(&received.id) };
    let (mailer, canned) = mailer(Answer::Says(200, "", r#"{"FailedEntryCount":0,"Entries":[{"EventId":"e-7"}]}"#));
    assert_eq!(mailer.bus.publish(&event).await, HandOver::Accepted { service_id: "e-7".to_owned() });
    let asked = canned.asked.lock().unwrap().clone();
    let body: serde_json::Value = serde_json::from_str(&asked[0].1).unwrap();
    let entry = &body["Entries"][0];
    assert_eq!(
        (&entry["Source"], &entry["DetailType"], &entry["EventBusName"]),
        (&"remit".into(), &"payment.applied".into(), &"remit".into())
    );
    let detail: serde_json::Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
    let expected = serde_json::json!({
        "id": "evt-1",
        "at": "2026-11-10T12:00:00.000Z",
        "invoice_id": partly.id.as_str(),
        "number": "INV-00001",
        "status": "open",
        "contact_id": partly.contact_id.as_str(),
        "total": { "amount": "170.38", "currency": "EUR" },
        "balance": { "amount": "108.94", "currency": "EUR" },
        "currency": "EUR",
        "payment_id": received.id.as_str(),
    });
    assert_eq!(detail, expected);
}

#[tokio::test]
async fn an_events_entry_that_failed_is_later_or_never() {
    let sent = invoice(3);
    let event = Published { id: "evt-1", event: BusEvent::InvoiceSent, at: noon(7), invoice: &sent, payment_id: None };
    let refused = |code: &str| HandOver::Refused { reason: code.to_owned() };
    let cases = [
        (r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"ThrottlingException","ErrorMessage":"slow"}]}"#, HandOver::Throttled),
        (r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure"}]}"#, HandOver::Throttled),
        (r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"MalformedDetail"}]}"#, refused("MalformedDetail")),
        (r#"{"FailedEntryCount":1,"Entries":[{}]}"#, refused("entry failed")),
    ];
    for (body, expected) in cases {
        let (mailer, _) = mailer(Answer::Says(200, "", body));
        assert_eq!(mailer.bus.publish(&event).await, expected, "{body}");
    }
    let (mailer, _) = mailer(Answer::Says(200, "", r#"{"FailedEntryCount":0,"Entries":[]}"#));
    assert!(matches!(mailer.bus.publish(&event).await, HandOver::Unknown { .. }));
}

#[test]
fn a_tags_value_holds_only_what_ses_takes_and_two_rows_never_share_one() {
    let rows = ["inv_1/reminder/A4+7/v1/00ff/email", "inv_1/reminder/A4-7/v1/00ff/email", "a_b", "a/b", "a.b", "é", "", "x y"];
    let values: Vec<String> = rows.iter().map(|row| tag_value(row)).collect();
    for value in &values {
        assert!(!value.is_empty() && value.len() <= 256);
        assert!(value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.@".contains(&b)), "{value}");
    }
    let distinct: std::collections::BTreeSet<&String> = values.iter().collect();
    assert_eq!(distinct.len(), rows.len());
    assert_eq!(tag_value(&"/".repeat(200)).len(), 64);
}

#[test]
fn nothing_personal_is_printed() {
    let composed = write(&kinds()[0], &invoice(3), &text(3), &business(), 10);
    let printed = format!("{:?}", outgoing(&composed, &business(), &mary(), &copies()));
    assert!(!printed.contains("mary@") && !printed.contains("Somerville\""), "{printed}");
}
