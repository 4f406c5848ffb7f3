//! Contacts.

use super::{
    Fit, given,
    value::{Amount, fits},
};
use crate::problem::ApiProblem;
use domain::{
    contact::{Contact, ContactDetails, ContactEmail},
    credit::Credit,
    currency::Currency,
    money::{Money, MoneyError},
    pii::{EmailAddress, Pii},
    text,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{Stored, lists::ContactSummary};
use utoipa::ToSchema;

/// One mail address of a contact.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object with `address`")]
#[schema(as = Email, examples(json!({"address": "ada@example.com", "main": true, "cc_invoices": false})))]
pub(crate) struct EmailBody {
    /// The address.
    #[schema(format = Email, max_length = 254)]
    pub address: String,
    /// Whether invoices go to it. One address is the main one; the first, when none says so.
    #[serde(default)]
    #[schema(default = false)]
    pub main: bool,
    /// Whether it gets a copy of invoices and receipts.
    #[serde(default)]
    #[schema(default = false)]
    pub cc_invoices: bool,
}

/// A contact to be written down.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewContact, examples(json!({
    "name": "Ada Lovelace", "company": "Analytical Engines Ltd",
    "emails": [{"address": "ada@example.com", "main": true}], "phone": "+44 20 7946 0000",
    "billing_address": "12 St James's Square\nLondon"
})))]
pub(crate) struct NewContactBody {
    /// The name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The company.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub company: Option<String>,
    /// Up to ten addresses, each once.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub emails: Option<Vec<EmailBody>>,
    /// The phone number.
    #[serde(default)]
    #[schema(max_length = 40)]
    pub phone: Option<String>,
    /// The postal address, in lines.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub billing_address: Option<String>,
}

/// What changes of a contact. What is left out stays; an empty text clears; `emails` replaces all of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = ContactPatch, examples(json!({"phone": "+44 20 7946 0001"})))]
pub(crate) struct ContactPatchBody {
    /// The name.
    #[serde(default, deserialize_with = "given")]
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    pub name: Option<String>,
    /// The company.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 200, nullable = false)]
    pub company: Option<String>,
    /// Up to ten addresses, each once.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_items = 10, nullable = false)]
    pub emails: Option<Vec<EmailBody>>,
    /// The phone number.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 40, nullable = false)]
    pub phone: Option<String>,
    /// The postal address, in lines.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 500, nullable = false)]
    pub billing_address: Option<String>,
}

/// A contact.
#[derive(Serialize, ToSchema)]
#[schema(as = Contact, examples(json!({
    "id": "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "name": "Ada Lovelace", "company": "Analytical Engines Ltd",
    "emails": [{"address": "ada@example.com", "main": true, "cc_invoices": false}], "phone": "+44 20 7946 0000",
    "billing_address": "12 St James's Square\nLondon", "credit_balance": [{"amount": "20.00", "currency": "EUR"}]
})))]
pub(crate) struct ContactBody {
    /// Its id.
    #[schema(pattern = "^con_[0-9A-HJKMNP-TV-Z]{26}$")]
    pub id: String,
    /// The name.
    pub name: String,
    /// The company, or empty.
    pub company: String,
    /// The addresses.
    pub emails: Vec<EmailBody>,
    /// The phone number, or empty.
    pub phone: String,
    /// The postal address, in lines, or empty.
    pub billing_address: String,
    /// What is left of money received beyond what was owed, by currency.
    pub credit_balance: Vec<Amount>,
}

