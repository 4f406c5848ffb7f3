//! Pages about nothing in particular: what is not there, and what went wrong.

use crate::shell::{Page, page};
use askama::Template;

/// What went wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// We failed.
    ServerError,
    /// The request's body is too large.
    TooLarge,
    /// The body is no form we know.
    UnsupportedForm,
    /// The address does not answer to that method.
    MethodNotAllowed,
    /// Too much is going on.
    Busy,
    /// Pay was pressed many times with one link.
    PressedTooOften,
}

impl ErrorKind {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::ServerError => (
                "Something went wrong",
                "That is our fault, not yours. Please try again in a minute. If you were paying, look at the invoice first: it \
                 says whether the payment has arrived.",
            ),
            Self::TooLarge => ("That was too much", "The form held more than we can take. Please go back and try again."),
            Self::UnsupportedForm => {
                ("The form could not be read", "Please open the link from your mail again and use the button on the page.")
            }
            Self::MethodNotAllowed => ("This page cannot do that", "Please open the link from your mail again."),
            Self::Busy => ("A lot is going on right now", "Please try again in a minute. Nothing is lost."),
            Self::PressedTooOften => (
                "That was pressed very often",
                "Please wait a minute, then go back and press Pay once more. However often it is pressed, an invoice is paid once.",
            ),
        }
    }
}

#[derive(Template)]
#[template(path = "plain.html")]
struct PlainTemplate {
    title: &'static str,
    sentence: &'static str,
}

/// The one page for links that are unknown, forged, expired or revoked.
#[must_use]
pub fn not_found_page() -> Page {
    plain("This link does not open anything", "It may have expired or been replaced. Please ask the sender for a new link.")
}

/// The page for a request that cannot be answered as asked.
#[must_use]
pub fn error_page(kind: ErrorKind) -> Page {
    let (title, sentence) = kind.words();
    plain(title, sentence)
}

fn plain(title: &'static str, sentence: &'static str) -> Page {
    page(&PlainTemplate { title, sentence }, None).unwrap_or_else(|_| Page {
        html: format!("<!doctype html><html lang=\"en\"><title>{title}</title><h1>{title}</h1><p>{sentence}</p></html>"),
        content_security_policy: "default-src 'none'; frame-ancestors 'none'; base-uri 'none'".to_owned(),
    })
}
