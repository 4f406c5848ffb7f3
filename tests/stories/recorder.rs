//! The recorder answers the real SDK as SES, EventBridge and Secrets Manager do, and loses nothing it accepted.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_sesv2::error::ProvideErrorMetadata;
use aws_sdk_sesv2::operation::send_email::SendEmailOutput;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, MessageTag, RawMessage};
use axum::Router;
use axum::body::Body;
use chrono::{DateTime, TimeZone, Utc};
use domain::calendar::Zone;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use local::recorder::view::mailbox_router;
use local::recorder::{EventsFault, Fault, MailFault, Recorder, Settings};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tests::wire::{Wire, WireFault};
use tower::ServiceExt;

const RAW: &str = "From: \"Acme <Billing>\" <billing@acme.example>\r\nTo: Ann <ann@customer.example>\r\n\
    Cc: bo@customer.example\r\nBcc: staff@acme.example\r\nDate: Thu, 1 Jan 1970 00:00:00 +0000\r\n\
    Message-ID: <mine@acme.example>\r\nSubject: =?utf-8?q?Rechnung_f=C3=BCr_M=C3=A4rz?=\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
    Pay <here>\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
    <html><head></head><body><script>alert(1)</script>Pay</body></html>\r\n--b--\r\n";

fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap()
}

fn recorder_in(data_dir: Option<PathBuf>) -> Recorder {
    let secrets = BTreeMap::from([("remit/links".to_owned(), "first key".to_owned())]);
    Recorder::open(Settings { data_dir, now: Arc::new(noon), secrets }).unwrap()
}

fn recorder() -> (Recorder, Wire) {
    let recorder = recorder_in(None);
    let wire = Wire::to(recorder.router());
    (recorder, wire)
}

