//! API keys: what each is for, what it may do, and until when. The secret is not here: only its digest is kept, by the table.

use crate::{
    access::{Grant, GrantError, Role, Scope},
    ids::ApiKeyId,
    record::Actor,
};
use chrono::{DateTime, TimeDelta, Utc};

/// The id of the key that a stack is born with.
pub const BOOTSTRAP_ID: &str = "key_00000000000000000000000000";
/// Longest name of a key, in characters.
pub const MAX_NAME: usize = 80;
/// Most hours for which a key is still valid beside the one that replaces it.
pub const MAX_OVERLAP_HOURS: i64 = 168;
/// Hours for which it is when nothing else is said.
pub const DEFAULT_OVERLAP_HOURS: i64 = 24;

/// A key that was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Actor,
}

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its public part.
    pub id: ApiKeyId,
    /// What it is for: 1 to 80 characters.
    pub name: String,
    /// What it may do.
    pub grant: Grant,
    /// When it was made; of the bootstrap key, when it was first used.
    pub created_at: DateTime<Utc>,
    /// Who made it; nobody of the bootstrap key and of keys older than roles.
    pub created_by: Option<Actor>,
    /// From this instant on it is no longer valid.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was taken back, and by whom.
    pub revoked: Option<Revocation>,
    /// When it was last used, to the hour or so.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Whether a key is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Valid,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

impl Standing {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// Why something is not done with a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// What it should be able to do cannot be given.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// It would never be valid.
    #[error("the key would be over before it began; name an instant after {}", .now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))]
    ExpiresInPast {
        /// Now.
        now: DateTime<Utc>,
    },
    /// Only a valid key is replaced.
    #[error("this key is {} and cannot be rotated; make another one with POST /v1/api-keys", .standing.name())]
    NotValid {
        /// What it is.
        standing: Standing,
    },
    /// Nobody could make keys any more.
    #[error("this is the last valid owner key, and without one nobody can make keys; make another owner key first")]
    LastOwner,
}

impl KeyRefusal {
    /// The rule that was broken.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Grant(GrantError::NoScopes { .. } | GrantError::BeyondRole { .. }) => "KEY-SCOPES",
            Self::Grant(GrantError::RoleBeyondMaker { .. } | GrantError::ScopeBeyondMaker { .. }) => "KEY-BEYOND-MAKER",
            Self::ExpiresInPast { .. } => "KEY-EXPIRY",
            Self::NotValid { .. } => "KEY-ROTATE",
            Self::LastOwner => "KEY-LAST-OWNER",
        }
    }

    /// A stable code for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Grant(GrantError::NoScopes { .. } | GrantError::BeyondRole { .. }) => "scopes_invalid",
            Self::Grant(GrantError::RoleBeyondMaker { .. } | GrantError::ScopeBeyondMaker { .. }) => "beyond_maker",
            Self::ExpiresInPast { .. } => "expires_in_past",
            Self::NotValid { .. } => "key_not_valid",
            Self::LastOwner => "last_owner_key",
        }
    }

    /// The field it is about.
    #[must_use]
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Grant(GrantError::RoleBeyondMaker { .. }) => Some("role"),
            Self::Grant(GrantError::NoScopes { .. } | GrantError::BeyondRole { .. } | GrantError::ScopeBeyondMaker { .. }) => {
                Some("scopes")
            }
            Self::ExpiresInPast { .. } => Some("expires_at"),
            Self::NotValid { .. } | Self::LastOwner => None,
        }
    }
}

/// What a new key should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub grant: Grant,
    /// Until when.
    pub expires_at: Option<DateTime<Utc>>,
}

