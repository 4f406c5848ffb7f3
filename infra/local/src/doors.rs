//! Who is let in: programs of this machine, and pages that it served itself.
//!
//! Everything here listens on the loopback address, but a browser on this machine also runs pages of others. Such a page can give
//! a name of its own this machine's address and read what is answered under that name, or post forms here. The `Host` of the one
//! and the `Origin` of the other give them away.

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, Method, StatusCode, Uri, header, uri::Authority},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};

/// The same routes, for this machine only: a foreign `Host` is refused, and a foreign `Origin` of whatever changes something.
pub fn guarded(routes: Router) -> Router {
    routes.layer(middleware::from_fn(admit))
}

async fn admit(request: Request, next: Next) -> Response {
    if !names_this_machine(request.headers(), request.uri()) {
        return refused("This address answers only when it is called 127.0.0.1, localhost or [::1].");
    }
    if !is_safe(request.method()) && !comes_from_this_machine(request.headers()) {
        return refused("This address takes forms and calls only from pages of this machine.");
    }
    next.run(request).await
}

fn refused(sentence: &'static str) -> Response {
    (StatusCode::FORBIDDEN, [(header::CACHE_CONTROL, "no-store")], format!("{sentence}\n")).into_response()
}

/// Source: RFC 9110, section 9.2.1.
fn is_safe(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE].contains(method)
}

/// Every name that the request gives its receiver counts, and it gives one.
fn names_this_machine(headers: &HeaderMap, uri: &Uri) -> bool {
    let mut names = headers.get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default()).peekable();
    names.peek().is_some() && names.all(is_this_machine) && uri.authority().is_none_or(|authority| is_this_machine(authority.as_str()))
}

/// A browser says where a form or a script came from; programs say nothing. Pages without an origin, such as those in a sandbox, say
/// `null`, and nothing here is one of them.
fn comes_from_this_machine(headers: &HeaderMap) -> bool {
    headers.get_all(header::ORIGIN).iter().all(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")).is_some_and(is_this_machine)
    })
}

/// Whether a host is this machine, on any port. Source of the form: RFC 3986, section 3.2.
fn is_this_machine(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    !host.contains('@') && (name == "127.0.0.1" || name == "[::1]" || name.eq_ignore_ascii_case("localhost"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]
    use super::*;
    use axum::{body::Body, routing::any};
    use tower::ServiceExt as _;

    /// The status and the text of an answer to a request with these headers.
    async fn ask(method: &str, uri: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let inner = Router::new().route("/within", any(async || "in"));
        let routes = guarded(Router::new().route("/", any(async || "in")).nest("/deep", inner).fallback(async || "in"));
        let request =
            headers.iter().fold(Request::builder().method(method).uri(uri), |request, (name, value)| request.header(*name, *value));
        let answer = routes.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        (status, String::from_utf8(axum::body::to_bytes(answer.into_body(), 1_000).await.unwrap().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn only_a_request_that_calls_it_by_a_loopback_name_is_answered() {
        for host in ["127.0.0.1", "127.0.0.1:8080", "localhost", "localhost:8081", "LocalHost:1", "[::1]", "[::1]:8080"] {
            for uri in ["/", "/deep/within", "/anything/else"] {
                assert_eq!(ask("GET", uri, &[("host", host)]).await, (200, "in".to_owned()), "{host}{uri}");
            }
        }
        let foreign = [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "localhost.evil.example:8080",
            "localhost.",
            "127.0.0.1@evil.example",
            "evil.example@127.0.0.1",
            "10.0.0.1:8080",
            "0.0.0.0:8080",
            "",
            ":8080",
            "[::1",
            "[::2]:8080",
        ];
        for host in foreign {
            for uri in ["/", "/deep/within", "/anything/else"] {
                let (status, said) = ask("GET", uri, &[("host", host)]).await;
                assert!(status == 403 && said.contains("127.0.0.1, localhost or [::1]"), "{host}{uri}: {status} {said}");
            }
        }
        assert_eq!(ask("GET", "/", &[]).await.0, 403, "no name at all");
        assert_eq!(ask("GET", "/", &[("host", "localhost"), ("host", "evil.example")]).await.0, 403, "two names");
        assert_eq!(ask("GET", "http://evil.example/", &[("host", "localhost")]).await.0, 403, "a foreign name in the address");
        assert_eq!(ask("GET", "http://localhost/", &[("host", "localhost")]).await.0, 200);
    }

    #[tokio::test]
    async fn what_may_change_something_is_taken_from_programs_and_from_pages_of_this_machine() {
        for method in ["POST", "PUT", "PATCH", "DELETE", "BREW"] {
            assert_eq!(ask(method, "/deep/within", &[("host", "localhost")]).await.0, 200, "{method} of a program");
            for origin in ["http://127.0.0.1:8080", "http://localhost:8081", "http://[::1]:8080", "https://localhost:5173"] {
                assert_eq!(ask(method, "/deep/within", &[("host", "localhost"), ("origin", origin)]).await.0, 200, "{method} {origin}");
            }
            for origin in
                ["null", "", "https://evil.example", "http://127.0.0.1.evil.example", "file://", "localhost:8080", "ftp://localhost"]
            {
                let (status, said) = ask(method, "/deep/within", &[("host", "localhost"), ("origin", origin)]).await;
                assert!(status == 403 && said.contains("only from pages of this machine"), "{method} {origin}: {status} {said}");
            }
        }
        for method in ["GET", "HEAD", "OPTIONS"] {
            let followed = ask(method, "/", &[("host", "localhost"), ("origin", "https://evil.example")]).await.0;
            assert_eq!(followed, 200, "{method}: a link may be followed from anywhere");
        }
    }
}
