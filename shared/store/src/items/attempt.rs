//! Attempts as items.

use super::{
    Item, index,
    money::{MoneyItem, id, named, recipient},
    write,
};
use crate::{error::Corrupt, keys};
use chrono::{DateTime, Utc};
use domain::{
    attempt::{Attempt, AttemptState, Decline, DeclineClass},
    automation::Sweep,
    ids::{AttemptId, ContactId, InvoiceId},
    payment::Origin,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeclineItem {
    code: String,
    class: String,
}

impl From<&Decline> for DeclineItem {
    fn from(decline: &Decline) -> Self {
        Self { code: decline.code.clone(), class: decline.class.name().to_owned() }
    }
}

impl DeclineItem {
    pub fn read(self) -> Result<Decline, Corrupt> {
        Ok(Decline { code: self.code, class: named("decline class", DeclineClass::find(&self.class))? })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AttemptItem {
    id: String,
    invoice_id: String,
    contact_id: String,
    amount: MoneyItem,
    invoice_rev: u32,
    recipient: String,
    link_version: u16,
    link_key: u8,
    origin: String,
    gateway: String,
    key: String,
    taken_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session_ref: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intent_ref: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decline: Option<DeclineItem>,
    looks: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    look_at: Option<DateTime<Utc>>,
}

impl From<&Attempt> for AttemptItem {
    fn from(attempt: &Attempt) -> Self {
        Self {
            id: attempt.id.to_string(),
            invoice_id: attempt.invoice_id.to_string(),
            contact_id: attempt.contact_id.to_string(),
            amount: attempt.amount.into(),
            invoice_rev: attempt.invoice_rev,
            recipient: attempt.recipient.hex(),
            link_version: attempt.link_version,
            link_key: attempt.link_key,
            origin: attempt.origin.name().to_owned(),
            gateway: attempt.gateway.clone(),
            key: attempt.key.clone(),
            taken_at: attempt.taken_at,
            expires_at: attempt.expires_at,
            state: attempt.state.name().to_owned(),
            session_ref: attempt.session_ref.clone(),
            intent_ref: attempt.intent_ref.clone(),
            decline: attempt.decline.as_ref().map(DeclineItem::from),
            looks: attempt.looks,
            look_at: attempt.look_at,
        }
    }
}

impl AttemptItem {
    pub fn read(self) -> Result<Attempt, Corrupt> {
        Ok(Attempt {
            id: id(AttemptId::parse(&self.id))?,
            invoice_id: id(InvoiceId::parse(&self.invoice_id))?,
            contact_id: id(ContactId::parse(&self.contact_id))?,
            amount: self.amount.read()?,
            invoice_rev: self.invoice_rev,
            recipient: recipient(&self.recipient)?,
            link_version: self.link_version,
            link_key: self.link_key,
            origin: named("origin", Origin::find(&self.origin))?,
            gateway: self.gateway,
            key: self.key,
            taken_at: self.taken_at,
            expires_at: self.expires_at,
            state: named("attempt state", AttemptState::find(&self.state))?,
            session_ref: self.session_ref,
            intent_ref: self.intent_ref,
            decline: self.decline.map(DeclineItem::read).transpose()?,
            looks: self.looks,
            look_at: self.look_at,
        })
    }
}

pub(crate) fn write_attempt(attempt: &Attempt) -> Result<Item, Corrupt> {
    let mut item = write(&keys::invoice(&attempt.invoice_id), &keys::attempt(&attempt.id), &AttemptItem::from(attempt))?;
    if let Some(at) = attempt.look_at {
        index(&mut item, keys::DUE, keys::due_partition(Sweep::Collections, attempt.id.shard(keys::SHARDS)), keys::instant(at));
    }
    Ok(item)
}
