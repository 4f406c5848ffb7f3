//! Staff write an invoice and deal with it for a while; what they ask is asked again, under the same key, until there is an answer.

use super::{
    Stage,
    customer::{Links, customer},
};
use crate::{dice::Dice, told::NOTE};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::world::Reply;
use tokio::time::sleep;

/// Times that staff ask before something is wrong with the system rather than with the weather.
const TRIES: u32 = 300;
/// No storm is longer than so many of them.
const STORM: u32 = 100;

fn money(minor: u64) -> Value {
    json!({ "amount": format!("{}.{:02}", minor / 100, minor % 100), "currency": "EUR" })
}

fn lines(minor: u64) -> Value {
    json!([{ "name": "Studio hours", "quantity": "1", "unit_price": money(minor) }])
}

/// An invoice's whole life: written, sent, and then staff and customer at once.
pub async fn life(stage: &Stage<'_>, number: u64) {
    let mut dice = Dice::of(stage.seed, 100 + number);
    if dice.chance(500) {
        let pause = dice.seconds(0, 5400);
        stage.wait(&mut dice, pause).await;
    }
    let staff = Staff { stage, number };
    let address = format!("payer{number}@example.com");
    let name = format!("Payer {number}");
    let contact = json!({ "name": name, "emails": [{ "address": address }] });
    let contact = staff.insist(&mut dice, "POST", "/v1/contacts", "contact", &contact).await.0;
    let contact = contact.expect(201).json()["id"].as_str().unwrap().to_owned();
    let total = if dice.chance(60) { 0 } else { dice.between(100, 50_000) };
    let due_on = (stage.world.now() + TimeDelta::days(i64::try_from(dice.between(1, 9)).unwrap())).date_naive().to_string();
    let at_once = dice.chance(700);
    let body = json!({ "contact_id": contact, "due_on": due_on, "send": at_once, "lines": lines(total), "internal_note": NOTE });
    let mut invoice = staff.insist(&mut dice, "POST", "/v1/invoices", "invoice", &body).await.0.expect(201).json();
    let id = invoice["id"].as_str().unwrap().to_owned();
    stage.model.made(&id, &contact, i64::try_from(total).unwrap());
    if !at_once {
        let pause = dice.seconds(0, 7200);
        stage.wait(&mut dice, pause).await;
        let path = format!("/v1/invoices/{id}/send");
        invoice = staff.insist(&mut dice, "POST", &path, "send", &json!({})).await.0.expect(200).json();
    }
    let link = |name: &str| invoice["links"][name].as_str().map(str::to_owned);
    // With nothing to pay there is no way to pay.
    let invoice_url = link("invoice_url").unwrap();
    let links = Links { pay_url: link("pay_url").unwrap_or_else(|| invoice_url.clone()), invoice_url };
    let tokens = [&links.invoice_url, &links.pay_url].map(|url| url.rsplit('/').next().unwrap());
    for private in [name.as_str(), &address, NOTE].into_iter().chain(tokens) {
        stage.book.keep_private(private);
    }
    let (one, other) = (Dice::of(stage.seed, 300 + number), Dice::of(stage.seed, 400 + number));
    futures::join!(
        staff.deal_with(one, "one", &id, total),
        staff.deal_with(other, "other", &id, total),
        customer(stage, number, &id, &links)
    );
}

struct Staff<'a> {
    stage: &'a Stage<'a>,
    number: u64,
}

impl Staff<'_> {
    /// Asks until there is an answer that is not the weather's; and whether it had to be asked more than once.
    async fn insist(&self, dice: &mut Dice, method: &str, path: &str, key: &str, body: &Value) -> (Reply, bool) {
        let key = format!("{}-{key}", self.number);
        let key = (method == "POST").then_some(key.as_str());
        let mut last = None;
        for tries in 0..TRIES {
            let reply = self.stage.run(path, self.stage.world.api(method, path, key, Some(body))).await;
            self.stage.note(&format!("staff {method} {path} {:?}", reply.as_ref().map(|reply| reply.status.as_u16())));
            match reply {
                Some(reply) if reply.status.as_u16() < 500 && reply.status.as_u16() != 429 => return (reply, tries > 0),
                Some(_) | None => sleep(dice.seconds(1, 300)).await,
            }
            last = reply.or(last);
            if tries == STORM {
                self.stage.book.abate();
            }
        }
        self.stage.book.broken("answer", format!("staff asked {TRIES} times for {path}: {last:?}"));
        (last.expect("one answer in so many"), true)
    }

    /// What one of two colleagues does, who know nothing of each other. Only one of them writes new lines.
    async fn deal_with(&self, mut dice: Dice, name: &str, id: &str, total: u64) {
        let model = self.stage.model;
        let mut total = total;
        for order in 0..dice.between(0, 3) {
            let pause = dice.seconds(60, 3 * 86_400);
            self.stage.wait(&mut dice, pause).await;
            let path = format!("/v1/invoices/{id}");
            let key = format!("{name}-{order}");
            match dice.between(0, 9) {
                0 | 1 => {
                    let part = if dice.chance(300) { total } else { dice.between(1, total.max(1)) };
                    let body = json!({ "amount": money(part), "method": "cash" });
                    let (reply, _) = self.insist(&mut dice, "POST", &format!("{path}/payments"), &key, &body).await;
                    if reply.status.is_success() {
                        model.paid_in_cash(id, i64::try_from(part).unwrap());
                    }
                }
                2 => {
                    let body = json!({ "acknowledge_captured_funds": dice.chance(700) });
                    let (reply, _) = self.insist(&mut dice, "POST", &format!("{path}/void"), &key, &body).await;
                    if reply.status.is_success() {
                        model.voided(id);
                    }
                }
                3..=5 if name == "one" => {
                    let other = dice.between(100, 50_000);
                    let (reply, asked_again) = self.insist(&mut dice, "PATCH", &path, &key, &json!({ "lines": lines(other) })).await;
                    // Asked without a key: one that was refused at last may have been carried out at first.
                    let now = if asked_again && !reply.status.is_success() { self.total(&mut dice, &path).await } else { other };
                    if now == other && (reply.status.is_success() || asked_again) {
                        total = other;
                        model.revised(id, i64::try_from(other).unwrap());
                    }
                }
                6 => {
                    let due_on = (self.stage.world.now() + TimeDelta::days(i64::try_from(dice.between(1, 9)).unwrap())).date_naive();
                    let _ = self.insist(&mut dice, "PATCH", &path, &key, &json!({ "due_on": due_on.to_string() })).await;
                }
                7 => {
                    let (reply, _) = self.insist(&mut dice, "DELETE", &path, &key, &json!({})).await;
                    if reply.status.is_success() {
                        self.stage.book.broken("I6", format!("{id} had been sent, and was deleted"));
                    }
                }
                _ => {
                    let _ = self.insist(&mut dice, "POST", &format!("{path}/request-payment"), &key, &json!({})).await;
                }
            }
        }
    }

    async fn total(&self, dice: &mut Dice, path: &str) -> u64 {
        for _ in 0..TRIES {
            if let Some(reply) = self.stage.run(path, self.stage.world.get(path)).await
                && reply.status.is_success()
            {
                return reply.json()["total"]["amount"].as_str().unwrap().replace('.', "").parse().unwrap();
            }
            sleep(dice.seconds(1, 300)).await;
        }
        self.stage.book.broken("answer", format!("staff could not read {path} in {TRIES} tries"));
        0
    }
}
