//! What reaches customers and logs: no mail whose reason was gone (I9), and nothing that is not theirs to read (I10).

use crate::book::Book;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ids::InvoiceId,
    invoice::{Invoice, status::StatusCode},
    message::{Content, MailKind, Message, MessageState},
    record::Fact,
};
use store::StoredEntry;
use tests::world::{API_SECRET, BASE, GATEWAY_SECRET, NOTICE_SECRET, World};

/// What staff write on every invoice, for themselves.
pub const NOTE: &str = "slow-payer-between-ourselves";

/// What opens the API, the gateway, and the way for its notices.
const SECRETS: [&str; 3] = [API_SECRET, GATEWAY_SECRET, NOTICE_SECRET];

/// Between the last look at a mail's reason and its acceptance: a function's life, and clocks that differ.
const IN_FLIGHT: TimeDelta = TimeDelta::seconds(40);
/// How far the clock of a journal's entry may be ahead.
const AHEAD: TimeDelta = TimeDelta::seconds(5);

/// An invoice as it was from one entry of its journal to the next.
#[must_use]
pub fn history(id: &InvoiceId, entries: &[StoredEntry]) -> Vec<(DateTime<Utc>, Invoice)> {
    let mut history: Vec<(DateTime<Utc>, Invoice)> = Vec::new();
    for StoredEntry { entry, .. } in entries {
        let next = entry.facts.iter().try_fold(history.last().map(|(_, before)| before.clone()), |before, fact| match (before, fact) {
            (None, Fact::Invoice(event)) => Invoice::begin(id.clone(), event, entry.at).map(Some),
            (Some(before), Fact::Invoice(event)) => before.evolve(event, entry.at).map(Some),
            (before, _) => Ok(before),
        });
        // A journal that cannot be folded is found elsewhere.
        let Ok(Some(next)) = next else { break };
        history.push((entry.at, next));
    }
    history
}

/// Said once more, and not by the rule that is looked at: whoever is asked for money owes it, and a reminder is for the due date that
/// stands, of an invoice that nobody is paying just now.
fn has_a_reason(message: &Message, invoice: &Invoice) -> bool {
    let Content::Mail { kind, .. } = &message.content else { return true };
    let status = invoice.status.code();
    let owed = [StatusCode::Open, StatusCode::Collections].contains(&status) && invoice.sums.received.minor() < invoice.total.minor();
    match kind {
        MailKind::Receipt { .. } => true,
        MailKind::Unpaid | MailKind::Request => owed,
        MailKind::Upcoming { .. } | MailKind::PastDue { .. } => {
            let stands = message.key.contains(&format!("/v{}/", invoice.due_version));
            owed && stands && status == StatusCode::Open && !invoice.is_processing()
        }
    }
}

/// Whether the message had a reason at any moment at which somebody who handed it over then can have looked.
fn had_a_reason(message: &Message, history: &[(DateTime<Utc>, Invoice)], accepted: DateTime<Utc>) -> bool {
    let ends = history.iter().skip(1).map(|(at, _)| Some(*at)).chain([None]);
    history.iter().zip(ends).any(|((begins, invoice), ends)| {
        let can_be_seen = *begins <= accepted + AHEAD && ends.is_none_or(|ends| ends >= accepted - IN_FLIGHT);
        can_be_seen && has_a_reason(message, invoice)
    })
}

/// Every mail that was handed over had a reason when it was (I9).
pub fn with_reason(book: &Book, world: &World, messages: &[Message], history: &[(DateTime<Utc>, Invoice)]) {
    let mails = world.mails();
    for message in messages {
        match &message.state {
            MessageState::Handed { service_id, .. } => {
                let accepted = mails.iter().find(|mail| mail.id == *service_id).map(|mail| mail.at);
                if accepted.is_some_and(|at| !had_a_reason(message, history, at)) {
                    book.broken("I9", format!("{} went out at {accepted:?}: {:?}", message.key, message.state));
                }
            }
            MessageState::Cancelled { .. } => book.probe("mail without a reason"),
            MessageState::Planned | MessageState::Claimed { .. } | MessageState::Uncertain { .. } | MessageState::Failed { .. } => {}
        }
    }
}

