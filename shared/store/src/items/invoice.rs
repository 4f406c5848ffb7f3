//! Invoices as they stand, with their lines, as items.

use super::{
    Item, index, is_zero,
    money::{MoneyItem, currency, digest, id, minor, named, recipient},
    read, write,
};
use crate::{error::Corrupt, keys};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    automation::StepRef,
    currency::Currency,
    ids::{AttemptId, ContactId, InvoiceId, PaymentId, ProductId},
    invoice::{
        Chase, Invoice, MoneyLine, Slot, SlotClass, Sums,
        journal::{Body, Deliver},
        line::{Discount, Line, Percent, Quantity, Tax},
        status::{CollectionsReason, Status},
    },
    money::Rounding,
    numbering::Number,
    payment::PaymentType,
    record::Head,
    reminder::NextStep,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LineItem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    product_id: Option<String>,
    quantity: String,
    unit_price: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    discount_percent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    discount_minor: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tax: Option<TaxItem>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TaxItem {
    code: String,
    rate: String,
}

impl From<&Line> for LineItem {
    fn from(line: &Line) -> Self {
        let (discount_percent, discount_minor) = match line.discount {
            None => (None, None),
            Some(Discount::Percent(share)) => (Some(share.get().to_string()), None),
            Some(Discount::Amount(amount)) => (None, Some(amount.minor())),
        };
        Self {
            product_id: line.product_id.as_ref().map(ToString::to_string),
            quantity: line.quantity.get().to_string(),
            unit_price: line.unit_price.minor(),
            discount_percent,
            discount_minor,
            tax: line.tax.as_ref().map(|tax| TaxItem { code: tax.code.clone(), rate: tax.rate.get().to_string() }),
        }
    }
}

impl LineItem {
    fn read(self, of: Currency) -> Result<Line, Corrupt> {
        let bad = |e: domain::invoice::line::LineError| Corrupt::new("line", e);
        let discount = match (self.discount_percent, self.discount_minor) {
            (Some(share), _) => Some(Discount::Percent(Percent::parse(&share).map_err(bad)?)),
            (None, Some(amount)) => Some(Discount::Amount(minor(amount, of)?)),
            (None, None) => None,
        };
        let tax = match self.tax {
            Some(tax) => Some(Tax { code: tax.code, rate: Percent::parse(&tax.rate).map_err(bad)? }),
            None => None,
        };
        Ok(Line {
            product_id: self.product_id.map(|p| id(ProductId::parse(&p))).transpose()?,
            quantity: Quantity::parse(&self.quantity).map_err(bad)?,
            unit_price: minor(self.unit_price, of)?,
            discount,
            tax,
        })
    }
}

/// What an invoice says, as state and journal both hold it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct BodyItem {
    invoice_date: NaiveDate,
    due_on: NaiveDate,
    lines: Vec<LineItem>,
    rounding: String,
    deliver: bool,
    reminders_on: bool,
    text: String,
}

impl From<&Body> for BodyItem {
    fn from(body: &Body) -> Self {
        Self {
            invoice_date: body.invoice_date,
            due_on: body.due_on,
            lines: body.lines.iter().map(LineItem::from).collect(),
            rounding: body.rounding.name().to_owned(),
            deliver: body.deliver == Deliver::Email,
            reminders_on: body.reminders_on,
            text: body.text.hex(),
        }
    }
}

