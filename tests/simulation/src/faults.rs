//! Which fault a call meets: drawn for each call, at rates drawn for each seed.

use crate::{book::Book, dice::Dice};
use axum::body::Body;
use bytes::Bytes;
use futures::FutureExt as _;
use gateway::{
    Transport,
    transport::{TransportError, TransportErrorKind},
};
use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use local::{
    recorder::{self, MailFault, Recorder},
    sandbox_gateway::{self, AnswerLost, Call, SandboxGateway},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tests::{
    table::{FaultPlan, Pace, TableFault, travel},
    wire::{WireFault, WirePlan},
};
use tower::ServiceExt as _;

/// How many times in a thousand calls which kind of fault happens.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    lost: u32,
    answer_lost: u32,
    late: u32,
    refused: u32,
    stale: u32,
    killed: u32,
    slow: u32,
}

impl Rates {
    /// Some seeds are calm, some stormy, some have one kind of trouble only.
    pub fn drawn(dice: &mut Dice) -> Self {
        let mut rate = || dice.one_of(&[0, 2, 10, 30, 80]);
        Self { lost: rate(), answer_lost: rate(), late: rate(), refused: rate(), stale: rate(), killed: rate() / 4, slow: rate() }
    }

    /// What is left of them when a storm abates.
    #[must_use]
    pub fn abated(self) -> Self {
        Self {
            lost: self.lost / 8,
            answer_lost: self.answer_lost / 8,
            late: self.late / 8,
            refused: self.refused / 8,
            stale: self.stale / 8,
            killed: self.killed / 8,
            slow: self.slow / 8,
        }
    }
}

/// One drawn kind, before it becomes a fault of the place it happens at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    Lost,
    AnswerLost,
    Late,
    Refused,
    Stale,
    Killed,
    KilledAfter,
}

/// How many times more often than the many reads of sweeps other calls go wrong.
const READ: u32 = 1;
const WRITE: u32 = 4;
const GATEWAY: u32 = 8;

fn drawn(book: &Book, times: u32) -> Kind {
    let mut pages = book.open();
    if pages.quiet {
        return Kind::None;
    }
    pages.calls += 1;
    let rates = pages.rates;
    let kinds = [
        (rates.lost, Kind::Lost),
        (rates.answer_lost, Kind::AnswerLost),
        (rates.late, Kind::Late),
        (rates.refused, Kind::Refused),
        (rates.stale, Kind::Stale),
        (rates.killed, Kind::Killed),
        (rates.killed, Kind::KilledAfter),
    ];
    kinds.into_iter().find(|(rate, _)| pages.dice.chance(*rate * times)).map_or(Kind::None, |(_, kind)| kind)
}

/// How long a request or an answer is on its way: milliseconds, or seconds when something is slow.
#[must_use]
pub fn pace(book: Book) -> Pace {
    Arc::new(move || {
        let mut pages = book.open();
        if pages.quiet {
            return Duration::ZERO;
        }
        let slow = pages.rates.slow;
        let longest = if pages.dice.chance(slow) { 12_000 } else { 40 };
        Duration::from_millis(pages.dice.between(1, longest))
    })
}

/// Whose call may never be answered: a function's, which Lambda then stops.
fn killable(function: Option<&'static str>) -> bool {
    function.is_some()
}

/// The table's faults.
#[must_use]
pub fn of_table(book: Book) -> FaultPlan {
    Arc::new(move |site| {
        let read = ["GetItem", "Query", "TransactGetItems"].contains(&site.operation.as_str());
        let fault = match drawn(&book, if read { READ } else { WRITE }) {
            Kind::Lost => TableFault::LoseBeforeEffect,
            Kind::AnswerLost => TableFault::LoseAnswerAfterEffect,
            Kind::Late if !read => TableFault::EffectLater,
            Kind::Refused => {
                let any =
                    [TableFault::Throttle, TableFault::ServerError, TableFault::TransactionConflict, TableFault::TransactionThrottled];
                book.open().dice.one_of(&any)
            }
            Kind::Stale if site.request["IndexName"].is_string() => TableFault::StaleIndex,
            Kind::Killed if killable(site.function) => TableFault::Crash,
            Kind::KilledAfter if killable(site.function) => TableFault::CrashAfterEffect,
            Kind::None | Kind::Late | Kind::Stale | Kind::Killed | Kind::KilledAfter => TableFault::None,
        };
        let name = match fault {
            TableFault::None => None,
            // A read outside a transaction conflicts with nothing.
            TableFault::TransactionConflict if ["GetItem", "Query"].contains(&site.operation.as_str()) => None,
            TableFault::TransactionThrottled if !site.operation.starts_with("Transact") => None,
            TableFault::Crash => Some("table: killed before effect"),
            TableFault::CrashAfterEffect => Some("table: effect, killed"),
            TableFault::LoseBeforeEffect => Some("table: lost before effect"),
            TableFault::LoseAnswerAfterEffect => Some("table: effect, answer lost"),
            TableFault::EffectLater => Some("table: late effect"),
            TableFault::Throttle => Some("table: throttled"),
            TableFault::TransactionConflict => Some("table: transaction conflict"),
            TableFault::TransactionThrottled => Some("table: transaction throttled"),
            TableFault::ServerError => Some("table: server error"),
            TableFault::StaleIndex => Some("table: stale index"),
        };
        if let Some(name) = name {
            book.faulted(name);
        }
        let place = site.request["IndexName"].as_str().unwrap_or_default();
        book.note(&format!("{} {} {place} {fault:?}", site.function.unwrap_or("-"), site.operation));
        fault
    })
}

