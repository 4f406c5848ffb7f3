//! A contact's addresses change while a mail waits in the outbox.

use crate::outbox::live_on;
use local::recorder::{Fault, MailFault};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use tests::world::{World, story};

const START: &str = "2026-11-02T10:00:00Z";
const DUE: &str = "2026-11-16";

/// Everything that went out: to whom, and who else is named in its headers.
fn envelopes(w: &World) -> Vec<String> {
    let mut all: Vec<_> =
        w.mails().iter().map(|mail| format!("{} of {:?}, {:?}", mail.envelope_to.join(" "), mail.to(), mail.cc())).collect();
    all.sort();
    all
}

fn with_addresses(main: &str, copies: &[&str]) -> Value {
    let mut emails = vec![json!({ "address": main })];
    emails.extend(copies.iter().map(|address| json!({ "address": address, "cc_invoices": true })));
    json!({ "name": "Ada Lovelace", "emails": emails })
}

/// What was decided when the mail was put into the outbox does not go to an address that was wrong, nor name one that never got it.
#[tokio::test(start_paused = true)]
async fn a_mail_in_the_outbox_follows_the_contacts_addresses_and_names_only_who_gets_it() {
    for (told, after, went) in [
        (
            "corrected",
            with_addresses("ada@new.example", &["books@example.com"]),
            vec![
                "ada@new.example of [\"ada@new.example\"], [\"books@example.com\"]",
                "books@example.com of [\"ada@new.example\"], [\"books@example.com\"]",
            ],
        ),
        ("left out", with_addresses("ada@example.com", &[]), vec!["ada@example.com of [\"ada@example.com\"], []"]),
        (
            "one more",
            with_addresses("ada@example.com", &["books@example.com", "new@example.com"]),
            vec![
                "ada@example.com of [\"ada@example.com\"], [\"books@example.com\"]",
                "books@example.com of [\"ada@example.com\"], [\"books@example.com\"]",
            ],
        ),
    ] {
        story(START, async |w| {
            let contact = w.post("/v1/contacts", &with_addresses("ada@example.com", &["books@example.com"])).await.expect(201).json();
            let contact = contact["id"].as_str().unwrap();
            let id = w.invoice_for(contact, "100.00", DUE, true).await["id"].as_str().unwrap().to_owned();
            let _ = w.patch(&format!("/v1/contacts/{contact}"), &after).await.expect(200);
            live_on(w).await;
            assert_eq!(envelopes(w), went, "{told}");
            let cancelled = w.messages(&id).await.into_iter().filter(|row| row["state"] == "cancelled").map(|row| row["reason"].clone());
            let expected = usize::from(told != "one more");
            assert_eq!(cancelled.collect::<Vec<_>>(), vec![json!("this is no longer an address of the contact"); expected], "{told}");
        })
        .await;
    }
}

/// An address that comes back gets the mail that was cancelled when it went.
#[tokio::test(start_paused = true)]
async fn a_mail_is_not_lost_when_an_address_is_corrected_and_put_back() {
    story(START, async |w| {
        let contact = w.post("/v1/contacts", &with_addresses("ada@example.com", &[])).await.expect(201).json();
        let contact = contact["id"].as_str().unwrap();
        let _ = w.invoice_for(contact, "100.00", DUE, true).await;
        for address in ["ada@new.example", "ada@example.com"] {
            assert!(w.mails().is_empty());
            let _ = w.patch(&format!("/v1/contacts/{contact}"), &with_addresses(address, &[])).await.expect(200);
            // The mail to the address before is cancelled, and its successor throttled, so that it still waits.
            w.recorder.inject(Fault::Mail(MailFault::Throttled));
            w.dispatch().await;
        }
        live_on(w).await;
        assert_eq!(envelopes(w), ["ada@example.com of [\"ada@example.com\"], []"]);
    })
    .await;
}

/// A copy that waited while the one addressed got the mail, and another address since, is addressed to whoever gets it.
#[tokio::test(start_paused = true)]
async fn no_mail_goes_out_that_is_addressed_to_nobody() {
    let copies_that_waited = AtomicU32::new(0);
    for n in 0..6 {
        story(START, async |w| {
            let main = format!("ada{n}@example.com");
            let contact = w.post("/v1/contacts", &with_addresses(&main, &["books@example.com"])).await.expect(201).json();
            let contact = contact["id"].as_str().unwrap();
            let _ = w.invoice_for(contact, "100.00", DUE, true).await;
            // Whichever comes first waits.
            w.recorder.inject(Fault::Mail(MailFault::Throttled));
            w.dispatch().await;
            if w.mails()[0].envelope_to == [main] {
                copies_that_waited.fetch_add(1, Ordering::Relaxed);
            }
            let _ =
                w.patch(&format!("/v1/contacts/{contact}"), &with_addresses("ada@new.example", &["books@example.com"])).await.expect(200);
            live_on(w).await;
            assert_eq!(w.mails().len(), 2, "{:?}", envelopes(w));
            assert!(w.mails().iter().all(|mail| !mail.to().is_empty()), "{:?}", envelopes(w));
        })
        .await;
    }
    assert!((1..6).contains(&copies_that_waited.into_inner()), "both orders were tried");
}
