//! A demo business: a few contacts, and invoices that are open, due soon, overdue and paid.

use anyhow::Context as _;
use app::{
    Caller, Clock, Deps,
    create_contact::create_contact,
    create_invoice::{NewInvoice, NewLine, create_invoice},
    create_product::{NewProduct, create_product},
    record_payment::{Received, record_payment},
    save_business::save_business,
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    calendar::{Hour, Zone},
    contact::{ContactDetails, ContactEmail},
    currency::Currency,
    ids::{ApiKeyId, ContactId, InvoiceId, ProductId},
    invoice::{
        journal::Deliver,
        line::{Percent, Quantity, Tax},
    },
    money::Money,
    payment::Method,
    pii::{EmailAddress, Pii},
    record::Actor,
    settings::Business,
};

/// One demo invoice: for whom, so many days ago, due after so many days, how many hours, whether paid.
struct Demo {
    contact: usize,
    sent_days_ago: i64,
    due_after_days: i32,
    hours: &'static str,
    paid: bool,
    note: &'static str,
}

const PEOPLE: [(&str, &str, &str); 3] = [
    ("Ada Lovelace", "Analytical Engines Ltd", "ada@example.com"),
    ("Grace Hopper", "", "grace@example.com"),
    ("Alan Turing", "Bletchley Works", "alan@example.com"),
];

const DEMOS: [Demo; 4] = [
    Demo { contact: 0, sent_days_ago: 30, due_after_days: 14, hours: "6", paid: true, note: "Thank you for your business." },
    Demo { contact: 1, sent_days_ago: 20, due_after_days: 14, hours: "2.5", paid: false, note: "" },
    Demo { contact: 2, sent_days_ago: 10, due_after_days: 14, hours: "8", paid: false, note: "" },
    Demo { contact: 0, sent_days_ago: 2, due_after_days: 30, hours: "1", paid: false, note: "As agreed on the phone." },
];

/// Fills an empty table with the demo business.
///
/// # Errors
/// A use case refused, which is a defect.
pub async fn seed(deps: &Deps, key: &ApiKeyId) -> anyhow::Result<()> {
    let now = deps.clock.now();
    let long_ago = at(deps, now - TimeDelta::days(40));
    save_business(&long_ago, &caller(&long_ago, key), business()?, None).await?;
    let eur = Currency::parse("EUR")?;
    let product = NewProduct {
        name: "Studio hour".to_owned(),
        description: "Design and illustration, one hour".to_owned(),
        unit_price: Money::parse("120.00", eur)?,
    };
    let product = create_product(&long_ago, &caller(&long_ago, key), product).await?.value;
    let mut contacts = Vec::new();
    for (name, company, address) in PEOPLE {
        contacts.push(create_contact(&long_ago, &caller(&long_ago, key), details(name, company, address)?).await?.value);
    }
    for demo in DEMOS {
        let then = at(deps, now - TimeDelta::days(demo.sent_days_ago));
        let contact = contacts.get(demo.contact).context("a demo invoice without a contact")?;
        let id = invoice(&then, key, contact, &product, &demo).await?;
        if demo.paid {
            let later = at(deps, now - TimeDelta::days(demo.sent_days_ago - 5));
            let folder = later.store.find_invoice(&id).await?.context("the invoice is gone")?;
            let amount = folder.invoice.value.amount_due();
            let received = Received { amount, method: Method::Transfer, reference: Some("Statement 11".to_owned()), received_on: None };
            record_payment(&later, &caller(&later, key), &id, None, &received).await?;
        }
    }
    Ok(())
}

/// The same, at another time.
fn at(deps: &Deps, instant: DateTime<Utc>) -> Deps {
    deps.clone().with_clock(Clock::new(move || instant))
}

fn caller(deps: &Deps, key: &ApiKeyId) -> Caller {
    Caller::new(deps, Actor::Staff(key.clone()), deps.clock.now())
}

fn business() -> anyhow::Result<Business> {
    Ok(Business {
        version: 0,
        name: "Kestrel Studio".to_owned(),
        zone: Zone::parse("Europe/Berlin")?,
        default_currency: Currency::parse("EUR")?,
        email_from: EmailAddress::parse("billing@kestrel.example.com")?,
        reply_to: Some(EmailAddress::parse("hello@kestrel.example.com")?),
        sweep_hour: Hour::NINE,
        due_default_days: 14,
        terms: "Payable without deduction.".to_owned(),
    })
}

fn details(name: &str, company: &str, address: &str) -> anyhow::Result<ContactDetails> {
    Ok(ContactDetails {
        name: Pii::new(name),
        company: Pii::new(company),
        emails: vec![ContactEmail { address: EmailAddress::parse(address)?, main: true, cc_invoices: false }],
        phone: Pii::default(),
        billing_address: Pii::new("12 Example Street\n10115 Berlin"),
    })
}

async fn invoice(deps: &Deps, key: &ApiKeyId, contact: &ContactId, product: &ProductId, demo: &Demo) -> anyhow::Result<InvoiceId> {
    let date = Zone::parse("Europe/Berlin")?.date_at(deps.clock.now());
    let line = NewLine {
        product_id: Some(product.clone()),
        name: None,
        description: None,
        quantity: Quantity::parse(demo.hours)?,
        unit_price: None,
        discount: None,
        tax: Some(Tax { code: "VAT".to_owned(), rate: Percent::parse("19")? }),
    };
    let new = NewInvoice {
        contact_id: contact.clone(),
        currency: None,
        invoice_date: Some(date),
        due_on: Some(domain::calendar::plus_days(date, demo.due_after_days)),
        lines: vec![line],
        deliver: Deliver::Email,
        reminders_on: true,
        customer_note: demo.note.to_owned(),
        internal_note: Pii::default(),
        send: true,
    };
    Ok(create_invoice(deps, &caller(deps, key), new).await?.value)
}
