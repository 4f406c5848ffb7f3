//! Customers' links: what opens nothing looks the same, whatever the reason.

use chrono::TimeDelta;
use domain::{
    ids::InvoiceId,
    link::{Link, LinkKeys, Purpose},
    pii::RecipientRef,
};
use serde_json::json;
use tests::world::{Reply, World, story};

const START: &str = "2026-11-02T10:00:00Z";

fn link(w: &World, keys: Option<&LinkKeys>, purpose: Purpose, id: &str, version: u16) -> String {
    let invoice_id = InvoiceId::parse(id).unwrap();
    let token = keys.unwrap_or(&w.deps.links).sign(&Link { purpose, invoice_id, recipient: RecipientRef::ANYONE, version });
    let path = if purpose == Purpose::Invoice { "i" } else { "p" };
    format!("/{path}/{}", token.reveal())
}

/// Status, headers and body of a page, as bytes go.
fn bytes(reply: &Reply) -> String {
    let mut headers: Vec<String> = reply.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.sort();
    format!("{}\n{}\n\n{}", reply.status, headers.join("\n"), reply.text)
}

#[tokio::test(start_paused = true)]
async fn f51_forged_unknown_revoked_and_expired_links_are_one_and_the_same_404_page() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let draft = w.invoice_for(&contact, "10.00", "2026-11-16", false).await["id"].as_str().unwrap().to_owned();
        let open = w.invoice_for(&contact, "10.00", "2026-11-16", true).await["id"].as_str().unwrap().to_owned();
        let ended = w.invoice_for(&contact, "10.00", "2026-11-16", true).await["id"].as_str().unwrap().to_owned();
        let _ = w.post(&format!("/v1/invoices/{ended}/void"), &json!({})).await.expect(200);
        w.pass(TimeDelta::days(91));
        let foreign = LinkKeys::new(1, vec![(1, [8; 32])]).unwrap();
        let mut pages = Vec::new();
        for purpose in [Purpose::Invoice, Purpose::Pay] {
            let good = link(w, None, purpose, &open, 1);
            let _ = w.open(&good).await.expect(200);
            let other_purpose = if purpose == Purpose::Pay { good.replacen("/p/", "/i/", 1) } else { good.replacen("/i/", "/p/", 1) };
            let mut flipped = good.clone().into_bytes();
            let last = flipped.len() - 40;
            flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
            // What the link is, the address, and the reads it may cost.
            let cases = [
                ("signed with a foreign key", link(w, Some(&foreign), purpose, &open, 1), 0),
                ("changed by one letter", String::from_utf8(flipped).unwrap(), 0),
                ("cut short", good[..good.len() - 1].to_owned(), 0),
                ("made longer", format!("{good}A"), 0),
                ("of the other purpose", other_purpose, 0),
                ("nonsense", "/i/nonsense".to_owned(), 0),
                ("of an unknown invoice", link(w, None, purpose, "inv_00000000000000000000000000", 1), 1),
                ("of another version", link(w, None, purpose, &open, 2), 1),
                ("of an old version", link(w, None, purpose, &open, 0), 1),
                ("of a draft", link(w, None, purpose, &draft, 1), 1),
                ("of an invoice that ended 91 days ago", link(w, None, purpose, &ended, 1), 1),
            ];
            for (what, path, reads) in cases {
                let _ = w.table.take_calls();
                let page = w.open(&path).await;
                assert_eq!(page.status.as_u16(), 404, "{what}");
                assert_eq!(w.table.take_calls().len(), reads, "reads for a link {what}");
                pages.push((what, bytes(&page)));
            }
        }
        let (_, first) = &pages[0];
        for (what, page) in &pages {
            assert!(page == first, "a link {what} is told from others:\n{page}\n\n{first}");
        }
        assert!(!first.contains("Kestrel"), "{first}");
    })
    .await;
}

/// Days after its end on which a link is opened, and what it answers.
#[tokio::test(start_paused = true)]
async fn links_stay_for_ninety_days_after_the_end_and_for_ever_while_something_is_owed() {
    story(START, async |w| {
        let contact = w.contact("Ada Lovelace", "ada@example.com").await;
        let owed = w.invoice_for(&contact, "10.00", "2026-11-16", true).await;
        let paid = w.invoice_for(&contact, "10.00", "2026-11-16", true).await;
        let voided = w.invoice_for(&contact, "10.00", "2026-11-16", true).await;
        let path = |invoice: &serde_json::Value, end: &str| format!("/v1/invoices/{}/{end}", invoice["id"].as_str().unwrap());
        let cash = json!({ "amount": { "amount": "10.00", "currency": "EUR" }, "method": "cash" });
        let _ = w.post(&path(&paid, "payments"), &cash).await.expect(201);
        let _ = w.post(&path(&voided, "void"), &json!({})).await.expect(200);
        let almost = TimeDelta::days(90) - TimeDelta::milliseconds(1);
        for (span, ended) in [(TimeDelta::zero(), 200), (almost, 200), (TimeDelta::milliseconds(1), 404), (TimeDelta::days(3650), 404)] {
            w.pass(span);
            for (invoice, expected) in [(&owed, 200), (&paid, ended), (&voided, ended)] {
                for kind in ["invoice_url", "pay_url"] {
                    let url = invoice["links"][kind].as_str().unwrap();
                    assert_eq!(w.open(url).await.status.as_u16(), expected, "{kind} after {span}");
                }
            }
        }
        assert!(w.get("/v1/invoices?past_due=true").await.expect(200).json()["data"][0]["id"] == owed["id"]);
    })
    .await;
}
