//! The embedded DynamoDB below the SDK: an operation's name and body in, a status and a body out, and the table's stream.
//!
//! The stream is fed from the writes as they pass. The engine has a stream of its own, which stays off: for every item written it reads
//! all of its stream to find the next sequence number.

use crate::{place::Place, stream::Streams};
use anyhow::Context as _;
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_runtime_api::http::HttpError;
use aws_smithy_types::body::SdkBody;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
};
use dynoxide::{Database, DynoxideError, actions::get_item::GetItemRequest};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

pub use crate::stream::Stream;

/// A DynamoDB in the process. Clones share it.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    database: Database,
    streams: Streams,
    /// Held by a write of rows that the stream may carry, so that none changes between the look for it and the write.
    writing: Mutex<()>,
}

/// What the engine answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, in JSON.
    pub body: String,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    /// Opens the engine of a data folder, or one in memory.
    ///
    /// # Errors
    /// The file cannot be opened, or the template's stream mapping cannot be read.
    pub fn open(place: &Place) -> anyhow::Result<Self> {
        let database = match place.file("table.sqlite") {
            Some(path) => {
                let name = path.to_str().context("the data folder's name is not readable text")?.to_owned();
                Database::new(&name).map_err(|error| anyhow::anyhow!("{name} cannot be opened: {error}"))
            }
            None => Database::memory().map_err(|error| anyhow::anyhow!("no table can be made in memory: {error}")),
        };
        let engine = Self::on(database?)?;
        engine.turn_streams_off()?;
        Ok(engine)
    }

    /// Puts an engine around a database.
    ///
    /// # Errors
    /// The template's stream mapping cannot be read.
    pub fn on(database: Database) -> anyhow::Result<Self> {
        Ok(Self(Arc::new(Inner { database, streams: Streams::of_template()?, writing: Mutex::new(()) })))
    }

    /// The database, to look at from below.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.0.database
    }

    /// The stream from here on, as its mapping in the template brings it.
    #[must_use]
    pub fn stream(&self) -> Stream {
        self.0.streams.subscribe()
    }

    /// Carries one operation out.
    #[must_use]
    pub fn answer(&self, operation: &str, body: &str) -> Answer {
        let outcome = match operation {
            "PutItem" | "TransactWriteItems" | "BatchWriteItem" if self.0.streams.are_followed() => self.written(operation, body),
            "CreateTable" => without_stream(body).and_then(|body| run(&self.0.database, operation, &body)),
            _ => run(&self.0.database, operation, body),
        };
        match outcome {
            Ok(body) => Answer { status: 200, body },
            Err(error) => Answer { status: error.status_code(), body: error.to_json() },
        }
    }

    /// Carries a write out and feeds the stream with the rows it inserts.
    fn written(&self, operation: &str, body: &str) -> dynoxide::Result<String> {
        let request: Value = serde_json::from_str(body).map_err(unreadable)?;
        let rows = self.0.streams.wanted(operation, &request);
        if rows.is_empty() {
            return run(&self.0.database, operation, body);
        }
        let _turn = self.0.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut inserted = Vec::new();
        for row in rows {
            let get = GetItemRequest {
                table_name: row.table.clone(),
                key: serde_json::from_value(row.keys.clone()).map_err(unreadable)?,
                ..Default::default()
            };
            if self.0.database.get_item(get)?.item.is_none() {
                inserted.push(row);
            }
        }
        let answer = run(&self.0.database, operation, body)?;
        self.0.streams.feed(inserted);
        Ok(answer)
    }

    /// A data folder of an earlier release has the engine's own stream on.
    fn turn_streams_off(&self) -> anyhow::Result<()> {
        let tables: Value = serde_json::from_str(&self.answer("ListTables", "{}").body)?;
        for name in tables["TableNames"].as_array().into_iter().flatten() {
            let off = serde_json::json!({ "TableName": name, "StreamSpecification": { "StreamEnabled": false } });
            // Refused where it is off already.
            let _ = self.answer("UpdateTable", &off.to_string());
        }
        Ok(())
    }

    /// The HTTP client that ends in this engine instead of a socket.
    #[must_use]
    pub fn http_client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    /// The same on an address, for functions in processes of their own.
    pub fn router(&self) -> Router {
        Router::new().fallback(over_http).with_state(self.clone())
    }
}

