//! Text records.

use hickory_resolver::{
    ResolverBuilder, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    net::{NetError, runtime::TokioRuntimeProvider},
    proto::rr::RData,
};
use std::{fmt, net::SocketAddr, time::Duration};

/// How long a name server may take for one try; there are two.
const TIMEOUT: Duration = Duration::from_secs(3);

/// A resolver.
#[derive(Clone)]
pub struct Dns(TokioResolver);

impl fmt::Debug for Dns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dns")
    }
}

/// There is no name server to ask.
#[derive(Debug, thiserror::Error)]
#[error("this machine's name servers are not known; name one with --dns, such as --dns 9.9.9.9:53")]
pub struct DnsError(#[source] NetError);

/// A name server did not say whether there are records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} could not be looked up")]
pub(crate) struct Unanswered {
    pub(crate) name: String,
}

impl Dns {
    /// Asks the name servers that this machine asks.
    ///
    /// # Errors
    /// [`DnsError`] when it has none.
    pub fn of_this_machine() -> Result<Self, DnsError> {
        TokioResolver::builder_tokio().and_then(build).map(Self).map_err(DnsError)
    }

    /// Asks that name server.
    ///
    /// # Errors
    /// [`DnsError`] when no resolver can be made of it.
    pub fn at(server: SocketAddr) -> Result<Self, DnsError> {
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
            connection.port = server.port();
            connection
        });
        let servers = vec![NameServerConfig::new(server.ip(), true, connections.into())];
        let config = ResolverConfig::from_name_servers(servers);
        build(TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())).map(Self).map_err(DnsError)
    }

    /// The text records of exactly that name, each in one piece; empty when there are none.
    pub(crate) async fn texts(&self, name: &str) -> Result<Vec<String>, Unanswered> {
        let lookup = match self.0.txt_lookup(format!("{}.", name.trim_end_matches('.'))).await {
            Ok(lookup) => lookup,
            Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
            Err(_) => return Err(Unanswered { name: name.to_owned() }),
        };
        let mut texts = Vec::new();
        for record in lookup.answers() {
            if let RData::TXT(text) = &record.data {
                texts.push(String::from_utf8_lossy(&text.txt_data.concat()).into_owned());
            }
        }
        Ok(texts)
    }
}

fn build(mut builder: ResolverBuilder<TokioRuntimeProvider>) -> Result<TokioResolver, NetError> {
    let options: &mut ResolverOpts = builder.options_mut();
    options.timeout = TIMEOUT;
    options.attempts = 2;
    builder.build()
}