/// The faults of SES and EventBridge.
#[must_use]
pub fn of_wire(book: Book, recorder: Recorder) -> WirePlan {
    Arc::new(move |call| {
        let mail = call.path.contains("outbound-emails");
        let fault = match drawn(&book, if mail { WRITE } else { READ }) {
            Kind::Lost => WireFault::LoseBeforeEffect,
            Kind::AnswerLost | Kind::Late => WireFault::LoseAnswerAfterEffect,
            Kind::Refused if mail => {
                let any = [(MailFault::Throttled, "mail: throttled"), (MailFault::ServerError, "mail: server error")];
                let (fault, name) = book.open().dice.one_of(&any);
                recorder.inject(recorder::Fault::Mail(fault));
                book.faulted(name);
                WireFault::None
            }
            Kind::Killed if killable(call.function) => WireFault::Crash,
            Kind::KilledAfter if killable(call.function) => WireFault::CrashAfterEffect,
            Kind::None | Kind::Refused | Kind::Stale | Kind::Killed | Kind::KilledAfter => WireFault::None,
        };
        let name = match fault {
            WireFault::None => None,
            WireFault::LoseBeforeEffect => Some("mail or bus: lost before effect"),
            WireFault::LoseAnswerAfterEffect => Some("mail or bus: effect, answer lost"),
            WireFault::Crash => Some("mail or bus: killed before effect"),
            WireFault::CrashAfterEffect => Some("mail or bus: effect, killed"),
        };
        if let Some(name) = name {
            book.faulted(name);
        }
        let what = if mail { "SendEmail" } else { "PutEvents" };
        book.note(&format!("{} {what} {fault:?}", call.function.unwrap_or("-")));
        fault
    })
}

/// Requests that the gateway is yet to see, although their sender was told that they were lost.
pub type Late = Arc<Mutex<Vec<Request<Bytes>>>>;

/// What changes an answer of the gateway.
pub type Change = fn(&mut serde_json::Value);

/// What changes a request to the gateway, and says how its answer is to be changed.
pub type BendGateway = Arc<dyn Fn(&mut Request<Bytes>) -> Option<Change> + Send + Sync>;

/// The way to the gateway, with its faults.
#[must_use]
pub fn of_gateway(book: Book, gateway: SandboxGateway, late: Late, bend: BendGateway) -> Transport {
    let pace = pace(book.clone());
    Transport::new(move |request: Request<Bytes>| {
        let (book, gateway, late, bend, pace) = (book.clone(), gateway.clone(), late.clone(), bend.clone(), pace.clone());
        async move {
            let mut request = request;
            travel(Some(pace.clone())).await;
            let change = bend(&mut request);
            let post = request.method() == Method::POST;
            let broken = |kind| TransportError::new(kind);
            let kind = drawn(&book, GATEWAY);
            book.note(&format!("gateway {} {} {kind:?}", request.method(), if post { "" } else { "read" }));
            let mut refusal = None;
            match kind {
                Kind::Lost => {
                    book.faulted("gateway: lost before effect");
                    return Err(broken(TransportErrorKind::Broken));
                }
                Kind::Late if post => {
                    book.faulted("gateway: late effect");
                    late.lock().unwrap().push(request);
                    return Err(broken(TransportErrorKind::Broken));
                }
                Kind::Refused => {
                    let on = Call::Any;
                    let any = [
                        (sandbox_gateway::Fault::ServerError { on }, "gateway: replayed 500"),
                        (sandbox_gateway::Fault::KeyInFlight { on }, "gateway: key in flight"),
                        (sandbox_gateway::Fault::RateLimited { on }, "gateway: rate limited"),
                    ];
                    let (fault, name) = any[usize::try_from(book.open().dice.between(0, 2)).unwrap_or_default()];
                    if post {
                        refusal = Some(name);
                        gateway.inject(fault);
                    }
                }
                Kind::Killed => {
                    book.faulted("gateway: killed before effect");
                    return std::future::pending().await;
                }
                Kind::None | Kind::AnswerLost | Kind::Late | Kind::Stale | Kind::KilledAfter => {}
            }
            let answer = carried_out(&gateway, request).await;
            // A refusal that this call could not meet would wait for a later one.
            let met = gateway.forget_faults() == 0;
            if let Some(name) = refusal.filter(|_| met) {
                book.faulted(name);
            }
            travel(Some(pace)).await;
            match kind {
                Kind::AnswerLost => {
                    book.faulted("gateway: effect, answer lost");
                    Err(broken(TransportErrorKind::Broken))
                }
                Kind::KilledAfter => {
                    book.faulted("gateway: effect, killed");
                    std::future::pending().await
                }
                Kind::None | Kind::Lost | Kind::Late | Kind::Refused | Kind::Stale | Kind::Killed => {
                    let answer = answer.ok_or_else(|| broken(TransportErrorKind::Broken))?;
                    Ok(changed(answer, change))
                }
            }
        }
        .boxed()
    })
}

fn changed(answer: Response<Bytes>, change: Option<Change>) -> Response<Bytes> {
    let Some(change) = change.filter(|_| answer.status().is_success()) else { return answer };
    let (parts, body) = answer.into_parts();
    let mut json = serde_json::from_slice(&body).unwrap();
    change(&mut json);
    Response::from_parts(parts, Bytes::from(json.to_string()))
}

/// Lets the gateway carry a request out; nothing when its answer is lost there.
pub async fn carried_out(gateway: &SandboxGateway, request: Request<Bytes>) -> Option<Response<Bytes>> {
    let answer = gateway.router().oneshot(request.map(Body::from)).await.unwrap();
    if answer.extensions().get::<AnswerLost>().is_some() {
        return None;
    }
    let (parts, body) = answer.into_parts();
    Some(Response::from_parts(parts, body.collect().await.unwrap().to_bytes()))
}
