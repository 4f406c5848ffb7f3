//! Nobody hears twice, and nobody is forgotten: sweeps that start doubled, at once, never, or die half way.

use crate::reminders::{DEFAULTS, DUE, START, live, reminders, sent, start_all, steps};
use chrono::TimeDelta;
use domain::{automation::Automation, invoice::status::StatusCode};
use local::sandbox_gateway::{Call, Fault};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tests::{
    filler::{Filler, others_like},
    paying::id_and_pay_url,
    table::{CallSite, TableFault},
    world::{World, story},
};

/// The instant of the first reminder.
const FIRST: &str = "2026-11-13T08:00:00Z";

#[tokio::test(start_paused = true)]
async fn f30_every_start_doubled_and_at_once_mails_each_step_once() {
    story(START, async |w| {
        let id = sent(w).await;
        for day in ["11-13", "11-17", "11-23", "11-30"] {
            w.set_clock(&format!("2026-{day}T08:00:00Z"));
            let (up, past) = ("upcoming-reminders", "past-due-reminders");
            tokio::join!(w.start(up), w.start(up), w.start(past), w.start(past), w.start("collections"), w.start("collections"));
            tokio::join!(w.dispatch(), w.dispatch(), w.dispatch());
            start_all(w).await;
        }
        assert_eq!(reminders(w), DEFAULTS);
        assert_eq!(steps(w, &id).await.len(), 4);
    })
    .await;
}