async fn over_http(State(engine): State<Engine>, headers: HeaderMap, body: String) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let Ok(Answer { status, body }) = tokio::task::spawn_blocking(move || engine.answer(&operation, &body)).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, JSON)], body).into_response()
}

/// What DynamoDB's answers are.
const JSON: &str = "application/x-amz-json-1.0";

impl HttpConnector for Engine {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let engine = self.clone();
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
            let body = request.body().bytes().map(<[u8]>::to_vec).unwrap_or_default();
            // Writes wait for the disk.
            let answer = tokio::task::spawn_blocking(move || engine.answer(&operation, &String::from_utf8_lossy(&body))).await;
            response(answer.map_err(|error| ConnectorError::other(error.into(), None))?)
        })
    }
}

/// An answer as the SDK takes it.
///
/// # Errors
/// The status is none of HTTP's.
pub fn response(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let status = answer.status.try_into().map_err(|error: HttpError| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    response.headers_mut().insert("content-type", JSON);
    Ok(response)
}

fn without_stream(body: &str) -> dynoxide::Result<String> {
    let mut request: Value = serde_json::from_str(body).map_err(unreadable)?;
    if let Value::Object(members) = &mut request {
        members.remove("StreamSpecification");
    }
    Ok(request.to_string())
}

fn run(db: &Database, operation: &str, body: &str) -> dynoxide::Result<String> {
    match operation {
        "GetItem" => carry(body, |it| db.get_item(it)),
        "PutItem" => carry(body, |it| db.put_item(it)),
        "UpdateItem" => carry(body, |it| db.update_item(it)),
        "DeleteItem" => carry(body, |it| db.delete_item(it)),
        "Query" => carry(body, |it| db.query(it)),
        "Scan" => carry(body, |it| db.scan(it)),
        "BatchGetItem" => carry(body, |it| db.batch_get_item(it)),
        "BatchWriteItem" => carry(body, |it| db.batch_write_item(it)),
        "TransactGetItems" => carry(body, |it| db.transact_get_items(it)),
        "TransactWriteItems" => carry(body, |it| db.transact_write_items(it)),
        "CreateTable" => carry(body, |it| db.create_table(it)),
        "DeleteTable" => carry(body, |it| db.delete_table(it)),
        "DescribeTable" => carry(body, |it| db.describe_table(it)),
        "UpdateTable" => carry(body, |it| db.update_table(it)),
        "ListTables" => carry(body, |it| db.list_tables(it)),
        "UpdateTimeToLive" => carry(body, |it| db.update_time_to_live(it)),
        "DescribeTimeToLive" => carry(body, |it| db.describe_time_to_live(it)),
        other => Err(DynoxideError::ValidationException(format!("the table on this machine does not carry out {other}"))),
    }
}

fn carry<Request: DeserializeOwned, Response: Serialize>(
    body: &str,
    call: impl FnOnce(Request) -> dynoxide::Result<Response>,
) -> dynoxide::Result<String> {
    let response = call(serde_json::from_str(body).map_err(unreadable)?)?;
    serde_json::to_string(&response).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// The engine marks the class of a refusal in the text of its decoding error.
fn unreadable(error: serde_json::Error) -> DynoxideError {
    let text = error.to_string();
    let of_the_request = ["missing field", "unknown variant", "invalid type: null", "AttributeValue"];
    if let Some((_, refusal)) = text.split_once(':').filter(|(mark, _)| mark.starts_with("VALIDATION")) {
        DynoxideError::ValidationException(refusal.to_owned())
    } else if of_the_request.iter().any(|sign| text.contains(sign)) {
        DynoxideError::ValidationException(text)
    } else {
        DynoxideError::SerializationException(text)
    }
}
