//! From a request to typed arguments: ids in the path, the query, bodies with their keys and preconditions.

use crate::{node, problem::ApiProblem};
use app::{AppError, Caller, Deps, Idempotency};
use axum::{
    extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request},
    http::{HeaderMap, HeaderName, Method, StatusCode, header, request::Parts},
};
use domain::{
    access::Grant,
    digest::Digest,
    ids::{ApiKeyId, AttemptId, ContactId, IdError, InvoiceId, PaymentId, ProductId},
    record::Actor,
};
use runtime::limits::{MAX_BODY, has_content_type, read_body};
use serde::de::DeserializeOwned;

/// The header under whose value a POST is carried out once.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The `{id}` in the path.
pub(crate) struct PathId(String);

impl PathId {
    #[cfg(test)]
    pub fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub fn invoice(&self) -> Result<InvoiceId, ApiProblem> {
        known(InvoiceId::parse(&self.0))
    }

    pub fn contact(&self) -> Result<ContactId, ApiProblem> {
        known(ContactId::parse(&self.0))
    }

    pub fn product(&self) -> Result<ProductId, ApiProblem> {
        known(ProductId::parse(&self.0))
    }

    pub fn attempt(&self) -> Result<AttemptId, ApiProblem> {
        known(AttemptId::parse(&self.0))
    }

    pub fn payment(&self) -> Result<PaymentId, ApiProblem> {
        known(PaymentId::parse(&self.0))
    }

    pub fn api_key(&self) -> Result<ApiKeyId, ApiProblem> {
        known(ApiKeyId::parse(&self.0))
    }
}

fn known<T>(id: Result<T, IdError>) -> Result<T, ApiProblem> {
    id.map_err(|error| ApiProblem::not_found(error.to_string()))
}

impl FromRequestParts<Deps> for PathId {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, deps: &Deps) -> Result<Self, ApiProblem> {
        let no_id = || ApiProblem::not_found("the path holds no id");
        let params = RawPathParams::from_request_parts(parts, deps).await.map_err(|_| no_id())?;
        params.iter().find(|(name, _)| *name == "id").map(|(_, id)| Self(id.to_owned())).ok_or_else(no_id)
    }
}

/// What whoever asks may do.
pub(crate) struct Holds(pub Grant);

impl FromRequestParts<Deps> for Holds {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, _: &Deps) -> Result<Self, ApiProblem> {
        let grant = parts.extensions.get::<Grant>().cloned();
        Ok(Self(grant.ok_or_else(|| AppError::Defect("a request that nobody may make".to_owned()))?))
    }
}

/// Who asks.
pub(crate) struct Asking(pub Actor);

impl FromRequestParts<Deps> for Asking {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, _: &Deps) -> Result<Self, ApiProblem> {
        Ok(Self(caller(&parts.extensions)?.actor))
    }
}

/// The query, whose names must all be asked for.
pub(crate) struct Asked(Vec<(String, String)>);

impl FromRequestParts<Deps> for Asked {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, _: &Deps) -> Result<Self, ApiProblem> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        pairs.map(|Query(pairs)| Self(pairs)).map_err(|_| ApiProblem::bad("query_invalid", "the query cannot be read"))
    }
}

impl Asked {
    /// Takes the value of that name.
    pub fn take(&mut self, name: &str) -> Result<Option<String>, ApiProblem> {
        let Some(at) = self.0.iter().position(|(found, _)| found == name) else { return Ok(None) };
        let (_, value) = self.0.swap_remove(at);
        match self.0.iter().any(|(found, _)| found == name) {
            true => Err(ApiProblem::bad("query_invalid", format!("`{name}` stands twice")).field(name)),
            false => Ok(Some(value)),
        }
    }

    /// Takes `invoice_id`, which must stand there.
    pub fn take_invoice_id(&mut self) -> Result<InvoiceId, ApiProblem> {
        let missing = || ApiProblem::bad("query_invalid", "this list is of one invoice: give its `invoice_id`").field("invoice_id");
        let text = self.take("invoice_id")?.ok_or_else(missing)?;
        InvoiceId::parse(&text).map_err(|error| ApiProblem::id("invoice_id", &error))
    }

    /// Takes an id of that name, if it stands there.
    pub fn take_id<T>(&mut self, name: &str, parse: fn(&str) -> Result<T, IdError>) -> Result<Option<T>, ApiProblem> {
        self.take(name)?.map(|text| parse(&text).map_err(|error| ApiProblem::id(name, &error))).transpose()
    }

    /// Takes one of the names of a closed set, if it stands there.
    pub fn take_name<T: Copy>(&mut self, name: &str, all: &[T], called: fn(T) -> &'static str) -> Result<Option<T>, ApiProblem> {
        let Some(text) = self.take(name)? else { return Ok(None) };
        let found = all.iter().copied().find(|one| called(*one) == text);
        let names = || all.iter().map(|one| called(*one)).collect::<Vec<_>>().join(", ");
        found.map(Some).ok_or_else(|| ApiProblem::bad("query_invalid", format!("`{name}` is one of {}", names())).field(name))
    }

    /// Takes `limit` and `cursor`, and refuses what is left.
    pub fn paging(mut self) -> Result<Paging, ApiProblem> {
        let cursor = self.take("cursor")?;
        let limit = match self.take("limit")? {
            None => DEFAULT_LIMIT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| ApiProblem::bad("query_invalid", format!("a limit is a number from 1 to {MAX_LIMIT}")).field("limit"))?,
        };
        self.done()?;
        Ok(Paging { limit, cursor })
    }

    /// Refuses what nobody asked for.
    pub fn done(self) -> Result<(), ApiProblem> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => {
                let name: String = name.chars().take(64).collect();
                Err(ApiProblem::bad("query_unknown", format!("this list knows no parameter `{name}`")).field(name))
            }
        }
    }
}

