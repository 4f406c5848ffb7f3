//! The gateway does not answer, answers too late, or fails: what is not known keeps the slot until it is.

use chrono::TimeDelta;
use local::sandbox_gateway::{Call, Fault, PayError, PayOutcome, WebhookMode};
use serde_json::json;
use tests::{
    paying::id_and_pay_url,
    world::{GOOD_CARD, World, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";

/// Answers of a checkout's opening that are lost and told again when the same order is sent again.
const LOST: [Fault; 3] = [
    Fault::LoseBeforeEffect { on: Call::CreateSession },
    Fault::LoseAnswerAfterEffect { on: Call::CreateSession },
    Fault::KeyInFlight { on: Call::CreateSession },
];

/// Failures of a checkout's opening that the gateway repeats as long as it remembers the key.
const FAILED: [Fault; 2] = [Fault::ServerError { on: Call::CreateSession }, Fault::ServerErrorAfterEffect { on: Call::CreateSession }];

/// Ways in which a look-up brings nothing.
const UNREAD: [Fault; 4] = [
    Fault::LoseBeforeEffect { on: Call::RetrieveSession },
    Fault::LoseAnswerAfterEffect { on: Call::RetrieveSession },
    Fault::ServerError { on: Call::RetrieveSession },
    Fault::RateLimited { on: Call::RetrieveSession },
];

/// Presses Pay while the gateway does not answer: the page asks for patience and the slot is kept.
async fn unanswered(w: &World, id: &str, pay_url: &str, fault: Fault) {
    w.gateway.inject(fault);
    let page = w.press_pay(pay_url).await.expect(503);
    assert!(page.text.contains("The payment provider did not answer"), "{fault:?}: {}", page.text);
    assert_eq!(w.tries(id).await, ["unknown"], "{fault:?}");
    assert!(!w.open(pay_url).await.expect(200).text.contains("<form"), "{fault:?}");
}

/// Pays the one checkout that can be paid, and nothing is charged twice.
async fn paid_once(w: &World, id: &str, told: &str) {
    let payable = w.payable();
    assert_eq!(payable.len(), 1, "{told}: {:?}", w.gateway.sessions());
    w.gateway.pay(&payable[0], GOOD_CARD).unwrap();
    w.deliver_notices().await;
    w.settle_for(70).await;
    assert_eq!((w.stands(id).await.as_str(), w.charged()), ("0.00 closed", vec![10_000]), "{told}");
    assert_eq!(w.payments(id).await.len(), 1, "{told}");
}

#[tokio::test(start_paused = true)]
async fn f02_f06_own_01_after_a_lost_answer_the_next_click_finds_the_same_checkout() {
    for fault in LOST {
        story(START, async |w| {
            let invoice = w.sent_invoice("100.00", DUE).await;
            let (id, pay_url) = id_and_pay_url(&invoice);
            unanswered(w, id, pay_url, fault).await;
            let _ = w.click_again(pay_url, "10000").await.expect(303);
            assert_eq!((w.gateway.sessions().len(), w.tries(id).await), (1, vec!["awaiting_payer".to_owned()]), "{fault:?}");
            paid_once(w, id, &format!("{fault:?}")).await;
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn f02_f06_own_01_after_a_lost_answer_the_five_minute_settling_finds_the_checkout() {
    for fault in LOST {
        story(START, async |w| {
            let invoice = w.sent_invoice("100.00", DUE).await;
            let (id, pay_url) = id_and_pay_url(&invoice);
            unanswered(w, id, pay_url, fault).await;
            w.settle_for(5).await;
            assert_eq!((w.gateway.sessions().len(), w.tries(id).await), (1, vec!["awaiting_payer".to_owned()]), "{fault:?}");
            let session = w.open_checkout(pay_url).await;
            assert_eq!(w.payable(), [session], "{fault:?}");
            paid_once(w, id, &format!("{fault:?}")).await;
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn f04_when_the_gateway_repeats_a_failure_its_list_of_checkouts_tells_within_minutes_what_there_is() {
    for (fault, state) in FAILED.into_iter().zip(["cancelled", "awaiting_payer"]) {
        story(START, async |w| {
            let invoice = w.sent_invoice("100.00", DUE).await;
            let (id, pay_url) = id_and_pay_url(&invoice);
            w.gateway.set_webhook_mode(WebhookMode::Lose);
            unanswered(w, id, pay_url, fault).await;
            let _ = w.click_again(pay_url, "10000").await.expect(503);
            w.settle_for(5).await;
            assert_eq!(w.tries(id).await, [state], "{fault:?}");
            w.open_checkout(pay_url).await;
            assert_eq!(w.payable().len(), 1, "{fault:?}");
            paid_once(w, id, &format!("{fault:?}")).await;
        })
        .await;
    }
}

/// Somebody pays at a checkout that was never answered to us, and no notice tells of it; we look only when its key is forgotten.
#[tokio::test(start_paused = true)]
async fn f19_money_that_nobody_told_of_is_found_when_the_days_payments_are_held_against_what_is_known() {
    for days in [1, 40] {
        story(START, async |w| money_nobody_told_of(w, days).await).await;
    }
}

async fn money_nobody_told_of(w: &World, days: i64) {
    let invoice = w.sent_invoice("100.00", DUE).await;
    let (id, pay_url) = id_and_pay_url(&invoice);
    w.gateway.set_webhook_mode(WebhookMode::Lose);
    unanswered(w, id, pay_url, LOST[1]).await;
    w.gateway.pay(&w.payable()[0], GOOD_CARD).unwrap();
    w.pass(TimeDelta::days(days));
    w.gateway.inject(Fault::LoseBeforeEffect { on: Call::RetrieveSession });
    let failed = collections::handle(&w.deps, &|| true).await;
    assert!(failed.is_err(), "a day on which the gateway did not answer is looked at again");
    assert_eq!((w.tries(id).await, w.stands(id).await.as_str()), (vec!["cancelled".to_owned()], "100.00 open"));
    w.start("collections").await;
    assert_eq!((w.tries(id).await, w.stands(id).await.as_str()), (vec!["applied".to_owned()], "0.00 closed"));
    assert_eq!(w.payments(id).await.len(), 1);
    let asked = w.gateway.exchanges().len();
    w.start("collections").await;
    assert_eq!(w.gateway.exchanges().len(), asked, "once a day");
}

#[tokio::test(start_paused = true)]
async fn f04_the_notice_that_a_forgotten_checkout_closed_settles_its_try() {
    story(START, async |w| {
        let invoice = w.sent_invoice("100.00", DUE).await;
        let (id, pay_url) = id_and_pay_url(&invoice);
        unanswered(w, id, pay_url, FAILED[1]).await;
        w.pass(TimeDelta::minutes(60));
        assert_eq!(w.deliver_notices().await, [204]);
        assert_eq!(w.tries(id).await, ["expired"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f17_a_notice_that_overtakes_the_answer_to_our_own_call_settles_the_try() {
    for fault in [LOST[1], FAILED[1]] {
        story(START, async |w| {
            let invoice = w.sent_invoice("100.00", DUE).await;
            let (id, pay_url) = id_and_pay_url(&invoice);
            unanswered(w, id, pay_url, fault).await;
            paid_once(w, id, &format!("{fault:?}")).await;
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn f03_an_order_that_never_arrived_frees_the_slot_within_the_hour() {
    for (silent_minutes, free_after) in [(0, 31), (55, 60), (55, 24 * 60)] {
        story(START, async |w| {
            let invoice = w.sent_invoice("100.00", DUE).await;
            let (id, pay_url) = id_and_pay_url(&invoice);
            w.start("collections").await;
            unanswered(w, id, pay_url, LOST[0]).await;
            // The order told again, and the list of all checkouts.
            for _ in 0..silent_minutes / 5 * 2 {
                w.gateway.inject(Fault::LoseBeforeEffect { on: Call::Any });
            }
            w.settle_for(silent_minutes).await;
            assert_eq!(w.tries(id).await, ["unknown"], "{silent_minutes}");
            w.pass(TimeDelta::minutes(free_after - silent_minutes));
            w.start("collections").await;
            assert_eq!(w.tries(id).await, ["cancelled"], "{silent_minutes} {free_after}");
            assert!(w.gateway.sessions().is_empty());
            w.open_checkout(pay_url).await;
            paid_once(w, id, &format!("{silent_minutes} {free_after}")).await;
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn while_nobody_knows_no_staff_command_is_carried_out() {
    story(START, async |w| {
        let invoice = w.sent_invoice("100.00", DUE).await;
        let (id, pay_url) = id_and_pay_url(&invoice);
        unanswered(w, id, pay_url, FAILED[1]).await;
        let before = w.snapshot().await;
        let answer = w.post(&format!("/v1/invoices/{id}/void"), &json!({})).await.expect(503).json();
        assert_eq!(answer["code"], "gateway_unanswered");
        let cash = json!({ "amount": { "amount": "100.00", "currency": "EUR" }, "method": "cash" });
        let _ = w.post(&format!("/v1/invoices/{id}/payments"), &cash).await.expect(503);
        assert_eq!(w.snapshot().await, before);
        assert_eq!(w.invoice(id).await["facets"]["processing"], true);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_return_page_that_cannot_look_says_so_and_never_that_nothing_was_paid() {
    for fault in UNREAD {
        story(START, async |w| {
            let invoice = w.sent_invoice("100.00", DUE).await;
            let (id, pay_url) = id_and_pay_url(&invoice);
            let session = w.open_checkout(pay_url).await;
            let Ok(PayOutcome::Paid { return_to }) = w.gateway.pay(&session, GOOD_CARD) else { panic!("not paid") };
            w.gateway.inject(fault);
            let page = w.open(&return_to).await.expect(200).text;
            assert!(page.contains("We are finding out") && page.contains("Please do not pay again"), "{fault:?}: {page}");
            assert!(w.open(&return_to).await.expect(200).text.contains("Thank you"), "{fault:?}");
            assert_eq!((w.stands(id).await.as_str(), w.charged()), ("0.00 closed", vec![10_000]), "{fault:?}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_click_that_cannot_look_keeps_the_open_checkout_and_the_next_one_finds_it() {
    for fault in UNREAD {
        story(START, async |w| {
            let invoice = w.sent_invoice("100.00", DUE).await;
            let (id, pay_url) = id_and_pay_url(&invoice);
            let session = w.open_checkout(pay_url).await;
            let before = w.snapshot().await;
            w.gateway.inject(fault);
            let _ = w.press_pay(pay_url).await.expect(503);
            assert_eq!(w.snapshot().await, before, "{fault:?}");
            assert_eq!(w.open_checkout(pay_url).await, session, "{fault:?}");
            paid_once(w, id, &format!("{fault:?}")).await;
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn own_01_when_the_last_look_at_a_closing_checkout_is_lost_the_next_one_settles_it() {
    let on = Call::ExpireSession;
    for fault in [Fault::LoseBeforeEffect { on }, Fault::LoseAnswerAfterEffect { on }, Fault::ServerError { on }, Fault::RateLimited { on }]
    {
        for pays in [true, false] {
            story(START, async |w| {
                let invoice = w.sent_invoice("100.00", DUE).await;
                let (id, pay_url) = id_and_pay_url(&invoice);
                w.gateway.set_webhook_mode(WebhookMode::Lose);
                // The first run of a day holds its payments against what is known; this story is about the others.
                w.start("collections").await;
                let session = w.open_checkout(pay_url).await;
                if pays {
                    w.gateway.pay(&session, GOOD_CARD).unwrap();
                }
                w.gateway.inject(fault);
                w.settle_for(65).await;
                assert_eq!(w.tries(id).await, ["unknown"], "{fault:?}");
                w.settle_for(5).await;
                let expected = if pays { "0.00 closed" } else { "100.00 open" };
                assert_eq!(w.stands(id).await, expected, "{fault:?}");
                assert_eq!(w.tries(id).await, [if pays { "applied" } else { "expired" }], "{fault:?}");
            })
            .await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_limited_order_ends_its_try_and_the_next_click_opens_another() {
    story(START, async |w| {
        let invoice = w.sent_invoice("100.00", DUE).await;
        let (id, pay_url) = id_and_pay_url(&invoice);
        w.gateway.inject(Fault::RateLimited { on: Call::CreateSession });
        let _ = w.press_pay(pay_url).await.expect(503);
        assert_eq!((w.gateway.sessions().len(), w.tries(id).await), (0, vec!["cancelled".to_owned()]));
        w.open_checkout(pay_url).await;
        paid_once(w, id, "rate limited").await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f13_a_gateway_that_collected_another_amount_is_left_to_staff() {
    story(START, async |w| {
        let invoice = w.sent_invoice("100.00", DUE).await;
        let (id, pay_url) = id_and_pay_url(&invoice);
        let session = w.open_checkout(pay_url).await;
        w.gateway.pay(&session, GOOD_CARD).unwrap();
        w.let_the_gateway_say_another_amount();
        assert!(w.open(&format!("{pay_url}/return")).await.expect(200).text.contains("We are finding out"));
        assert_eq!(w.deliver_notices().await, [204, 204, 204]);
        assert_eq!((w.stands(id).await.as_str(), w.tries(id).await), ("100.00 open", vec!["conflicted".to_owned()]));
        assert!(w.payments(id).await.is_empty());
        let before = w.snapshot().await;
        let _ = w.click_again(pay_url, "10000").await.expect(200);
        let refused = w.post(&format!("/v1/invoices/{id}/void"), &json!({})).await.expect(409).json();
        assert_eq!(refused["rule"], "G8");
        assert_eq!((w.snapshot().await, w.gateway.sessions().len()), (before, 1));
    })
    .await;
}

/// Nobody collected anything at a checkout that is open, so it conflicts with nothing: it is closed, and everything goes on.
#[tokio::test(start_paused = true)]
async fn f13_an_open_checkout_that_asks_for_another_amount_is_closed_and_locks_nothing() {
    for found_by in ["a click", "the page", "the sweep"] {
        story(START, async |w| {
            let invoice = w.sent_invoice("100.00", DUE).await;
            let (id, pay_url) = id_and_pay_url(&invoice);
            let session = w.open_checkout(pay_url).await;
            w.let_the_gateway_say_another_amount();
            match found_by {
                "a click" => drop(w.click_again(pay_url, "10000").await),
                "the page" => drop(w.open(&format!("{pay_url}/return")).await),
                _ => {
                    w.pass(TimeDelta::minutes(65));
                    let _ = collections::handle(&w.deps, &|| true).await;
                }
            }
            assert_eq!(w.gateway.pay(&session, GOOD_CARD), Err(PayError::SessionExpired), "{found_by}");
            assert!(w.payable().is_empty() && !w.tries(id).await.contains(&"conflicted".to_owned()), "{found_by}: {:?}", w.tries(id).await);
            let _ = w.post(&format!("/v1/invoices/{id}/void"), &json!({})).await.expect(200);
            assert_eq!((w.stands(id).await.as_str(), w.charged().len()), ("0.00 voided", 0), "{found_by}");
        })
        .await;
    }
}
