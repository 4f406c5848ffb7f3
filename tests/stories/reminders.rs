//! Reminders: which step goes out on which day, what stops it, and what the mail says.

use chrono::Timelike as _;
use serde_json::{Value, json};
use tests::world::{World, story};

/// A Monday, 11:00 in Berlin.
pub(crate) const START: &str = "2026-11-02T10:00:00Z";
/// Two weeks later.
pub(crate) const DUE: &str = "2026-11-16";
/// What the default automations send for it: 9:00 in Berlin is 8:00 UTC.
pub(crate) const DEFAULTS: [&str; 4] = ["11-13T08:00 Reminder", "11-17T08:00 Past due", "11-23T08:00 Past due", "11-30T08:00 Past due"];

/// The reminders that reached the mailbox: when, and how their subject begins.
pub(crate) fn reminders(w: &World) -> Vec<String> {
    let mails = w.mails();
    let kinds = mails.iter().filter_map(|mail| {
        let subject = mail.subject();
        let kind = ["Reminder", "Past due"].into_iter().find(|kind| subject.starts_with(&format!("{kind}: ")))?;
        Some(format!("{} {kind}", mail.at.format("%m-%dT%H:%M")))
    });
    kinds.collect()
}

/// What the journal tells of an invoice's steps: when, which, what became of it, why.
pub(crate) async fn steps(w: &World, id: &str) -> Vec<String> {
    let journal = w.journal(id).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let taken = journal.iter().filter(|event| event["type"] == "step_taken");
    let told = taken.map(|event| {
        let (step, outcome, reason) = (text(&event["step"]), text(&event["outcome"]), text(&event["reason"]));
        let line = format!("{} {step} {outcome} {reason}", &text(&event["at"])[5..16]);
        line.trim_end().to_owned()
    });
    told.collect()
}

/// Lets time pass, with one start a day, at 9:00 in Berlin's winter.
pub(crate) async fn live(w: &World, until: &str) {
    let until: chrono::DateTime<chrono::Utc> = until.parse().unwrap();
    loop {
        let mut next = local::schedule::Rate::Hourly.after(w.now());
        while next.hour() != 8 {
            next = local::schedule::Rate::Hourly.after(next);
        }
        if next > until {
            break;
        }
        w.set_clock(&next.to_rfc3339());
        start_all(w).await;
    }
    w.set_clock(&until.to_rfc3339());
}

/// Starts once every function that a reminder goes through.
pub(crate) async fn start_all(w: &World) {
    for function in ["upcoming-reminders", "past-due-reminders", "dispatch"] {
        w.start(function).await;
    }
}

/// An invoice of 100.00 that is due on [`DUE`], sent now.
pub(crate) async fn sent(w: &World) -> String {
    let invoice = w.sent_invoice("100.00", DUE).await;
    invoice["id"].as_str().unwrap().to_owned()
}

fn cash(amount: &str) -> Value {
    json!({ "amount": { "amount": amount, "currency": "EUR" }, "method": "cash" })
}

#[tokio::test(start_paused = true)]
async fn r7_each_default_reminder_goes_out_once_at_nine_in_berlin_hour_by_hour() {
    story(START, async |w| {
        let id = sent(w).await;
        for (evening, morning) in [("11-12", "11-13"), ("11-16", "11-17"), ("11-22", "11-23"), ("11-29", "11-30")] {
            live(w, &format!("2026-{evening}T20:00:00Z")).await;
            w.live_until(&format!("2026-{morning}T10:30:00Z")).await;
        }
        assert_eq!(reminders(w), DEFAULTS);
        let expected = ["11-13T08:00 A1-3", "11-17T08:00 A4+1", "11-23T08:00 A4+7", "11-30T08:00 A4+14"];
        assert_eq!(steps(w, &id).await, expected.map(|step| format!("{step} enqueued")));
        assert!(w.mails().iter().all(|mail| mail.envelope_to == ["ada@example.com"]));
    })
    .await;
}

