//! Every alarm of the template goes off when it should, and stays quiet before.

use crate::{
    cloudwatch::{State, all_periods, state, takes, tells, trips},
    template::{functions, resources, template},
};
use app::measures::Measure;
use axum::{body::Body, http::Request};
use chrono::TimeDelta;
use local::{
    recorder::{self, MailFault},
    sandbox_gateway::{Call, Fault, Notice},
};
use runtime::logs::Kept;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};
use tests::{
    filler::{Filler, others_like},
    paying::id_and_pay_url,
    world::{GOOD_CARD, World, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";

/// Whether an alarm of the template goes off when all its periods are like what was measured since the last look.
fn goes_off(w: &World, alarm: &str) -> bool {
    let definition = &resources(&template(), "AWS::CloudWatch::Alarm")[alarm];
    let measured = w.deps.measures.take().into_iter().filter(|measured| definition["MetricName"] == measured.name);
    let samples: Vec<u64> = measured.map(|measured| measured.value).collect();
    trips(definition, &all_periods(definition, &samples))
}

/// The metric filter behind an alarm, with the alarm; the metric has no dimension and counts each line once.
fn filtered(alarm: &str, filter: &str) -> (Value, Value) {
    let template = template();
    let alarm = resources(&template, "AWS::CloudWatch::Alarm")[alarm].clone();
    let filter = resources(&template, "AWS::Logs::MetricFilter")[filter].clone();
    let transformed = &filter["MetricTransformations"][0];
    assert_eq!((&transformed["MetricNamespace"], &transformed["MetricName"]), (&alarm["Namespace"], &alarm["MetricName"]));
    assert_eq!((&transformed["MetricValue"], &alarm["Dimensions"]), (&json!("1"), &Value::Null));
    (alarm, filter)
}

/// Whether an alarm goes off when its filter reads these lines within a period.
fn goes_off_on(alarm: &Value, filter: &Value, lines: &[String]) -> bool {
    let pattern = filter["FilterPattern"].as_str().unwrap();
    trips(alarm, &[lines.iter().filter(|line| takes(pattern, line)).map(|_| 1).collect()])
}

/// A line of an API's access log: its route and status, in the stage's format.
fn access_line(stage: &str, route: &str, status: u16) -> String {
    let stage = &resources(&template(), "AWS::ApiGatewayV2::Stage")[stage];
    let format = stage["AccessLogSettings"]["Format"].as_str().unwrap();
    let line = format.replace("$context.routeKey", route).replace("$context.status", &status.to_string());
    // What API Gateway has no value for is a dash.
    line.split('"').map(|part| if part.starts_with("$context.") { "-" } else { part }).collect::<Vec<_>>().join("\"")
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

#[test]
fn an_alarm_on_a_metric_of_aws_goes_off_on_what_somebody_must_see_and_on_nothing_else() {
    let alarms = resources(&template(), "AWS::CloudWatch::Alarm");
    let of = |name: &str, value: Value| json!([{ "Name": name, "Value": value }]);
    let api = |name: &str| of("ApiId", json!({ "Ref": name }));
    let table = of("TableName", json!({ "Ref": "Table" }));
    let queue = of("QueueName", json!({ "GetAtt": "FailedRuns.QueueName" }));
    // What AWS calls each metric, and a sample a minute: some that must be told, some that need not.
    // Source: "Available CloudWatch metrics for Amazon SQS", "Monitor CloudWatch metrics for HTTP APIs", "DynamoDB metrics and
    // dimensions".
    let expected = [
        ("RunsFailed", "AWS/SQS", "ApproximateNumberOfMessagesVisible", queue, [0, 0, 0, 1, 1], [0; 5]),
        ("CustomerPagesBroken", "AWS/ApiGateway", "5xx", api("CustomerApi"), [0, 0, 1, 0, 0], [0; 5]),
        ("StaffApiBroken", "AWS/ApiGateway", "5xx", api("StaffApi"), [0, 0, 1, 0, 0], [0; 5]),
        ("CustomerRequestsRefused", "AWS/ApiGateway", "4xx", api("CustomerApi"), [200, 200, 200, 200, 201], [200; 5]),
        ("TableReadsThrottled", "AWS/DynamoDB", "ReadThrottleEvents", table.clone(), [0, 0, 0, 0, 1], [0; 5]),
        ("TableWritesThrottled", "AWS/DynamoDB", "WriteThrottleEvents", table, [0, 0, 0, 0, 1], [0; 5]),
    ];
    let of_aws = alarms.iter().filter(|(_, alarm)| alarm["Namespace"].as_str().is_some_and(|space| space.starts_with("AWS/")));
    assert_eq!(of_aws.map(|(name, _)| name.as_str()).collect::<BTreeSet<_>>(), expected.iter().map(|row| row.0).collect());
    for (name, namespace, metric, dimensions, told, quiet) in expected {
        let alarm = &alarms[name];
        assert_eq!((&alarm["Namespace"], &alarm["MetricName"]), (&json!(namespace), &json!(metric)), "{name}");
        assert_eq!((&alarm["Dimensions"], &alarm["Period"]), (&dimensions, &json!(60 * told.len())), "{name}");
        assert!(trips(alarm, &[told.to_vec()]), "{name}");
        assert!(!trips(alarm, &[quiet.to_vec()]) && !trips(alarm, &[vec![]]), "{name}");
    }
}

/// Source: CloudWatch user guide, "Using math expressions with CloudWatch metrics"; Lambda developer guide, "Types of metrics for Lambda
/// functions".
#[test]
fn functions_that_are_not_started_are_told_of_when_they_are_ours() {
    let template = template();
    let alarm = &resources(&template, "AWS::CloudWatch::Alarm")["FunctionsThrottled"];
    let (sum, of_functions) = alarm["Metrics"].as_array().unwrap().split_first().unwrap();
    assert_eq!((&sum["Expression"], &sum["ReturnData"]), (&json!("SUM(METRICS())"), &Value::Null));
    let counted: BTreeSet<String> = of_functions
        .iter()
        .map(|metric| {
            let stat = &metric["MetricStat"];
            assert_eq!((&metric["ReturnData"], &stat["Stat"], &stat["Period"]), (&json!(false), &json!("Sum"), &json!(300)));
            assert_eq!((&stat["Metric"]["Namespace"], &stat["Metric"]["MetricName"]), (&json!("AWS/Lambda"), &json!("Throttles")));
            let dimensions = stat["Metric"]["Dimensions"].as_array().unwrap();
            assert_eq!((dimensions.len(), &dimensions[0]["Name"]), (1, &json!("FunctionName")));
            dimensions[0]["Value"]["Ref"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(counted, functions(&template).into_values().map(|(name, _)| name).collect());
    assert_eq!(counted.len(), of_functions.len());
    assert!(trips(alarm, &[vec![0, 0, 1]]) && !trips(alarm, &[vec![0; 8]]) && !trips(alarm, &[vec![]]));
}

#[test]
fn a_new_stack_in_which_nothing_was_measured_yet_alarms_nobody() {
    for (name, alarm) in resources(&template(), "AWS::CloudWatch::Alarm") {
        let now = state(&alarm, &all_periods(&alarm, &[]));
        assert!(!tells(&alarm, State::InsufficientData, now), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_sweeps_of_a_stack_that_was_never_set_up_come_to_their_end() {
    let w = World::bare(START).await;
    for (function, alarm) in [
        ("upcoming-reminders", "UpcomingSweepUnfinished"),
        ("past-due-reminders", "PastDueSweepUnfinished"),
        ("collections", "CollectionsUnfinished"),
    ] {
        assert!(goes_off(&w, alarm), "{alarm}: not started");
        w.start(function).await;
        assert!(!goes_off(&w, alarm), "{alarm}");
    }
    w.close().await;
}

#[tokio::test(start_paused = true)]
async fn requests_without_a_valid_key_are_told_when_they_are_many() {
    let (alarm, filter) = filtered("KeysRefused", "RefusedKeys");
    let (_, function) = &functions(&template())["admin-api"];
    assert_eq!(filter["LogGroupName"], function["LoggingConfig"]["LogGroup"]);
    let pattern = filter["FilterPattern"].as_str().unwrap();
    story(START, async |w| {
        let keys = ["", "Bearer key_00000000000000000000000000_0f1e2d3c4b5a6978", "Bearer malformed"];
        for (refused, told) in [(0, false), (100, false), (101, true)] {
            let kept = Kept::here();
            let _ = w.get("/v1/contacts").await.expect(200);
            let _ = w.get("/v1/contacts/con_1").await.expect(404);
            for key in keys.iter().cycle().take(refused) {
                let request = Request::get("/v1/contacts").header("authorization", *key);
                let _ = w.send(request.body(Body::empty()).unwrap()).await.expect(401);
            }
            let lines = kept.take();
            let counted: Vec<u64> = lines.iter().filter(|line| takes(pattern, line)).map(|_| 1).collect();
            assert_eq!((counted.len(), lines.len()), (refused, refused + 2), "{lines:#?}");
            assert_eq!(trips(&alarm, &[counted]), told, "{refused}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_notice_that_is_signed_and_refused_is_told_and_an_unsigned_one_is_not() {
    let (alarm, filter) = filtered("NoticesRefused", "RefusedNotices");
    let (_, function) = &functions(&template())["gateway-webhooks"];
    assert_eq!(filter["LogGroupName"], function["LoggingConfig"]["LogGroup"]);
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", DUE).await;
        let session = w.open_checkout(id_and_pay_url(&invoice).1).await;
        w.gateway.pay(&session, GOOD_CARD).unwrap();
        let notice = w.gateway.take_webhooks().remove(0);
        let unsigned = Notice { headers: Vec::new(), ..notice.clone() };
        let kept = Kept::here();
        let _ = (w.deliver(&unsigned).await.expect(400), w.deliver(&notice).await.expect(204));
        let lines = kept.take();
        assert!(lines.len() >= 2 && !goes_off_on(&alarm, &filter, &lines), "{lines:#?}");
        w.rebuild(|mut deps| {
            deps.notice_secrets = vec!["whsec_of_another_endpoint".to_owned().into()];
            deps
        });
        let _ = w.deliver(&notice).await.expect(400);
        let lines = kept.take();
        assert!(goes_off_on(&alarm, &filter, &lines), "{lines:#?}");
        assert!(!lines.concat().contains("whsec"), "{lines:#?}");
    })
    .await;
}

#[test]
fn refused_logins_are_told_when_they_are_many_and_other_refusals_are_not_taken_for_them() {
    let (alarm, filter) = filtered("LoginsRefused", "RefusedLogins");
    assert_eq!(filter["LogGroupName"], json!({ "Ref": "StaffApiLogs" }));
    let login = resources(&template(), "AWS::ApiGatewayV2::Route")["AdminApiLoginRoute"]["RouteKey"].as_str().unwrap().to_owned();
    let lines = |route: &str, status: u16, times: usize| vec![access_line("StaffStage", route, status); times];
    assert!(goes_off_on(&alarm, &filter, &lines(&login, 401, 101)));
    for (route, status, times) in [(login.as_str(), 401, 100), (&login, 200, 500), (&login, 403, 500), ("ANY /v1/{proxy+}", 401, 500)] {
        assert!(!goes_off_on(&alarm, &filter, &lines(route, status, times)), "{route} {status}");
    }
}

#[test]
fn customers_who_are_asked_to_wait_are_told_when_they_are_many() {
    let (alarm, filter) = filtered("CustomersThrottled", "ThrottledCustomers");
    assert_eq!(filter["LogGroupName"], json!({ "Ref": "CustomerApiLogs" }));
    let lines = |status: u16, times: usize| vec![access_line("CustomerStage", "POST /p/{token}", status); times];
    assert!(goes_off_on(&alarm, &filter, &lines(429, 21)));
    for (status, times) in [(429, 20), (404, 500), (200, 500)] {
        assert!(!goes_off_on(&alarm, &filter, &lines(status, times)), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn f04_an_attempt_without_an_outcome_for_a_quarter_of_an_hour_is_told() {
    story(START, async |w| {
        let invoice = w.sent_invoice("165.00", DUE).await;
        w.start("collections").await;
        w.gateway.inject(Fault::LoseBeforeEffect { on: Call::CreateSession });
        let _ = w.press_pay(id_and_pay_url(&invoice).1).await;
        for (minutes, told) in [(5, false), (5, false), (6, true)] {
            w.pass(TimeDelta::minutes(minutes));
            // The order told again, and the list of all checkouts.
            for _ in 0..2 {
                w.gateway.inject(Fault::LoseBeforeEffect { on: Call::Any });
            }
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
async fn a_mail_that_waits_to_be_mended_is_told_of_without_a_pause_although_it_is_rarely_tried() {
    let alarm = &resources(&template(), "AWS::CloudWatch::Alarm")["OutboxOld"];
    story(START, async |w| {
        let _ = w.sent_invoice("165.00", DUE).await;
        let mut periods = vec![Vec::new(); 8];
        let mut told = Vec::new();
        for _ in 0..36 {
            w.recorder.inject(recorder::Fault::Mail(MailFault::NotVerified));
            w.dispatch().await;
            let measured = w.deps.measures.take().into_iter().filter(|measured| measured.name == "OutboxAge");
            periods.rotate_left(1);
            periods[7] = measured.map(|measured| measured.value).collect();
            told.push(state(alarm, &periods) == State::Alarm);
            w.pass(TimeDelta::minutes(5));
        }
        let since = told.iter().position(|told| *told).unwrap();
        assert!((3..=5).contains(&since) && told[since..].iter().all(|told| *told), "{told:?}");
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
