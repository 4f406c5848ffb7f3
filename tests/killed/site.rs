//! The program, where it listens, and how it is asked.

use reqwest::{Client, Method, redirect::Policy};
use serde_json::{Value, json};
use std::{
    cell::{Cell, RefCell},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::time::sleep;

/// Times that somebody asks, a twentieth of a second apart, before something is wrong.
const TRIES: u32 = 1_200;

/// The program under one address, in one folder, as one process after another.
pub struct Site {
    folder: PathBuf,
    port: u16,
    http: Client,
    running: RefCell<Option<Child>>,
    stopped: Cell<bool>,
    key: String,
    gateway_key: String,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Two free ports in a row.
fn free_port() -> u16 {
    let both = || {
        let one = TcpListener::bind("127.0.0.1:0").ok()?;
        let port = one.local_addr().ok()?.port();
        TcpListener::bind(("127.0.0.1", port.checked_add(1)?)).ok()?;
        Some(port)
    };
    (0..100).find_map(|_| both()).expect("two free ports in a row")
}

fn program() -> PathBuf {
    let folder = std::env::current_exe().unwrap();
    folder.parent().and_then(|deps| deps.parent()).unwrap().join("remit-local")
}

impl Site {
    /// Starts it in a new folder.
    pub async fn begin() -> Self {
        let http = tests::http_client().redirect(Policy::none()).timeout(Duration::from_secs(10)).build().unwrap();
        let mut site = Self {
            folder: Path::new(env!("CARGO_TARGET_TMPDIR")).join("killed"),
            port: free_port(),
            http,
            running: RefCell::new(None),
            stopped: Cell::new(false),
            key: String::new(),
            gateway_key: String::new(),
        };
        site.run(&["--reset"]).await;
        site.key = site.local("info").await["api_key"].as_str().unwrap().to_owned();
        let secrets = std::fs::read(site.folder.join("secrets.json")).unwrap();
        let secrets: Value = serde_json::from_slice(&secrets).unwrap();
        site.gateway_key = secrets["stripe_key"].as_str().unwrap().to_owned();
        site
    }

    /// Starts it again on what is there, and waits until it answers.
    pub async fn start(&self) {
        self.run(&[]).await;
    }

    async fn run(&self, options: &[&str]) {
        let program = program();
        let mut command = Command::new(&program);
        command.arg("--data").arg(&self.folder).arg("--port").arg(self.port.to_string()).args(options);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}; `cargo build --workspace` builds it", program.display()));
        *self.running.borrow_mut() = Some(child);
        self.local("info").await;
    }

    /// Ends it at once, wherever it is: SIGKILL.
    pub fn kill(&self) {
        if let Some(mut child) = self.running.borrow_mut().take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Nobody begins anything new.
    pub fn stop(&self) {
        self.stopped.set(true);
    }

    /// Whether anybody begins anything new.
    pub fn stopped(&self) -> bool {
        self.stopped.get()
    }

    fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What the program says of itself, as soon as it does.
    pub async fn local(&self, what: &str) -> Value {
        for _ in 0..TRIES {
            if let Ok(answer) = self.http.get(self.address(&format!("/_local/{what}"))).send().await
                && let Ok(text) = answer.text().await
                && let Ok(said) = serde_json::from_str(&text)
            {
                return said;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("the program does not answer");
    }

    /// Moves the clock on, if the program lives to do so.
    pub async fn advance(&self, by: &str) {
        let request = self.http.post(self.address("/_local/clock")).body(json!({ "advance": by }).to_string());
        let _ = request.timeout(Duration::from_secs(120)).send().await;
    }

    /// Asks the API until it answers, and says whether that took more than once.
    pub async fn insist(&self, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> (u16, Value, bool) {
        for tries in 0..TRIES {
            let mut request = self.http.request(method.clone(), self.address(path)).bearer_auth(&self.key);
            request = key.into_iter().fold(request, |request, key| request.header("idempotency-key", key));
            request =
                body.into_iter().fold(request, |request, body| request.header("content-type", "application/json").body(body.to_string()));
            if let Ok(answer) = request.send().await
                && let status = answer.status().as_u16()
                && status < 500
                && status != 429
                && let Ok(text) = answer.text().await
            {
                return (status, serde_json::from_str(&text).unwrap_or_default(), tries > 0);
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("{method} {path} is never answered");
    }

    /// Reads from the API.
    pub async fn read(&self, path: &str) -> Value {
        let (status, answer, _) = self.insist(Method::GET, path, None, None).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Every row of a list of many pages.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.read(&format!("{path}?limit=100{cursor}")).await;
            rows.extend(page["data"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else { return rows };
            cursor = format!("&cursor={next}");
        }
    }

    /// What a browser gets; nothing when the program is gone.
    pub async fn open(&self, url: &str) -> Option<String> {
        self.http.get(url).header("user-agent", "Mozilla/5.0").send().await.ok()?.text().await.ok()
    }

    /// Where a form leads; nothing when it leads nowhere or the program is gone.
    pub async fn submit(&self, url: &str, form: &[(&str, &str)]) -> Option<String> {
        let body = serde_urlencoded::to_string(form).unwrap();
        let request = self.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = request.send().await.ok()?;
        answer.headers().get("location")?.to_str().ok().map(str::to_owned)
    }

    /// Every checkout at the gateway.
    pub async fn checkouts(&self) -> Vec<Value> {
        let (mut all, mut after) = (Vec::<Value>::new(), String::new());
        loop {
            let url = format!("http://127.0.0.1:{}/v1/checkout/sessions?limit=100{after}", self.port + 1);
            let page = self.http.get(url).bearer_auth(&self.gateway_key).send().await.unwrap().text().await.unwrap();
            let page: Value = serde_json::from_str(&page).unwrap();
            all.extend(page["data"].as_array().unwrap().iter().cloned());
            if page["has_more"] != true {
                return all;
            }
            after = format!("&starting_after={}", all.last().unwrap()["id"].as_str().unwrap());
        }
    }
}
