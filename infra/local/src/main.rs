//! `cargo run`: everything starts, says where it is, and waits for Ctrl-C.
#![expect(clippy::disallowed_methods, reason = "this is where servers are started")]

use anyhow::Context as _;
use app::{Clock, Deps, Entropy, connect};
use aws_config::SdkConfig;
use domain::{api_key::ApiKey, ids::ApiKeyId};
use local::{
    clock::MovableClock,
    control::{self, Info},
    doors,
    engine::Engine,
    functions::{Materials, Town},
    options::{Options, USAGE},
    place::Place,
    recorder::{self, Recorder},
    sandbox_gateway::{self, SandboxGateway},
    seed::seed,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io::Write as _, net::SocketAddr, sync::Arc, time::Duration};
use store::{Store, StoredApiKey};
use tokio::net::TcpListener;

/// What is made up at the first start and kept.
#[derive(Serialize, Deserialize)]
struct Made {
    link_key: String,
    stripe_key: String,
    webhook_secret: String,
    api_key_id: String,
    api_key_secret: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse(std::env::args_os().skip(1)).map_err(|error| anyhow::anyhow!("{error}\n\n{USAGE}"))?;
    let Some(options) = options else { return say(USAGE) };
    start_logs();
    let place = Place::open(options.data_dir.clone(), options.reset)?;
    let pages = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], options.port)))
        .await
        .with_context(|| format!("port {} is taken; choose another with --port", options.port))?;
    let checkout = match TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], options.port + 1))).await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind("127.0.0.1:0").await?,
    };
    let base_url = format!("http://{}", pages.local_addr()?);
    let gateway_url = format!("http://{}", checkout.local_addr()?);
    let (town, deps, api_key) = build(&place, &base_url, &gateway_url, checkout, options.every_start).await?;
    let data_dir = place.folder().map_or_else(|| "memory".to_owned(), |folder| folder.display().to_string());
    let info = Info { base_url: base_url.clone(), api_key: api_key.clone(), gateway_url: gateway_url.clone(), data_dir: data_dir.clone() };
    let routes = doors::guarded(town.routes().merge(control::router(town.clone(), deps, info).await?));
    let server = tokio::spawn(async move { axum::serve(pages, routes).await });
    say(&format!(
        "Remit is running.\n\n  Open            {base_url}\n  API             {base_url}/v1\n  API key         {api_key}\n  \
         Gateway         {gateway_url}/_sandbox\n  Kept in         {data_dir}\n\nStop with Ctrl-C.\n"
    ))?;
    go_on(town, server).await
}

/// Everything that happens by itself, until Ctrl-C.
async fn go_on(town: Town, server: tokio::task::JoinHandle<std::io::Result<()>>) -> anyhow::Result<()> {
    town.start("dispatch").await?;
    let mut pulse = tokio::time::interval(Duration::from_millis(100));
    pulse.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut server = server;
    loop {
        tokio::select! {
            biased;
            stopped = tokio::signal::ctrl_c() => return stopped.map_err(Into::into),
            ended = &mut server => return ended?.map_err(Into::into),
            _ = pulse.tick() => if let Err(error) = town.tick().await {
                tracing::error!(error = format!("{error:#}"), "the pulse failed");
            },
        }
    }
}

