//! What staff, customers and the gateway ask of a world over HTTP.

use super::{BASE, GATEWAY, World};
use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use local::sandbox_gateway::Notice;
use serde_json::Value;
use std::sync::atomic::Ordering;
use tower::ServiceExt as _;

/// An answer over HTTP.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as text.
    pub text: String,
}

impl Reply {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON in {self:?}"))
    }

    /// A header's text, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The same, after checking the status.
    #[must_use]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }
}

impl World {
    /// Any request.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// A request to the API that carries nothing yet but staff's API key.
    #[must_use]
    pub fn staff(&self, method: &str, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {}", self.api_key))
    }

    /// A request to the API. `key` is its idempotency key.
    pub async fn api(&self, method: &str, path: &str, key: Option<&str>, body: Option<&Value>) -> Reply {
        let mut request = self.staff(method, path);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    /// `GET` at the API.
    pub async fn get(&self, path: &str) -> Reply {
        self.api("GET", path, None, None).await
    }

    /// `PUT` at the API.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.api("PUT", path, None, Some(body)).await
    }

    /// `PATCH` at the API.
    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.api("PATCH", path, None, Some(body)).await
    }

    /// `POST` at the API, under a key of its own.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        let key = format!("story-{}", self.keys.fetch_add(1, Ordering::Relaxed));
        self.api("POST", path, Some(&key), Some(body)).await
    }

    /// A customer's `GET`, by the whole address.
    pub async fn open(&self, url: &str) -> Reply {
        let path = url.strip_prefix(BASE).unwrap_or(url);
        self.send(Request::builder().uri(path).header(header::USER_AGENT, "Mozilla/5.0").body(Body::empty()).unwrap()).await
    }

    /// A customer's form, by the whole address.
    pub async fn submit(&self, url: &str, form: &[(&str, &str)]) -> Reply {
        let path = url.strip_prefix(BASE).unwrap_or(url);
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(serde_urlencoded::to_string(form).unwrap()));
        self.send(request.unwrap()).await
    }

    /// Opens a pay page and presses its button, as a browser does.
    pub async fn press_pay(&self, pay_url: &str) -> Reply {
        let page = self.open(pay_url).await.expect(200);
        let hidden = hidden_fields(&page.text);
        assert!(!hidden.is_empty(), "no form on {}", page.text);
        let form: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.submit(pay_url, &form).await
    }

    /// Presses Pay and gives the checkout's id at the gateway.
    pub async fn open_checkout(&self, pay_url: &str) -> String {
        let answer = self.press_pay(pay_url).await.expect(303);
        let location = answer.header("location");
        assert!(location.starts_with(GATEWAY), "{location}");
        location.rsplit('/').next().unwrap().to_owned()
    }

    /// Delivers what the gateway has to tell; answers with the statuses.
    pub async fn deliver_notices(&self) -> Vec<u16> {
        let mut statuses = Vec::new();
        for notice in self.gateway.take_webhooks() {
            statuses.push(self.deliver(&notice).await.status.as_u16());
        }
        statuses
    }

    /// Delivers one notice.
    pub async fn deliver(&self, notice: &Notice) -> Reply {
        let mut request = Request::builder().method("POST").uri("/webhooks/stripe");
        for (name, value) in &notice.headers {
            request = request.header(name, value);
        }
        self.send(request.body(Body::from(notice.body.clone())).unwrap()).await
    }
}

/// Names and values of a page's hidden fields.
#[must_use]
pub fn hidden_fields(html: &str) -> Vec<(String, String)> {
    let page = scraper::Html::parse_document(html);
    let hidden = scraper::Selector::parse("form input[type=hidden]").unwrap();
    page.select(&hidden)
        .map(|field| {
            (field.value().attr("name").unwrap_or_default().to_owned(), field.value().attr("value").unwrap_or_default().to_owned())
        })
        .collect()
}
