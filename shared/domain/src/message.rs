//! Messages: what a commit leaves in the outbox for the world outside.

use crate::{
    automation::StepRef,
    contact::ContactDetails,
    ids::PaymentId,
    invoice::{
        Invoice,
        journal::{ChaseEvent, Deliver, DocumentEvent, Event, StepOutcome},
        status::StatusCode,
    },
    payment::Payment,
    pii::EmailAddress,
    record::Subject,
};
use chrono::{DateTime, Utc};

/// A mail to a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailKind {
    /// The first mail of an invoice that is owed.
    Unpaid,
    /// Staff asked for the money again.
    Request,
    /// Money was received.
    Receipt {
        /// Which.
        payment_id: PaymentId,
    },
    /// A reminder on or before the due day.
    Upcoming {
        /// The step of its automation.
        step: StepRef,
    },
    /// A reminder after the due day.
    PastDue {
        /// The step of its automation.
        step: StepRef,
    },
}

impl MailKind {
    /// Its name in API and table.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Request => "request",
            Self::Receipt { .. } => "receipt",
            Self::Upcoming { .. } => "upcoming_reminder",
            Self::PastDue { .. } => "past_due_reminder",
        }
    }

    /// Whether it asks for money, so that it must not go out once nothing is owed.
    #[must_use]
    pub fn asks_for_money(&self) -> bool {
        match self {
            Self::Unpaid | Self::Request | Self::Upcoming { .. } | Self::PastDue { .. } => true,
            Self::Receipt { .. } => false,
        }
    }
}

/// Whether a recipient stands in To or in Cc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The one addressed.
    To,
    /// One who gets a copy.
    Cc,
}

impl Role {
    /// Its name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::To => "to",
            Self::Cc => "cc",
        }
    }
}

/// Who gets a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Where.
    pub address: EmailAddress,
    /// In which header.
    pub role: Role,
}

/// The contact's recipients: the main address first, then those that get copies.
#[must_use]
pub fn recipients(contact: &ContactDetails) -> Vec<Recipient> {
    let main = contact.main_email().map(|address| Recipient { address: address.clone(), role: Role::To });
    let copies = contact.copies().map(|address| Recipient { address: address.clone(), role: Role::Cc });
    main.into_iter().chain(copies).collect()
}

/// An event for other systems, on the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusEvent {
    /// `invoice.sent`
    InvoiceSent,
    /// `invoice.viewed`
    InvoiceViewed,
    /// `invoice.revised`
    InvoiceRevised,
    /// `payment.requested`
    PaymentRequested,
    /// `payment.applied`
    PaymentApplied,
    /// `payment.surplus`: money came in that the invoice did not owe.
    PaymentSurplus,
    /// `invoice.closed`
    InvoiceClosed,
    /// `invoice.voided`
    InvoiceVoided,
}

impl BusEvent {
    /// Every event.
    pub const ALL: [Self; 8] = [
        Self::InvoiceSent,
        Self::InvoiceViewed,
        Self::InvoiceRevised,
        Self::PaymentRequested,
        Self::PaymentApplied,
        Self::PaymentSurplus,
        Self::InvoiceClosed,
        Self::InvoiceVoided,
    ];

    /// Its detail type on the bus.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InvoiceSent => "invoice.sent",
            Self::InvoiceViewed => "invoice.viewed",
            Self::InvoiceRevised => "invoice.revised",
            Self::PaymentRequested => "payment.requested",
            Self::PaymentApplied => "payment.applied",
            Self::PaymentSurplus => "payment.surplus",
            Self::InvoiceClosed => "invoice.closed",
            Self::InvoiceVoided => "invoice.voided",
        }
    }

    /// The event of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|e| e.name() == name)
    }
}

/// What is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A mail, to one recipient.
    Mail {
        /// Which mail.
        kind: MailKind,
        /// To whom.
        recipient: Recipient,
    },
    /// An event on the bus.
    Bus {
        /// Which event.
        event: BusEvent,
        /// The payment it is about.
        payment_id: Option<PaymentId>,
    },
}

