//! What every page is made of: HTML and the policy that goes with it.

use askama::Template;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::invoice::EvolveError;
use sha2::{Digest as _, Sha256};
use std::{fmt, sync::LazyLock};

/// The style that stands in every page.
pub const STYLE: &str = include_str!("../templates/style.css");

/// Its digest, as the policy names it.
static STYLE_DIGEST: LazyLock<String> = LazyLock::new(|| STANDARD.encode(Sha256::digest(STYLE.as_bytes())));

/// A page, ready to be answered. Prints its size only.
#[derive(Clone, PartialEq, Eq)]
pub struct Page {
    /// The document, `text/html; charset=utf-8`.
    pub html: String,
    /// The value of its `Content-Security-Policy` header.
    pub content_security_policy: String,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Page({} bytes)", self.html.len())
    }
}

/// Why a page cannot be written.
#[derive(Debug)]
pub enum PageError {
    /// The invoice's lines do not work out, which a stored invoice never does.
    Totals(EvolveError),
    /// The checkout's origin is none; write one such as `https://checkout.stripe.com`.
    Origin,
    /// The template could not be written out.
    Render(askama::Error),
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Totals(_) => "the invoice's lines do not work out",
            Self::Origin => "the checkout's origin is none; write one such as https://checkout.stripe.com",
            Self::Render(_) => "the page's template could not be written out",
        })
    }
}

impl std::error::Error for PageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Totals(error) => Some(error),
            Self::Origin => None,
            Self::Render(error) => Some(error),
        }
    }
}

impl From<EvolveError> for PageError {
    fn from(error: EvolveError) -> Self {
        Self::Totals(error)
    }
}

/// Writes a template out. The policy lets forms go to ourselves and, through a redirect, to the checkout's origin.
pub(crate) fn page(template: &impl Template, checkout_origin: Option<&str>) -> Result<Page, PageError> {
    let content_security_policy = policy(checkout_origin)?;
    let html = template.render().map_err(PageError::Render)?;
    Ok(Page { html, content_security_policy })
}

/// Source: CSP Level 3, sections 6.1 (`default-src`), 6.3.1 (`base-uri`), 6.4.1 (`form-action`), 6.4.2 (`frame-ancestors`).
pub(crate) fn policy(checkout_origin: Option<&str>) -> Result<String, PageError> {
    let checkout = match checkout_origin {
        None => String::new(),
        Some(origin) if is_origin(origin) => format!(" {origin}"),
        Some(_) => return Err(PageError::Origin),
    };
    Ok(format!(
        "default-src 'none'; style-src 'sha256-{}'; img-src 'self' data:; form-action 'self'{checkout}; \
         frame-ancestors 'none'; base-uri 'none'",
        *STYLE_DIGEST
    ))
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b)))
}
