//! When a reminder is due, and when it is not: the planner.
//!
//! One pure function says what the sweeps do now and what the forecast shows for later. It is given everything it goes by;
//! it never learns of a clock. Rules: R7.

use crate::{
    automation::{Automation, Step, StepRef, Sweep, steps},
    calendar::plus_days,
    contact::ContactDetails,
    invoice::{
        Invoice,
        journal::{ChaseEvent, Deliver, Event, StepOutcome},
        status::Status,
    },
    message::recipients,
    pii::EmailAddress,
    settings::Business,
};
use chrono::{DateTime, TimeDelta, Utc};

/// Why a step is over without a mail, or waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skip {
    /// Nothing is owed any more.
    NothingOwed,
    /// Not in a status the automation runs in.
    WrongStatus,
    /// Reminders are off for this invoice, or it is not delivered by mail.
    RemindersOff,
    /// The contact has no usable address.
    NoRecipient,
    /// A later step was due as well and went out instead.
    Superseded,
    /// A payment is on its way.
    PaymentInFlight,
    /// The invoice was first sent less than 24 hours before.
    JustSent,
    /// A mail about this invoice went out on the same day.
    MailedToday,
    /// It was due in a stretch of time of which nothing is known any more, and may have gone out in it.
    LostTrack,
}

impl Skip {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::NothingOwed,
        Self::WrongStatus,
        Self::RemindersOff,
        Self::NoRecipient,
        Self::Superseded,
        Self::PaymentInFlight,
        Self::JustSent,
        Self::MailedToday,
        Self::LostTrack,
    ];

    /// Its name in API, table and journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NothingOwed => "nothing_owed",
            Self::WrongStatus => "wrong_status",
            Self::RemindersOff => "reminders_off",
            Self::NoRecipient => "no_recipient",
            Self::Superseded => "superseded",
            Self::PaymentInFlight => "payment_in_flight",
            Self::JustSent => "just_sent",
            Self::MailedToday => "mailed_today",
            Self::LostTrack => "lost_track",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }

    /// Whether the step waits for the next day instead of being over.
    #[must_use]
    pub fn moves(self) -> bool {
        match self {
            Self::PaymentInFlight | Self::JustSent | Self::MailedToday => true,
            Self::NothingOwed | Self::WrongStatus | Self::RemindersOff | Self::NoRecipient | Self::Superseded | Self::LostTrack => false,
        }
    }
}

/// Everything a plan goes by.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'a> {
    /// The invoice, with its slot and what was reminded so far.
    pub invoice: &'a Invoice,
    /// Whose it is, as known today.
    pub contact: &'a ContactDetails,
    /// The business and its zone and hour.
    pub business: &'a Business,
}

/// One thing that happens at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// When.
    pub at: DateTime<Utc>,
    /// Which step.
    pub step: StepRef,
    /// The function that carries it out.
    pub sweep: Sweep,
    /// What becomes of it.
    pub outcome: StepOutcome,
    /// To whom, when a mail goes out.
    pub to: Vec<EmailAddress>,
}

/// When an invoice is next looked at, and by which function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextStep {
    /// When.
    pub at: DateTime<Utc>,
    /// By which.
    pub sweep: Sweep,
}

/// What happens from an instant to another, if nothing else does: steps overdue at `from` are dealt with at `from`, or at the
/// business's hour when that has not come yet (nobody is reminded at night because a sweep was late); later ones when they are
/// due. A sweep asks for `(now, now)`, the forecast for `(now, now + days)`.
#[must_use]
pub fn plan(snapshot: Snapshot<'_>, automations: &[Automation], from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Effect> {
    let all = steps(automations);
    let mut invoice = snapshot.invoice.clone();
    let mut effects = Vec::new();
    let mut at = not_before_hour(from, snapshot.business);
    while at <= to {
        let due = due_steps(&invoice, snapshot.business, &all, at);
        for effect in deal_with(Snapshot { invoice: &invoice, ..snapshot }, &due, at) {
            let event = Event::Chase(ChaseEvent::StepTaken {
                step: effect.step.clone(),
                due_version: invoice.due_version,
                outcome: effect.outcome.clone(),
            });
            match invoice.clone().evolve(&event, at) {
                Ok(next) => invoice = next,
                Err(_) => return effects,
            }
            effects.push(effect);
        }
        match earliest(&invoice, snapshot.business, &all) {
            Some(next) if next.at > at => at = not_before_hour(next.at, snapshot.business),
            Some(_) | None => break,
        }
    }
    effects
}