/// Whatever happens on 14 November, between the first reminder and the due day, and what goes out in all.
async fn after(what_happens: impl AsyncFnOnce(&World, &str), expected: &[&str], stands: &str) {
    story(START, async |w| {
        let id = sent(w).await;
        live(w, "2026-11-14T11:00:00Z").await;
        what_happens(w, &id).await;
        live(w, "2026-12-03T00:00:00Z").await;
        assert_eq!(reminders(w), expected);
        assert_eq!(w.stands(&id).await, stands);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn akaunting_259_no_reminder_after_payment() {
    let pay = async |w: &World, id: &str| drop(w.post(&format!("/v1/invoices/{id}/payments"), &cash("100.00")).await.expect(201));
    after(pay, &DEFAULTS[..1], "0.00 closed").await;
}

#[tokio::test(start_paused = true)]
async fn r7_no_reminder_after_void() {
    let void = async |w: &World, id: &str| drop(w.post(&format!("/v1/invoices/{id}/void"), &json!({})).await.expect(200));
    after(void, &DEFAULTS[..1], "0.00 voided").await;
}

#[tokio::test(start_paused = true)]
async fn oca_330_a_partly_paid_invoice_is_reminded_of_its_balance() {
    let part = async |w: &World, id: &str| drop(w.post(&format!("/v1/invoices/{id}/payments"), &cash("40.00")).await.expect(201));
    after(part, &DEFAULTS, "60.00 open").await;
    story(START, async |w| {
        let id = sent(w).await;
        part(w, &id).await;
        live(w, "2026-11-17T12:00:00Z").await;
        let last = w.mails().pop().unwrap();
        assert!(last.subject().contains("EUR 60.00 was due on 16 November 2026"), "{}", last.subject());
        let text = last.text().unwrap();
        assert!(text.contains("EUR 40.00 of EUR 100.00") && text.contains("EUR 60.00 is still open"), "{text}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn r7_reminders_can_be_switched_off_and_on_and_the_journal_says_so() {
    story(START, async |w| {
        let id = sent(w).await;
        let path = format!("/v1/invoices/{id}");
        let _ = w.patch(&path, &json!({ "reminders_on": false })).await.expect(200);
        live(w, "2026-11-18T00:00:00Z").await;
        assert_eq!(reminders(w), [""; 0]);
        let _ = w.patch(&path, &json!({ "reminders_on": true })).await.expect(200);
        live(w, "2026-12-03T00:00:00Z").await;
        assert_eq!(reminders(w), DEFAULTS[2..]);
        let off = ["11-13T08:00 A1-3 skipped reminders_off", "11-17T08:00 A4+1 skipped reminders_off"];
        assert_eq!(steps(w, &id).await[..2], off);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn r7_an_invoice_that_is_not_delivered_by_mail_is_not_reminded_of_by_mail() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let line = json!({ "name": "Hours", "quantity": "1", "unit_price": { "amount": "100.00", "currency": "EUR" } });
        let body = json!({ "contact_id": contact, "due_on": DUE, "send": true, "deliver": "none", "lines": [line] });
        let invoice = w.post("/v1/invoices", &body).await.expect(201).json();
        live(w, "2026-12-03T00:00:00Z").await;
        assert_eq!(w.subjects(), [""; 0]);
        let told = steps(w, invoice["id"].as_str().unwrap()).await;
        assert_eq!(told.len(), 4);
        assert!(told.iter().all(|step| step.ends_with("skipped reminders_off")), "{told:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn r7_a_contact_that_lost_its_address_is_not_mailed_and_hears_again_at_a_new_one() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let invoice = w.invoice_for(&contact, "100.00", DUE, true).await;
        let path = format!("/v1/contacts/{contact}");
        live(w, "2026-11-14T11:00:00Z").await;
        let _ = w.patch(&path, &json!({ "emails": [] })).await.expect(200);
        live(w, "2026-11-20T00:00:00Z").await;
        let _ = w.patch(&path, &json!({ "emails": [{ "address": "countess@example.com" }] })).await.expect(200);
        live(w, "2026-12-03T00:00:00Z").await;
        assert_eq!(reminders(w), [DEFAULTS[0], DEFAULTS[2], DEFAULTS[3]]);
        assert_eq!(w.mails().pop().unwrap().envelope_to, ["countess@example.com"]);
        assert_eq!(steps(w, invoice["id"].as_str().unwrap()).await[1], "11-17T08:00 A4+1 skipped no_recipient");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn r7_when_the_due_date_moves_the_steps_count_anew() {
    story(START, async |w| {
        let id = sent(w).await;
        live(w, "2026-11-14T11:00:00Z").await;
        let moved = w.patch(&format!("/v1/invoices/{id}"), &json!({ "due_on": "2026-11-26" })).await.expect(200).json();
        assert_eq!(moved["due_version"], 2);
        live(w, "2026-12-11T00:00:00Z").await;
        let anew = ["11-23T08:00 Reminder", "11-27T08:00 Past due", "12-03T08:00 Past due", "12-10T08:00 Past due"];
        assert_eq!(reminders(w), [&DEFAULTS[..1], &anew].concat());
    })
    .await;
}

/// An invoice dated 1 October, written on `START`'s day and sent at once: what goes out for which due date.
#[tokio::test(start_paused = true)]
async fn r7_no_storm_a_step_dated_before_the_first_send_never_fires() {
    let cases: [(&str, &[&str]); 4] = [
        ("2026-10-15", &[]),
        ("2026-10-25", &["11-08T08:00 Past due"]),
        ("2026-11-01", &["11-08T08:00 Past due", "11-15T08:00 Past due"]),
        ("2026-11-04", &["11-05T08:00 Past due", "11-11T08:00 Past due", "11-18T08:00 Past due"]),
    ];
    for (due_on, expected) in cases {
        story(START, async |w| {
            let contact = w.contact("Ada Lovelace", "ada@example.com").await;
            let line = json!({ "name": "Hours", "quantity": "1", "unit_price": { "amount": "100.00", "currency": "EUR" } });
            let body = json!({ "contact_id": contact, "invoice_date": "2026-10-01", "due_on": due_on, "send": true, "lines": [line] });
            let _ = w.post("/v1/invoices", &body).await.expect(201);
            live(w, "2026-11-20T00:00:00Z").await;
            assert_eq!(reminders(w), expected, "due {due_on}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn invoiceninja_9312_a_step_within_a_day_of_the_first_send_waits_for_the_next_day() {
    story(START, async |w| {
        let invoice = w.sent_invoice("100.00", "2026-11-06").await;
        live(w, "2026-11-10T00:00:00Z").await;
        assert_eq!(reminders(w), ["11-04T08:00 Reminder", "11-07T08:00 Past due"]);
        let told = steps(w, invoice["id"].as_str().unwrap()).await;
        assert_eq!(told[..2], ["11-03T08:00 A1-3 moved just_sent", "11-04T08:00 A1-3 enqueued"]);
        assert!(w.mails()[1].subject().ends_with("is due in 2 days, on 6 November 2026"), "{:?}", w.subjects());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn r7_a_step_on_a_day_with_another_mail_of_the_invoice_waits_for_the_next_day() {
    story(START, async |w| {
        let id = sent(w).await;
        let ask = format!("/v1/invoices/{id}/request-payment");
        live(w, "2026-11-13T07:30:00Z").await;
        for morning in 13..=17 {
            live(w, &format!("2026-11-{morning}T07:30:00Z")).await;
            let _ = w.post(&ask, &json!({})).await.expect(200);
        }
        live(w, "2026-11-19T00:00:00Z").await;
        assert_eq!(reminders(w), ["11-18T08:00 Past due"]);
        let moved = (13..=16).map(|day| format!("11-{day}T08:00 A1-3 moved mailed_today"));
        let end = ["11-17T08:00 A1-3 skipped superseded", "11-17T08:00 A4+1 moved mailed_today", "11-18T08:00 A4+1 enqueued"];
        assert_eq!(steps(w, &id).await, moved.chain(end.map(str::to_owned)).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_reminders_say_what_is_owed_since_when_and_how_to_pay() {
    story(START, async |w| {
        let id = sent(w).await;
        let _ = w.patch(&format!("/v1/invoices/{id}"), &json!({ "internal_note": "slow payer" })).await.expect(200);
        live(w, "2026-11-24T00:00:00Z").await;
        let subjects = [
            "Reminder: invoice INV-00001 from Kestrel Studio is due in 3 days, on 16 November 2026",
            "Past due: invoice INV-00001 from Kestrel Studio, EUR 100.00 was due on 16 November 2026",
            "Past due: invoice INV-00001 from Kestrel Studio, EUR 100.00 was due on 16 November 2026",
        ];
        assert_eq!(w.subjects()[1..], subjects);
        for (mail, says) in w.mails()[1..].iter().zip(["is due in 3 days", "was due yesterday", "was due 7 days ago"]) {
            let (text, html) = (mail.text().unwrap(), mail.html().unwrap());
            for part in [&text, &html] {
                assert!(part.contains(says) && part.contains("EUR 100.00"), "{part}");
                assert!(part.contains("https://pay.invalid/p/") && part.contains("https://pay.invalid/i/"), "{part}");
                assert!(!part.contains("slow payer"), "{part}");
            }
            assert_eq!(mail.to(), ["ada@example.com"]);
            assert_eq!(mail.header("Reply-To").unwrap().trim(), "<hello@kestrel.example.com>");
            let pay = text.lines().find_map(|line| line.find("https://pay.invalid/p/").map(|at| line[at..].trim().to_owned())).unwrap();
            assert!(w.open(&pay).await.expect(200).text.contains("EUR 100.00"));
        }
    })
    .await;
}
