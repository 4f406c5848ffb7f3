//! f55: a table is restored from a backup. What happened since is asked of the gateway, and nothing is done twice.

use app::reconcile::{Gap, Links, ReconcileError, Reconciled, reconcile};
use chrono::TimeDelta;
use local::sandbox_gateway::{Call, Fault, PayError};
use serde_json::Value;
use store::{Store, restoring::Copied};
use tests::{
    paying::id_and_pay_url,
    world::{GOOD_CARD, World, story},
};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";
/// Beyond every number that was given.
const NEXT_NUMBER: u64 = 1000;

/// A copy of the table as it is now, and the time.
async fn backup(w: &World, name: &str) -> (Store, chrono::DateTime<chrono::Utc>) {
    let copy = Store::new(&w.table.sdk_config(), None, name);
    copy.create_table().await.unwrap();
    copy.become_equal_to(&w.deps.store).await.unwrap();
    (copy, w.now())
}

/// Restores, as the tool does: equal to the backup first, then through everything.
async fn restore(w: &World, (copy, since): &(Store, chrono::DateTime<chrono::Utc>), links: Links) -> Result<Reconciled, ReconcileError> {
    w.deps.store.become_equal_to(copy).await.unwrap();
    w.pass(TimeDelta::minutes(2));
    reconcile(&w.deps, Gap { since: *since, until: w.now() }, NEXT_NUMBER, links).await
}

#[tokio::test(start_paused = true)]
async fn f55_wherever_the_tail_is_cut_off_payments_come_back_from_the_gateway_and_no_mail_goes_out_twice() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let paid = w.invoice_for(&contact, "165.00", DUE, true).await;
        let late = w.invoice_for(&contact, "40.00", "2026-11-09", true).await;
        let (paid, pay_url) = id_and_pay_url(&paid);
        let mut backups = vec![backup(w, "sent").await];
        w.dispatch().await;
        backups.push(backup(w, "mailed").await);
        w.live_until("2026-11-05T10:00:00Z").await;
        backups.push(backup(w, "before-the-reminder").await);
        w.live_until("2026-11-10T12:00:00Z").await;
        backups.push(backup(w, "reminded").await);
        let given_up = w.open_checkout(pay_url).await;
        backups.push(backup(w, "opened").await);
        w.settle_for(90).await;
        backups.push(backup(w, "expired").await);
        let session = w.open_checkout(pay_url).await;
        backups.push(backup(w, "opened-again").await);
        w.gateway.pay(&session, GOOD_CARD).unwrap();
        backups.push(backup(w, "paid").await);
        w.deliver_notices().await;
        backups.push(backup(w, "settled").await);
        w.dispatch().await;
        assert_ne!(given_up, session);
        let asking = |w: &World| w.subjects().into_iter().filter(|subject| !subject.starts_with("Receipt")).collect::<Vec<_>>();
        let before = asking(w);
        assert_eq!(before.len(), 4, "two invoices, a reminder before the due day and one after: {before:?}");
        for backup in &backups {
            let done = restore(w, backup, Links::Keep).await.unwrap();
            assert!(done.left.is_empty(), "{done:?}");
            assert_eq!((w.stands(paid).await.as_str(), w.payments(paid).await.len()), ("0.00 closed", 1), "{done:?}");
            assert_eq!(w.tries(paid).await.last().map(String::as_str), Some("applied"));
            let _ = w.journal(paid).await;
            for function in ["upcoming-reminders", "past-due-reminders", "collections", "dispatch"] {
                w.start(function).await;
            }
            assert_eq!(asking(w), before, "{done:?}");
        }
        assert_eq!((w.charged(), w.payable().len()), (vec![16_500], 0));
        assert_eq!(w.stands(late["id"].as_str().unwrap()).await, "40.00 open");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f55_numbers_go_on_beyond_the_gap_and_a_second_run_changes_nothing() {
    story(START, async |w| {
        let backup = backup(w, "empty").await;
        let _ = w.sent_invoice("165.00", DUE).await;
        let first = restore(w, &backup, Links::Revoke).await.unwrap();
        assert!(first.numbers_raised);
        let kept = w.sent_invoice("165.00", DUE).await;
        assert_eq!(kept["number"], "INV-01000");
        let before = invoice_items(w).await;
        let gap = Gap { since: backup.1, until: backup.1 + TimeDelta::minutes(1) };
        let again = reconcile(&w.deps, gap, NEXT_NUMBER, Links::Revoke).await.unwrap();
        assert_eq!(again, Reconciled::default());
        assert_eq!(invoice_items(w).await, before);
    })
    .await;
}

