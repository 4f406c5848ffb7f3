//! Who may do what: scopes, the roles that have them, and what one key or login was given of them.

use std::{collections::BTreeSet, fmt};

/// What a request needs: every route needs exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// See records.
    Read,
    /// Change records.
    Write,
    /// Give money back.
    Refund,
    /// Settings and API keys.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Refund, Self::Admin];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Refund => "refund",
            Self::Admin => "admin",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// A set of scopes under one name. The order is that of power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees everything and changes nothing.
    ReadOnly,
    /// Does the daily work.
    Staff,
    /// Does everything.
    Owner,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::ReadOnly, Self::Staff, Self::Owner];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::Staff => "staff",
            Self::Owner => "owner",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The group of logins that have it.
    #[must_use]
    pub fn group(self) -> &'static str {
        match self {
            Self::ReadOnly => "remit-read-only",
            Self::Staff => "remit-staff",
            Self::Owner => "remit-owner",
        }
    }

    /// The scopes that belong to it.
    #[must_use]
    pub fn scopes(self) -> &'static [Scope] {
        match self {
            Self::ReadOnly => &[Scope::Read],
            Self::Staff => &[Scope::Read, Scope::Write, Scope::Refund],
            Self::Owner => &Scope::ALL,
        }
    }

    /// The role of a login: the one it names, else the most powerful one of its groups.
    #[must_use]
    pub fn of_login<'a>(named: Option<&str>, groups: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        match named {
            Some(name) => Self::find(name),
            None => groups.into_iter().filter_map(|group| Self::ALL.into_iter().find(|role| role.group() == group)).max(),
        }
    }
}

/// Why nothing like this may be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// No scope at all.
    #[error("name at least one of the role's scopes ({}), or leave `scopes` out for all of them", names(.role.scopes()))]
    NoScopes {
        /// The role that was asked for.
        role: Role,
    },
    /// A scope that the role does not have.
    #[error("the role {} has no scope `{}`; its scopes are {}", .role.name(), .scope.name(), names(.role.scopes()))]
    BeyondRole {
        /// The role that was asked for.
        role: Role,
        /// The scope it does not have.
        scope: Scope,
    },
    /// A role above the maker's.
    #[error("the role {} is above yours, which is {}; nobody gives more than they have", .role.name(), .maker.name())]
    RoleBeyondMaker {
        /// The role that was asked for.
        role: Role,
        /// The maker's.
        maker: Role,
    },
    /// A scope that the maker does not have.
    #[error("the scope `{}` is not among yours; nobody gives more than they have", .scope.name())]
    ScopeBeyondMaker {
        /// The scope.
        scope: Scope,
    },
}

/// Scopes by name, for a sentence.
#[must_use]
pub fn names<'a>(scopes: impl IntoIterator<Item = &'a Scope>) -> String {
    scopes.into_iter().map(|scope| scope.name()).collect::<Vec<_>>().join(", ")
}

/// What a key or a login was given: a role, and its scopes or some of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    role: Role,
    scopes: BTreeSet<Scope>,
}

impl Grant {
    /// All that a role has.
    #[must_use]
    pub fn of(role: Role) -> Self {
        Self { role, scopes: role.scopes().iter().copied().collect() }
    }

    /// Some of what a role has.
    ///
    /// # Errors
    /// [`GrantError`] for no scope and for one that the role does not have.
    pub fn narrowed(role: Role, scopes: impl IntoIterator<Item = Scope>) -> Result<Self, GrantError> {
        let scopes: BTreeSet<Scope> = scopes.into_iter().collect();
        if let Some(scope) = scopes.iter().copied().find(|scope| !role.scopes().contains(scope)) {
            return Err(GrantError::BeyondRole { role, scope });
        }
        if scopes.is_empty() { Err(GrantError::NoScopes { role }) } else { Ok(Self { role, scopes }) }
    }

    /// Its role.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Its scopes.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.scopes.iter()
    }

    /// Whether it lacks a scope of its role.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        self.scopes.len() < self.role.scopes().len()
    }

    /// Whether it has a scope.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether its holder may give this to somebody.
    ///
    /// # Errors
    /// [`GrantError`] naming what would be beyond the holder's.
    pub fn may_give(&self, other: &Self) -> Result<(), GrantError> {
        if other.role > self.role {
            return Err(GrantError::RoleBeyondMaker { role: other.role, maker: self.role });
        }
        match other.scopes.iter().find(|scope| !self.may(**scope)) {
            Some(scope) => Err(GrantError::ScopeBeyondMaker { scope: *scope }),
            None => Ok(()),
        }
    }
}

/// Somebody who logged in, by the subject that their identity provider gave them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(String);

/// The text is no subject of a login.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the subject of a login is 1 to 128 visible ASCII characters")]
pub struct UserIdError;

impl UserId {
    /// Reads a subject.
    ///
    /// # Errors
    /// [`UserIdError`].
    pub fn parse(text: &str) -> Result<Self, UserIdError> {
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err(UserIdError) }
    }

    /// The subject.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The subject as a log may hold it: in the place of one with an `@`, `sha256:` and 16 hex digits of its SHA-256.
    #[must_use]
    pub fn log_name(&self) -> String {
        use sha2::Digest as _;
        if !self.0.contains('@') {
            return self.0.clone();
        }
        let digest = sha2::Sha256::digest(self.0.as_bytes());
        format!("sha256:{}", crate::digest::hex(&digest[..8]))
    }
}

