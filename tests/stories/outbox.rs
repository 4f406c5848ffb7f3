//! The outbox: every message is handed over once, and one that may have been is never handed over again by itself.

use chrono::TimeDelta;
use futures::join;
use local::recorder::{EventsFault, Fault, MailFault};
use runtime::logs::Kept;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tests::{
    table::{CallSite, TableFault},
    wire::{WireCall, WireFault},
    world::{World, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";
const MAIL: &str = "/v2/email/outbound-emails";

async fn sent(w: &World) -> String {
    w.sent_invoice("100.00", DUE).await["id"].as_str().unwrap().to_owned()
}

/// The invoice's first mail, as its row stands.
async fn first_mail(w: &World, id: &str) -> Value {
    w.messages(id).await.into_iter().find(|row| row["kind"] == "unpaid").unwrap()
}

/// Empties the outbox every five minutes for an hour, then once a day for three days.
pub(crate) async fn live_on(w: &World) {
    for minutes in (0..12).map(|_| 5).chain([1_440; 3]) {
        w.pass(TimeDelta::minutes(minutes));
        w.dispatch().await;
    }
}

/// Starts the outbox's function and lets it be killed when it hangs.
async fn dispatch_until_killed(w: &World) {
    let _ = tokio::time::timeout(Duration::from_secs(60), w.dispatch()).await;
}

#[tokio::test(start_paused = true)]
async fn f38_a_throttled_mail_goes_back_and_is_sent_later_and_once() {
    for fault in [MailFault::Throttled, MailFault::SendingPaused] {
        story(START, async |w| {
            let id = sent(w).await;
            w.recorder.inject(Fault::Mail(fault));
            w.recorder.inject(Fault::Mail(fault));
            w.dispatch().await;
            w.dispatch().await;
            let row = first_mail(w, &id).await;
            assert_eq!((w.mails().len(), &row["state"], &row["tries"]), (0, &json!("planned"), &json!(1)), "{fault:?}");
            assert_eq!(row["send_at"], "2026-11-02T10:01:00.000Z", "{fault:?}");
            w.pass(TimeDelta::minutes(1));
            w.dispatch().await;
            assert_eq!(first_mail(w, &id).await["send_at"], "2026-11-02T10:03:00.000Z", "{fault:?}");
            w.pass(TimeDelta::minutes(2));
            w.dispatch().await;
            let row = first_mail(w, &id).await;
            assert_eq!((&row["state"], &row["service_id"], &row["tries"]), (&json!("handed"), &json!("mail-000001"), &json!(3)));
            live_on(w).await;
            assert_eq!(w.mails().len(), 1, "{fault:?}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn f39_own_02_a_mail_whose_answer_is_lost_is_uncertain_and_never_sent_again() {
    for (fault, mails) in [(MailFault::LoseAnswerAfterEffect, 1), (MailFault::LoseBeforeEffect, 0), (MailFault::ServerError, 0)] {
        story(START, async |w| {
            let id = sent(w).await;
            w.recorder.inject(Fault::Mail(fault));
            w.dispatch().await;
            assert_eq!((w.mails().len(), &first_mail(w, &id).await["state"]), (mails, &json!("uncertain")), "{fault:?}");
            live_on(w).await;
            let row = first_mail(w, &id).await;
            assert_eq!((w.mails().len(), &row["state"], &row["tries"]), (mails, &json!("uncertain"), &json!(1)), "{fault:?}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn f39_a_mail_that_ses_s_sandbox_refuses_waits_is_told_of_and_goes_out_once_its_address_is_verified() {
    story(START, async |w| {
        let id = sent(w).await;
        for _ in 0..10 {
            w.recorder.inject(Fault::Mail(MailFault::NotVerified));
        }
        let kept = Kept::here();
        w.dispatch().await;
        assert_eq!(first_mail(w, &id).await["send_at"], "2026-11-02T10:01:00.000Z");
        let mut tries = Vec::new();
        for minutes in (5..=165).step_by(5) {
            w.pass(TimeDelta::minutes(5));
            w.dispatch().await;
            let row = first_mail(w, &id).await;
            assert_eq!((&row["state"], w.mails().len()), (&json!("planned"), 0), "after {minutes} minutes");
            tries.push(row["tries"].as_u64().unwrap());
        }
        // Soon at first, then every half hour.
        assert_eq!(tries.iter().filter(|tries| **tries <= 6).count(), 14, "{tries:?}");
        assert_eq!(tries.last(), Some(&10), "{tries:?}");
        let lines = kept.take();
        let told: Vec<&String> = lines.iter().filter(|line| line.contains("a hand-over waits until its reason is mended")).collect();
        assert_eq!(told.len(), 10, "{lines:#?}");
        assert!(told.iter().all(|line| line.contains("MessageRejected, an address is not verified") && !line.contains('@')), "{told:#?}");
        w.pass(TimeDelta::minutes(30));
        w.dispatch().await;
        assert_eq!((&first_mail(w, &id).await["state"], w.mails().len()), (&json!("handed"), 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_mail_has_failed_and_says_why() {
    story(START, async |w| {
        let id = sent(w).await;
        w.recorder.inject(Fault::Mail(MailFault::RejectedMessage));
        w.dispatch().await;
        live_on(w).await;
        let row = first_mail(w, &id).await;
        assert_eq!((&row["state"], &row["reason"], w.mails().len()), (&json!("failed"), &json!("MessageRejected"), 0));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f39_own_02_a_crash_while_a_mail_is_handed_over_leaves_it_uncertain_once_the_lease_is_over() {
    for (fault, mails) in [(WireFault::Crash, 0), (WireFault::CrashAfterEffect, 1)] {
        story(START, async |w| {
            let id = sent(w).await;
            w.wire.set_fault_plan(Arc::new(move |call: &WireCall| if call.path == MAIL { fault } else { WireFault::None }));
            dispatch_until_killed(w).await;
            w.wire.clear_faults();
            assert_eq!(first_mail(w, &id).await["state"], "claimed", "{fault:?}");
            w.pass(TimeDelta::seconds(119));
            w.dispatch().await;
            assert_eq!(first_mail(w, &id).await["state"], "claimed", "{fault:?}");
            w.pass(TimeDelta::seconds(1));
            w.dispatch().await;
            live_on(w).await;
            assert_eq!((w.mails().len(), &first_mail(w, &id).await["state"]), (mails, &json!("uncertain")), "{fault:?}");
            assert!(w.told(&id).await.contains(&"invoice.sent handed".to_owned()), "{fault:?}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn f32_own_02_killed_at_any_call_the_outbox_sends_no_mail_twice_and_explains_each() {
    for fault in [TableFault::Crash, TableFault::CrashAfterEffect, TableFault::LoseAnswerAfterEffect, TableFault::ServerError] {
        for nth in 0.. {
            let mut reached = false;
            story(START, async |w| {
                let id = sent(w).await;
                w.table.set_fault_plan(Arc::new(move |site: &CallSite| if site.n == nth { fault } else { TableFault::None }));
                w.table.take_calls();
                dispatch_until_killed(w).await;
                reached = w.table.take_calls().iter().any(|call| call.fault == fault);
                w.table.clear_faults();
                for minutes in [5, 5, 1_440] {
                    w.pass(TimeDelta::minutes(minutes));
                    w.dispatch().await;
                }
                let (told, mails) = (w.told(&id).await, w.mails().len());
                let row = first_mail(w, &id).await;
                let explained = match row["state"].as_str().unwrap() {
                    "handed" => mails == 1,
                    "uncertain" => mails <= 1,
                    _ => false,
                };
                assert!(explained && told.contains(&"invoice.sent handed".to_owned()), "{fault:?} at {nth}: {mails} mails, {told:?}");
                let ids: Vec<Value> = w.recorder.events().iter().map(|event| event.detail["id"].clone()).collect();
                assert!(!ids.is_empty() && ids.iter().all(|event| *event == ids[0]), "{fault:?} at {nth}: {ids:?}");
            })
            .await;
            if !reached {
                assert!(nth > 16, "only {nth} calls were killed");
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f37_i9_a_mail_whose_reason_is_gone_before_it_goes_out_is_cancelled_and_says_why() {
    let cash = json!({ "amount": { "amount": "100.00", "currency": "EUR" }, "method": "cash" });
    let cases = [("payments", cash, vec!["Receipt"]), ("void", json!({}), vec![])];
    for (action, body, mails) in cases {
        story(START, async |w| {
            let id = sent(w).await;
            assert!(w.post(&format!("/v1/invoices/{id}/{action}"), &body).await.status.is_success());
            w.dispatch().await;
            live_on(w).await;
            let row = first_mail(w, &id).await;
            assert_eq!((&row["state"], &row["reason"]), (&json!("cancelled"), &json!("nothing is owed any more")), "{action}");
            let subjects = w.subjects();
            assert!(
                subjects.len() == mails.len() && subjects.iter().zip(mails).all(|(subject, begins)| subject.starts_with(begins)),
                "{subjects:?}"
            );
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn f30_own_02_two_dispatchers_at_once_hand_each_message_over_once() {
    story(START, async |w| {
        let ids = [sent(w).await, sent(w).await, sent(w).await];
        let w: &World = w;
        join!(w.dispatch(), w.dispatch());
        assert_eq!((w.mails().len(), w.events().len()), (3, 3));
        for id in &ids {
            assert_eq!(w.told(id).await, ["invoice.sent handed", "unpaid handed"]);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_the_tables_stream_sends_what_a_commit_left_behind_at_once_and_once() {
    story(START, async |w| {
        let Some(mut stream) = w.table.stream() else { return };
        let id = sent(w).await;
        let batch = stream.next_batch().unwrap();
        for _ in 0..3 {
            assert_eq!(w.dispatch_batch(&batch).await, dispatch::Answer::default());
        }
        assert_eq!((w.mails().len(), w.events()), (1, vec!["invoice.sent".to_owned()]));
        assert_eq!(w.told(&id).await, ["invoice.sent handed", "unpaid handed"]);
        assert_eq!(stream.next_batch(), None, "a row that moves on is not new");
        w.dispatch().await;
        assert_eq!((w.mails().len(), w.events().len()), (1, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f34_of_a_batch_only_the_rows_that_failed_are_asked_for_again() {
    story(START, async |w| {
        let Some(mut stream) = w.table.stream() else { return };
        let id = sent(w).await;
        let batch = stream.next_batch().unwrap();
        let of_the_mail = |text: &Value| text.to_string().contains("M#unpaid/");
        w.table.set_fault_plan(Arc::new(move |site: &CallSite| {
            if site.operation == "GetItem" && of_the_mail(&site.request) { TableFault::ServerError } else { TableFault::None }
        }));
        let answer = w.dispatch_batch(&batch).await;
        w.table.clear_faults();
        let failed: Vec<&str> = answer.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
        let records = batch["Records"].as_array().unwrap().iter().filter(|record| of_the_mail(&record["dynamodb"]["Keys"]));
        let expected: Vec<&str> = records.map(|record| record["dynamodb"]["SequenceNumber"].as_str().unwrap()).collect();
        assert_eq!((failed.len(), failed), (1, expected));
        assert_eq!(w.told(&id).await, ["invoice.sent handed", "unpaid planned"]);
        assert_eq!(w.dispatch_batch(&batch).await, dispatch::Answer::default());
        assert_eq!(w.told(&id).await, ["invoice.sent handed", "unpaid handed"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_the_bus_did_not_confirm_is_put_again_under_the_same_id() {
    for (fault, puts) in [(EventsFault::LoseAnswerAfterEffect, 2), (EventsFault::LoseBeforeEffect, 1), (EventsFault::PartialFailure, 1)] {
        story(START, async |w| {
            let id = sent(w).await;
            w.recorder.inject(Fault::Events(fault));
            w.dispatch().await;
            assert!(w.told(&id).await.contains(&"invoice.sent planned".to_owned()), "{fault:?}");
            live_on(w).await;
            let events = w.recorder.events();
            assert_eq!(events.len(), puts, "{fault:?}");
            let details: Vec<&Value> = events.iter().map(|event| &event.detail).collect();
            assert!(details.iter().all(|detail| detail["id"] == details[0]["id"] && detail["id"].is_string()), "{fault:?}: {details:?}");
            assert!(w.told(&id).await.contains(&"invoice.sent handed".to_owned()), "{fault:?}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_list_of_messages_names_every_state_a_mail_can_be_in() {
    story(START, async |w| {
        let mut expected = BTreeMap::new();
        for fault in [None, Some(MailFault::LoseAnswerAfterEffect), Some(MailFault::RejectedMessage)] {
            let id = sent(w).await;
            fault.into_iter().for_each(|fault| w.recorder.inject(Fault::Mail(fault)));
            w.dispatch().await;
            expected.insert(id, fault.map_or("handed", |fault| if fault == MailFault::RejectedMessage { "failed" } else { "uncertain" }));
        }
        let voided = sent(w).await;
        let _ = w.post(&format!("/v1/invoices/{voided}/void"), &json!({})).await.expect(200);
        w.dispatch().await;
        expected.insert(voided, "cancelled");
        expected.insert(sent(w).await, "planned");
        for (id, state) in expected {
            let row = first_mail(w, &id).await;
            assert_eq!((&row["state"], &row["to"], &row["record_id"]), (&json!(state), &json!("ada@example.com"), &json!(id)));
            assert_eq!(row["reason"].is_string(), ["failed", "cancelled"].contains(&state), "{row}");
            assert_eq!(row["service_id"].is_string(), state == "handed", "{row}");
        }
    })
    .await;
}

/// What fails before a mail is on its way leaves it in the outbox, however often.
#[tokio::test(start_paused = true)]
async fn f39_a_table_that_fails_while_a_mail_is_written_leaves_it_planned() {
    for fault in [TableFault::LoseBeforeEffect, TableFault::Throttle, TableFault::ServerError] {
        for nth in 0..6 {
            story(START, async |w| {
                let id = sent(w).await;
                let reads = Arc::new(AtomicU32::new(0));
                let counted = reads.clone();
                w.table.set_fault_plan(Arc::new(move |site: &CallSite| {
                    let read = ["GetItem", "Query"].contains(&site.operation.as_str()) && site.request["IndexName"].is_null();
                    let met = read && counted.fetch_add(1, Ordering::Relaxed) / 3 == nth;
                    if met { fault } else { TableFault::None }
                }));
                w.dispatch().await;
                w.table.clear_faults();
                let state = first_mail(w, &id).await["state"].clone();
                assert!(["planned", "handed"].iter().any(|right| state == *right), "{fault:?} at {nth}: {state}");
                live_on(w).await;
                assert_eq!((w.mails().len(), &first_mail(w, &id).await["state"]), (1, &json!("handed")), "{fault:?} at {nth}");
            })
            .await;
        }
    }
}