/// A contact as lists show it.
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({"id": "con_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "name": "Ada Lovelace", "email": "ada@example.com"})))]
pub(crate) struct ContactRow {
    /// Its id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The main address.
    pub email: Option<String>,
}

impl From<&ContactSummary> for ContactRow {
    fn from(row: &ContactSummary) -> Self {
        Self {
            id: row.id.to_string(),
            name: row.name.reveal().to_owned(),
            email: row.email.as_ref().map(|email| email.reveal().to_owned()),
        }
    }
}

impl From<&ContactEmail> for EmailBody {
    fn from(email: &ContactEmail) -> Self {
        Self { address: email.address.reveal().to_owned(), main: email.main, cc_invoices: email.cc_invoices }
    }
}

impl ContactBody {
    /// A contact, with what is left of its credits.
    pub fn new(contact: &Contact, credits: &[Stored<Credit>]) -> Result<Self, MoneyError> {
        let details = &contact.details;
        let mut left: BTreeMap<Currency, Money> = BTreeMap::new();
        for credit in credits.iter().map(|credit| credit.value.left).filter(|left| left.is_positive()) {
            let sum = left.entry(credit.currency()).or_insert_with(|| Money::zero(credit.currency()));
            *sum = sum.plus(credit)?;
        }
        Ok(Self {
            id: contact.id.to_string(),
            name: details.name.reveal().to_owned(),
            company: details.company.reveal().to_owned(),
            emails: details.emails.iter().map(EmailBody::from).collect(),
            phone: details.phone.reveal().to_owned(),
            billing_address: details.billing_address.reveal().to_owned(),
            credit_balance: left.into_values().map(Amount::from).collect(),
        })
    }
}

impl NewContactBody {
    /// The details of a new contact.
    pub fn read(self) -> Fit<ContactDetails> {
        let patch = ContactPatchBody {
            name: Some(self.name),
            company: self.company,
            emails: self.emails,
            phone: self.phone,
            billing_address: self.billing_address,
        };
        Ok(patch.read()?.over(ContactDetails::default()))
    }
}

/// What changes of a contact, checked.
pub(crate) struct ContactPatch {
    name: Option<Pii>,
    company: Option<Pii>,
    emails: Option<Vec<ContactEmail>>,
    phone: Option<Pii>,
    billing_address: Option<Pii>,
}

impl ContactPatchBody {
    /// What changes, checked.
    pub fn read(self) -> Fit<ContactPatch> {
        let text = |field: &str, given: Option<String>, check: &dyn Fn(&str) -> Result<String, text::TextError>| {
            given.map(|given| fits(field, check(&given)).map(Pii::new)).transpose()
        };
        Ok(ContactPatch {
            name: text("name", self.name, &|name| text::line(name, 200))?,
            company: text("company", self.company, &|company| text::optional_line(company, 200))?,
            emails: self.emails.map(|given| emails(&given)).transpose()?,
            phone: text("phone", self.phone, &|phone| text::optional_line(phone, 40))?,
            billing_address: text("billing_address", self.billing_address, &|address| text::lines(address, 500))?,
        })
    }
}

impl ContactPatch {
    /// The details with the changes made.
    pub fn over(&self, details: ContactDetails) -> ContactDetails {
        ContactDetails {
            name: self.name.clone().unwrap_or(details.name),
            company: self.company.clone().unwrap_or(details.company),
            emails: self.emails.clone().unwrap_or(details.emails),
            phone: self.phone.clone().unwrap_or(details.phone),
            billing_address: self.billing_address.clone().unwrap_or(details.billing_address),
        }
    }
}

fn emails(asked: &[EmailBody]) -> Fit<Vec<ContactEmail>> {
    if asked.len() > 10 {
        return Err(ApiProblem::value("emails", format!("a contact has at most 10 addresses, this one has {}", asked.len())));
    }
    if let Some(second) = asked.iter().enumerate().filter(|(_, email)| email.main).map(|(at, _)| at).nth(1) {
        return Err(ApiProblem::value(format!("emails[{second}].main"), "one address is the main one, and another was named before"));
    }
    let no_main = asked.iter().all(|email| !email.main);
    let mut emails: Vec<ContactEmail> = Vec::with_capacity(asked.len());
    for (at, email) in asked.iter().enumerate() {
        let field = format!("emails[{at}].address");
        let address = fits(&field, EmailAddress::parse(&email.address))?;
        if emails.iter().any(|other| other.address.reference() == address.reference()) {
            return Err(ApiProblem::value(field, "this address stands here before; each may stand once"));
        }
        emails.push(ContactEmail { address, main: email.main || (no_main && at == 0), cc_invoices: email.cc_invoices });
    }
    Ok(emails)
}
