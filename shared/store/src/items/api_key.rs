//! API keys as items. One from before roles holds id, hash and instant alone, and counts as an owner's.

use super::{
    Item, index,
    journal::{read_actor, write_actor},
    money::{digest, id, named},
    read, write,
};
use crate::{error::Corrupt, keys};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use domain::{
    access::{Grant, Role, Scope},
    api_key::{ApiKey, Revocation},
    digest::Digest,
    ids::ApiKeyId,
};
use serde::{Deserialize, Serialize};

/// An API key as the table knows it: its secret part only by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredApiKey {
    /// The key.
    pub key: ApiKey,
    /// SHA-256 of its secret part.
    pub hash: Digest,
    /// Raised with every change but a use. 0 of one that is not in the table yet, or was written before roles.
    pub rev: u64,
}

/// The name of a key from before keys had names.
const UNNAMED: &str = "A key without a name";

/// An item, and without its hash the summary that lists show. All but three attributes may be missing.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ApiKeyItem {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    created_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// Some of the role's; all of them when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_by: Option<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked_by: Option<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "is_zero")]
    rev: u64,
}

fn is_zero(rev: &u64) -> bool {
    *rev == 0
}

pub(crate) fn write_api_key(stored: &StoredApiKey) -> Result<Item, Corrupt> {
    let StoredApiKey { key, hash, rev } = stored;
    let grant = &key.grant;
    let mut body = ApiKeyItem {
        id: key.id.to_string(),
        hash: Some(hash.hex()),
        created_at: key.created_at,
        name: Some(key.name.clone()),
        role: Some(grant.role().name().to_owned()),
        scopes: grant.is_narrowed().then(|| grant.scopes().map(|scope| scope.name().to_owned()).collect()),
        created_by: key.created_by.as_ref().map(write_actor),
        expires_at: key.expires_at,
        revoked_at: key.revoked.as_ref().map(|revoked| revoked.at),
        revoked_by: key.revoked.as_ref().map(|revoked| write_actor(&revoked.by)),
        last_used_at: key.last_used_at,
        rev: *rev,
    };
    let mut item = write(&keys::api_key(&key.id), keys::STATE, &body)?;
    body.hash = None;
    let summary: Item = serde_dynamo::to_item(&body).map_err(|e| Corrupt::new("summary", e))?;
    item.insert(keys::SUMMARY.to_owned(), AttributeValue::M(summary));
    index(&mut item, keys::BY_KIND, "api_key", key.id.as_str());
    Ok(item)
}

pub(crate) fn read_api_key(item: &Item) -> Result<StoredApiKey, Corrupt> {
    let body: ApiKeyItem = read(item)?;
    let (hash, rev) = (digest(body.hash.as_deref().unwrap_or_default())?, body.rev);
    Ok(StoredApiKey { key: body.read()?, hash, rev })
}

impl ApiKeyItem {
    /// The key, from an item or from a summary.
    pub fn read(self) -> Result<ApiKey, Corrupt> {
        let role = self.role.map_or(Ok(Role::Owner), |role| named("role", Role::find(&role)))?;
        let grant = match self.scopes {
            None => Grant::of(role),
            Some(scopes) => {
                let scopes: Vec<Scope> = scopes.iter().map(|scope| named("scope", Scope::find(scope))).collect::<Result<_, _>>()?;
                Grant::narrowed(role, scopes).map_err(|e| Corrupt::new("scopes", e))?
            }
        };
        let revoked = match (self.revoked_at, self.revoked_by) {
            (None, None) => None,
            (Some(at), Some(by)) => Some(Revocation { at, by: read_actor(by)? }),
            (None, Some(_)) | (Some(_), None) => return Err(Corrupt::new(&self.id, "half a revocation")),
        };
        Ok(ApiKey {
            id: id(ApiKeyId::parse(&self.id))?,
            name: self.name.unwrap_or_else(|| UNNAMED.to_owned()),
            grant,
            created_at: self.created_at,
            created_by: self.created_by.map(read_actor).transpose()?,
            expires_at: self.expires_at,
            revoked,
            last_used_at: self.last_used_at,
        })
    }
}
