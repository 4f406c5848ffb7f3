//! What stories about paying ask of a world beyond its requests, and a gateway that bends what it says.

use crate::world::{BASE, GATEWAY, NOTICE_SECRET, Reply, World, stripe, transport};
use bytes::Bytes;
use chrono::TimeDelta;
use data_encoding::HEXLOWER;
use futures::FutureExt as _;
use gateway::Transport;
use http::{Method, Request, Response, Uri};
use local::sandbox_gateway::{Call, Fault, Notice, SessionViewStatus};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The id of the first payment that the sandbox takes.
const FIRST_PAYMENT: &str = "pi_300000000000000000000002";

/// An invoice's id and the address of its pay page.
#[must_use]
pub fn id_and_pay_url(invoice: &Value) -> (&str, &str) {
    (invoice["id"].as_str().unwrap(), invoice["links"]["pay_url"].as_str().unwrap())
}

impl World {
    /// Lets minutes pass and starts the five-minute settling as often as the schedule does.
    pub async fn settle_for(&self, minutes: i64) {
        for _ in 0..minutes / 5 {
            self.pass(TimeDelta::minutes(5));
            self.start("collections").await;
        }
    }

    /// The form of the pay page of an invoice of one revision, sent as a browser does that still shows the page.
    pub async fn click_again(&self, pay_url: &str, minor: &str) -> Reply {
        self.submit(pay_url, &[("rev", "1"), ("amount_due", minor)]).await
    }

    /// The states of an invoice's tries, oldest first.
    pub async fn tries(&self, id: &str) -> Vec<String> {
        let invoice = self.invoice(id).await;
        invoice["attempts"].as_array().unwrap().iter().map(|attempt| attempt["state"].as_str().unwrap().to_owned()).collect()
    }

    /// An invoice's payments.
    pub async fn payments(&self, id: &str) -> Vec<Value> {
        self.get(&format!("/v1/payments?invoice_id={id}")).await.expect(200).json()["data"].as_array().unwrap().clone()
    }

    /// An invoice's events in order, each with its instant `at` and its `entry`, from a journal whose chain was checked.
    pub async fn journal(&self, id: &str) -> Vec<Value> {
        let journal = self.get(&format!("/v1/invoices/{id}/journal?limit=100")).await.expect(200).json();
        assert_eq!(journal["verified"], true);
        let of_entry = |entry: &Value| -> Vec<Value> {
            let with = |event: &Value| {
                let mut event = event.clone();
                event["at"] = entry["at"].clone();
                event["entry"] = entry.clone();
                event
            };
            entry["events"].as_array().unwrap().iter().map(with).collect()
        };
        journal["data"].as_array().unwrap().iter().flat_map(of_entry).collect()
    }

    /// The events of a record's journal by name, in order.
    pub async fn journal_of(&self, kind: &str, id: &str) -> Vec<String> {
        let journal = self.get(&format!("/v1/{kind}/{id}/journal?limit=100")).await.expect(200).json();
        assert_eq!(journal["verified"], true);
        let events = journal["data"].as_array().unwrap().iter().flat_map(|entry| entry["events"].as_array().unwrap());
        events.map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    }

    /// What was and will be told about an invoice: `unpaid handed`, in the order of the outbox.
    pub async fn told(&self, id: &str) -> Vec<String> {
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        self.messages(id).await.iter().map(|row| format!("{} {}", word(&row["kind"]), word(&row["state"]))).collect()
    }

    /// The rows of an invoice's outbox.
    pub async fn messages(&self, id: &str) -> Vec<Value> {
        self.get(&format!("/v1/messages?invoice_id={id}")).await.expect(200).json()["data"].as_array().unwrap().clone()
    }

    /// A contact's credit: `40.00 EUR`, or nothing.
    pub async fn credit(&self, contact: &str) -> Vec<String> {
        let contact = self.get(&format!("/v1/contacts/{contact}")).await.expect(200).json();
        let sum = |sum: &Value| format!("{} {}", sum["amount"].as_str().unwrap(), sum["currency"].as_str().unwrap());
        contact["credit_balance"].as_array().unwrap().iter().map(sum).collect()
    }