/// Runs the sweep and the dispatcher so often, so many seconds apart, from the instant of the first reminder.
async fn often(times: u32, seconds: i64) {
    story(START, async |w| {
        let _ = sent(w).await;
        w.set_clock(FIRST);
        for _ in 0..times {
            w.start("upcoming-reminders").await;
            w.dispatch().await;
            w.pass(TimeDelta::seconds(seconds));
        }
        assert_eq!(reminders(w), DEFAULTS[..1]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn own_02_invoiceninja_553_the_sweep_run_a_hundred_times_at_once_sends_once() {
    often(100, 0).await;
}

#[tokio::test(start_paused = true)]
async fn own_02_invoiceninja_1693_the_sweep_run_every_minute_sends_once() {
    often(100, 60).await;
}

#[tokio::test(start_paused = true)]
async fn own_02_fossbilling_4024_the_sweep_run_every_three_minutes_sends_once() {
    often(100, 180).await;
}

#[tokio::test(start_paused = true)]
async fn own_02_a_hundred_sweeps_in_parallel_send_once() {
    story(START, async |w| {
        let _ = sent(w).await;
        w.set_clock(FIRST);
        futures::future::join_all((0..100).map(|_| w.start("upcoming-reminders"))).await;
        futures::future::join_all((0..20).map(|_| w.dispatch())).await;
        assert_eq!(reminders(w), DEFAULTS[..1]);
    })
    .await;
}

/// Kills a start at its n-th call to the table; whether there was such a call.
async fn killed(w: &World, function: &str, nth: u64, fault: TableFault) -> bool {
    let plan = move |site: &CallSite| if site.n == nth { fault } else { TableFault::None };
    w.table.set_fault_plan(Arc::new(plan));
    let died = tokio::time::timeout(Duration::from_secs(900), w.start(function)).await.is_err();
    w.table.clear_faults();
    died
}

#[tokio::test(start_paused = true)]
async fn own_02_f32_a_sweep_killed_at_any_call_before_or_after_its_effect_sends_once() {
    for fault in [TableFault::Crash, TableFault::CrashAfterEffect] {
        let mut deaths = 0;
        for nth in 0.. {
            let mut died = false;
            story(START, async |w| {
                let _ = sent(w).await;
                w.dispatch().await;
                w.set_clock(FIRST);
                died = killed(w, "upcoming-reminders", nth, fault).await;
                w.start("upcoming-reminders").await;
                w.dispatch().await;
                assert_eq!(reminders(w), DEFAULTS[..1], "{fault:?} at call {nth}");
            })
            .await;
            if !died {
                break;
            }
            deaths += 1;
        }
        assert!(deaths > 18, "only {deaths} calls");
    }
}

/// What goes out when no function starts between two instants, with the defaults; and what the journal tells of it.
async fn outage(from: &str, to: &str, mails: &[&str], told: &[&str]) {
    story(START, async |w| {
        let id = sent(w).await;
        w.set_clock("2026-11-12T20:00:00Z");
        live(w, &format!("2026-{from}:00Z")).await;
        w.set_clock(&format!("2026-{to}:00Z"));
        live(w, "2026-12-03T00:00:00Z").await;
        assert_eq!(reminders(w), mails);
        assert_eq!(steps(w, &id).await, told);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn own_11_f31_after_an_outage_only_the_latest_step_is_mailed_and_the_others_are_recorded() {
    let late = ["11-18T08:00 Past due", DEFAULTS[2], DEFAULTS[3]];
    let told =
        ["11-18T08:00 A1-3 skipped superseded", "11-18T08:00 A4+1 enqueued", "11-23T08:00 A4+7 enqueued", "11-30T08:00 A4+14 enqueued"];
    outage("11-12T20:00", "11-18T07:30", &late, &told).await;
    let told = [
        "12-01T08:00 A1-3 skipped superseded",
        "12-01T08:00 A4+1 skipped superseded",
        "12-01T08:00 A4+7 skipped superseded",
        "12-01T08:00 A4+14 enqueued",
    ];
    outage("11-12T20:00", "12-01T07:30", &["12-01T08:00 Past due"], &told).await;
    let told = ["11-13T08:00 A1-3 enqueued", "11-18T08:00 A4+1 enqueued", "11-23T08:00 A4+7 enqueued", "11-30T08:00 A4+14 enqueued"];
    outage("11-17T07:30", "11-18T07:30", &[DEFAULTS[0], "11-18T08:00 Past due", DEFAULTS[2], DEFAULTS[3]], &told).await;
}

#[tokio::test(start_paused = true)]
async fn own_11_a_step_a_day_and_five_days_without_a_start_give_one_mail_and_four_records() {
    story(START, async |w| {
        let daily = Automation { id: "D".to_owned(), enabled: true, offsets_days: (1..=5).collect(), statuses: vec![StatusCode::Open] };
        w.rebuild(|mut deps| {
            deps.automations = vec![daily].into();
            deps
        });
        let contacts = [w.contact("Ada", "ada@example.com").await, w.contact("Bob", "bob@example.com").await];
        let mut ids = Vec::new();
        for contact in &contacts {
            ids.push(w.invoice_for(contact, "10.00", DUE, true).await["id"].as_str().unwrap().to_owned());
        }
        w.set_clock("2026-11-21T07:20:00Z");
        live(w, "2026-11-30T00:00:00Z").await;
        assert_eq!(reminders(w), ["11-21T08:00 Past due"; 2]);
        for id in ids {
            let told = steps(w, &id).await;
            let over = (1..=4).map(|day| format!("11-21T08:00 D+{day} skipped superseded"));
            assert_eq!(told, over.chain(["11-21T08:00 D+5 enqueued".to_owned()]).collect::<Vec<_>>());
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f37_a_reminder_in_the_outbox_is_dropped_when_the_invoice_is_paid_before_it_goes_out() {
    story(START, async |w| {
        let id = sent(w).await;
        w.dispatch().await;
        w.set_clock(FIRST);
        w.start("upcoming-reminders").await;
        let cash = json!({ "amount": { "amount": "100.00", "currency": "EUR" }, "method": "cash" });
        let _ = w.post(&format!("/v1/invoices/{id}/payments"), &cash).await.expect(201);
        w.dispatch().await;
        assert_eq!(reminders(w), [""; 0]);
        let messages = w.get(&format!("/v1/messages?invoice_id={id}")).await.expect(200).json();
        let reminder = messages["data"].as_array().unwrap().iter().find(|m| m["kind"] == "upcoming_reminder").unwrap();
        assert_eq!((&reminder["state"], &reminder["reason"]), (&json!("cancelled"), &json!("nothing is owed any more")));
        assert_eq!(w.subjects().len(), 2, "the invoice and the receipt: {:?}", w.subjects());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn r7_while_a_payment_is_on_its_way_a_step_waits_for_the_next_day() {
    story(START, async |w| {
        let invoice = w.sent_invoice("100.00", DUE).await;
        let (id, pay_url) = id_and_pay_url(&invoice);
        w.dispatch().await;
        w.set_clock("2026-11-13T07:59:00Z");
        for _ in 0..3 {
            w.gateway.inject(Fault::LoseBeforeEffect { on: Call::CreateSession });
        }
        let _ = w.press_pay(pay_url).await.expect(503);
        assert_eq!(w.invoice(id).await["facets"]["processing"], true);
        w.set_clock(FIRST);
        start_all(w).await;
        w.settle_for(180).await;
        assert_eq!(w.invoice(id).await["facets"]["processing"], false);
        live(w, "2026-11-15T00:00:00Z").await;
        assert_eq!(reminders(w), ["11-14T08:00 Reminder"]);
        assert_eq!(steps(w, id).await, ["11-13T08:00 A1-3 moved payment_in_flight", "11-14T08:00 A1-3 enqueued"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f33_one_poisoned_invoice_is_counted_and_does_not_stop_the_rest() {
    story(START, async |w| {
        let mut ids = Vec::new();
        for n in 0..9 {
            let contact = w.contact("Ada", &format!("ada{n}@example.com")).await;
            ids.push(w.invoice_for(&contact, "10.00", DUE, true).await["id"].as_str().unwrap().to_owned());
        }
        w.dispatch().await;
        let client = w.table.client();
        let text = |value: &str| aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned());
        let poison = async |value: &str| {
            let key = format!("INV#{}", ids[4]);
            let update = client.update_item().table_name("remit").key("pk", text(&key)).key("sk", text("A#STATE"));
            let update = update.update_expression("SET currency = :c").expression_attribute_values(":c", text(value));
            drop(update.send().await.unwrap());
        };
        poison("???").await;
        w.set_clock(FIRST);
        start_all(w).await;
        assert_eq!(reminders(w).len(), 8);
        let run = w.deps.store.find_run("upcoming-reminders").await.unwrap().unwrap();
        assert_eq!((run.done, run.failed), (8, 1));
        poison("EUR").await;
        w.set_clock("2026-11-13T09:00:00Z");
        start_all(w).await;
        assert_eq!(reminders(w).len(), 9, "mended, it is reminded of an hour later");
    })
    .await;
}

/// Runs a sweep with time for so many records a slice, and every slice it asks for; gives what each has done.
async fn in_slices(w: &World, function: &str, records: i64) -> Vec<u64> {
    let mut done = Vec::new();
    let mut event = json!({ "detail-type": "Scheduled Event" });
    loop {
        let left = AtomicI64::new(records);
        let run = w.start_for(function, &event, &|| left.fetch_sub(1, Ordering::Relaxed) > 0).await;
        done.push(run.done);
        let asked: Vec<_> = w.recorder.events().into_iter().filter(|event| event.detail_type == "sweep.slice").collect();
        let Some(next) = asked.get(done.len() - 1) else { return done };
        event = json!({ "source": next.source, "detail-type": next.detail_type, "detail": next.detail });
    }
}

#[tokio::test(start_paused = true)]
async fn f32_a_sweep_that_runs_out_of_time_asks_for_slices_until_everyone_has_heard_once() {
    story(START, async |w| {
        for n in 0..9 {
            let contact = w.contact("Ada", &format!("ada{n}@example.com")).await;
            let _ = w.invoice_for(&contact, "10.00", DUE, true).await;
        }
        w.dispatch().await;
        w.set_clock(FIRST);
        assert_eq!(in_slices(w, "upcoming-reminders", 4).await, [4, 4, 1]);
        w.dispatch().await;
        assert_eq!(reminders(w).len(), 9);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f32_f33_slices_go_on_behind_records_that_cannot_be_dealt_with_through_every_page() {
    story(START, async |w| {
        let id = sent(w).await;
        w.set_clock(FIRST);
        others_like(w, &id, 250, Filler::Put).await;
        assert_eq!(in_slices(w, "upcoming-reminders", 60).await.iter().sum::<u64>(), 1);
        let run = w.deps.store.find_run("upcoming-reminders").await.unwrap().unwrap();
        assert_eq!((run.done, run.failed), (1, 250), "those without words fail once each");
        others_like(w, &id, 250, Filler::Delete).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f32_a_sweep_that_never_gets_to_a_record_stops_asking() {
    story(START, async |w| {
        let _ = sent(w).await;
        w.set_clock(FIRST);
        assert_eq!(in_slices(w, "upcoming-reminders", 0).await, [0; 50]);
        start_all(w).await;
        assert_eq!(reminders(w), DEFAULTS[..1], "the next start goes on all the same");
    })
    .await;
}
