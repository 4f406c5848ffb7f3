//! Who asks.

use super::journal::ActorBody;
use domain::{access::Grant, record::Actor};
use serde::Serialize;
use utoipa::ToSchema;

/// Who asks, by kind, id and name.
#[derive(Serialize, ToSchema)]
#[schema(as = MeActor)]
pub(crate) struct NamedActorBody {
    /// `staff` for an API key, `user` for a login.
    pub kind: &'static str,
    /// The API key, or the login's subject.
    pub id: String,
    /// The key's name; null for a login.
    pub name: Option<String>,
}

/// Who asks, and what they may do.
#[derive(Serialize, ToSchema)]
#[schema(as = Me, examples(json!({
    "actor": {"kind": "staff", "id": "key_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "name": "Bookkeeper"}, "role": "staff",
    "scopes": ["read", "write", "refund"], "mode": "test"
})))]
pub(crate) struct MeBody {
    /// Who.
    pub actor: NamedActorBody,
    /// `owner`, `staff` or `read_only`.
    pub role: &'static str,
    /// What they may do: `read`, `write`, `refund`, `admin`.
    pub scopes: Vec<&'static str>,
    /// Whether the gateway moves real money: `live` or `test`.
    pub mode: &'static str,
}

impl MeBody {
    /// Who asks, by the key's name where there is one.
    pub fn new(actor: &Actor, name: Option<String>, grant: &Grant, live: bool) -> Self {
        let ActorBody { kind, id } = actor.into();
        Self {
            actor: NamedActorBody { kind, id, name },
            role: grant.role().name(),
            scopes: grant.scopes().map(|scope| scope.name()).collect(),
            mode: if live { "live" } else { "test" },
        }
    }
}