impl BodyItem {
    pub fn read(self, of: Currency) -> Result<Body, Corrupt> {
        Ok(Body {
            invoice_date: self.invoice_date,
            due_on: self.due_on,
            lines: self.lines.into_iter().map(|line| line.read(of)).collect::<Result<_, _>>()?,
            rounding: named("rounding", Rounding::find(&self.rounding))?,
            deliver: if self.deliver { Deliver::Email } else { Deliver::None },
            reminders_on: self.reminders_on,
            text: digest(&self.text)?,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StatusItem {
    code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<Status> for StatusItem {
    fn from(status: Status) -> Self {
        let mut item = Self { code: status.code().name().to_owned(), at: None, reason: None };
        match status {
            Status::Draft | Status::Open => {}
            Status::Collections { reason, since } => {
                item.reason = Some(reason.name().to_owned());
                item.at = Some(since);
            }
            Status::Closed { at }
            | Status::Declined { at }
            | Status::Refunded { at }
            | Status::Voided { at }
            | Status::WrittenOff { at } => item.at = Some(at),
        }
        item
    }
}

impl StatusItem {
    fn read(&self) -> Result<Status, Corrupt> {
        let at = || named("status instant", self.at);
        Ok(match self.code.as_str() {
            "draft" => Status::Draft,
            "open" => Status::Open,
            "collections" => Status::Collections {
                reason: named("collections reason", self.reason.as_deref().and_then(CollectionsReason::find))?,
                since: at()?,
            },
            "closed" => Status::Closed { at: at()? },
            "declined" => Status::Declined { at: at()? },
            "refunded" => Status::Refunded { at: at()? },
            "voided" => Status::Voided { at: at()? },
            "written_off" => Status::WrittenOff { at: at()? },
            other => return Err(Corrupt::new("status", other)),
        })
    }
}

/// What became of the total, in minor units; what is zero is left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct SumsItem {
    #[serde(skip_serializing_if = "is_zero")]
    received: i64,
    #[serde(skip_serializing_if = "is_zero")]
    credited: i64,
    #[serde(skip_serializing_if = "is_zero")]
    written_off: i64,
    #[serde(skip_serializing_if = "is_zero")]
    cancelled: i64,
    #[serde(skip_serializing_if = "is_zero")]
    refund_reserved: i64,
    #[serde(skip_serializing_if = "is_zero")]
    disputed: i64,
}

impl From<Sums> for SumsItem {
    fn from(sums: Sums) -> Self {
        Self {
            received: sums.received.minor(),
            credited: sums.credited.minor(),
            written_off: sums.written_off.minor(),
            cancelled: sums.cancelled.minor(),
            refund_reserved: sums.refund_reserved.minor(),
            disputed: sums.disputed.minor(),
        }
    }
}

impl SumsItem {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }

    fn read(&self, of: Currency) -> Result<Sums, Corrupt> {
        Ok(Sums {
            received: minor(self.received, of)?,
            credited: minor(self.credited, of)?,
            written_off: minor(self.written_off, of)?,
            cancelled: minor(self.cancelled, of)?,
            refund_reserved: minor(self.refund_reserved, of)?,
            disputed: minor(self.disputed, of)?,
        })
    }
}

/// What a page says of money, as state and journal both hold it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MoneyLineItem {
    payment: String,
    kind: String,
    amount: MoneyItem,
    label: String,
    on: NaiveDate,
}

impl From<&MoneyLine> for MoneyLineItem {
    fn from(line: &MoneyLine) -> Self {
        Self {
            payment: line.payment_id.to_string(),
            kind: line.kind.name().to_owned(),
            amount: line.amount.into(),
            label: line.label.clone(),
            on: line.on,
        }
    }
}

impl MoneyLineItem {
    pub fn read(self) -> Result<MoneyLine, Corrupt> {
        Ok(MoneyLine {
            payment_id: id(PaymentId::parse(&self.payment))?,
            kind: named("payment type", PaymentType::find(&self.kind))?,
            amount: self.amount.read()?,
            label: self.label,
            on: self.on,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct InvoiceItem {
    id: String,
    contact_id: String,
    currency: String,
    status: StatusItem,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<(String, u64)>,
    rev: u32,
    due_version: u32,
    body: BodyItem,
    total: i64,
    #[serde(default, skip_serializing_if = "SumsItem::is_none")]
    sums: SumsItem,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    money: Vec<MoneyLineItem>,
    /// The attempt, and what it means for the invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slot: Option<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chase: Option<ChaseItem>,
    link_version: u16,
    created_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    viewed: Option<(DateTime<Utc>, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requested_at: Option<DateTime<Utc>>,
    seq: u64,
    head: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ChaseItem {
    since: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moved: Option<(String, DateTime<Utc>)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_mailed_at: Option<DateTime<Utc>>,
}

/// What lists show of an invoice, copied into their indexes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct InvoiceSummaryItem {
    pub id: String,
    pub contact_id: String,
    pub status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    pub currency: String,
    pub total: i64,
    pub balance: i64,
    pub invoice_date: NaiveDate,
    pub due_on: NaiveDate,
}

pub(crate) fn write_invoice(invoice: &Invoice, head: Head, next: Option<NextStep>) -> Result<Item, Corrupt> {
    let body = InvoiceItem {
        id: invoice.id.to_string(),
        contact_id: invoice.contact_id.to_string(),
        currency: invoice.currency.code().to_owned(),
        status: invoice.status.into(),
        number: invoice.number.as_ref().map(|n| (n.series.clone(), n.sequence)),
        rev: invoice.rev,
        due_version: invoice.due_version,
        body: BodyItem::from(&invoice.body),
        total: invoice.total.minor(),
        sums: invoice.sums.into(),
        money: invoice.money.iter().map(MoneyLineItem::from).collect(),
        slot: invoice.slot.as_ref().map(|slot| (slot.attempt_id.to_string(), slot.class.name().to_owned())),
        chase: invoice.chase.as_ref().map(|chase| ChaseItem {
            since: chase.since,
            moved: chase.moved.as_ref().map(|(step, to)| (step.to_string(), *to)),
            last_mailed_at: chase.last_mailed_at,
        }),
        link_version: invoice.link_version,
        created_at: invoice.created_at,
        sent_at: invoice.sent_at,
        viewed: invoice.viewed.map(|(at, whose)| (at, whose.hex())),
        requested_at: invoice.requested_at,
        seq: head.seq,
        head: head.hash.hex(),
    };
    let mut item = write(&keys::invoice(&invoice.id), keys::STATE, &body)?;
    let summary = InvoiceSummaryItem {
        id: body.id,
        contact_id: body.contact_id,
        status: body.status.code,
        number: invoice.number.as_ref().map(ToString::to_string),
        currency: body.currency,
        total: body.total,
        balance: invoice.balance().minor(),
        invoice_date: invoice.body.invoice_date,
        due_on: invoice.body.due_on,
    };
    let summary: Item = serde_dynamo::to_item(&summary).map_err(|e| Corrupt::new("summary", e))?;
    item.insert(keys::SUMMARY.to_owned(), AttributeValue::M(summary));
    index(&mut item, keys::BY_KIND, "invoice", invoice.id.as_str());
    index(&mut item, keys::BY_STATUS, keys::status_partition(invoice.status.code()), invoice.id.as_str());
    index(&mut item, keys::BY_CONTACT, invoice.contact_id.as_str(), invoice.id.as_str());
    if invoice.amount_due().is_positive() {
        index(&mut item, keys::BY_DUE_DATE, keys::OWING, keys::owing_sort(invoice.body.due_on, &invoice.id));
    }
    if let Some(next) = next {
        let shard = invoice.id.shard(keys::SHARDS);
        index(&mut item, keys::DUE, keys::due_partition(next.sweep, shard), keys::instant(next.at));
    }
    Ok(item)
}

pub(crate) fn read_invoice(item: &Item) -> Result<(Invoice, Head), Corrupt> {
    let body: InvoiceItem = read(item)?;
    let of = currency(&body.currency)?;
    let invoice = Invoice {
        id: id(InvoiceId::parse(&body.id))?,
        contact_id: id(ContactId::parse(&body.contact_id))?,
        currency: of,
        status: body.status.read()?,
        number: body.number.map(|(series, sequence)| Number { series, sequence }),
        rev: body.rev,
        due_version: body.due_version,
        body: body.body.read(of)?,
        total: minor(body.total, of)?,
        sums: body.sums.read(of)?,
        money: body.money.into_iter().map(MoneyLineItem::read).collect::<Result<_, _>>()?,
        slot: body
            .slot
            .map(|(attempt, class)| {
                let class = named("slot class", SlotClass::find(&class))?;
                Ok::<_, Corrupt>(Slot { attempt_id: id(AttemptId::parse(&attempt))?, class })
            })
            .transpose()?,
        chase: body.chase.map(|chase| Chase {
            since: chase.since,
            moved: chase.moved.map(|(step, to)| (StepRef::from_name(&step), to)),
            last_mailed_at: chase.last_mailed_at,
        }),
        link_version: body.link_version,
        created_at: body.created_at,
        sent_at: body.sent_at,
        viewed: body.viewed.map(|(at, whose)| Ok::<_, Corrupt>((at, recipient(&whose)?))).transpose()?,
        requested_at: body.requested_at,
        deleted: false,
    };
    Ok((invoice, Head { seq: body.seq, hash: digest(&body.head)? }))
}