async fn invoice_items(w: &World) -> Vec<String> {
    w.snapshot().await.into_iter().filter(|item| item.contains("INV")).collect()
}

#[tokio::test(start_paused = true)]
async fn f55_links_are_kept_or_taken_back_as_staff_choose() {
    for (links, status) in [(Links::Keep, 200), (Links::Revoke, 404)] {
        story(START, async |w| {
            let invoice = w.sent_invoice("165.00", DUE).await;
            let backup = backup(w, "sent").await;
            let _ = restore(w, &backup, links).await.unwrap();
            let url = |invoice: &Value| invoice["links"]["invoice_url"].as_str().unwrap().to_owned();
            let _ = w.open(&url(&invoice)).await.expect(status);
            let now = w.invoice(invoice["id"].as_str().unwrap()).await;
            let _ = w.open(&url(&now)).await.expect(200);
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn f55_a_checkout_whose_invoice_is_gone_is_closed_and_money_in_it_is_named() {
    for (pays, collected) in [(true, Some("EUR 165.00")), (false, None)] {
        story(START, async |w| {
            let backup = backup(w, "empty").await;
            let invoice = w.sent_invoice("165.00", DUE).await;
            let session = w.open_checkout(id_and_pay_url(&invoice).1).await;
            if pays {
                w.gateway.pay(&session, GOOD_CARD).unwrap();
            }
            let done = restore(w, &backup, Links::Keep).await.unwrap();
            let left: Vec<_> =
                done.left.iter().map(|left| (left.session_ref.as_str(), left.collected.map(|sum| sum.to_string()))).collect();
            let expected: Vec<_> = collected.into_iter().map(|sum| (session.as_str(), Some(sum.to_owned()))).collect();
            assert_eq!(left, expected);
            assert!(w.payable().is_empty());
            if !pays {
                assert_eq!(w.gateway.pay(&session, GOOD_CARD), Err(PayError::SessionExpired));
            }
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn f55_money_for_an_invoice_that_is_a_draft_again_is_left_for_staff() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let draft = w.invoice_for(&contact, "165.00", DUE, false).await;
        let id = draft["id"].as_str().unwrap();
        let backup = backup(w, "drafted").await;
        let sent = w.post(&format!("/v1/invoices/{id}/send"), &serde_json::json!({})).await.expect(200).json();
        let session = w.open_checkout(id_and_pay_url(&sent).1).await;
        w.gateway.pay(&session, GOOD_CARD).unwrap();
        let done = restore(w, &backup, Links::Keep).await.unwrap();
        assert_eq!(done.left.len(), 1);
        assert_eq!((done.left[0].invoice_id.as_str(), w.stands(id).await.as_str()), (id, "165.00 draft"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f55_while_the_gateway_does_not_list_its_checkouts_nothing_is_begun() {
    story(START, async |w| {
        let _ = w.sent_invoice("165.00", DUE).await;
        let backup = backup(w, "sent").await;
        let before = w.snapshot().await;
        w.gateway.inject(Fault::LoseBeforeEffect { on: Call::Any });
        let refused = restore(w, &backup, Links::Revoke).await;
        assert!(matches!(refused, Err(ReconcileError::Gateway(_))), "{refused:?}");
        assert_eq!(w.snapshot().await, before);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn f55_only_what_differs_is_copied_and_what_the_backup_does_not_have_goes() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let before = w.snapshot().await;
        let backup = backup(w, "before").await;
        let _ = w.patch(&format!("/v1/contacts/{contact}"), &serde_json::json!({ "name": "Ada King" })).await.expect(200);
        let Copied { written, removed } = w.deps.store.become_equal_to(&backup.0).await.unwrap();
        assert_eq!((written, removed), (1, 1), "the contact as it was, without the journal's new entry");
        assert_eq!(w.snapshot().await, before);
        assert_eq!(w.deps.store.become_equal_to(&backup.0).await.unwrap(), Copied::default());
    })
    .await;
}
