//! The same table on a DynamoDB that listens somewhere, under a name no other test uses.

use super::Answer;
use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};
use tokio::runtime::Runtime;

static TABLES: AtomicU32 = AtomicU32::new(0);
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime to forward on"));
static HTTP: LazyLock<reqwest::Client> = LazyLock::new(|| crate::http_client().build().expect("a client"));

/// A DynamoDB behind a URL, and the prefix that keeps this test's tables apart.
#[derive(Debug)]
pub(super) struct Remote {
    url: String,
    prefix: String,
    authorization: String,
    tables: Mutex<BTreeSet<String>>,
}

impl Remote {
    pub(super) fn at(url: String) -> Self {
        let n = TABLES.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("remit-{}-{n}--", std::process::id());
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=remittest{n}/20260101/eu-central-1/dynamodb/aws4_request, \
             SignedHeaders=host;x-amz-date;x-amz-target, Signature=0"
        );
        Self { url, prefix, authorization, tables: Mutex::default() }
    }

    /// Forwards one request. It blocks the thread, so that a paused clock does not run ahead of the answer.
    pub(super) fn answer(&self, target: &str, mut request: Value) -> Answer {
        self.rename(&mut request);
        if target.ends_with(".CreateTable")
            && let Some(name) = request["TableName"].as_str()
        {
            self.tables.lock().unwrap().insert(name.to_owned());
        }
        let answer = self.send(target, &request);
        Answer { status: answer.status, body: answer.body.replace(&self.prefix, "") }
    }

    fn send(&self, target: &str, request: &Value) -> Answer {
        let call = async {
            let response = HTTP
                .post(&self.url)
                .header("x-amz-target", target)
                .header("content-type", "application/x-amz-json-1.0")
                .header("x-amz-date", "20260101T000000Z")
                .header("authorization", &self.authorization)
                .body(request.to_string())
                .send()
                .await?;
            let status = response.status().as_u16();
            Ok::<_, reqwest::Error>(Answer { status, body: response.text().await? })
        };
        std::thread::scope(|scope| scope.spawn(|| RUNTIME.block_on(call)).join())
            .expect("the forwarding thread lives")
            .expect("REMIT_TEST_DYNAMODB answers")
    }

    /// Table names get the prefix; request tokens, which the engine keeps per account, become this test's own.
    fn rename(&self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                if let Some(Value::Object(tables)) = members.get_mut("RequestItems") {
                    let renamed = std::mem::take(tables);
                    *tables = renamed.into_iter().map(|(name, it)| (format!("{}{name}", self.prefix), it)).collect();
                }
                for (name, member) in members.iter_mut() {
                    match (name.as_str(), &mut *member) {
                        ("TableName", Value::String(table)) => table.insert_str(0, &self.prefix),
                        ("ClientRequestToken", Value::String(token)) => *token = self.own_token(token),
                        (_, other) => self.rename(other),
                    }
                }
            }
            Value::Array(members) => members.iter_mut().for_each(|it| self.rename(it)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn own_token(&self, token: &str) -> String {
        let digest = Sha256::digest(format!("{}{token}", self.prefix));
        HEXLOWER.encode(&digest[..16])
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        for table in std::mem::take(self.tables.get_mut().unwrap()) {
            self.send("DynamoDB_20120810.DeleteTable", &serde_json::json!({ "TableName": table }));
        }
    }
}