impl ApiKey {
    /// A new key, made by the holder of a grant.
    ///
    /// # Errors
    /// [`KeyRefusal`] when it would be able to do more than its maker, or never be valid.
    pub fn make(new: NewKey, id: ApiKeyId, maker: &Grant, by: Actor, now: DateTime<Utc>) -> Result<Self, KeyRefusal> {
        maker.may_give(&new.grant)?;
        if new.expires_at.is_some_and(|end| end <= now) {
            return Err(KeyRefusal::ExpiresInPast { now });
        }
        let NewKey { name, grant, expires_at } = new;
        Ok(Self { id, name, grant, created_at: now, created_by: Some(by), expires_at, revoked: None, last_used_at: None })
    }

    /// An owner's key that nobody made: the one a stack is born with, and those older than roles.
    #[must_use]
    pub fn owner(id: ApiKeyId, name: &str, created_at: DateTime<Utc>) -> Self {
        Self {
            id,
            name: name.to_owned(),
            grant: Grant::of(Role::Owner),
            created_at,
            created_by: None,
            expires_at: None,
            revoked: None,
            last_used_at: None,
        }
    }

    /// Whether it is the key that a stack is born with.
    #[must_use]
    pub fn is_bootstrap(id: &ApiKeyId) -> bool {
        id.as_str() == BOOTSTRAP_ID
    }

    /// Whether it is valid at an instant. One that was revoked is never valid again, whatever the clock shows.
    #[must_use]
    pub fn standing(&self, now: DateTime<Utc>) -> Standing {
        if self.revoked.is_some() {
            return Standing::Revoked;
        }
        if self.expires_at.is_some_and(|end| end <= now) { Standing::Expired } else { Standing::Valid }
    }

    /// Whether its holder can make keys at an instant, as an owner.
    #[must_use]
    pub fn is_valid_owner(&self, now: DateTime<Utc>) -> bool {
        self.grant.role() == Role::Owner && self.grant.may(Scope::Admin) && self.standing(now) == Standing::Valid
    }

    /// Whether a use is to be written down: an hour after the one before.
    #[must_use]
    pub fn is_use_news(&self, now: DateTime<Utc>) -> bool {
        self.last_used_at.is_none_or(|last| now - last >= TimeDelta::hours(1))
    }

    /// The same key, taken back. What was taken back before stays as it was.
    #[must_use]
    pub fn revoke(&self, by: Actor, now: DateTime<Utc>) -> Self {
        let mut key = self.clone();
        key.revoked = key.revoked.or(Some(Revocation { at: now, by }));
        key
    }

