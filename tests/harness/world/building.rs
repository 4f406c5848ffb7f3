//! How a world is built: each outside system replaced below its SDK or its client, one clock, one source of randomness.

use super::{BASE, GATEWAY, World, hands::Hands};
use crate::{acting::acting, table::Table, wire::Wire};
use app::{Clock, Deps, Entropy, Parts};
use axum::{Router, body::Body, http::Request};
use bytes::Bytes;
use domain::{api_key::ApiKey, digest::Digest, ids::ApiKeyId, link::LinkKeys};
use futures::FutureExt as _;
use gateway::{
    Gateway, Transport,
    stripe::{Stripe, StripeConfig},
    transport::{TransportError, TransportErrorKind},
};
use http_body_util::BodyExt as _;
use local::{
    recorder::{self, Recorder},
    sandbox_gateway::{self, AnswerLost, SandboxGateway},
};
use mail::{Bus, Mailer};
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use store::{Store, StoredApiKey};
use tower::ServiceExt as _;

/// What stands behind the id in the API key of stories.
pub const API_SECRET: &str = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2";
/// The secret key of the gateway in stories.
pub const GATEWAY_SECRET: &str = "sk_test_story";
/// What the gateway signs its notices with in stories.
pub const NOTICE_SECRET: &str = "whsec_story";

fn entropy() -> Entropy {
    let count = AtomicU64::new(1);
    Entropy::new(move |bytes| {
        let digest = Digest::of(&[b"entropy", &count.fetch_add(1, Ordering::Relaxed).to_be_bytes()]);
        for (byte, random) in bytes.iter_mut().zip(digest.bytes().iter().cycle()) {
            *byte = *random;
        }
    })
}

/// The gateway's adapter, on a way of its own to the gateway.
///
/// # Panics
/// Never: what it is made of is right.
#[must_use]
pub fn stripe(transport: Transport) -> Gateway {
    let config = StripeConfig {
        api_url: GATEWAY.to_owned(),
        checkout_origin: GATEWAY.to_owned(),
        secret_key: GATEWAY_SECRET.to_owned().into(),
        transport,
    };
    Gateway::Stripe(Stripe::new(config).unwrap())
}

/// The way to a sandbox gateway in the process.
#[must_use]
pub fn transport(gateway: &SandboxGateway) -> Transport {
    let router = gateway.router();
    Transport::new(move |request: Request<Bytes>| {
        let router = router.clone();
        async move {
            let broken = || TransportError::new(TransportErrorKind::Broken);
            let answer = router.oneshot(request.map(Body::from)).await.map_err(|_| broken())?;
            if answer.extensions().get::<AnswerLost>().is_some() {
                return Err(broken());
            }
            let (parts, body) = answer.into_parts();
            Ok(http::Response::from_parts(parts, body.collect().await.map_err(|_| broken())?.to_bytes()))
        }
        .boxed()
    })
}

impl World {
    /// A new world, with a business in Berlin and nothing else.
    pub async fn begin(at: &str) -> Self {
        let world = Self::bare(at).await;
        let business = json!({
            "name": "Kestrel Studio", "zone": "Europe/Berlin", "default_currency": "EUR",
            "email_from": "billing@kestrel.example.com", "reply_to": "hello@kestrel.example.com", "sweep_hour": 9,
            "due_default_days": 14, "terms": "Payable without deduction."
        });
        let _ = world.put("/v1/business", &business).await.expect(200);
        world
    }

    /// A new world without a business.
    pub async fn bare(at: &str) -> Self {
        let clock = Arc::new(Mutex::new(Hands::at(at.parse().unwrap())));
        let now = {
            let clock = clock.clone();
            Arc::new(move || clock.lock().unwrap().now())
        };
        let table = Table::memory();
        let recorder = Recorder::open(recorder::Settings { data_dir: None, now: now.clone(), secrets: BTreeMap::new() }).unwrap();
        let wire = Wire::to(recorder.router());
        let webhook_secret = NOTICE_SECRET.to_owned();
        let gateway = SandboxGateway::open(sandbox_gateway::Settings {
            data_file: None,
            public_url: GATEWAY.to_owned(),
            secret_key: GATEWAY_SECRET.to_owned(),
            webhook_secret: webhook_secret.clone(),
            now: now.clone(),
            record_exchanges: true,
        })
        .unwrap();
        let deps = Deps::new(Parts {
            store: Store::new(&table.sdk_config(), None, "remit"),
            gateway: Some(stripe(transport(&gateway))),
            links: LinkKeys::new(1, vec![(1, [7; 32])]).unwrap(),
            base_url: BASE.to_owned(),
            notice_secrets: vec![webhook_secret.into()],
            bootstrap: None,
            jwt_issuer: None,
            clock: Clock::new(move || now()),
            entropy: entropy(),
        });
        deps.store.create_table().await.unwrap();
        let id = ApiKeyId::at(1, 1);
        let hash = app::api_keys::hash_of_secret(API_SECRET);
        // It was used just now, so that its use is written down again only after an hour.
        let key = ApiKey { last_used_at: Some(deps.clock.now()), ..ApiKey::owner(id.clone(), "The story's owner", deps.clock.now()) };
        deps.store.put_api_key(&StoredApiKey { key, hash, rev: 1 }).await.unwrap();
        let sdk = wire.sdk_config();
        Self {
            router: Self::routes(&deps),
            mailer: Mailer::new(&sdk, None, Some("remit".to_owned()), Bus::new(&sdk, None, "remit".to_owned())),
            api_key: format!("{id}_{API_SECRET}"),
            table,
            recorder,
            wire,
            gateway,
            deps,
            clock,
            keys: AtomicU64::new(1),
            closed: false,
        }
    }

    fn routes(deps: &Deps) -> Router {
        let (pages, pay, api, notices) = (
            invoice_page::router(deps.clone()),
            pay_page::router(deps.clone()),
            admin_api::router(deps.clone()),
            gateway_webhooks::router(deps.clone()),
        );
        Router::new().fallback(move |request: axum::extract::Request| {
            let path = request.uri().path();
            let (function, router) = if path.starts_with("/v1") {
                ("admin-api", api.clone())
            } else if path.starts_with("/p/") {
                ("pay-page", pay.clone())
            } else if path.starts_with("/webhooks") {
                ("gateway-webhooks", notices.clone())
            } else {
                ("invoice-page", pages.clone())
            };
            acting(function, router.oneshot(request))
        })
    }

    /// Puts something else in the place of what the functions use, such as other link keys or no gateway.
    pub fn rebuild(&mut self, change: impl FnOnce(Deps) -> Deps) {
        self.deps = change(self.deps.clone());
        self.router = Self::routes(&self.deps);
    }
}