/// How far a message has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageState {
    /// It waits for its time.
    Planned,
    /// Somebody is handing it over; whether they did is not known once the lease is over.
    Claimed {
        /// The end of the lease.
        until: DateTime<Utc>,
    },
    /// The service has accepted it.
    Handed {
        /// The service's id.
        service_id: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// It may or may not have been handed over; never sent again by itself.
    Uncertain {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// The service refused it.
    Failed {
        /// What it said.
        reason: String,
    },
    /// The reason for it was gone when it was about to go out.
    Cancelled {
        /// Why.
        reason: String,
    },
}

impl MessageState {
    /// Its name in API and table.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Claimed { .. } => "claimed",
            Self::Handed { .. } => "handed",
            Self::Uncertain { .. } => "uncertain",
            Self::Failed { .. } => "failed",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

/// A row of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The record it belongs to: an invoice, or a payment for its receipts.
    pub subject: Subject,
    /// What makes it the one and only of its record: for a reminder step, due-date version, recipient and channel.
    pub key: String,
    /// What is handed over.
    pub content: Content,
    /// When it was put into the outbox.
    pub planned_at: DateTime<Utc>,
    /// When it is to go out.
    pub send_at: DateTime<Utc>,
    /// How far it has come.
    pub state: MessageState,
    /// Hand-overs that were tried.
    pub tries: u32,
}

impl Message {
    /// A mail of an invoice that goes out at once. `occasion` tells this mail from others of its kind.
    #[must_use]
    pub fn mail(subject: Subject, kind: MailKind, occasion: &str, recipient: Recipient, now: DateTime<Utc>) -> Self {
        let key = format!("{}/{occasion}/{}/email", kind.name(), recipient.address.reference().hex());
        Self::planned(subject, key, Content::Mail { kind, recipient }, now)
    }

    /// A reminder's mail: its key is invoice, step, due-date version, recipient, channel (R7).
    #[must_use]
    pub fn reminder(invoice: &Invoice, kind: MailKind, step: &StepRef, recipient: Recipient, now: DateTime<Utc>) -> Self {
        let key = format!("reminder/{step}/v{}/{}/email", invoice.due_version, recipient.address.reference().hex());
        Self::planned(Subject::Invoice(invoice.id.clone()), key, Content::Mail { kind, recipient }, now)
    }

    /// An event on the bus. `occasion` tells it from others of its kind.
    #[must_use]
    pub fn bus(subject: Subject, event: BusEvent, occasion: &str, payment_id: Option<PaymentId>, now: DateTime<Utc>) -> Self {
        Self::planned(subject, format!("{}/{occasion}/bus", event.name()), Content::Bus { event, payment_id }, now)
    }

    /// The key of the same mail to another recipient; none for an event.
    #[must_use]
    pub fn key_for(&self, other: &Recipient) -> Option<String> {
        let Content::Mail { recipient, .. } = &self.content else { return None };
        let begins = self.key.strip_suffix(&format!("{}/email", recipient.address.reference().hex()))?;
        Some(format!("{begins}{}/email", other.address.reference().hex()))
    }

    /// The same mail to those whom it reaches instead: everybody, or for a reminder the one addressed.
    #[must_use]
    pub fn for_others(&self, present: &[Recipient]) -> Vec<Self> {
        let Content::Mail { kind, .. } = &self.content else { return Vec::new() };
        let most = if matches!(kind, MailKind::Upcoming { .. } | MailKind::PastDue { .. }) { 1 } else { present.len() };
        let to = present.iter().take(most).filter_map(|other| {
            let content = Content::Mail { kind: kind.clone(), recipient: other.clone() };
            Some(Self { key: self.key_for(other)?, content, state: MessageState::Planned, tries: 0, ..self.clone() })
        });
        to.collect()
    }

    fn planned(subject: Subject, key: String, content: Content, now: DateTime<Utc>) -> Self {
        Self { subject, key, content, planned_at: now, send_at: now, state: MessageState::Planned, tries: 0 }
    }

    /// Why the reason for this message is gone, if it is: asked again right before it goes out.
    #[must_use]
    pub fn moot(&self, invoice: &Invoice) -> Option<&'static str> {
        match &self.content {
            Content::Bus { .. } => None,
            Content::Mail { .. } if invoice.body.deliver == Deliver::None => Some("not delivered by mail"),
            Content::Mail { kind, .. } => match kind {
                MailKind::Receipt { .. } => None,
                MailKind::Unpaid | MailKind::Request if !invoice.amount_due().is_positive() => Some("nothing is owed any more"),
                MailKind::Unpaid | MailKind::Request => None,
                MailKind::Upcoming { step } | MailKind::PastDue { step } => {
                    if !invoice.amount_due().is_positive() {
                        Some("nothing is owed any more")
                    } else if invoice.status.code() != StatusCode::Open {
                        Some("the invoice is in collections")
                    } else if !invoice.body.reminders_on {
                        Some("reminders are off")
                    } else if invoice.is_processing() {
                        Some("a payment is on its way")
                    } else if !self.key.starts_with(&format!("reminder/{step}/v{}/", invoice.due_version)) {
                        Some("the due date moved")
                    } else {
                        None
                    }
                }
            },
        }
    }
}

