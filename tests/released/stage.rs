//! One function's release binary, what it reaches, and what it has said.

use serde_json::Value;
use std::collections::BTreeSet;
use tests::lambda::{Ended, Function, Outcome, Process, Surroundings, function, samples};

/// What differs from run to run in an answer, and what stands in a snapshot instead.
const CHANGES: [(&str, &str); 9] = [
    (r"\b(att|con|inv|key|pay|req)_[0-9A-Z]{16,26}\b", "${1}_ID"),
    (r"/(i|p)/[A-Za-z0-9_-]{95}", "/$1/TOKEN"),
    (r"cs_test_[A-Za-z0-9]+", "cs_test_ID"),
    (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "INSTANT"),
    (r"\d{4}-\d\d-\d\d", "DAY"),
    (r"\d{1,2} [A-Z][a-z]+ 20\d\d", "DAY"),
    (r"http://127\.0\.0\.1:\d+", "GATEWAY"),
    (r"'sha256-[^']+'", "'sha256-HASH'"),
    // How a page looks is held by the tests of `pages`.
    (r"(?s)<style>.*?</style>", "<style>STYLE</style>"),
];

/// Holds an answer against the snapshot of that name.
pub fn same_as_before(name: &str, answer: &Value) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (changing, instead) in CHANGES {
        settings.add_filter(changing, instead);
    }
    settings.bind(|| insta::assert_snapshot!(name, shown(answer)));
}

/// An answer as text: of an HTTP function its status, its headers and its body, of any other what it says.
fn shown(answer: &Value) -> String {
    let Some(status) = answer.get("statusCode") else { return serde_json::to_string_pretty(answer).unwrap() };
    assert_eq!(answer["isBase64Encoded"], false);
    assert!(answer["cookies"].as_array().is_none_or(Vec::is_empty), "no answer sets a cookie");
    let body = answer["body"].as_str().unwrap_or_default();
    let mut text = format!("{status}\n");
    for (name, value) in answer["headers"].as_object().unwrap() {
        let value = value.as_str().unwrap();
        if name == "content-length" {
            assert_eq!(value, body.len().to_string());
        } else {
            text += &format!("{name}: {value}\n");
        }
    }
    let json: Option<Value> = serde_json::from_str(body).ok();
    text + "\n" + &json.map_or_else(|| body.to_owned(), |json| serde_json::to_string_pretty(&json).unwrap())
}

pub struct Stage {
    pub around: Surroundings,
    function: Function,
    process: Option<Process>,
    /// What was put into events, and may stand in no log.
    used: BTreeSet<String>,
}

impl Stage {
    /// The surroundings of a function. The process begins with its first event, when everything is seeded.
    pub async fn open(name: &str) -> Self {
        Self { around: Surroundings::open().await, function: function(name), process: None, used: BTreeSet::new() }
    }

    /// The token of a link, to be put into an event.
    pub fn token(&mut self, url: &Value) -> String {
        let token = url.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        self.used.insert(token.clone());
        token
    }

    /// What the function answers to a sample event, with something else in the places of what stands there.
    pub async fn send(&mut self, sample: &str, changes: &[(&str, &str)]) -> Value {
        let event = samples::filled(&self.function.name, sample, changes);
        self.send_event(&event).await
    }

    /// The same with any event.
    pub async fn send_event(&mut self, event: &str) -> Value {
        if self.process.is_none() {
            self.process = Some(self.around.start(&self.function).await);
        }
        match self.process.as_mut().unwrap().invoke(event).await {
            Outcome::Answer(answer) => answer,
            Outcome::Error(error) => panic!("{} failed: {error}\n{:#?}", self.function.name, self.process.take().unwrap().stop()),
        }
    }

    /// Ends the process, looks at what it has logged, and closes the world.
    pub async fn close(mut self) {
        let ended = self.process.take().unwrap().stop();
        self.used.extend(self.around.secrets());
        clean(&ended, &self.used);
        self.around.close().await;
    }
}

/// Every line is JSON, and none holds what it may not.
fn clean(ended: &Ended, secrets: &BTreeSet<String>) {
    for line in &ended.lines {
        let read: Result<Value, _> = serde_json::from_str(line);
        assert!(read.is_ok_and(|value| value.is_object()), "no JSON: {line}");
        for secret in secrets {
            assert!(!line.contains(secret.as_str()), "a log holds `{secret}`: {line}");
        }
    }
}
