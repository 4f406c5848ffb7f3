//! What a cold start pays for TLS before anything can be sent: entropy, keys, the client's set-up.

use std::time::Duration;
use tests::lambda::{Process, Variables};
use tokio::net::TcpListener;

/// The longest that a function may take to its first connection.
const PATIENCE: Duration = Duration::from_secs(30);
/// The type of a TLS record that holds a part of the handshake, and the version that every client writes first.
///
/// Source: RFC 8446, sections 5.1 and 9.2.
const HANDSHAKE: [u8; 2] = [22, 3];

/// An address on loopback to which clients come with TLS. It answers nothing, so that the handshake stays at its first message: what
/// comes after it waits for the other side anyway, and no certificate is needed.
pub struct SilentServer {
    listener: TcpListener,
    url: String,
}

impl SilentServer {
    /// Begins to listen. Each start needs one of its own: what another process left waiting would be taken for its message.
    ///
    /// # Panics
    /// When loopback has no port left.
    pub async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        Self { listener, url }
    }

    /// Makes variables lead here for table and secrets.
    pub fn instead(&self, mut variables: Variables) -> Variables {
        for service in ["DYNAMODB", "SECRETS_MANAGER"] {
            variables.insert(format!("AWS_ENDPOINT_URL_{service}"), self.url.clone());
        }
        variables
    }

    /// How long it takes from a process's start until the first message of its first TLS handshake is here. A process that calls nobody
    /// by itself is given an event.
    ///
    /// # Panics
    /// When none comes, or something that is not TLS.
    pub async fn first_message(&self, mut process: Process, event: &str) -> Duration {
        let first = async {
            let (stream, _) = self.listener.accept().await.unwrap();
            let mut begins = [0; 2];
            let _ = stream.peek(&mut begins).await.unwrap();
            begins
        };
        let begins = tokio::select! {
            begins = tokio::time::timeout(PATIENCE, first) => begins.expect("a connection"),
            outcome = process.invoke(event) => panic!("it answers without TLS: {outcome:?}"),
        };
        let took = process.age();
        assert_eq!(begins, HANDSHAKE);
        took
    }
}
