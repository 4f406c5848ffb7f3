//! What the log tells of those who are turned away.

use super::nowhere;
use axum::{body::Body, http::Request};
use serde_json::Value;
use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};
use tower::ServiceExt as _;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged while a request with this header is answered, a line each.
async fn logged(authorization: &str) -> Vec<Value> {
    let lines = Lines::default();
    let writer = lines.clone();
    // While there is a second one, a line that another test's thread was the first to reach is not taken for one nobody wants.
    let _second = tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish());
    let logs = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone()).finish();
    let answer = {
        let _here = tracing::subscriber::set_default(logs);
        let request = Request::get("/v1/contacts").header("authorization", authorization).body(Body::empty()).unwrap();
        crate::router(nowhere()).oneshot(request).await.unwrap()
    };
    assert_eq!(answer.status().as_u16(), 401);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn who_is_turned_away_is_one_warning_that_a_metric_can_count_and_that_tells_nothing_of_the_token() {
    for (authorization, reason) in [
        ("", "missing"),
        ("Basic a2V5OnNlY3JldA==", "missing"),
        ("Bearer key_01JZ8Q6X3S9V7K2M4N5P6R8T0_0f1e2d3c4b5a6978", "malformed"),
        ("Bearer eyJhbGciOiJub25lIn0.e30.0f1e2d3c4b5a6978", "malformed"),
        ("Bearer key_00000000000000000000000000_0f1e2d3c4b5a6978", "unknown"),
    ] {
        let lines = logged(authorization).await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        let told = |name: &str| lines[0][name].as_str().unwrap_or_default().to_owned();
        assert_eq!((told("level").as_str(), told("rule").as_str(), told("reason").as_str()), ("WARN", "unauthenticated", reason));
        assert!(told("request_id").starts_with("req_"), "{lines:?}");
        let line = lines[0].to_string();
        assert!(["0f1e2d3c", "a2V5", "key_0", "eyJ"].iter().all(|part| !line.contains(part)), "{line}");
    }
}
