//! Secrets Manager's `GetSecretValue`: two versions of a secret by their stages.

use super::{Recorded, answers};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

const ARN: &str = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:";
const ARN_SUFFIX: &str = "-Remit1";

/// A secret and the value it had before.
pub(super) struct Secret {
    current: String,
    previous: Option<String>,
    version: u64,
    created: DateTime<Utc>,
    deleted: bool,
}

impl Secret {
    pub(super) fn new(value: String, created: DateTime<Utc>) -> Self {
        Self { current: value, previous: None, version: 1, created, deleted: false }
    }

    pub(super) fn delete(&mut self) {
        self.deleted = true;
    }

    pub(super) fn rotate(&mut self, value: String) {
        self.previous = Some(std::mem::replace(&mut self.current, value));
        self.version += 1;
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetSecretValue {
    secret_id: String,
    version_stage: Option<String>,
}

pub(super) fn get(recorded: &Recorded, body: &[u8]) -> Response {
    let Ok(request) = serde_json::from_slice::<GetSecretValue>(body) else {
        return answers::refused_by_target(StatusCode::BAD_REQUEST, "ValidationException", "SecretId is required");
    };
    let by_arn = request.secret_id.strip_prefix(ARN).and_then(|name| name.strip_suffix(ARN_SUFFIX));
    let name = by_arn.unwrap_or(&request.secret_id);
    let Some(secret) = recorded.secrets.get(name) else {
        return not_found("Secrets Manager can't find the specified secret.");
    };
    if secret.deleted {
        let message = "You can't perform this operation on the secret because it was marked for deletion.";
        return answers::refused_by_target(StatusCode::BAD_REQUEST, "InvalidRequestException", message);
    }
    let stage = request.version_stage.as_deref().unwrap_or("AWSCURRENT");
    let found = match stage {
        "AWSCURRENT" => Some((&secret.current, secret.version)),
        "AWSPREVIOUS" => secret.previous.as_ref().map(|value| (value, secret.version - 1)),
        _ => None,
    };
    let Some((value, version)) = found else {
        return not_found(&format!("Secrets Manager can't find the specified secret value for staging label: {stage}"));
    };
    answers::by_target(&json!({
        "ARN": format!("{ARN}{name}{ARN_SUFFIX}"),
        "Name": name,
        "SecretString": value,
        "VersionId": format!("00000000-0000-4000-8000-{version:012}"),
        "VersionStages": [stage],
        "CreatedDate": secret.created.timestamp(),
    }))
}

fn not_found(message: &str) -> Response {
    answers::refused_by_target(StatusCode::BAD_REQUEST, "ResourceNotFoundException", message)
}