    /// The key that replaces this one, and this one with its end: after the overlap, or earlier if it was to end earlier.
    ///
    /// The new key has the old one's name, role, scopes and end.
    ///
    /// # Errors
    /// [`KeyRefusal`] when this key is not valid, or can do more than whoever asks.
    pub fn rotate(
        &self,
        id: ApiKeyId,
        maker: &Grant,
        by: Actor,
        overlap: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<(Self, Self), KeyRefusal> {
        let standing = self.standing(now);
        if standing != Standing::Valid {
            return Err(KeyRefusal::NotValid { standing });
        }
        let new = NewKey { name: self.name.clone(), grant: self.grant.clone(), expires_at: self.expires_at };
        let new = Self::make(new, id, maker, by, now)?;
        let end = now + overlap;
        let old = Self { expires_at: Some(self.expires_at.map_or(end, |own| own.min(end))), ..self.clone() };
        Ok((new, old))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-11-02T{text}Z").parse().unwrap()
    }

    fn key() -> ApiKey {
        ApiKey::owner(ApiKeyId::at(1, 1), "till", at("10:00:00"))
    }

    fn by() -> Actor {
        Actor::Staff(ApiKeyId::at(2, 2))
    }

    #[test]
    fn a_key_is_valid_up_to_its_end_and_not_at_it() {
        let ends = |text: &str| ApiKey { expires_at: Some(at(text)), ..key() };
        for (key, now, standing) in [
            (key(), "23:59:59", Standing::Valid),
            (ends("12:00:00"), "11:59:59.999", Standing::Valid),
            (ends("12:00:00"), "12:00:00", Standing::Expired),
            (ends("12:00:00").revoke(by(), at("11:00:00")), "13:00:00", Standing::Revoked),
            (key().revoke(by(), at("11:00:00")), "10:59:59", Standing::Revoked),
        ] {
            assert_eq!(key.standing(at(now)), standing, "{now} {key:?}");
        }
    }

    #[test]
    fn only_a_valid_owner_s_key_with_the_scope_admin_keeps_the_door_open() {
        let with = |grant| ApiKey { grant, ..key() };
        for (key, counts) in [
            (key(), true),
            (with(Grant::of(Role::Staff)), false),
            (with(Grant::narrowed(Role::Owner, [Scope::Admin]).unwrap()), true),
            (with(Grant::narrowed(Role::Owner, [Scope::Read]).unwrap()), false),
            (key().revoke(by(), at("10:00:00")), false),
            (ApiKey { expires_at: Some(at("11:00:00")), ..key() }, false),
        ] {
            assert_eq!(key.is_valid_owner(at("11:00:00")), counts, "{key:?}");
        }
    }

    #[test]
    fn a_use_is_news_an_hour_after_the_one_before() {
        for (last, now, news) in [(None, "10:00:00", true), (Some("10:00:00"), "10:59:59.999", false), (Some("10:00:00"), "11:00:00", true)]
        {
            assert_eq!(ApiKey { last_used_at: last.map(at), ..key() }.is_use_news(at(now)), news, "{now}");
        }
        assert!(!ApiKey { last_used_at: Some(at("12:00:00")), ..key() }.is_use_news(at("10:00:00")), "a clock that goes back");
    }

    #[test]
    fn a_key_that_was_taken_back_stays_as_it_was_taken_back() {
        let once = key().revoke(by(), at("11:00:00"));
        assert_eq!(once.revoke(Actor::Staff(ApiKeyId::at(3, 3)), at("12:00:00")), once);
    }

    #[test]
    fn a_new_key_ends_in_the_future_or_not_at_all() {
        for (expires_at, refused) in [(None, false), (Some("10:00:00.001"), false), (Some("10:00:00"), true), (Some("09:00:00"), true)] {
            let new = NewKey { name: "till".to_owned(), grant: Grant::of(Role::Staff), expires_at: expires_at.map(at) };
            let made = ApiKey::make(new, ApiKeyId::at(3, 3), &Grant::of(Role::Owner), by(), at("10:00:00"));
            assert_eq!(made.is_err(), refused, "{expires_at:?}");
        }
    }

    #[test]
    fn rotation_gives_what_there_was_and_ends_the_old_key_after_the_overlap_at_the_latest() {
        let now = at("10:00:00");
        for (own_end, hours, old_end) in
            [(None, 0, "10:00:00"), (None, 2, "12:00:00"), (Some("11:00:00"), 2, "11:00:00"), (Some("13:00:00"), 2, "12:00:00")]
        {
            let before = ApiKey { expires_at: own_end.map(at), ..key() };
            let (new, old) = before.rotate(ApiKeyId::at(3, 3), &Grant::of(Role::Owner), by(), TimeDelta::hours(hours), now).unwrap();
            assert_eq!(old, ApiKey { expires_at: Some(at(old_end)), ..before.clone() });
            assert_eq!((new.name, new.grant, new.expires_at, new.created_by), (before.name, before.grant, before.expires_at, Some(by())));
        }
        let narrow = Grant::narrowed(Role::Owner, [Scope::Admin]).unwrap();
        let beyond = key().rotate(ApiKeyId::at(3, 3), &narrow, by(), TimeDelta::hours(1), now).unwrap_err();
        assert_eq!((beyond.rule(), beyond.field()), ("KEY-BEYOND-MAKER", Some("scopes")));
        let over = key().revoke(by(), now).rotate(ApiKeyId::at(3, 3), &Grant::of(Role::Owner), by(), TimeDelta::hours(1), now).unwrap_err();
        assert_eq!((over.code(), over.field()), ("key_not_valid", None));
    }
}