    /// The pay address in the last mail to an address.
    #[must_use]
    pub fn mailed_pay_url(&self, address: &str) -> String {
        let mails = self.mails();
        let mail = mails.iter().rev().find(|mail| mail.envelope_to.iter().any(|to| to == address)).unwrap();
        let text = mail.text().unwrap();
        let begins = format!("{BASE}/p/");
        text.split_whitespace().find(|word| word.starts_with(&begins)).unwrap().to_owned()
    }

    /// Checkouts at the gateway that can be paid.
    #[must_use]
    pub fn payable(&self) -> Vec<String> {
        let open = self.gateway.sessions().into_iter().filter(|session| session.status == SessionViewStatus::Open);
        open.map(|session| session.id).collect()
    }

    /// Money that moved at the gateway, in minor units.
    #[must_use]
    pub fn charged(&self) -> Vec<i64> {
        self.gateway.charges().iter().map(|charge| charge.amount_minor).collect()
    }

    /// From now on the gateway says that it closes checkouts, and leaves them open.
    pub fn let_the_gateway_only_pretend_to_expire(&mut self) {
        let before = |request: Request<Bytes>| {
            let Some(path) = request.uri().path().strip_suffix("/expire") else { return (request, None) };
            let form = std::str::from_utf8(request.body()).unwrap();
            let uri: Uri = format!("{GATEWAY}{path}?{form}").parse().unwrap();
            let (mut parts, _) = request.into_parts();
            (parts.method, parts.uri) = (Method::GET, uri);
            let expired: fn(&mut Value) = |session| {
                session["status"] = json!("expired");
                session["payment_status"] = json!("unpaid");
                session["payment_intent"] = Value::Null;
                session["url"] = Value::Null;
            };
            (Request::from_parts(parts, Bytes::new()), Some(expired))
        };
        self.bend_gateway(before);
    }

    /// From now on the gateway is asked itself again.
    pub fn let_the_gateway_tell_the_truth(&mut self) {
        self.reach_the_gateway_by(transport(&self.gateway));
    }

    /// From now on the gateway says of every checkout that it collects one unit more than it was asked to.
    pub fn let_the_gateway_say_another_amount(&mut self) {
        let more: fn(&mut Value) = |answer| {
            if let Some(amount) = answer["amount_total"].as_i64() {
                answer["amount_total"] = json!(amount + 1);
            }
        };
        self.bend_gateway(move |request| (request, Some(more)));
    }

    /// From now on the gateway says of every checkout that the first payment it ever took was made there.
    pub fn let_the_gateway_show_the_first_payment_everywhere(&mut self) {
        let first: fn(&mut Value) = |answer| {
            if answer["object"] == "checkout.session" && answer["status"] == "open" {
                answer["status"] = json!("complete");
                answer["payment_status"] = json!("paid");
                answer["payment_intent"] = json!(FIRST_PAYMENT);
                answer["url"] = Value::Null;
            }
        };
        self.bend_gateway(move |request| (request, Some(first)));
    }

    /// From now on the gateway knows none of its checkouts, as when the key is of another account.
    pub fn let_the_gateway_forget_every_checkout(&mut self) {
        let elsewhere = |request: Request<Bytes>| {
            let path = request.uri().path().to_owned();
            let Some((before, _)) = path.split_once("/sessions/cs_") else { return (request, None) };
            let (mut parts, body) = request.into_parts();
            let end = if path.ends_with("/expire") { "/expire" } else { "" };
            parts.uri = format!("{GATEWAY}{before}/sessions/cs_test_unknown{end}").parse().unwrap();
            (Request::from_parts(parts, body), None)
        };
        self.bend_gateway(elsewhere);
    }

