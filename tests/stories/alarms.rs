//! Every alarm of the template goes off when it should, and stays quiet before.

use crate::template::{resources, template};
use app::measures::Measure;
use chrono::TimeDelta;
use local::{
    recorder::{self, MailFault},
    sandbox_gateway::{Call, Fault},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};
use tests::{
    filler::{Filler, others_like},
    paying::id_and_pay_url,
    world::{World, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";

/// Whether an alarm of the template goes off on what was measured since the last look.
fn goes_off(w: &World, alarm: &str) -> bool {
    let definition = &resources(&template(), "AWS::CloudWatch::Alarm")[alarm];
    let metric = definition["MetricName"].as_str().unwrap();
    let threshold = definition["Threshold"].as_u64().unwrap();
    let Some(measured) = w.deps.measures.take().into_iter().find(|measured| measured.name == metric) else {
        return definition["TreatMissingData"] == "breaching";
    };
    match definition["ComparisonOperator"].as_str().unwrap() {
        "GreaterThanThreshold" => measured.value > threshold,
        "LessThanThreshold" => measured.value < threshold,
        other => panic!("{alarm}: {other}"),
    }
}

#[test]
fn every_measure_has_an_alarm_and_every_alarm_a_paragraph_in_the_runbook() {
    let alarms = resources(&template(), "AWS::CloudWatch::Alarm");
    let measured: BTreeSet<&str> = Measure::ALL.iter().map(|measure| measure.name()).collect();
    let of_ours: BTreeSet<&str> =
        alarms.values().filter(|alarm| alarm["Namespace"] == "Remit").map(|alarm| alarm["MetricName"].as_str().unwrap()).collect();
    assert_eq!(of_ours, measured);
    let runbook = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/RUNBOOK.md")).unwrap();
    let told: BTreeSet<&str> = runbook.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let named: BTreeSet<&str> = alarms.keys().map(String::as_str).collect();
    assert_eq!(told, named);
    for (name, alarm) in &alarms {
        assert_eq!(alarm["AlarmActions"], json!([{ "Ref": "Alarms" }]), "{name} tells nobody");
        if alarm["Namespace"] == "Remit" {
            assert_eq!(alarm["Dimensions"], json!([{ "Name": "Stack", "Value": { "Ref": "AWS::StackName" } }]), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f04_an_attempt_without_an_outcome_for_a_quarter_of_an_hour_is_told() {
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", DUE).await;
        w.gateway.inject(Fault::LoseBeforeEffect { on: Call::CreateSession });
        let _ = w.press_pay(id_and_pay_url(&invoice).1).await;
        for (minutes, told) in [(5, false), (5, false), (6, true)] {
            w.pass(TimeDelta::minutes(minutes));
            w.gateway.inject(Fault::LoseBeforeEffect { on: Call::CreateSession });
            w.start("collections").await;
            assert_eq!(goes_off(w, "AttemptsWithoutOutcome"), told, "after {minutes} more");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f38_a_mail_that_waits_for_more_than_a_quarter_of_an_hour_is_told() {
    story(START, async |w| {
        let _ = w.sent_invoice("165.00", DUE).await;
        for (minutes, told) in [(1, false), (13, false), (3, true)] {
            w.pass(TimeDelta::minutes(minutes));
            w.recorder.inject(recorder::Fault::Mail(MailFault::Throttled));
            w.dispatch().await;
            assert_eq!(goes_off(w, "OutboxOld"), told, "after {minutes} more");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f39_a_mail_without_an_answer_and_one_that_is_refused_are_told() {
    for (fault, alarm) in [(MailFault::LoseAnswerAfterEffect, "MailsUncertain"), (MailFault::RejectedMessage, "MessagesFailed")] {
        story(START, async |w| {
            let _ = w.sent_invoice("165.00", DUE).await;
            assert!(!goes_off(w, alarm), "{alarm}");
            w.recorder.inject(recorder::Fault::Mail(fault));
            w.dispatch().await;
            assert!(goes_off(w, alarm), "{alarm}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn f33_a_record_that_a_sweep_cannot_deal_with_is_told() {
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", DUE).await;
        let (id, _) = id_and_pay_url(&invoice);
        w.set_clock("2026-11-13T08:00:00Z");
        w.start("upcoming-reminders").await;
        assert!(!goes_off(w, "RecordsFailed"));
        others_like(w, id, 1, Filler::Put).await;
        w.set_clock("2026-11-30T08:00:00Z");
        w.start("past-due-reminders").await;
        assert!(goes_off(w, "RecordsFailed"));
        others_like(w, id, 1, Filler::Delete).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f31_a_sweep_that_does_not_come_to_its_end_is_told() {
    let scheduled: Value = json!({ "detail-type": "Scheduled Event" });
    for (function, alarm, at) in [
        ("upcoming-reminders", "UpcomingSweepUnfinished", "2026-11-13T08:00:00Z"),
        ("past-due-reminders", "PastDueSweepUnfinished", "2026-11-17T08:00:00Z"),
        ("collections", "CollectionsUnfinished", "2026-11-02T10:05:00Z"),
    ] {
        story(START, async |w| {
            let invoice = w.sent_invoice("165.00", DUE).await;
            assert!(goes_off(w, alarm), "{alarm}: not started");
            if function == "collections" {
                w.gateway.inject(Fault::LoseBeforeEffect { on: Call::CreateSession });
                let _ = w.press_pay(id_and_pay_url(&invoice).1).await;
            }
            if function == "past-due-reminders" {
                w.set_clock("2026-11-16T10:00:00Z");
                w.start("upcoming-reminders").await;
            }
            w.set_clock(at);
            w.start_for(function, &scheduled, &|| false).await;
            assert!(goes_off(w, alarm), "{alarm}: cut short");
            w.start(function).await;
            assert!(!goes_off(w, alarm), "{alarm}");
        })
        .await;
    }
}
