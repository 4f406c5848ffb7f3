//! Those who use it meanwhile: staff who ask again until they are answered, customers who pay or walk away, and time.

use crate::{model::Model, site::Site};
use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tests::world::{BAD_CARD, GOOD_CARD, hidden_fields};
use tokio::time::sleep;

fn money(minor: i64) -> Value {
    json!({ "amount": format!("{}.{:02}", minor / 100, minor % 100), "currency": "EUR" })
}

fn lines(minor: i64) -> Value {
    json!([{ "name": "Studio hours", "quantity": "1", "unit_price": money(minor) }])
}

/// One member of staff and the customers they write to, one invoice after another.
pub async fn client(site: &Site, model: &Model, number: u64, seed: u64) {
    let mut dice = Rng::with_seed(seed.wrapping_add(number + 1));
    for nth in 0.. {
        if site.stopped() {
            break;
        }
        invoice(site, model, &mut dice, &format!("{number}-{nth}")).await;
    }
}

async fn invoice(site: &Site, model: &Model, dice: &mut Rng, name: &str) {
    let contact = json!({ "name": format!("Payer {name}"), "emails": [{ "address": format!("payer-{name}@example.com") }] });
    let (status, contact, _) = site.insist(Method::POST, "/v1/contacts", Some(&format!("{name}-contact")), Some(&contact)).await;
    assert_eq!(status, 201, "{contact}");
    let contact = contact["id"].as_str().unwrap();
    let total = dice.i64(100..50_000);
    let order = json!({ "contact_id": contact, "send": true, "lines": lines(total) });
    let (status, made, _) = site.insist(Method::POST, "/v1/invoices", Some(&format!("{name}-invoice")), Some(&order)).await;
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_str().unwrap();
    model.made(id, contact, total);
    let path = format!("/v1/invoices/{id}");
    let mut total = total;
    for step in 0..dice.u32(1..6) {
        let key = format!("{name}-{step}");
        match dice.u32(0..10) {
            0..=4 => pay(site, dice, made["links"]["pay_url"].as_str().unwrap()).await,
            5 | 6 => {
                let (minor, reference) = (dice.i64(1..=total), key.as_str());
                let body = json!({ "amount": money(minor), "method": "cash", "reference": reference });
                let (status, _, _) = site.insist(Method::POST, &format!("{path}/payments"), Some(&key), Some(&body)).await;
                if status == 201 {
                    model.paid_in_cash(id, reference, minor);
                }
            }
            7 => {
                let other = dice.i64(100..50_000);
                let (status, _, again) = site.insist(Method::PATCH, &path, None, Some(&json!({ "lines": lines(other) }))).await;
                // Asked without a key: one that was refused at last may have been carried out at first.
                let now = if again && status != 200 { minor(&site.read(&path).await["total"]) } else { other };
                if status == 200 || (again && now == other) {
                    total = other;
                    model.revised(id, other);
                }
            }
            8 => {
                let body = json!({ "acknowledge_captured_funds": dice.bool() });
                let (status, _, _) = site.insist(Method::POST, &format!("{path}/void"), Some(&key), Some(&body)).await;
                if status == 200 {
                    model.voided(id);
                }
            }
            _ => {
                let _ = site.insist(Method::POST, &format!("{path}/request-payment"), Some(&key), Some(&json!({}))).await;
            }
        }
    }
}

/// Minor units of an amount of the API's.
pub fn minor(amount: &Value) -> i64 {
    amount["amount"].as_str().unwrap().replace('.', "").parse().unwrap()
}

/// Opens the pay page, presses its button, pays with a card, comes back; and gives up where nobody answers.
async fn pay(site: &Site, dice: &mut Rng, pay_url: &str) {
    let Some(page) = site.open(pay_url).await else { return };
    let hidden = hidden_fields(&page);
    let form: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    if form.is_empty() {
        return;
    }
    let Some(checkout) = site.submit(pay_url, &form).await else { return };
    if dice.u32(0..10) < 2 {
        return;
    }
    let card = if dice.u32(0..10) < 2 { BAD_CARD } else { GOOD_CARD };
    let Some(back) = site.submit(&checkout, &[("number", card), ("exp", "12/34"), ("cvc", "123")]).await else { return };
    if dice.bool() {
        let _ = site.open(&back).await;
    }
}

/// Time passes faster than it should, so that sweeps are under way as well.
pub async fn clock(site: &Site, seed: u64) {
    let mut dice = Rng::with_seed(seed);
    while !site.stopped() {
        sleep(Duration::from_millis(dice.u64(500..3_000))).await;
        let by = ["7m", "61m", "5h", "26h"];
        site.advance(by[dice.usize(0..by.len())]).await;
    }
}