    /// From now on the gateway says of every checkout that was paid that it expired, beside a payment that succeeded.
    pub fn let_the_gateway_say_that_paid_checkouts_expired(&mut self) {
        let expired: fn(&mut Value) = |answer| {
            if answer["object"] == "checkout.session" && answer["payment_status"] == "paid" {
                answer["status"] = json!("expired");
                answer["payment_status"] = json!("unpaid");
            }
        };
        self.bend_gateway(move |request| (request, Some(expired)));
    }

    fn bend_gateway(&mut self, bend: impl Fn(Request<Bytes>) -> (Request<Bytes>, Option<fn(&mut Value)>) + Send + Sync + 'static) {
        let (honest, bend) = (Arc::new(transport(&self.gateway)), Arc::new(bend));
        let transport = Transport::new(move |request: Request<Bytes>| {
            let (honest, bend) = (honest.clone(), bend.clone());
            async move {
                let (request, change) = bend(request);
                let answer = honest.send(request).await?;
                let Some(change) = change.filter(|_| answer.status().is_success()) else { return Ok(answer) };
                let (parts, body) = answer.into_parts();
                let mut object: Value = serde_json::from_slice(&body).unwrap();
                change(&mut object);
                Ok(Response::from_parts(parts, Bytes::from(object.to_string())))
            }
            .boxed()
        });
        self.reach_the_gateway_by(transport);
    }

    /// From now on the first order for a checkout is refused for coming too often, and its sender hears of it only after so long.
    pub fn let_the_gateway_refuse_the_first_order_after(&mut self, wait: Duration) {
        let (honest, gateway) = (Arc::new(transport(&self.gateway)), self.gateway.clone());
        let first = Arc::new(AtomicBool::new(true));
        self.reach_the_gateway_by(Transport::new(move |request: Request<Bytes>| {
            let refused = request.method() == Method::POST && first.swap(false, Ordering::Relaxed);
            let honest = honest.clone();
            if refused {
                gateway.inject(Fault::RateLimited { on: Call::CreateSession });
            }
            async move {
                let answer = honest.send(request).await;
                if refused {
                    tokio::time::sleep(wait).await;
                }
                answer
            }
            .boxed()
        }));
    }

    fn reach_the_gateway_by(&mut self, transport: Transport) {
        self.rebuild(|mut deps| {
            deps.gateway = Some(stripe(transport));
            deps
        });
    }

    /// The notice with another body, signed anew, as the gateway would have sent it now.
    #[must_use]
    pub fn signed_anew(&self, notice: &Notice, change: impl FnOnce(&mut Value)) -> Notice {
        let mut event: Value = serde_json::from_slice(&notice.body).unwrap();
        change(&mut event);
        self.signed_now(&Notice { body: event.to_string().into_bytes(), ..notice.clone() })
    }

    /// The same notice, signed at this moment, as the gateway does whenever it tells again.
    #[must_use]
    pub fn signed_now(&self, notice: &Notice) -> Notice {
        let at = self.now().timestamp();
        let signed = [format!("{at}.").as_bytes(), &notice.body].concat();
        let signature = format!("t={at},v1={}", hmac(NOTICE_SECRET.as_bytes(), &signed));
        let mut headers = notice.headers.clone();
        for (_, value) in headers.iter_mut().filter(|(name, _)| name == "Stripe-Signature") {
            value.clone_from(&signature);
        }
        Notice { headers, body: notice.body.clone() }
    }
}

/// HMAC-SHA256 in hex, of a key of at most one block.
fn hmac(key: &[u8], message: &[u8]) -> String {
    let pad = |byte: u8| (0..64).map(|at| key.get(at).unwrap_or(&0) ^ byte).collect::<Vec<u8>>();
    let inner = Sha256::digest([pad(0x36), message.to_vec()].concat());
    let outer = Sha256::digest([pad(0x5c), inner.to_vec()].concat());
    HEXLOWER.encode(&outer)
}