const DEFAULT_LIMIT: i32 = 25;
const MAX_LIMIT: i32 = 100;

/// Which part of a list.
pub(crate) struct Paging {
    pub limit: i32,
    pub cursor: Option<String>,
}

/// A POST: who asks, under which key, what the client read before, and the body.
pub(crate) struct Posted<T> {
    pub caller: Caller,
    pub seen: Seen,
    pub body: T,
}

impl<T: DeserializeOwned> FromRequest<Deps> for Posted<T> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, _: &Deps) -> Result<Self, ApiProblem> {
        let mut caller = caller(request.extensions())?;
        let key = idempotency_key(request.headers())?;
        let seen = seen(request.headers())?;
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let raw = raw_body(request).await?;
        caller.idempotency = Some(digests(&key, &method, &path, &raw));
        Ok(Self { caller, seen, body: node::read(&raw)? })
    }
}

fn caller(extensions: &axum::http::Extensions) -> Result<Caller, ApiProblem> {
    Ok(extensions.get::<Caller>().cloned().ok_or_else(|| AppError::Defect("a request without an id".to_owned()))?)
}

/// The key holds for the whole business, whoever asks: a client that is answered nothing may ask again with a key that was rotated
/// meanwhile, or after logging in anew.
fn digests(key: &str, method: &Method, path: &str, raw: &[u8]) -> Idempotency {
    Idempotency { key: Digest::of(&[b"staff", key.as_bytes()]), request: Digest::of(&[method.as_str().as_bytes(), path.as_bytes(), raw]) }
}

fn idempotency_key(headers: &HeaderMap) -> Result<String, ApiProblem> {
    let mut found = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = found.next() else {
        let detail = "every POST needs the header Idempotency-Key: 1 to 255 visible ASCII characters, a new one for a new \
                      request and the same one when it is sent again";
        return Err(ApiProblem::bad("idempotency_key_missing", detail).field("Idempotency-Key"));
    };
    let text = key.to_str().ok().filter(|text| (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()));
    match (text, found.next()) {
        (Some(text), None) => Ok(text.to_owned()),
        (_, _) => {
            let detail = "an Idempotency-Key is 1 to 255 visible ASCII characters without blanks, given once";
            Err(ApiProblem::bad("idempotency_key_invalid", detail).field("Idempotency-Key"))
        }
    }
}

async fn raw_body(request: Request) -> Result<axum::body::Bytes, ApiProblem> {
    let is_json = has_content_type(request.headers(), "application/json");
    let typed = request.headers().contains_key(header::CONTENT_TYPE);
    let unsupported = || {
        let detail = "the body is taken as Content-Type: application/json only";
        ApiProblem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type_unsupported", detail).field("Content-Type")
    };
    if typed && !is_json {
        return Err(unsupported());
    }
    let raw = read_body(request.into_body(), MAX_BODY).await?;
    if is_json || raw.is_empty() { Ok(raw) } else { Err(unsupported()) }
}

/// A PUT or PATCH: who asks, what the client read before, and the body.
pub(crate) struct Edited<T> {
    pub caller: Caller,
    pub seen: Seen,
    pub body: T,
}

impl<T: DeserializeOwned> FromRequest<Deps> for Edited<T> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, _: &Deps) -> Result<Self, ApiProblem> {
        let caller = caller(request.extensions())?;
        let seen = seen(request.headers())?;
        let raw = raw_body(request).await?;
        Ok(Self { caller, seen, body: node::read(&raw)? })
    }
}

/// A DELETE: who asks, and what the client read before.
pub(crate) struct Removed {
    pub caller: Caller,
    pub seen: Seen,
}

impl FromRequestParts<Deps> for Removed {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, _: &Deps) -> Result<Self, ApiProblem> {
        Ok(Self { caller: caller(&parts.extensions)?, seen: seen(&parts.headers)? })
    }
}

/// What `If-Match` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Nothing: the change is made to whatever is there.
    Anything,
    /// `*`: something must be there.
    Something,
    /// One state, by its tag.
    Tag(String),
}

impl Seen {
    /// The tag, if one was given.
    pub fn tag(&self) -> Option<&str> {
        match self {
            Self::Anything | Self::Something => None,
            Self::Tag(tag) => Some(tag),
        }
    }

    /// The version in the tag, for records whose tag is one. A tag that is none was never given out.
    pub fn version(&self) -> Result<Option<u64>, AppError> {
        self.tag().map(|tag| tag.parse().map_err(|_| AppError::Stale)).transpose()
    }
}

/// Reads `If-Match`. Weak tags never match (RFC 9110, section 13.1.1).
fn seen(headers: &HeaderMap) -> Result<Seen, ApiProblem> {
    let mut found = headers.get_all(header::IF_MATCH).iter();
    let Some(value) = found.next() else { return Ok(Seen::Anything) };
    let invalid = || {
        let detail = "If-Match takes one ETag as it was given, in its quotes: If-Match: \"3\"";
        ApiProblem::bad("if_match_invalid", detail).field("If-Match")
    };
    let text = value.to_str().ok().filter(|_| found.next().is_none()).ok_or_else(invalid)?.trim();
    if text == "*" {
        return Ok(Seen::Something);
    }
    if text.starts_with("W/") {
        return Err(AppError::Stale.into());
    }
    let tag = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).ok_or_else(invalid)?;
    if tag.contains('"') { Err(invalid()) } else { Ok(Seen::Tag(tag.to_owned())) }
}
