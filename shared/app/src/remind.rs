//! The daily sweeps of reminders: plan what is due now, and put it into the outbox in the commit that moves the invoice on.

use crate::{
    AppError, Caller, Deps,
    commit::{Around, Races, Records, commit_changes},
    sweep::{Budget, Run, Slice, Source, Walk, ask_for_rest, nothing_due, record},
};
use chrono::{DateTime, Utc};
use domain::{
    automation::Sweep,
    changes::Changes,
    ids::InvoiceId,
    invoice::journal::{ChaseEvent, Event},
    record::Actor,
    reminder::{Snapshot, plan},
    settings::Business,
};
use mail::Bus;
use serde_json::Value;
use store::{CommitError, lists::Due};

/// Deals with every invoice whose step is due: 16 queries when none is. May be run twice, killed anywhere, or missed for days.
/// When time runs out, an event asks for the next slice; `event` is what started this one.
///
/// # Idempotency
/// What is due stands on each invoice and is moved on in the commit that enqueues its mail.
///
/// # Errors
/// [`AppError`] when the sweep cannot begin; a single invoice that fails is counted and does not stop the rest.
pub async fn remind(deps: &Deps, bus: &Bus, sweep: Sweep, event: &Value, budget: Budget<'_>) -> Result<Run, AppError> {
    let now = deps.clock.now();
    let business = match deps.business(now).await {
        Ok(business) => business,
        // Nothing can be due in a stack that was never set up.
        Err(AppError::NoBusiness) => return Ok(nothing_due(deps, sweep)),
        Err(error) => return Err(error),
    };
    let before = deps.store.find_run(sweep.name()).await?;
    let caller = Caller::new(deps, Actor::System(sweep.name().to_owned()), now);
    let source = Source::Sweep(sweep);
    let mut walk = Walk::begin(deps, source, Slice::of(event, source, now)).await?;
    while let Some(due) = walk.next(deps, budget).await? {
        let outcome = match &due {
            Due::Invoice(id) => remind_invoice(deps, &caller, id, &business, now).await,
            Due::Attempt(..) | Due::Message(..) => Ok(false),
        };
        walk.count(&due, outcome);
    }
    let run = walk.end(deps);
    record(deps, sweep, &business, before, &run).await?;
    ask_for_rest(bus, &run, now).await?;
    Ok(run)
}

async fn remind_invoice(deps: &Deps, caller: &Caller, id: &InvoiceId, business: &Business, now: DateTime<Utc>) -> Result<bool, AppError> {
    let mut races = Races::default();
    loop {
        let folder = deps.load_invoice(id).await?;
        let invoice = &folder.invoice.value;
        let contact = deps.load_contact(invoice).await?;
        let snapshot = Snapshot { invoice, contact: &contact.contact.value.details, business };
        let events: Vec<Event> = plan(snapshot, &deps.automations, now, now)
            .into_iter()
            .map(|effect| {
                Event::Chase(ChaseEvent::StepTaken { step: effect.step, due_version: invoice.due_version, outcome: effect.outcome })
            })
            .collect();
        if events.is_empty() {
            return Ok(false);
        }
        let context = deps.context(caller, "R7", now);
        let around = Around { contact: Some(&contact), ..Around::new(business) };
        let changes = Changes::of_invoice(id, events);
        match commit_changes(deps, &context, &Records::of_invoice(&folder.invoice), &changes, around).await {
            Ok(_) => return Ok(true),
            Err(CommitError::Lost(_)) => races.lost(deps).await?,
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
}
