//! The sample events in every function's `events/` are what AWS sends, and are answered as said.

use axum::body::Body;
use lambda_http::{RequestExt as _, request::from_reader};
use serde_json::Value;
use tests::{
    lambda::{
        root,
        samples::{folder, sample},
    },
    world::story,
};

#[tokio::test(start_paused = true)]
async fn every_http_sample_reaches_its_route() {
    for (function, name, status) in [
        ("invoice-page", "open.json", 404),
        ("pay-page", "show.json", 404),
        ("pay-page", "pay.json", 404),
        ("pay-page", "return.json", 404),
        ("gateway-webhooks", "notice.json", 400),
    ] {
        story("2026-11-21T10:15:30Z", async |w| {
            let request = from_reader(sample(function, name).as_bytes()).unwrap();
            assert!(request.raw_http_path().starts_with('/'));
            let (parts, body) = request.into_parts();
            let request = http::Request::from_parts(parts, Body::from(body.to_vec()));
            let reply = w.send(request).await;
            assert_eq!(reply.status.as_u16(), status, "{function}/{name}: {}", reply.text);
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_scheduled_sample_starts_its_function() {
    story("2026-11-21T10:15:30Z", async |w| {
        for function in ["upcoming-reminders", "past-due-reminders", "collections", "dispatch"] {
            let event: Value = serde_json::from_str(&sample(function, "scheduled.json")).unwrap();
            assert_eq!(event["detail-type"], "Scheduled Event");
            w.start(function).await;
        }
    })
    .await;
}

#[test]
fn every_function_has_a_sample_event() {
    for entry in std::fs::read_dir(root().join("functions")).unwrap() {
        let events = folder(entry.unwrap().file_name().to_str().unwrap());
        let samples = std::fs::read_dir(&events).map(Iterator::count).unwrap_or(0);
        assert!(samples > 0, "{} has no sample event", events.display());
    }
}