/// The messages that an invoice's events leave behind. `before` and `after` are the invoice around them, `contact` who is told.
#[must_use]
pub fn caused_by(
    events: &[Event],
    before: Option<&Invoice>,
    after: &Invoice,
    contact: &ContactDetails,
    now: DateTime<Utc>,
) -> Vec<Message> {
    let subject = || Subject::Invoice(after.id.clone());
    let mut messages = Vec::new();
    let mut tell = |event: BusEvent, occasion: &str| messages.push(Message::bus(subject(), event, occasion, None, now));
    for event in events {
        match event {
            Event::Document(event) => match event {
                DocumentEvent::Sent { .. } => tell(BusEvent::InvoiceSent, "once"),
                DocumentEvent::Viewed { .. } => tell(BusEvent::InvoiceViewed, "once"),
                DocumentEvent::Revised { rev, .. } if after.sent_at.is_some() => tell(BusEvent::InvoiceRevised, &rev.to_string()),
                DocumentEvent::Voided { .. } => tell(BusEvent::InvoiceVoided, "once"),
                DocumentEvent::Drafted { .. } | DocumentEvent::Revised { .. } | DocumentEvent::Deleted | DocumentEvent::LinksRevoked => {}
            },
            Event::Chase(ChaseEvent::Requested) => tell(BusEvent::PaymentRequested, &now.timestamp_millis().to_string()),
            Event::Money(_) | Event::Slot(_) | Event::Chase(ChaseEvent::StepTaken { .. }) => {}
        }
    }
    let closed = |invoice: &Invoice| invoice.status.code() == StatusCode::Closed;
    if closed(after) && !before.is_some_and(closed) {
        tell(BusEvent::InvoiceClosed, &now.timestamp_millis().to_string());
    }
    if after.body.deliver == Deliver::Email {
        messages.extend(events.iter().flat_map(|event| mails(event, after, contact, now)));
    }
    messages
}

fn mails(event: &Event, invoice: &Invoice, contact: &ContactDetails, now: DateTime<Utc>) -> Vec<Message> {
    let to_all = |kind: MailKind, occasion: &str| -> Vec<Message> {
        let subject = || Subject::Invoice(invoice.id.clone());
        recipients(contact).into_iter().map(|recipient| Message::mail(subject(), kind.clone(), occasion, recipient, now)).collect()
    };
    match event {
        Event::Document(DocumentEvent::Sent { .. }) if invoice.total.is_positive() => to_all(MailKind::Unpaid, "first"),
        Event::Chase(ChaseEvent::Requested) => to_all(MailKind::Request, &now.timestamp_millis().to_string()),
        Event::Chase(ChaseEvent::StepTaken { step, outcome: StepOutcome::Enqueued, .. }) => {
            let past_due = step.offset_days() > 0;
            let kind = if past_due { MailKind::PastDue { step: step.clone() } } else { MailKind::Upcoming { step: step.clone() } };
            let to = recipients(contact).into_iter().take(1);
            to.map(|recipient| Message::reminder(invoice, kind.clone(), step, recipient, now)).collect()
        }
        Event::Document(_) | Event::Money(_) | Event::Slot(_) | Event::Chase(ChaseEvent::StepTaken { .. }) => Vec::new(),
    }
}

/// The messages that a new payment leaves behind: one receipt per address, however many invoices it was for. `by_mail` is whether any
/// of them is delivered by mail.
#[must_use]
pub fn caused_by_payment(payment: &Payment, by_mail: bool, contact: &ContactDetails, now: DateTime<Utc>) -> Vec<Message> {
    let subject = || Subject::Payment(payment.id.clone());
    let told = |event: BusEvent| Message::bus(subject(), event, "once", Some(payment.id.clone()), now);
    let mut messages = vec![told(BusEvent::PaymentApplied)];
    if payment.surplus.is_some() {
        messages.push(told(BusEvent::PaymentSurplus));
    }
    if by_mail {
        let kind = MailKind::Receipt { payment_id: payment.id.clone() };
        messages.extend(recipients(contact).into_iter().map(|to| Message::mail(subject(), kind.clone(), "first", to, now)));
    }
    messages
}
