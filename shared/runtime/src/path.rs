//! Paths that are served below a name.

use http::{Request, Uri, uri::PathAndQuery};

/// The request as it would be without that name before its path: `/bills/i/…` becomes `/i/…`. Any other path stays as it is.
#[must_use]
pub fn below<B>(name: &str, mut request: Request<B>) -> Request<B> {
    let whole = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    let rest = whole.strip_prefix(name).filter(|rest| !name.is_empty() && rest.starts_with('/'));
    if let Some(uri) = rest.and_then(|rest| rest.parse::<Uri>().ok()) {
        *request.uri_mut() = uri;
    }
    request
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]
    use super::*;

    #[test]
    fn a_name_before_the_path_is_taken_away_once_and_only_whole() {
        for (name, asked, served) in [
            ("/bills", "/bills/i/abc", "/i/abc"),
            ("/bills", "/bills/p/abc/return?attempt=att_1", "/p/abc/return?attempt=att_1"),
            ("/bills", "https://example.com/bills/i/abc", "/i/abc"),
            ("/bills", "/bills/bills/i/abc", "/bills/i/abc"),
            ("/bills", "/i/abc", "/i/abc"),
            ("/bills", "/billsandmore/i/abc", "/billsandmore/i/abc"),
            ("/bills", "/bills", "/bills"),
            ("", "/i/abc", "/i/abc"),
        ] {
            let request = below(name, Request::builder().uri(asked).body(()).unwrap());
            assert_eq!(request.uri().path_and_query().unwrap(), served, "{asked}");
        }
    }
}
