//! A function's binary as a process of its own.

use super::{Function, Outcome, RuntimeApi};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Environment variables by their names.
pub type Variables = BTreeMap<String, String>;

/// Longest time from the start of a process to its first question.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process under a Runtime API. It is ended by its id when this is dropped; should nobody be left to do that, its Runtime API is
/// gone as well, and a function without one ends by itself.
pub struct Process {
    name: String,
    child: Child,
    output: Vec<JoinHandle<Vec<String>>>,
    api: RuntimeApi,
    begun: Instant,
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error says that it has ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process leaves behind.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Its exit code; none when it was ended from outside.
    pub code: Option<i32>,
    /// What it told the Runtime API of why it could not begin.
    pub init_error: Option<Value>,
    /// What it wrote to standard output and standard error.
    pub lines: Vec<String>,
}

fn lines_of(pipe: impl Read + Send + 'static) -> JoinHandle<Vec<String>> {
    std::thread::spawn(|| BufReader::new(pipe).lines().map_while(Result::ok).collect())
}

impl Process {
    /// Starts a binary as Lambda does: with an environment that holds the function's variables and Lambda's own.
    ///
    /// # Panics
    /// When there is no such binary.
    pub async fn start(binary: &Path, function: &Function, variables: &Variables) -> Self {
        let api = RuntimeApi::listen(function).await;
        let mut command = Command::new(binary);
        command.env_clear().envs(variables).envs(lambdas_own(function)).env("AWS_LAMBDA_RUNTIME_API", &api.address);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let begun = Instant::now();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}; .ci/release-binaries builds it", binary.display()));
        let output = vec![lines_of(child.stdout.take().unwrap()), lines_of(child.stderr.take().unwrap())];
        Self { name: function.name.clone(), child, output, api, begun }
    }

    /// How long it took until it asked for its first event; nothing when it has not done so for that long.
    pub async fn init(&self, patience: Duration) -> Option<Duration> {
        Some(self.api.begun(patience).await?.duration_since(self.begun))
    }

    /// How long ago it was started.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Gives it an event.
    ///
    /// # Panics
    /// When it has ended or takes longer than it may.
    pub async fn invoke(&mut self, event: &str) -> Outcome {
        if self.init(PATIENCE).await.is_some()
            && let Some(outcome) = self.api.invoke(event).await
        {
            return outcome;
        }
        let ended = self.stop();
        panic!("{} gives no answer: {ended:#?}", self.name);
    }

    /// The most memory it has had at once, in kilobytes. Source: proc(5), `VmHWM`.
    ///
    /// # Panics
    /// When it has ended.
    #[must_use]
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// When it goes on.
    pub async fn end(mut self) -> Ended {
        while self.child.try_wait().unwrap().is_none() {
            assert!(self.begun.elapsed() < PATIENCE, "{} goes on", self.name);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.stop()
    }

    /// Ends it.
    pub fn stop(&mut self) -> Ended {
        let _ = self.child.kill();
        let code = self.child.wait().unwrap().code();
        let lines = self.output.drain(..).flat_map(|reader| reader.join().unwrap()).collect();
        Ended { code, init_error: self.api.init_error(), lines }
    }
}

/// Source: AWS Lambda developer guide, "Defined runtime environment variables".
fn lambdas_own(function: &Function) -> Variables {
    let memory = function.memory.to_string();
    [
        ("_HANDLER", "bootstrap"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory),
        ("AWS_LAMBDA_FUNCTION_NAME", &function.resource),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/remit"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_DEFAULT_REGION", "eu-central-1"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_SESSION_TOKEN", "local"),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
        ("TZ", ":UTC"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