async fn build(
    place: &Place,
    base_url: &str,
    gateway_url: &str,
    checkout: TcpListener,
    every_start: bool,
) -> anyhow::Result<(Town, Deps, String)> {
    let made = made(place)?;
    let clock = MovableClock::open(place)?;
    let now = {
        let clock = clock.clone();
        Arc::new(move || clock.now())
    };
    let stripe = serde_json::json!({ "secret_key": made.stripe_key, "webhook_secrets": [made.webhook_secret] });
    let links = serde_json::json!({ "current": 1, "1": made.link_key });
    let secrets = BTreeMap::from([("remit/stripe".to_owned(), stripe.to_string()), ("remit/link-keys".to_owned(), links.to_string())]);
    let recorder =
        Recorder::open(recorder::Settings { data_dir: place.folder().map(|folder| folder.join("recorder")), now: now.clone(), secrets })?;
    let gateway = SandboxGateway::open(sandbox_gateway::Settings {
        data_file: place.file("gateway.json"),
        public_url: gateway_url.to_owned(),
        secret_key: made.stripe_key.clone(),
        webhook_secret: made.webhook_secret.clone(),
        now,
        record_exchanges: false,
    })?;
    let elsewhere = runtime::config::env("AWS_ENDPOINT_URL_DYNAMODB").is_some();
    let engine = if elsewhere { None } else { Some(Engine::open(place)?) };
    let recorder_url = serve(recorder.router()).await?;
    let gateway_routes = doors::guarded(gateway.router());
    tokio::spawn(async move { axum::serve(checkout, gateway_routes).await });
    let config = runtime::Config::from_lookup(|name| {
        runtime::config::env(name).or_else(|| {
            Some(match name {
                "REMIT_TABLE" => "remit".to_owned(),
                "REMIT_MODE" => "test".to_owned(),
                "REMIT_BASE_URL" => base_url.to_owned(),
                "REMIT_LINK_KEYS_SECRET" => "remit/link-keys".to_owned(),
                "REMIT_STRIPE_SECRET" => "remit/stripe".to_owned(),
                "REMIT_STRIPE_API_URL" | "REMIT_STRIPE_CHECKOUT_ORIGIN" => gateway_url.to_owned(),
                "REMIT_BUS" => "remit".to_owned(),
                "AWS_ENDPOINT_URL_SESV2" | "AWS_ENDPOINT_URL_EVENTBRIDGE" | "AWS_ENDPOINT_URL_SECRETS_MANAGER" => recorder_url.clone(),
                _ => return None,
            })
        })
    })?;
    let sdk = sdk_config().await;
    let ticking = clock.clone();
    let mut deps =
        connect::connect(&config, &sdk, &connect::Needs::Gateway(connect::over_https()), Clock::new(move || ticking.now()), entropy())
            .await?;
    if let Some(engine) = &engine {
        let below = sdk.clone().into_builder().http_client(engine.http_client()).endpoint_url("http://localhost").build();
        deps.store = Store::new(&below, None, &config.table);
    }
    let api_key = prepare(&deps, &made).await?;
    let mailer = connect::mailer(&config, &sdk);
    let (stream, base_url) = (engine.as_ref().map(Engine::stream), base_url.to_owned());
    let town = Town::new(Materials { deps: deps.clone(), mailer, clock, recorder, gateway, stream, base_url, every_start })?;
    Ok((town, deps, api_key))
}

/// The table, an API key, and at the first start the demo business.
async fn prepare(deps: &Deps, made: &Made) -> anyhow::Result<String> {
    deps.store.create_table().await?;
    let id = ApiKeyId::parse(&made.api_key_id)?;
    // Put down once, so that a key that was revoked stays so.
    if deps.store.find_api_key(&id).await?.is_none() {
        let key = ApiKey::owner(id.clone(), "Made at the first start", deps.clock.now());
        deps.store.put_api_key(&StoredApiKey { key, hash: app::api_keys::hash_of_secret(&made.api_key_secret), rev: 1 }).await?;
    }
    if deps.store.find_business().await?.is_none() {
        seed(deps, &id).await.context("the demo business cannot be made")?;
    }
    Ok(format!("{}_{}", made.api_key_id, made.api_key_secret))
}

fn made(place: &Place) -> anyhow::Result<Made> {
    const FILE: &str = "secrets.json";
    if let Some(text) = place.read(FILE)? {
        return serde_json::from_str(&text).context("secrets.json in the data folder is damaged; begin anew with --reset");
    }
    let entropy = entropy();
    let two = || format!("{}{}", entropy.token(), entropy.token());
    let made = Made {
        link_key: two(),
        stripe_key: format!("sk_test_{}", entropy.token()),
        webhook_secret: format!("whsec_{}", entropy.token()),
        api_key_id: ApiKeyId::at(0, entropy.number()).to_string(),
        api_key_secret: two(),
    };
    place.write(FILE, &serde_json::to_string_pretty(&made)?)?;
    Ok(made)
}

fn entropy() -> Entropy {
    Entropy::new(|bytes| {
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    })
}

async fn sdk_config() -> SdkConfig {
    let loader = aws_config::defaults(aws_config::BehaviorVersion::latest()).http_client(runtime::aws::with_system_roots());
    if runtime::config::env("AWS_ACCESS_KEY_ID").is_some() {
        return loader.load().await;
    }
    let nobody = aws_credential_types::Credentials::new("local", "local", None, None, "local");
    loader.credentials_provider(nobody).region(aws_config::Region::new("eu-central-1")).load().await
}

async fn serve(router: axum::Router) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let router = doors::guarded(router);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

fn start_logs() {
    let level = runtime::config::env("REMIT_LOG").unwrap_or_else(|| "warn".to_owned());
    runtime::logs::start_at(&level);
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush().map_err(Into::into)
}