fn folder() -> PathBuf {
    static FOLDERS: AtomicUsize = AtomicUsize::new(0);
    let name = format!("recorder-{}-{}", std::process::id(), FOLDERS.fetch_add(1, Ordering::Relaxed));
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

struct Sent {
    code: Option<String>,
    answer: Option<SendEmailOutput>,
}

async fn send(wire: &Wire, raw: &str, destination: Option<Destination>) -> Sent {
    let raw = RawMessage::builder().data(Blob::new(raw)).build().unwrap();
    let no_retries =
        aws_sdk_sesv2::config::Builder::from(&wire.sdk_config()).retry_config(aws_sdk_sesv2::config::retry::RetryConfig::disabled());
    let sent = aws_sdk_sesv2::Client::from_conf(no_retries.build())
        .send_email()
        .from_email_address("Acme <billing@acme.example>")
        .set_destination(destination)
        .content(EmailContent::builder().raw(raw).build())
        .email_tags(MessageTag::builder().name("message").value("msg_1").build().unwrap())
        .configuration_set_name("remit")
        .send()
        .await;
    match sent {
        Ok(answer) => Sent { code: None, answer: Some(answer) },
        Err(error) => Sent { code: error.code().map(str::to_owned), answer: None },
    }
}

fn to(addresses: &[&str]) -> Option<Destination> {
    let all = addresses.iter().map(|address| (*address).to_owned()).collect();
    Some(Destination::builder().set_to_addresses(Some(all)).build())
}

fn event(source: &str, detail: &str) -> PutEventsRequestEntry {
    PutEventsRequestEntry::builder().source(source).detail_type("invoice.paid").detail(detail).build()
}

async fn get(recorder: &Recorder, path: &str) -> (StatusCode, http::HeaderMap, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = mailbox_router(recorder.clone(), Zone::UTC).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_sent_mail_is_kept_with_its_envelope_and_under_the_id_and_date_of_ses() {
    let (recorder, wire) = recorder();
    let sent = send(&wire, RAW, to(&["ann@customer.example"])).await;
    let mails = recorder.mails();
    let [mail] = mails.as_slice() else { panic!("{} mails", mails.len()) };
    assert_eq!(sent.answer.unwrap().message_id(), Some(mail.id.as_str()));
    assert_eq!(recorder.mail(&mail.id).as_ref(), Some(mail));
    assert_eq!(mail.envelope_from, "billing@acme.example");
    assert_eq!(mail.envelope_to, ["ann@customer.example"]);
    assert_eq!(mail.to(), ["ann@customer.example"]);
    assert_eq!(mail.cc(), ["bo@customer.example"]);
    assert_eq!(mail.bcc(), ["staff@acme.example"]);
    assert_eq!(mail.from().as_deref(), Some("billing@acme.example"));
    assert_eq!(mail.subject(), "Rechnung für März");
    assert_eq!(mail.text().unwrap().trim(), "Pay <here>");
    assert!(mail.html().unwrap().contains("<script>"));
    assert_eq!(mail.header("Message-ID").unwrap(), format!("<{}@email.amazonses.com>", mail.id));
    assert_eq!(mail.header("Date").unwrap(), "Sun, 1 Mar 2026 12:00:00 +0000");
    assert_eq!(mail.headers().iter().filter(|(name, _)| name == "Message-ID" || name == "Date").count(), 2);
    assert_eq!(mail.tags, BTreeMap::from([("message".to_owned(), "msg_1".to_owned())]));
    assert_eq!(mail.configuration_set.as_deref(), Some("remit"));
}

#[tokio::test]
async fn a_mail_without_a_destination_goes_where_its_headers_say() {
    let (recorder, wire) = recorder();
    assert!(send(&wire, RAW, None).await.answer.is_some());
    let everyone = ["ann@customer.example", "bo@customer.example", "staff@acme.example"];
    assert_eq!(recorder.mails()[0].envelope_to, everyone);
}

#[tokio::test]
async fn a_mail_that_ses_would_refuse_is_refused_and_not_kept() {
    let (recorder, wire) = recorder();
    let long = format!("Subject: {}", "x".repeat(1000));
    let bad = [
        ("no From", RAW.replace("From: ", "X-From: ")),
        ("a second From", RAW.replace("Cc: ", "From: ")),
        ("no blank line", "From: a@b.example\r\nTo: c@d.example\r\n".to_owned()),
        ("no headers", "\r\nhello".to_owned()),
        ("an address without a domain", RAW.replace("bo@customer.example", "bo@")),
        ("an address outside of ASCII", RAW.replace("bo@customer.example", "b\u{f6}@customer.example")),
        ("a line without a name", RAW.replace("Cc: bo@customer.example", "nonsense")),
        ("a line that is too long", RAW.replace("Subject: ", &long)),
    ];
    for (what, raw) in bad {
        let sent = send(&wire, &raw, to(&["ann@customer.example"])).await;
        assert_eq!(sent.code.as_deref(), Some("BadRequestException"), "{what}");
    }
    let crowd: Vec<String> = (0..51).map(|n| format!("a{n}@customer.example")).collect();
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    assert_eq!(send(&wire, RAW, to(&crowd)).await.code.as_deref(), Some("BadRequestException"));
    assert_eq!(send(&wire, RAW, to(&["not an address"])).await.code.as_deref(), Some("BadRequestException"));
    assert_eq!(send(&wire, RAW, to(&[])).await.code.as_deref(), Some("BadRequestException"));
    assert!(recorder.mails().is_empty());
}

#[tokio::test]
async fn a_fault_meets_the_next_mail_only() {
    let (recorder, wire) = recorder();
    let faults = [
        (MailFault::Throttled, Some("TooManyRequestsException"), 0),
        (MailFault::SendingPaused, Some("SendingPausedException"), 0),
        (MailFault::RejectedMessage, Some("MessageRejected"), 0),
        (MailFault::NotVerified, Some("MessageRejected"), 0),
        (MailFault::ServerError, Some("InternalFailure"), 0),
        (MailFault::LoseBeforeEffect, None, 0),
        (MailFault::LoseAnswerAfterEffect, None, 1),
    ];
    let mut kept = 0;
    for (fault, code, effect) in faults {
        recorder.inject(Fault::Mail(fault));
        let sent = send(&wire, RAW, None).await;
        assert!(sent.answer.is_none(), "{fault:?}");
        assert_eq!(sent.code.as_deref(), code, "{fault:?}");
        kept += effect;
        assert_eq!(recorder.mails().len(), kept, "{fault:?}");
        assert!(send(&wire, RAW, None).await.answer.is_some(), "{fault:?}");
        kept += 1;
    }
    assert_eq!(wire.calls().len(), 14);
}

#[tokio::test]
async fn the_wire_loses_a_request_or_its_answer_as_planned() {
    let (recorder, wire) = recorder();
    wire.set_fault_plan(Arc::new(|call| match call.n {
        0 => WireFault::LoseBeforeEffect,
        1 => WireFault::LoseAnswerAfterEffect,
        _ => WireFault::None,
    }));
    for kept in [0, 1, 2] {
        assert_eq!(send(&wire, RAW, None).await.answer.is_some(), kept == 2);
        assert_eq!(recorder.mails().len(), kept);
    }
    let paths: Vec<String> = wire.take_calls().into_iter().map(|call| call.path).collect();
    assert_eq!(paths, ["/v2/email/outbound-emails"; 3]);
}

#[tokio::test]
async fn a_lost_answer_breaks_off_on_a_socket() {
    let (recorder, _wire) = recorder();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    recorder.inject(Fault::Events(EventsFault::LoseAnswerAfterEffect));
    let body = json!({ "Entries": [{ "Source": "remit", "DetailType": "x", "Detail": "{}" }] });
    let client = tests::http_client().build().unwrap();
    let call = client.post(format!("http://{address}/")).header("x-amz-target", "AWSEvents.PutEvents").body(body.to_string());
    let heard = async {
        match call.send().await {
            Ok(response) => response.bytes().await.is_ok(),
            Err(_) => false,
        }
    };
    let heard = tokio::select! {
        heard = heard => heard,
        _ = axum::serve(listener, recorder.router()).into_future() => panic!("the server ended"),
    };
    assert!(!heard);
    assert_eq!(recorder.events().len(), 1);
}

#[tokio::test]
async fn events_are_kept_one_by_one_and_the_malformed_among_them_are_named() {
    let (recorder, wire) = recorder();
    let client = aws_sdk_eventbridge::Client::new(&wire.sdk_config());
    let answer = client
        .put_events()
        .entries(event("remit", r#"{"invoice":"inv_1"}"#))
        .entries(event("remit", "[]"))
        .entries(event("", "{}"))
        .entries(event("aws.ses", "{}"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.failed_entry_count(), 3);
    let codes: Vec<_> = answer.entries().iter().map(|entry| entry.error_code()).collect();
    assert_eq!(codes, [None, Some("MalformedDetail"), Some("InvalidArgument"), Some("NotAuthorizedForSourceException")]);

    let events = recorder.events();
    let [event] = events.as_slice() else { panic!("{} events", events.len()) };
    assert_eq!(answer.entries()[0].event_id(), Some(event.id.as_str()));
    assert_eq!((event.source.as_str(), event.detail_type.as_str()), ("remit", "invoice.paid"));
    assert_eq!(event.detail, json!({ "invoice": "inv_1" }));
    assert_eq!((event.bus.as_str(), event.at), ("default", noon()));
}

#[tokio::test]
async fn too_many_or_too_large_events_are_refused_together() {
    let (recorder, wire) = recorder();
    let client = aws_sdk_eventbridge::Client::new(&wire.sdk_config());
    let many = client.put_events().set_entries(Some(vec![event("remit", "{}"); 11])).send().await.unwrap_err();
    assert_eq!(many.code(), Some("ValidationException"));
    let large = json!({ "text": "x".repeat(200_000) }).to_string();
    let large = client.put_events().set_entries(Some(vec![event("remit", &large); 2])).send().await.unwrap_err();
    assert_eq!(large.code(), Some("ValidationException"));
    assert!(recorder.events().is_empty());
}

#[tokio::test(start_paused = true)]
async fn events_are_doubled_by_a_retry_after_a_lost_answer_and_fail_in_part_under_200() {
    let (recorder, wire) = recorder();
    let client = aws_sdk_eventbridge::Client::new(&wire.sdk_config());
    recorder.inject(Fault::Events(EventsFault::LoseAnswerAfterEffect));
    client.put_events().entries(event("remit", "{}")).send().await.unwrap();
    assert_eq!(recorder.events().len(), 2);

    recorder.inject(Fault::Events(EventsFault::PartialFailure));
    let two = client.put_events().entries(event("remit", "{}")).entries(event("remit", r#"{"n":2}"#));
    let answer = two.send().await.unwrap();
    assert_eq!(answer.failed_entry_count(), 1);
    assert!(answer.entries()[0].error_code().is_some());
    assert_eq!(recorder.events().last().unwrap().detail, json!({ "n": 2 }));
}

#[tokio::test]
async fn a_secret_has_a_current_string_and_after_a_rotation_the_one_before() {
    let (recorder, wire) = recorder();
    let client = aws_sdk_secretsmanager::Client::new(&wire.sdk_config());
    let read = |id: &str, stage: &str| client.get_secret_value().secret_id(id).version_stage(stage).send();

    let current = client.get_secret_value().secret_id("remit/links").send().await.unwrap();
    assert_eq!(current.secret_string(), Some("first key"));
    let early = read("remit/links", "AWSPREVIOUS").await.unwrap_err();
    assert_eq!(early.code(), Some("ResourceNotFoundException"));

    recorder.rotate_secret("remit/links", "second key".to_owned());
    let by_arn = read(current.arn().unwrap(), "AWSCURRENT").await.unwrap();
    assert_eq!(by_arn.secret_string(), Some("second key"));
    let previous = read("remit/links", "AWSPREVIOUS").await.unwrap();
    assert_eq!((previous.secret_string(), previous.version_id()), (Some("first key"), current.version_id()));

    let unknown = read("remit/nothing", "AWSCURRENT").await.unwrap_err().into_service_error();
    assert!(unknown.is_resource_not_found_exception());
}

#[tokio::test]
async fn what_was_accepted_is_read_back_and_a_line_cut_off_by_a_kill_is_dropped() {
    let folder = folder();
    let before = recorder_in(Some(folder.clone()));
    let wire = Wire::to(before.router());
    for _ in 0..2 {
        assert!(send(&wire, RAW, None).await.answer.is_some());
    }
    let events = aws_sdk_eventbridge::Client::new(&wire.sdk_config());
    events.put_events().entries(event("remit", r#"{"n":1}"#)).send().await.unwrap();
    std::fs::write(folder.join("mail/3.eml"), "half a ma").unwrap();
    let mut log = std::fs::read(folder.join("events.jsonl")).unwrap();
    log.extend_from_slice(b"{\"id\":\"0000");
    std::fs::write(folder.join("events.jsonl"), log).unwrap();

    let after = recorder_in(Some(folder.clone()));
    assert_eq!(after.mails(), before.mails());
    assert_eq!(after.events(), before.events());

    let wire = Wire::to(after.router());
    assert!(send(&wire, RAW, None).await.answer.is_some());
    let events = aws_sdk_eventbridge::Client::new(&wire.sdk_config());
    events.put_events().entries(event("remit", r#"{"n":2}"#)).send().await.unwrap();
    let last = recorder_in(Some(folder.clone()));
    assert_eq!(last.mails(), after.mails());
    assert_eq!(last.mails().iter().map(|mail| mail.id.clone()).collect::<std::collections::BTreeSet<_>>().len(), 3);
    assert_eq!(last.events(), after.events());
    assert_eq!(last.events().len(), 2);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn the_mailbox_shows_a_mail_as_data_as_it_was_sent_and_as_a_page_without_its_scripts() {
    let (recorder, wire) = recorder();
    send(&wire, RAW, to(&["ann@customer.example"])).await;
    let id = recorder.mails()[0].id.clone();

    let (_, _, list) = get(&recorder, "/messages").await;
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list[0]["subject"], "Rechnung für März");
    assert_eq!(list[0]["envelope"]["to"], json!(["ann@customer.example"]));
    assert_eq!(list[0]["bcc"], json!(["staff@acme.example"]));

    let (_, headers, raw) = get(&recorder, &format!("/messages/{id}.eml")).await;
    assert_eq!(headers["content-type"], "message/rfc822");
    assert_eq!(raw.as_bytes(), recorder.mails()[0].raw);

    let (_, headers, page) = get(&recorder, &format!("/messages/{id}")).await;
    assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    assert!(page.contains("Acme &#60;Billing&#62;") && page.contains("Pay &#60;here&#62;"));
    assert!(!page.contains("<script"));

    let (_, headers, html) = get(&recorder, &format!("/messages/{id}.html")).await;
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("sandbox") && !policy.contains("allow-scripts") && !policy.contains("script-src"));
    assert!(html.contains("Pay"));

    assert_eq!(get(&recorder, "/messages/mail-000009").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&recorder, &format!("/messages/{id}.exe")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_link_of_the_mailbox_page_and_of_a_mail_s_page_opens_where_a_local_run_carries_them() {
    let (recorder, wire) = recorder();
    send(&wire, RAW, to(&["ann@customer.example"])).await;
    send(&wire, &RAW.replace("Subject: ", "X-Subject: "), to(&["bo@customer.example"])).await;
    let routes = Router::new().nest("/_local", mailbox_router(recorder, Zone::UTC));
    let open = async |path: &str| {
        let answer = routes.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    };
    let leads = |page: &str| -> Vec<String> {
        let ways = page.split("href=\"").skip(1).chain(page.split("src=\"").skip(1)).filter_map(|rest| rest.split('"').next());
        ways.filter(|way| way.starts_with("/_local/")).map(str::to_owned).collect()
    };
    let mailbox = open("/_local/mailbox").await;
    let newest_first = mailbox.find("(no subject)").zip(mailbox.find("Rechnung für März")).is_some_and(|(new, old)| new < old);
    assert!(newest_first, "{mailbox}");
    let mails = leads(&mailbox);
    assert_eq!(mails.len(), 2);
    for mail in mails {
        let ways = leads(&open(&mail).await);
        assert_eq!(ways.len(), 2, "as it was sent, and its HTML: {ways:?}");
        for way in ways {
            open(&way).await;
        }
    }
}

#[tokio::test]
async fn the_event_log_can_be_read_as_data() {
    let (recorder, wire) = recorder();
    let client = aws_sdk_eventbridge::Client::new(&wire.sdk_config());
    client.put_events().entries(event("remit", r#"{"n":1}"#)).send().await.unwrap();
    let (_, _, events) = get(&recorder, "/events").await;
    let events: Value = serde_json::from_str(&events).unwrap();
    assert_eq!(events[0]["detail"], json!({ "n": 1 }));
    assert_eq!(events[0]["detail_type"], "invoice.paid");
}
