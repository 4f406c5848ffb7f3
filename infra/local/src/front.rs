//! `/`: the page that somebody who starts this for the first time sees.

use crate::{
    control::Info,
    look,
    recorder::{
        Recorder,
        view::{MailRow, latest_mails, mails_between},
    },
    sandbox_gateway::{TEST_CARDS, TestCard},
};
use app::Deps;
use askama::Template;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::{money::Money, pii::RecipientRef, settings::Business};
use pages::{long_date, standing};
use std::collections::BTreeMap;
use store::{lists::InvoiceList, queries::InvoiceFolder};

/// Invoices that it lists.
const MOST_INVOICES: i32 = 20;
/// Mails that it lists.
const MOST_MAILS: usize = 8;

/// What it shows besides the table and the mailbox.
#[derive(Debug, Clone)]
pub struct Around {
    /// This run.
    pub info: Info,
    /// How the clock was last moved, if it was.
    pub moved: Option<LastMove>,
    /// The last run of each function: when, and what it said.
    pub runs: BTreeMap<String, (DateTime<Utc>, String)>,
}

/// A move of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastMove {
    /// What it showed before.
    pub from: DateTime<Utc>,
    /// What it showed then.
    pub to: DateTime<Utc>,
}

#[derive(Template)]
#[template(path = "front.html")]
struct Front<'a> {
    info: &'a Info,
    business: &'a str,
    clock: String,
    zone: &'static str,
    instant: String,
    moved: Option<String>,
    invoices: Vec<InvoiceRow>,
    invoices_left_out: bool,
    mails: Vec<MailRow>,
    mail_count: usize,
    cards: &'static [TestCard],
    commands: [Command; 3],
    runs: Vec<(String, String, String)>,
}

impl Front<'_> {
    /// The newest invoice that can be paid now.
    fn payable(&self) -> Option<(&str, &str)> {
        self.invoices.iter().find_map(|row| Some((row.name.as_str(), row.pay_url.as_deref()?)))
    }
}

/// An invoice on the page.
struct InvoiceRow {
    name: String,
    /// Its page; none for a draft, and long after its end.
    url: Option<String>,
    /// Its pay page, while it can be paid there.
    pay_url: Option<String>,
    customer: String,
    amount: String,
    tone: &'static str,
    stands: String,
    /// When it is due, unless the sentence says it.
    due: Option<String>,
}

/// A command to be copied.
struct Command {
    title: &'static str,
    text: String,
}

/// The page as it is now.
///
/// # Errors
/// The table cannot be read.
pub async fn front_page(deps: &Deps, recorder: &Recorder, around: &Around) -> anyhow::Result<Response> {
    let now = deps.clock.now();
    let business = deps.business(now).await?;
    let listed = deps.store.list_invoices(&InvoiceList::Newest, MOST_INVOICES, None).await?;
    let mut invoices = Vec::new();
    for row in &listed.rows {
        let folder = deps.store.find_invoice(&row.id).await?;
        invoices.extend(folder.map(|folder| invoice_row(deps, &business, &folder, now)));
    }
    let at = |instant| look::minute(instant, business.zone);
    let (mails, mail_count) = latest_mails(recorder, business.zone, MOST_MAILS);
    Ok(look::page(&Front {
        info: &around.info,
        business: &business.name,
        clock: at(now),
        zone: business.zone.name(),
        instant: now.to_rfc3339(),
        moved: around.moved.map(|moved| sentence(moved, mails_between(recorder, moved.from, moved.to), &at)),
        invoices,
        invoices_left_out: listed.next.is_some(),
        mails,
        mail_count,
        cards: &TEST_CARDS,
        commands: commands(deps, &around.info, &business).await?,
        runs: around.runs.iter().map(|(function, (when, said))| (function.clone(), at(*when), said.clone())).collect(),
    }))
}

fn invoice_row(deps: &Deps, business: &Business, folder: &InvoiceFolder, now: DateTime<Utc>) -> InvoiceRow {
    let invoice = &folder.invoice.value;
    let standing = standing(invoice, business.zone, business.zone.date_at(now));
    let url = |url: domain::pii::Pii| invoice.links_open(now).then(|| url.reveal().to_owned());
    let asked = invoice.amount_due();
    let payable = asked.is_positive() && !invoice.is_processing() && deps.no_gateway(asked).is_none();
    let bill_to = &folder.text.bill_to;
    let names = [&bill_to.name, &bill_to.company].map(|name| name.reveal());
    let due = long_date(invoice.body.due_on);
    InvoiceRow {
        name: invoice.number.as_ref().map_or_else(|| "Draft".to_owned(), ToString::to_string),
        url: url(deps.invoice_url(invoice, RecipientRef::ANYONE)),
        pay_url: url(deps.pay_url(invoice, RecipientRef::ANYONE)).filter(|_| payable),
        customer: names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", "),
        amount: if invoice.is_partially_paid() { format!("{asked} of {}", invoice.total) } else { invoice.total.display() },
        tone: standing.tone,
        due: (!standing.sentence.contains(&due)).then_some(due),
        stands: standing.sentence,
    }
}

fn sentence(moved: LastMove, mails: usize, at: &impl Fn(DateTime<Utc>) -> String) -> String {
    let mails = match mails {
        0 => "no mail".to_owned(),
        1 => "1 mail".to_owned(),
        more => format!("{more} mails"),
    };
    format!("The clock was moved from {} to {}; {mails} went out meanwhile.", at(moved.from), at(moved.to))
}

/// Commands that work as they stand, whatever the business's currency.
async fn commands(deps: &Deps, info: &Info, business: &Business) -> anyhow::Result<[Command; 3]> {
    let Info { base_url, api_key, .. } = info;
    let contacts = deps.store.list_contacts(1, None).await?;
    let contact = contacts.rows.first().map_or("CONTACT_ID", |contact| contact.id.as_str());
    let price = Money::from_minor(15_000, business.default_currency)?;
    let invoice = format!(
        r#"{{"contact_id": "{contact}", "send": true, "lines": [{{"name": "Portrait", "quantity": "1", "unit_price": {{"amount": "{}", "currency": "{}"}}}}]}}"#,
        price.decimal_string(),
        price.currency(),
    );
    Ok([
        Command { title: "List invoices", text: format!("curl {base_url}/v1/invoices -H 'Authorization: Bearer {api_key}'") },
        Command {
            title: "Create an invoice and send it",
            text: format!(
                "curl {base_url}/v1/invoices -H 'Authorization: Bearer {api_key}' -H \"Idempotency-Key: $(date +%s)\" \
                 -H 'Content-Type: application/json' -d '{invoice}'"
            ),
        },
        Command { title: "Move the clock by three days", text: format!("curl {base_url}/_local/clock -d '{{\"advance\": \"3d\"}}'") },
    ])
}