/// As [`UserId::log_name`] says.
impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.log_name())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]
    use super::*;
    use Role::{Owner, ReadOnly, Staff};
    use Scope::{Admin, Read, Refund, Write};

    #[test]
    fn what_each_role_may_do_is_this_table() {
        for (role, may) in [(ReadOnly, "read"), (Staff, "read, write, refund"), (Owner, "read, write, refund, admin")] {
            let grant = Grant::of(role);
            assert_eq!(names(grant.scopes()), may);
            assert!(!grant.is_narrowed());
            for scope in Scope::ALL {
                assert_eq!(grant.may(scope), may.split(", ").any(|name| name == scope.name()), "{role:?} {scope:?}");
            }
        }
    }

    #[test]
    fn names_are_read_back_and_others_are_not() {
        assert!(Scope::ALL.into_iter().all(|scope| Scope::find(scope.name()) == Some(scope)));
        assert!(Role::ALL.into_iter().all(|role| Role::find(role.name()) == Some(role)));
        assert_eq!((Scope::find("Read"), Role::find("root")), (None, None));
    }

    #[test]
    fn a_role_is_narrowed_to_some_of_its_scopes_and_to_no_others() {
        for (role, scopes, expected) in [
            (Owner, vec![Read], Ok("read")),
            (Owner, vec![Admin, Read, Read], Ok("read, admin")),
            (Staff, vec![Read, Write, Refund], Ok("read, write, refund")),
            (Staff, vec![], Err("name at least one of the role's scopes (read, write, refund), or leave `scopes` out for all of them")),
            (Staff, vec![Read, Admin], Err("the role staff has no scope `admin`; its scopes are read, write, refund")),
            (ReadOnly, vec![Write], Err("the role read_only has no scope `write`; its scopes are read")),
        ] {
            let found = Grant::narrowed(role, scopes).map(|grant| names(grant.scopes())).map_err(|error| error.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{role:?}");
        }
        assert!(Grant::narrowed(Owner, [Read]).unwrap().is_narrowed());
    }

    #[test]
    fn nobody_gives_more_than_they_have() {
        let some = |role, scopes: &[Scope]| Grant::narrowed(role, scopes.iter().copied()).unwrap();
        for (maker, given, refused) in [
            (Grant::of(Owner), Grant::of(Owner), None),
            (Grant::of(Owner), Grant::of(ReadOnly), None),
            (Grant::of(Staff), Grant::of(Owner), Some("the role owner is above yours, which is staff; nobody gives more than they have")),
            (some(Owner, &[Admin]), some(Owner, &[Admin]), None),
            (some(Owner, &[Admin]), Grant::of(ReadOnly), Some("the scope `read` is not among yours; nobody gives more than they have")),
            (some(Owner, &[Read, Admin]), Grant::of(ReadOnly), None),
            (some(Owner, &[Read, Admin]), Grant::of(Staff), Some("the scope `write` is not among yours; nobody gives more than they have")),
        ] {
            assert_eq!(maker.may_give(&given).err().map(|error| error.to_string()).as_deref(), refused, "{maker:?} {given:?}");
        }
    }

    #[test]
    fn a_login_has_the_role_it_names_or_the_highest_of_its_groups() {
        for (named, groups, expected) in [
            (None, vec![], None),
            (None, vec!["remit-staff"], Some(Staff)),
            (None, vec!["others", "remit-read-only", "remit-owner"], Some(Owner)),
            (None, vec!["owner", "Remit-Owner", "remit-owner,"], None),
            (Some("read_only"), vec!["remit-owner"], Some(ReadOnly)),
            (Some("remit-owner"), vec!["remit-owner"], None),
            (Some(""), vec!["remit-staff"], None),
        ] {
            assert_eq!(Role::of_login(named, groups.iter().copied()), expected, "{named:?} {groups:?}");
        }
    }

    #[test]
    fn a_subject_is_visible_ascii_of_at_most_128_characters() {
        for (text, fits) in
            [("0f1e-2d3c", true), ("", false), ("a b", false), ("ä", false), (&"s".repeat(128), true), (&"s".repeat(129), false)]
        {
            assert_eq!(UserId::parse(text).is_ok(), fits, "{text}");
        }
    }

    /// `printf %s ada@example.com | sha256sum` says the same.
    #[test]
    fn a_subject_is_logged_as_it_is_unless_it_looks_like_an_address() {
        for (subject, printed) in [
            ("73d4c8e2-3031-70d9-2f5b-0a1b2c3d4e5f", "73d4c8e2-3031-70d9-2f5b-0a1b2c3d4e5f"),
            ("ada@example.com", "sha256:b5fc85e55755f9e0"),
        ] {
            let user = UserId::parse(subject).unwrap();
            assert_eq!((user.log_name().as_str(), format!("{user:?}").as_str(), user.as_str()), (printed, printed, subject));
        }
    }
}
