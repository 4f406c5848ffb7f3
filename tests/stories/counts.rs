//! What each walk costs: calls and capacity units, counted exactly. The figures may only fall.

use local::stream::Stream;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tests::{
    filler::{Filler, others_like},
    paying::id_and_pay_url,
    table::{operations, read_units, write_units},
    world::{GOOD_CARD, World, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";
const SWEEPS: [&str; 3] = ["upcoming-reminders", "past-due-reminders", "collections"];

/// What the table was asked since the last counting: its operations, and how many units they took.
fn counted(w: &World) -> (Vec<String>, Decimal, Decimal) {
    let calls = w.table.take_calls();
    let names = operations(&calls).into_iter().map(str::to_owned).collect();
    (names, read_units(&calls), write_units(&calls))
}

fn operations_now(w: &World) -> Vec<String> {
    counted(w).0
}

/// An invoice of so many lines, sent at once.
async fn invoice_of(w: &World, contact: &str, lines: usize) -> Value {
    let line = |at: usize| {
        json!({
            "name": format!("Studio hours, week {at}"), "description": "Design and layout, as agreed", "quantity": "7.5",
            "unit_price": { "amount": "80.00", "currency": "EUR" }, "tax": { "code": "VAT", "rate": "19" }
        })
    };
    let body = json!({ "contact_id": contact, "due_on": DUE, "send": true, "lines": (0..lines).map(line).collect::<Vec<_>>() });
    w.post("/v1/invoices", &body).await.expect(201).json()
}

#[tokio::test(start_paused = true)]
async fn own_08_an_invoice_page_is_one_read_and_its_first_view_one_write_more() {
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", DUE).await;
        let url = invoice["links"]["invoice_url"].as_str().unwrap();
        counted(w);
        for expected in [&["Query", "TransactWriteItems"][..], &["Query"], &["Query"]] {
            let _ = w.open(url).await.expect(200);
            assert_eq!(operations_now(w), expected);
        }
        let _ = w.open(&format!("{url}x")).await.expect(404);
        assert!(operations_now(w).is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn own_01_paying_is_three_calls_and_one_to_the_gateway_and_going_back_there_one_of_each() {
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", DUE).await;
        let (_, pay_url) = id_and_pay_url(&invoice);
        counted(w);
        let _ = w.open(pay_url).await.expect(200);
        assert_eq!(operations_now(w), ["Query"]);
        let _ = w.click_again(pay_url, "16500").await.expect(303);
        assert_eq!(operations_now(w), ["Query", "TransactWriteItems", "TransactWriteItems"]);
        assert_eq!(w.gateway.exchanges().len(), 1);
        for again in ["click", "cancel"] {
            let _ = match again {
                "click" => w.click_again(pay_url, "16500").await.expect(303),
                _ => w.open(&format!("{pay_url}/cancel")).await.expect(200),
            };
            assert_eq!((operations_now(w), w.gateway.exchanges().len()), (vec!["Query".to_owned(), "GetItem".to_owned()], 2), "{again}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f24_a_notice_that_settles_is_one_read_of_each_record_one_call_and_one_commit() {
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", DUE).await;
        let session = w.open_checkout(id_and_pay_url(&invoice).1).await;
        w.gateway.pay(&session, GOOD_CARD).unwrap();
        let notices = w.gateway.take_webhooks();
        counted(w);
        for (notice, expected, calls) in [
            (&notices[2], &["GetItem", "GetItem", "Query", "GetItem", "TransactWriteItems"][..], 2),
            (&notices[2], &["GetItem"], 2),
            (&notices[1], &["GetItem", "GetItem", "Query", "PutItem"], 3),
            (&notices[0], &["PutItem"], 3),
        ] {
            let _ = w.deliver(notice).await.expect(204);
            assert_eq!(operations_now(w), expected);
            assert_eq!(w.gateway.exchanges().len(), calls);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn every_list_is_one_query_of_one_page() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        for _ in 0..30 {
            invoice_of(w, &contact, 1).await;
        }
        counted(w);
        let of_contact = format!("?contact_id={contact}");
        for query in ["", "?status=open", "?past_due=true", of_contact.as_str(), "?limit=3"] {
            let _ = w.get(&format!("/v1/invoices{query}")).await.expect(200);
            assert_eq!(operations_now(w), ["Query"], "{query}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_sweep_with_nothing_due_is_sixteen_queries_and_one_read_with_a_thousand_stored_as_with_twenty_thousand() {
    let mut read = Vec::new();
    for stored in [1_000, 20_000] {
        story(START, async |w| {
            let invoice = w.sent_invoice("165.00", DUE).await;
            let (id, _) = id_and_pay_url(&invoice);
            w.dispatch().await;
            others_like(w, id, stored, Filler::Put).await;
            for sweep in SWEEPS {
                w.start(sweep).await;
            }
            counted(w);
            for sweep in SWEEPS {
                w.start(sweep).await;
                let (names, units, written) = counted(w);
                let of = |operation: &str| names.iter().filter(|name| *name == operation).count();
                assert_eq!((of("Query"), of("GetItem"), names.len()), (16, 1, 17), "{sweep} over {stored}");
                assert_eq!(written, Decimal::ZERO);
                read.extend(w.table.embedded().map(|_| units));
            }
            w.dispatch().await;
            let (names, units, written) = counted(w);
            assert!(names.len() == 16 && names.iter().all(|name| name == "Query") && written == Decimal::ZERO, "{names:?}");
            read.extend(w.table.embedded().map(|_| units));
            others_like(w, id, stored, Filler::Delete).await;
        })
        .await;
    }
    let measured = [9, 9, 9, 8].map(Decimal::from);
    assert!(read.is_empty() || read.chunks(4).all(|units| *units == measured), "{read:?}");
}

#[tokio::test(start_paused = true)]
async fn each_reminder_that_is_due_costs_a_query_a_read_and_a_commit_beside_its_sweep() {
    for (stored, due) in [(12, 1), (12, 12), (30, 12)] {
        story(START, async |w| {
            let contact = w.contact("Ada Lovelace", "ada@example.com").await;
            for at in 0..stored {
                let due_on = if at < due { DUE } else { "2027-01-15" };
                let _ = w.invoice_for(&contact, "100.00", due_on, true).await;
            }
            w.dispatch().await;
            w.set_clock("2026-11-13T08:00:00Z");
            w.start("past-due-reminders").await;
            counted(w);
            w.start("upcoming-reminders").await;
            let names = operations_now(w);
            let of = |operation: &str| names.iter().filter(|name| *name == operation).count();
            let (queries, reads, commits, puts) = (of("Query"), of("GetItem"), of("TransactWriteItems"), of("PutItem"));
            assert_eq!((queries, reads, commits, puts), (16 + due, 1 + due, due, 1), "{due} of {stored}");
            assert_eq!(names.len(), 18 + 3 * due, "{due} of {stored}");
        })
        .await;
    }
}

/// Units of each part of an invoice's life, for one of three lines and one of twenty: read and written.
///
/// An index counts with its table; a transaction counts twice. Handing over is what `dispatch` takes for the rows that the stream brings.
pub(crate) const UNITS: [(&str, [&str; 2]); 9] = [
    ("create and send", ["6.5 23", "6.5 31"]),
    ("hand over", ["5 6", "5 6"]),
    ("first view", ["1 9", "1 11"]),
    ("page", ["1 0", "1 0"]),
    ("remind", ["2 12", "2 14"]),
    ("hand over the reminder", ["5 6", "5 6"]),
    ("press Pay", ["1 19", "1 21"]),
    ("settle", ["4 34", "4 36"]),
    ("hand over the receipt", ["9 9", "9 9"]),
];

/// Lives an invoice of so many lines, and gives the units of each part in the order of [`UNITS`].
async fn live(w: &World, lines: usize) -> Vec<String> {
    let mut units = Vec::new();
    let line = |read: Decimal, written: Decimal| format!("{} {}", read.normalize(), written.normalize());
    let note = |units: &mut Vec<String>| {
        let (_, read, written) = counted(w);
        units.push(line(read, written));
    };
    let contact = w.contact("Ada Lovelace", "ada@example.com").await;
    let mut stream = w.table.stream().unwrap();
    counted(w);
    let invoice = invoice_of(w, &contact, lines).await;
    let (id, pay_url) = id_and_pay_url(&invoice);
    note(&mut units);
    hand_over(w, &mut stream).await;
    note(&mut units);
    for _ in 0..2 {
        let _ = w.open(invoice["links"]["invoice_url"].as_str().unwrap()).await.expect(200);
        note(&mut units);
    }
    w.set_clock("2026-11-13T08:00:00Z");
    let minor = w.invoice(id).await["amount_due"]["amount"].as_str().unwrap().replace('.', "");
    counted(w);
    w.start("upcoming-reminders").await;
    let (_, read, written) = counted(w);
    // What a start takes that finds nothing is counted once for all invoices.
    w.start("upcoming-reminders").await;
    let (_, idle, nothing) = counted(w);
    assert!(nothing.is_zero());
    units.push(line(read - idle, written));
    hand_over(w, &mut stream).await;
    note(&mut units);
    let _ = w.click_again(pay_url, &minor).await.expect(303);
    note(&mut units);
    w.gateway.pay(&w.payable()[0], GOOD_CARD).unwrap();
    let _ = w.deliver(&w.gateway.take_webhooks()[2]).await.expect(204);
    note(&mut units);
    hand_over(w, &mut stream).await;
    note(&mut units);
    units
}

/// Hands over what the stream has brought.
async fn hand_over(w: &World, stream: &mut Stream) {
    while let Some(batch) = stream.next_batch() {
        let _ = w.try_dispatch(&batch, &|| true).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_units_of_an_invoices_life_are_as_they_were_measured() {
    for (which, lines) in [3, 20].into_iter().enumerate() {
        story(START, async |w| {
            if w.table.embedded().is_none() {
                return;
            }
            let lived = live(w, lines).await;
            let lived: Vec<(&str, &str)> = UNITS.iter().map(|(name, _)| *name).zip(lived.iter().map(String::as_str)).collect();
            assert_eq!(lived, UNITS.map(|(name, units)| (name, units[which])), "{lines} lines");
        })
        .await;
    }
}
