//! API keys.

use super::{
    Fit,
    journal::ActorBody,
    value::{fits, instant, instant_of},
};
use crate::problem::ApiProblem;
use app::{AppError, api_keys::Minted, rotate_api_key::Rotated};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::{Grant, Role, Scope},
    api_key::{ApiKey, DEFAULT_OVERLAP_HOURS, KeyRefusal, MAX_NAME, MAX_OVERLAP_HOURS, NewKey},
    text,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a key may do: a set of scopes under one name.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Role)]
pub(crate) enum RoleName {
    /// Everything: `read`, `write`, `refund`, `admin`.
    Owner,
    /// The daily work: `read`, `write`, `refund`.
    Staff,
    /// `read`.
    ReadOnly,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Owner => Self::Owner,
            RoleName::Staff => Self::Staff,
            RoleName::ReadOnly => Self::ReadOnly,
        }
    }
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Staff => Self::Staff,
            Role::ReadOnly => Self::ReadOnly,
        }
    }
}

/// What a route needs.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Scope)]
pub(crate) enum ScopeName {
    /// See records.
    Read,
    /// Change records.
    Write,
    /// Give money back.
    Refund,
    /// Settings and API keys.
    Admin,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Read => Self::Read,
            ScopeName::Write => Self::Write,
            ScopeName::Refund => Self::Refund,
            ScopeName::Admin => Self::Admin,
        }
    }
}

impl From<Scope> for ScopeName {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Read => Self::Read,
            Scope::Write => Self::Write,
            Scope::Refund => Self::Refund,
            Scope::Admin => Self::Admin,
        }
    }
}

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewApiKey, examples(json!({
    "name": "Web shop", "role": "staff", "scopes": ["read", "write"], "expires_at": "2027-12-31T23:00:00Z"
})))]
pub(crate) struct NewApiKeyBody {
    /// What it is for.
    #[schema(min_length = 1, max_length = 80)]
    pub name: String,
    /// Its role, not above the caller's.
    pub role: RoleName,
    /// Some of the role's scopes, none that the caller lacks; all of the role's when left out.
    #[serde(default)]
    #[schema(min_items = 1)]
    pub scopes: Option<Vec<ScopeName>>,
    /// From this instant on it is no longer valid; it never ends when left out.
    #[serde(default)]
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
}

impl NewApiKeyBody {
    /// The key as it is asked for.
    pub fn read(self) -> Fit<NewKey> {
        let role = self.role.into();
        let grant = match self.scopes {
            None => Grant::of(role),
            Some(scopes) => {
                Grant::narrowed(role, scopes.into_iter().map(Scope::from)).map_err(|error| AppError::from(KeyRefusal::from(error)))?
            }
        };
        Ok(NewKey {
            name: fits("name", text::line(&self.name, MAX_NAME))?,
            grant,
            expires_at: self.expires_at.map(|text| instant_of("expires_at", &text)).transpose()?,
        })
    }
}

/// How a key is replaced.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = KeyRotation, examples(json!({"overlap_hours": 24})))]
pub(crate) struct RotationBody {
    /// Hours for which the old key stays valid beside the new one.
    #[serde(default = "default_overlap")]
    #[schema(minimum = 0, maximum = 168, default = 24)]
    pub overlap_hours: i64,
}

fn default_overlap() -> i64 {
    DEFAULT_OVERLAP_HOURS
}

impl RotationBody {
    /// How long the old key stays valid.
    pub fn read(self) -> Fit<TimeDelta> {
        if !(0..=MAX_OVERLAP_HOURS).contains(&self.overlap_hours) {
            return Err(ApiProblem::value("overlap_hours", format!("the overlap is 0 to {MAX_OVERLAP_HOURS} hours")));
        }
        Ok(TimeDelta::hours(self.overlap_hours))
    }
}