/// Ends every step that was due until an instant, when nobody knows any more which of them went out: one mail too few rather than
/// one twice.
#[must_use]
pub fn pass_over(invoice: &Invoice, business: &Business, automations: &[Automation], until: DateTime<Utc>) -> Vec<Event> {
    let outcome = StepOutcome::Skipped(Skip::LostTrack);
    due_steps(invoice, business, &steps(automations), until)
        .into_iter()
        .map(|step| {
            Event::Chase(ChaseEvent::StepTaken { step: step.step.clone(), due_version: invoice.due_version, outcome: outcome.clone() })
        })
        .collect()
}

/// The instant itself, or the business's hour of that day when it is still to come.
fn not_before_hour(at: DateTime<Utc>, business: &Business) -> DateTime<Utc> {
    at.max(business.zone.instant_of(business.zone.date_at(at), business.sweep_hour))
}

/// When the invoice is next looked at: what the due index holds. Nothing while nothing is owed, but for a voided one whose money is not
/// moved yet.
#[must_use]
pub fn next_step(invoice: &Invoice, business: &Business, automations: &[Automation]) -> Option<NextStep> {
    if let Status::Voided { at } = invoice.status {
        return invoice.has_money_to_move().then_some(NextStep { at, sweep: Sweep::Collections });
    }
    earliest(invoice, business, &steps(automations))
}

fn dated<'a>(invoice: &Invoice, business: &Business, all: &'a [Step]) -> Vec<(DateTime<Utc>, &'a Step)> {
    let Some(chase) = &invoice.chase else { return Vec::new() };
    if !invoice.status.is_owing() {
        return Vec::new();
    }
    let mut dated: Vec<(DateTime<Utc>, &Step)> = all
        .iter()
        .filter_map(|step| match &chase.moved {
            Some((moved, to)) if *moved == step.step => Some((*to, step)),
            Some(_) | None => {
                let at = business.zone.instant_of(plus_days(invoice.body.due_on, step.offset_days), business.sweep_hour);
                (at > chase.since).then_some((at, step))
            }
        })
        .collect();
    dated.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.offset_days.cmp(&b.1.offset_days)));
    dated
}

fn earliest(invoice: &Invoice, business: &Business, all: &[Step]) -> Option<NextStep> {
    dated(invoice, business, all).first().map(|(at, step)| NextStep { at: *at, sweep: step.sweep() })
}

fn due_steps<'a>(invoice: &Invoice, business: &Business, all: &'a [Step], at: DateTime<Utc>) -> Vec<&'a Step> {
    dated(invoice, business, all).into_iter().take_while(|(due, _)| *due <= at).map(|(_, step)| step).collect()
}

/// Of several steps due at once only the last goes out (catch-up: latest only); each other one is over, with that reason.
fn deal_with(snapshot: Snapshot<'_>, due: &[&Step], at: DateTime<Utc>) -> Vec<Effect> {
    let Some((latest, earlier)) = due.split_last() else { return Vec::new() };
    let effect = |step: &Step, outcome, to| Effect { at, step: step.step.clone(), sweep: step.sweep(), outcome, to };
    let mut effects: Vec<Effect> = earlier.iter().map(|step| effect(step, StepOutcome::Skipped(Skip::Superseded), Vec::new())).collect();
    effects.push(match hindrance(snapshot, latest, at) {
        None => effect(latest, StepOutcome::Enqueued, recipients(snapshot.contact).into_iter().take(1).map(|r| r.address).collect()),
        Some(reason) if reason.moves() => {
            let tomorrow = plus_days(snapshot.business.zone.date_at(at), 1);
            let to = snapshot.business.zone.instant_of(tomorrow, snapshot.business.sweep_hour);
            effect(latest, StepOutcome::Moved { to, reason }, Vec::new())
        }
        Some(reason) => effect(latest, StepOutcome::Skipped(reason), Vec::new()),
    });
    effects
}

/// The first reason that a step does not go out at that instant.
fn hindrance(snapshot: Snapshot<'_>, step: &Step, at: DateTime<Utc>) -> Option<Skip> {
    let Snapshot { invoice, contact, business } = snapshot;
    let chase = invoice.chase.as_ref()?;
    let zone = business.zone;
    let mailed_today = chase.last_mailed_at.is_some_and(|mailed| zone.date_at(mailed) == zone.date_at(at));
    let reasons = [
        (invoice.amount_due().is_zero(), Skip::NothingOwed),
        (!step.statuses.contains(&invoice.status.code()), Skip::WrongStatus),
        (!invoice.body.reminders_on || invoice.body.deliver == Deliver::None, Skip::RemindersOff),
        (contact.main_email().is_none(), Skip::NoRecipient),
        (invoice.is_processing(), Skip::PaymentInFlight),
        (invoice.sent_at.is_some_and(|sent| at < sent + TimeDelta::hours(24)), Skip::JustSent),
        (mailed_today, Skip::MailedToday),
    ];
    reasons.into_iter().find_map(|(holds, reason)| holds.then_some(reason))
}