/// One mail says that an invoice was sent (I8); none when nothing was to be paid (I16).
pub fn first_mail(book: &Book, messages: &[Message], history: &[(DateTime<Utc>, Invoice)]) {
    let Some((_, sent)) = history.iter().find(|(_, invoice)| invoice.sent_at.is_some()) else { return };
    let to_pay = sent.total.is_positive();
    if !to_pay {
        book.probe("sent with nothing to pay");
    }
    let first = messages.iter().filter(|message| matches!(&message.content, Content::Mail { kind: MailKind::Unpaid, .. })).count();
    if first != usize::from(to_pay) {
        book.broken("I8", format!("{}: sent with {} to pay, and {first} mails say so", sent.id, sent.total));
    }
}

/// Staff's own words are in no mail, and in no log is a secret or anything by which a customer is known or a link opens (I10).
pub fn nothing_private(book: &Book, world: &World, logs: &[String]) {
    let mut private = std::mem::take(&mut book.open().private);
    private.extend(SECRETS.map(str::to_owned));
    for mail in world.mails() {
        let text = mail.text().unwrap_or_default();
        if text.contains(NOTE) || mail.html().is_some_and(|html| html.contains(NOTE)) {
            book.broken("I10", format!("staff's note is in a mail: {:?}", mail.tags));
        }
        let links = text.split_whitespace().filter(|word| word.starts_with(BASE));
        private.extend(links.filter_map(|link| link.rsplit('/').next()).map(str::to_owned));
    }
    for line in logs {
        if let Some(word) = private.iter().find(|word| line.contains(word.as_str())) {
            book.broken("I10", format!("{word:?} stands in a log: {line}"));
        }
    }
}

#[cfg(test)]
mod reasons {
    use super::{had_a_reason, history};
    use chrono::TimeDelta;
    use domain::{ids::InvoiceId, message::MessageState, record::Subject};
    use serde_json::json;
    use tests::world::story;

    /// Seconds from the payment to the moment at which a request for it is accepted, and whether that may be.
    const CASES: [(i64, bool); 4] = [(-60, true), (0, true), (30, true), (60, false)];

    #[tokio::test(start_paused = true)]
    async fn i9_a_mail_that_asks_for_money_may_only_have_been_in_flight_when_the_money_came() {
        story("2026-11-02T10:00:00Z", async |w| {
            let lines = json!([{ "name": "Studio hours", "quantity": "1", "unit_price": { "amount": "80.00", "currency": "EUR" } }]);
            let contact = w.post("/v1/contacts", &json!({ "name": "Ada", "emails": [{ "address": "ada@example.com" }] })).await.json();
            let order = json!({ "contact_id": contact["id"], "due_on": "2026-11-16", "send": true, "lines": lines });
            let invoice = w.post("/v1/invoices", &order).await.expect(201).json();
            let id = InvoiceId::parse(invoice["id"].as_str().unwrap()).unwrap();
            w.pass(TimeDelta::hours(1));
            let paid_at = w.now();
            let paid = json!({ "method": "cash", "amount": { "amount": "80.00", "currency": "EUR" } });
            let _ = w.post(&format!("/v1/invoices/{id}/payments"), &paid).await.expect(201);
            let entries = w.deps.store.list_entries(&Subject::Invoice(id.clone()), 0, 100).await.unwrap().rows;
            let messages = w.deps.store.list_messages(&Subject::Invoice(id.clone())).await.unwrap();
            let asking = messages.iter().find(|message| message.key.starts_with("unpaid/")).unwrap();
            assert_eq!(asking.state, MessageState::Planned);
            for (seconds, may_be) in CASES {
                let accepted = paid_at + TimeDelta::seconds(seconds);
                assert_eq!(had_a_reason(asking, &history(&id, &entries), accepted), may_be, "{seconds} s after the payment");
            }
        })
        .await;
    }
}