/// A key, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey, examples(json!({
    "id": "key_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "name": "Web shop", "role": "staff", "scopes": ["read", "write"],
    "created_at": "2026-07-28T09:30:00.000Z", "created_by": {"kind": "staff", "id": "key_00000000000000000000000000"},
    "expires_at": "2027-12-31T23:00:00.000Z", "revoked_at": null, "revoked_by": null, "last_used_at": "2026-07-28T09:45:00.000Z"
})))]
pub(crate) struct ApiKeyBody {
    /// Its id: the part of its token that is no secret.
    #[schema(pattern = "^key_[0-9A-HJKMNP-TV-Z]{26}$")]
    pub id: String,
    /// What it is for.
    pub name: String,
    /// Its role.
    pub role: RoleName,
    /// What it may do.
    pub scopes: Vec<ScopeName>,
    /// When it was made; of the bootstrap key, when it was first used.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Who made it; null of the bootstrap key and of keys older than roles.
    pub created_by: Option<ActorBody>,
    /// From this instant on it is no longer valid; null when it never ends.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// When it was revoked.
    #[schema(format = DateTime)]
    pub revoked_at: Option<String>,
    /// Who revoked it.
    pub revoked_by: Option<ActorBody>,
    /// When it was last used; written at most once an hour.
    #[schema(format = DateTime)]
    pub last_used_at: Option<String>,
}

impl From<&ApiKey> for ApiKeyBody {
    fn from(key: &ApiKey) -> Self {
        let optional = |at: Option<DateTime<Utc>>| at.map(instant);
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            role: key.grant.role().into(),
            scopes: key.grant.scopes().map(|scope| (*scope).into()).collect(),
            created_at: instant(key.created_at),
            created_by: key.created_by.as_ref().map(ActorBody::from),
            expires_at: optional(key.expires_at),
            revoked_at: optional(key.revoked.as_ref().map(|revoked| revoked.at)),
            revoked_by: key.revoked.as_ref().map(|revoked| (&revoked.by).into()),
            last_used_at: optional(key.last_used_at),
        }
    }
}

/// A key that was made. Its token is shown once, in the answer to the request that made it.
#[derive(Serialize, ToSchema)]
#[schema(as = MadeApiKey)]
pub(crate) struct MadeKeyBody {
    /// The key.
    pub api_key: ApiKeyBody,
    /// What its holder sends as `Authorization: Bearer …`. Null in the answer to a replay.
    #[schema(examples("key_01JZ8Q6X3S9V7K2M4N5P6R8T0W_0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"))]
    pub token: Option<String>,
    /// What to know about the token.
    pub note: &'static str,
}

/// A key that replaces another one.
#[derive(Serialize, ToSchema)]
#[schema(as = RotatedApiKey)]
pub(crate) struct RotatedKeyBody {
    /// The new key.
    pub api_key: ApiKeyBody,
    /// What its holder sends as `Authorization: Bearer …`. Null in the answer to a replay.
    pub token: Option<String>,
    /// What to know about the token.
    pub note: &'static str,
    /// The old key, with its end.
    pub replaced: ApiKeyBody,
}

/// What a client is told beside a token, or instead of it.
fn note(minted: &Minted) -> &'static str {
    match &minted.token {
        Some(_) => "keep this token now: it is shown once only, and nothing of it but a digest is stored",
        None => {
            "this request was carried out before, and a token is shown once only, in the first answer; if that was lost, rotate or \
             revoke this key"
        }
    }
}

fn token(minted: &Minted) -> Option<String> {
    minted.token.as_ref().map(|token| token.reveal().to_owned())
}

impl From<&Minted> for MadeKeyBody {
    fn from(minted: &Minted) -> Self {
        Self { api_key: (&minted.stored.key).into(), token: token(minted), note: note(minted) }
    }
}

impl From<&Rotated> for RotatedKeyBody {
    fn from(rotated: &Rotated) -> Self {
        let MadeKeyBody { api_key, token, note } = (&rotated.minted).into();
        Self { api_key, token, note, replaced: (&rotated.replaced).into() }
    }
}
