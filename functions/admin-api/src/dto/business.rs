//! The business and its settings.

use super::{
    Fit,
    value::{currency, fits},
};
use domain::{
    calendar::{Hour, Zone},
    pii::EmailAddress,
    settings::Business,
    text,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The business behind the stack and how it bills: what is read is what may be written.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = Business, examples(json!({
    "name": "Ada Analytical Engines", "zone": "Europe/Berlin", "default_currency": "EUR",
    "email_from": "billing@example.com", "reply_to": null, "sweep_hour": 9, "due_default_days": 30,
    "terms": "Payable within 30 days."
})))]
pub(crate) struct BusinessBody {
    /// Stands on pages, in mails and as the sender's name.
    #[schema(min_length = 1, max_length = 120)]
    pub name: String,
    /// The IANA zone where its days begin and end.
    #[schema(examples("Europe/Berlin"))]
    pub zone: String,
    /// The currency of an invoice that names none.
    #[schema(pattern = "^[A-Z]{3}$", examples("EUR"))]
    pub default_currency: String,
    /// The sender of its mails.
    #[schema(format = Email, max_length = 254)]
    pub email_from: String,
    /// Where answers go, when not to the sender.
    #[serde(default)]
    #[schema(format = Email, max_length = 254)]
    pub reply_to: Option<String>,
    /// The hour at which daily reminders go out.
    #[serde(default = "nine")]
    #[schema(minimum = 0, maximum = 23, default = 9)]
    pub sweep_hour: i64,
    /// Days from the invoice date to the due date when an invoice names none.
    #[serde(default = "thirty")]
    #[schema(minimum = 0, maximum = 365, default = 30)]
    pub due_default_days: u16,
    /// Terms that stand on every invoice.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub terms: String,
}

fn nine() -> i64 {
    i64::from(Hour::NINE.get())
}

fn thirty() -> u16 {
    30
}

impl From<&Business> for BusinessBody {
    fn from(business: &Business) -> Self {
        Self {
            name: business.name.clone(),
            zone: business.zone.name().to_owned(),
            default_currency: business.default_currency.code().to_owned(),
            email_from: business.email_from.reveal().to_owned(),
            reply_to: business.reply_to.as_ref().map(|address| address.reveal().to_owned()),
            sweep_hour: i64::from(business.sweep_hour.get()),
            due_default_days: business.due_default_days,
            terms: business.terms.clone(),
        }
    }
}

impl BusinessBody {
    /// The settings; their version is given when they are saved.
    pub fn read(self) -> Fit<Business> {
        let days = if self.due_default_days <= 365 { Ok(self.due_default_days) } else { Err("this is from 0 to 365 days") };
        Ok(Business {
            version: 0,
            name: fits("name", text::line(&self.name, 120))?,
            zone: fits("zone", Zone::parse(&self.zone))?,
            default_currency: currency("default_currency", &self.default_currency)?,
            email_from: fits("email_from", EmailAddress::parse(&self.email_from))?,
            reply_to: self.reply_to.map(|address| fits("reply_to", EmailAddress::parse(&address))).transpose()?,
            sweep_hour: fits("sweep_hour", Hour::parse(self.sweep_hour))?,
            due_default_days: fits("due_default_days", days)?,
            terms: fits("terms", text::lines(&self.terms, 2000))?,
        })
    }
}
