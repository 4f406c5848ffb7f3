//! Somebody changes what is stored, past the API: an audit tells, and names what it is.

use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;
use tests::{
    paying::id_and_pay_url,
    world::{GOOD_CARD, World, story},
};

type Item = HashMap<String, AttributeValue>;

/// What is done to an item.
enum Tampering {
    /// The first such text in an attribute becomes another.
    Text(&'static str, &'static str, &'static str),
    /// A number becomes another.
    Number(&'static str, &'static str),
    /// A number among an invoice's sums becomes another.
    Sum(&'static str, &'static str),
    /// The item is gone.
    Gone,
}

use Tampering::{Gone, Number, Sum, Text};

/// The item, how it is tampered with, and what the audit says.
const CASES: [(&str, Tampering, &str); 7] = [
    ("J#000000000002", Text("entry", "2026", "2025"), "entry 2 breaks the chain"),
    ("J#000000000001", Text("entry", "165", "164"), "entry 1 breaks the chain"),
    ("J#000000000002", Gone, "breaks the chain"),
    ("A#STATE", Sum("received", "1"), "its journal says"),
    ("A#STATE", Number("total", "16400"), "its journal says"),
    ("A#STATE", Number("seq", "2"), "does not stand on its last entry"),
    ("A#TEXT", Text("terms", "without", "with"), "the words are not the ones the journal names"),
];

/// The same for the records beside it: the payment, and the attempt that collected it.
const BESIDE: [(&str, Tampering, &str); 5] = [
    ("PAY#", Gone, "the state is missing"),
    ("PAY#", Gone, "which does not say so"),
    ("PAY#", Text("gateway_ref", "pi_", "po_"), "does not have the id of"),
    ("ATT#", Text("state", "applied", "declined"), "its journal says"),
    ("ATT#", Text("state", "applied", "declined"), "is declined beside its payment"),
];

async fn item(w: &World, id: &str, sort_key: &str) -> Item {
    let query = w.table.client().query().table_name("remit").key_condition_expression("pk = :pk AND begins_with(sk, :sk)");
    let query = query.expression_attribute_values(":pk", AttributeValue::S(format!("INV#{id}")));
    let found = query.expression_attribute_values(":sk", AttributeValue::S(sort_key.to_owned())).send().await.unwrap();
    found.items.unwrap_or_default().into_iter().next().unwrap_or_else(|| panic!("{id} has no {sort_key}"))
}

async fn put(w: &World, item: Item) {
    drop(w.table.client().put_item().table_name("remit").set_item(Some(item)).send().await.unwrap());
}

async fn tamper(w: &World, mut item: Item, tampering: &Tampering) {
    match tampering {
        Text(name, from, to) => {
            let text = item[*name].as_s().unwrap();
            assert!(text.contains(from), "{text}");
            let text = text.replacen(from, to, 1);
            item.insert((*name).to_owned(), AttributeValue::S(text));
            put(w, item).await;
        }
        Number(name, to) => {
            item.insert((*name).to_owned(), AttributeValue::N((*to).to_owned()));
            put(w, item).await;
        }
        Sum(name, to) => {
            let Some(AttributeValue::M(sums)) = item.get_mut("sums") else { panic!("no sums") };
            sums.insert((*name).to_owned(), AttributeValue::N((*to).to_owned()));
            put(w, item).await;
        }
        Gone => {
            let key = item.into_iter().filter(|(name, _)| name == "pk" || name == "sk").collect();
            drop(w.table.client().delete_item().table_name("remit").set_key(Some(key)).send().await.unwrap());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn own_05_whatever_is_changed_past_the_api_is_told_by_an_audit() {
    story("2026-11-02T10:00:00Z", async |w| {
        let invoice = w.sent_invoice("165.00", "2026-11-16").await;
        let (id, pay_url) = id_and_pay_url(&invoice);
        let session = w.open_checkout(pay_url).await;
        w.gateway.pay(&session, GOOD_CARD).unwrap();
        w.deliver_notices().await;
        assert!(w.deps.store.audit().await.unwrap().findings.is_empty());
        for (sort_key, tampering, says) in CASES {
            let before = item(w, id, sort_key).await;
            tamper(w, before.clone(), &tampering).await;
            let findings = w.deps.store.audit().await.unwrap().findings;
            assert!(findings.iter().any(|finding| finding.contains(says) && finding.contains(id)), "{sort_key}: {says}: {findings:?}");
            put(w, before).await;
        }
        let all = w.table.client().scan().table_name("remit").send().await.unwrap().items.unwrap_or_default();
        for (kind, tampering, says) in BESIDE {
            let state = |item: &&Item| item["pk"].as_s().unwrap().starts_with(kind) && item["sk"].as_s().unwrap() == "A#STATE";
            let before = all.iter().find(state).unwrap();
            tamper(w, before.clone(), &tampering).await;
            let findings = w.deps.store.audit().await.unwrap().findings;
            assert!(findings.iter().any(|finding| finding.contains(says)), "{kind}: {says}: {findings:?}");
            put(w, before.clone()).await;
        }
    })
    .await;
}
