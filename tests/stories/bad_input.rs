//! What is refused over the API: with the status, the code and the field it is about, and without a trace in the table.

use serde_json::{Value, json};
use tests::world::{Reply, World, story};

const START: &str = "2026-11-02T10:00:00Z";

/// What everything is tried on: a draft, an open invoice of 100.00, their contact, a product.
struct Desk {
    contact: String,
    product: String,
    draft: String,
    open: String,
}

async fn desk(w: &World) -> Desk {
    let id = |made: Value| made["id"].as_str().unwrap().to_owned();
    let contact = w.contact("Ada Lovelace", "ada@example.com").await;
    let product = json!({ "name": "Hour", "unit_price": { "amount": "50.00", "currency": "EUR" } });
    Desk {
        product: id(w.post("/v1/products", &product).await.expect(201).json()),
        draft: id(w.invoice_for(&contact, "10.00", "2026-11-16", false).await),
        open: id(w.invoice_for(&contact, "100.00", "2026-11-16", true).await),
        contact,
    }
}

/// A good body with one value changed, and what is said about it.
struct Bad(&'static str, Value, u16, &'static str, &'static str);

fn assert_refused(what: &str, answer: &Reply, status: u16, code: &str, field: &str) {
    let problem = answer.json();
    assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
    let said = (answer.status.as_u16(), problem["code"].as_str().unwrap(), problem["field"].as_str().unwrap_or(""));
    assert_eq!(said, (status, code, field), "{what}: {problem:#}");
    assert!(problem["detail"].as_str().unwrap().len() > 10 && problem["request_id"].is_string(), "{what}: {problem:#}");
}

/// Sends a good body with each of the bad values; nothing may change in the table.
async fn refuse(w: &World, method: &str, path: &str, good: &Value, cases: Vec<Bad>) {
    let before = w.snapshot().await;
    for Bad(pointer, value, status, code, field) in cases {
        let mut body = good.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match body.pointer_mut(parent).unwrap() {
            Value::Array(list) => list[name.parse::<usize>().unwrap()] = value.clone(),
            parent => parent[name] = value.clone(),
        }
        let text = value.to_string();
        let what = format!("{method} {path} with {pointer} {}", &text[..text.len().min(80)]);
        let answer = if method == "POST" { w.post(path, &body).await } else { w.api(method, path, None, Some(&body)).await };
        assert_refused(&what, &answer, status, code, field);
        assert!(w.snapshot().await == before, "{what} left something behind");
    }
}

fn line() -> Value {
    json!({ "name": "Hours", "quantity": "1", "unit_price": { "amount": "100.00", "currency": "EUR" } })
}

#[tokio::test(start_paused = true)]
async fn a_bad_invoice_is_refused_and_nothing_is_written() {
    story(START, async |w| {
        let desk = desk(w).await;
        let good = json!({
            "contact_id": desk.contact, "due_on": "2026-11-16", "send": true, "lines": [line()], "deliver": "email"
        });
        let price = "/lines/0/unit_price/amount";
        let (amount, number) = ("lines[0].unit_price.amount", "lines[0].quantity");
        let cases = vec![
            Bad("/colour", json!("red"), 400, "field_unknown", "colour"),
            Bad("/lines/0/colour", json!("red"), 400, "field_unknown", "lines[0].colour"),
            Bad("/contact_id", json!(null), 400, "field_type", "contact_id"),
            Bad("/contact_id", json!(desk.product), 400, "id_invalid", "contact_id"),
            Bad("/contact_id", json!("con_00000000000000000000000000"), 422, "value_invalid", "contact_id"),
            Bad("/lines/0/product_id", json!(desk.contact), 400, "id_invalid", "lines[0].product_id"),
            Bad("/lines/0/product_id", json!("prd_00000000000000000000000000"), 422, "value_invalid", "lines[0].product_id"),
            Bad("/lines", json!(null), 400, "field_type", "lines"),
            Bad("/lines", json!([]), 422, "no_lines", "lines"),
            Bad("/lines", json!(vec![line(); 201]), 422, "too_many_lines", "lines"),
            Bad("/send", json!("yes"), 400, "field_type", "send"),
            Bad(price, json!(100), 400, "field_type", amount),
            Bad(price, json!(100.5), 400, "field_type", amount),
            Bad(price, json!("100.005"), 422, "amount_invalid", amount),
            Bad(price, json!("1e2"), 422, "amount_invalid", amount),
            Bad(price, json!("1,00"), 422, "amount_invalid", amount),
            Bad(price, json!("+1.00"), 422, "amount_invalid", amount),
            Bad(price, json!(" 1.00"), 422, "amount_invalid", amount),
            Bad(price, json!("1."), 422, "amount_invalid", amount),
            Bad(price, json!("NaN"), 422, "amount_invalid", amount),
            Bad(price, json!(""), 422, "amount_invalid", amount),
            Bad(price, json!("1000000000000.00"), 422, "amount_invalid", amount),
            Bad(price, json!("-1.00"), 422, "line_invalid", "lines[0].unit_price"),
            Bad("/lines/0/unit_price/currency", json!("eur"), 422, "value_invalid", "lines[0].unit_price.currency"),
            Bad("/lines/0/unit_price/currency", json!("XAU"), 422, "value_invalid", "lines[0].unit_price.currency"),
            Bad("/lines/0/unit_price/currency", json!("USD"), 422, "value_invalid", "lines[0].unit_price"),
            Bad("/lines/0/quantity", json!("0"), 422, "line_invalid", number),
            Bad("/lines/0/quantity", json!("-1"), 422, "line_invalid", number),
            Bad("/lines/0/quantity", json!("1.00001"), 422, "line_invalid", number),
            Bad("/lines/0/quantity", json!("1000001"), 422, "line_invalid", number),
            Bad("/lines/0/quantity", json!(1), 400, "field_type", number),
            Bad("/lines/0/discount", json!({}), 422, "value_invalid", "lines[0].discount"),
            Bad("/lines/0/discount", json!({ "percent": "101" }), 422, "line_invalid", "lines[0].discount.percent"),
            Bad(
                "/lines/0/discount",
                json!({ "amount": { "amount": "100.01", "currency": "EUR" } }),
                422,
                "line_invalid",
                "lines[0].discount",
            ),
            Bad(
                "/lines/0/discount",
                json!({ "amount": { "amount": "-0.01", "currency": "EUR" } }),
                422,
                "line_invalid",
                "lines[0].discount",
            ),
            Bad("/lines/0/tax", json!({ "code": "VAT", "rate": "19.00001" }), 422, "line_invalid", "lines[0].tax.rate"),
            Bad("/lines/0/tax", json!({ "code": "", "rate": "19" }), 422, "value_invalid", "lines[0].tax.code"),
            Bad("/lines/0/name", json!("Hours\nBcc: eve@example.com"), 422, "value_invalid", "lines[0].name"),
            Bad("/lines/0/name", json!("x".repeat(201)), 422, "value_invalid", "lines[0].name"),
            Bad("/customer_note", json!("x".repeat(4001)), 422, "value_invalid", "customer_note"),
            Bad("/customer_note", json!("a\u{7}b"), 422, "value_invalid", "customer_note"),
            Bad("/deliver", json!("pigeon"), 422, "value_invalid", "deliver"),
            Bad("/due_on", json!("2026-11-01"), 422, "due_before_invoice_date", "due_on"),
            Bad("/due_on", json!("2026-02-30"), 422, "value_invalid", "due_on"),
            Bad("/due_on", json!("16.11.2026"), 422, "value_invalid", "due_on"),
        ];
        refuse(w, "POST", "/v1/invoices", &good, cases).await;
        let patch = json!({ "customer_note": "as agreed" });
        let cases = vec![
            Bad("/status", json!("closed"), 400, "field_unknown", "status"),
            Bad("/due_on", json!(null), 400, "field_type", "due_on"),
            Bad("/due_on", json!("2026-11-01"), 422, "due_before_invoice_date", "due_on"),
            Bad("/lines", json!([]), 422, "no_lines", "lines"),
            Bad("/total", json!({ "amount": "1.00", "currency": "EUR" }), 400, "field_unknown", "total"),
        ];
        refuse(w, "PATCH", &format!("/v1/invoices/{}", desk.open), &patch, cases).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_bad_contact_product_or_business_is_refused_and_nothing_is_written() {
    story(START, async |w| {
        let desk = desk(w).await;
        let eleven: Vec<Value> = (0..11).map(|n| json!({ "address": format!("ada{n}@example.com") })).collect();
        let twice = json!([{ "address": "ada@example.com" }, { "address": "ADA@example.com" }]);
        let two_main = json!([{ "address": "ada@example.com", "main": true }, { "address": "bob@example.com", "main": true }]);
        let address = "emails[0].address";
        let good = json!({ "name": "Ada", "emails": [{ "address": "ada@example.com" }] });
        let cases = || {
            vec![
                Bad("/name", json!("Ada\r\nBcc: eve@example.com"), 422, "value_invalid", "name"),
                Bad("/name", json!("   "), 422, "value_invalid", "name"),
                Bad("/name", json!("\u{200b}\u{200d}\u{2066}"), 422, "value_invalid", "name"),
                Bad("/name", json!("x".repeat(201)), 422, "value_invalid", "name"),
                Bad("/name", json!("a\u{7}b"), 422, "value_invalid", "name"),
                Bad("/vip", json!(true), 400, "field_unknown", "vip"),
                Bad("/emails/0/address", json!("ada@example.com\r\nBcc: eve@example.com"), 422, "value_invalid", address),
                Bad("/emails/0/address", json!("ada@bücher.example"), 422, "value_invalid", address),
                Bad("/emails/0/address", json!("adä@example.com"), 422, "value_invalid", address),
                Bad("/emails/0/address", json!("ada"), 422, "value_invalid", address),
                Bad("/emails/0/address", json!("ada@example.com, eve@example.com"), 422, "value_invalid", address),
                Bad("/emails/0/address", json!("Ada <ada@example.com>"), 422, "value_invalid", address),
                Bad("/emails", json!(eleven), 422, "value_invalid", "emails"),
                Bad("/emails", two_main.clone(), 422, "value_invalid", "emails[1].main"),
                Bad("/emails", twice.clone(), 422, "value_invalid", "emails[1].address"),
                Bad("/phone", json!("1\n2"), 422, "value_invalid", "phone"),
            ]
        };
        refuse(w, "POST", "/v1/contacts", &good, cases()).await;
        refuse(w, "PATCH", &format!("/v1/contacts/{}", desk.contact), &good, cases()).await;

        let good = json!({ "name": "Day", "unit_price": { "amount": "960.00", "currency": "EUR" } });
        let cases = vec![
            Bad("/unit_price/amount", json!("-1.00"), 422, "value_invalid", "unit_price"),
            Bad("/unit_price/amount", json!("1.001"), 422, "amount_invalid", "unit_price.amount"),
            Bad("/unit_price", json!({ "amount": "1.00" }), 400, "field_missing", "unit_price.currency"),
            Bad("/name", json!("a\nb"), 422, "value_invalid", "name"),
        ];
        refuse(w, "POST", "/v1/products", &good, cases).await;

        let good = json!({ "name": "K", "zone": "Europe/Berlin", "default_currency": "EUR", "email_from": "billing@example.com" });
        let cases = vec![
            Bad("/zone", json!("Berlin"), 422, "value_invalid", "zone"),
            Bad("/sweep_hour", json!(24), 422, "value_invalid", "sweep_hour"),
            Bad("/sweep_hour", json!(-1), 422, "value_invalid", "sweep_hour"),
            Bad("/due_default_days", json!(366), 422, "value_invalid", "due_default_days"),
            Bad("/email_from", json!("billing@example.com\nBcc: eve@example.com"), 422, "value_invalid", "email_from"),
            Bad("/default_currency", json!("XXX"), 422, "value_invalid", "default_currency"),
            Bad("/version", json!(1), 400, "field_unknown", "version"),
        ];
        refuse(w, "PUT", "/v1/business", &good, cases).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn g2_a_bad_payment_is_refused_and_nothing_is_written() {
    story(START, async |w| {
        let desk = desk(w).await;
        let good = json!({ "amount": { "amount": "60.00", "currency": "EUR" }, "method": "cash" });
        let cases = vec![
            Bad("/amount/amount", json!("100.01"), 422, "exceeds_balance", "amount"),
            Bad("/amount/amount", json!("0.00"), 422, "amount_not_positive", "amount"),
            Bad("/amount/amount", json!("-1.00"), 422, "amount_not_positive", "amount"),
            Bad("/amount/amount", json!("60.001"), 422, "amount_invalid", "amount.amount"),
            Bad("/amount/amount", json!(60), 400, "field_type", "amount.amount"),
            Bad("/amount/currency", json!("USD"), 422, "currency_differs", "amount"),
            Bad("/method", json!("barter"), 422, "value_invalid", "method"),
            Bad("/reference", json!("a\nb"), 422, "value_invalid", "reference"),
            Bad("/reference", json!("x".repeat(65)), 422, "value_invalid", "reference"),
            Bad("/received_on", json!("2026-11-03"), 422, "received_in_future", "received_on"),
            Bad("/surplus", json!(true), 400, "field_unknown", "surplus"),
        ];
        refuse(w, "POST", &format!("/v1/invoices/{}/payments", desk.open), &good, cases).await;
        let answer = w.post(&format!("/v1/invoices/{}/payments", desk.draft), &good).await.expect(409).json();
        assert_eq!(answer["rule"], "ACT-PAY-STATUS");
    })
    .await;
}

/// What an invoice says is one record of the table, which holds 400 KB: bytes are counted before anything is sent.
#[tokio::test(start_paused = true)]
async fn an_invoice_whose_words_do_not_fit_into_a_record_is_refused_for_good_with_the_bytes() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let price = json!({ "amount": "50.00", "currency": "EUR" });
        // A product's words are long, and a line that names it is short.
        let product = json!({ "name": "字".repeat(200), "description": "字".repeat(1000), "unit_price": price });
        let product = w.post("/v1/products", &product).await.expect(201).json();
        let line = json!({ "product_id": product["id"], "quantity": "1" });
        let of = |lines: usize| json!({ "contact_id": contact, "lines": vec![line.clone(); lines] });
        let too_large = |answer: &Reply| {
            let says = answer.json()["detail"].as_str().unwrap().to_owned();
            assert_eq!(answer.json()["code"], "record_too_large");
            assert!(says.contains("409600 is the most") && says.contains("fewer lines"), "{says}");
        };
        // Between the most that fits and the least that does not, nobody is told that the table did not answer.
        let mut statuses = Vec::new();
        for lines in 106..=114 {
            let answer = w.post("/v1/invoices", &of(lines)).await;
            statuses.push(answer.status.as_u16());
            if answer.status.as_u16() == 422 {
                too_large(&answer);
            }
        }
        let fit = statuses.iter().take_while(|status| **status == 201).count();
        assert!(fit > 0 && fit < statuses.len() && statuses[fit..].iter().all(|status| *status == 422), "{statuses:?}");
        let before = w.snapshot().await;
        too_large(&w.post("/v1/invoices", &of(200)).await.expect(422));
        assert!(w.snapshot().await == before);
        let draft = w.invoice_for(&contact, "10.00", "2026-11-16", false).await;
        let grown = json!({ "lines": of(200)["lines"] });
        too_large(&w.api("PATCH", &format!("/v1/invoices/{}", draft["id"].as_str().unwrap()), None, Some(&grown)).await.expect(422));
    })
    .await;
}
