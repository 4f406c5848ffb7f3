//! The daily sweeps of reminders: plan what is due now, and put it into the outbox in the commit that moves the invoice on.

use crate::{
    AppError, Caller, Deps,
    change::{Around, commit_events, lost_race},
};
use chrono::{DateTime, Utc};
use domain::{
    automation::Sweep,
    ids::InvoiceId,
    invoice::journal::Event,
    record::Actor,
    reminder::{Snapshot, plan},
    settings::Business,
};
use futures::future::try_join_all;
use std::collections::VecDeque;
use store::{
    CommitError, RunRecord, keys,
    queries::{Due, Page, Part},
};

/// Rows of one page of a sweep.
const PAGE: i32 = 100;

/// Whether there is time for one more record.
pub type Budget<'a> = &'a (dyn Fn() -> bool + Send + Sync);

/// How a sweep went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Run {
    /// Records that were dealt with.
    pub done: u64,
    /// Records that were looked at and needed nothing.
    pub passed: u64,
    /// Records that could not be dealt with; each is logged.
    pub failed: u64,
    /// Whether time ran out before all were looked at.
    pub unfinished: bool,
}

/// Deals with every invoice whose step is due: 16 queries when none is. May be run twice, killed anywhere, or missed for days.
///
/// # Idempotency
/// What is due stands on each invoice and is moved on in the commit that enqueues its mail.
///
/// # Errors
/// [`AppError`] when the sweep cannot begin; a single invoice that fails is counted and does not stop the rest.
pub async fn remind(deps: &Deps, sweep: Sweep, budget: Budget<'_>) -> Result<Run, AppError> {
    let now = deps.clock.now();
    let business = match deps.business(now).await {
        Ok(business) => business,
        // Nothing can be due in a stack that was never set up.
        Err(AppError::NoBusiness) => return Ok(Run::default()),
        Err(error) => return Err(error),
    };
    let before = deps.store.find_run(sweep.name()).await?;
    let caller = Caller::new(deps, Actor::System(sweep.name().to_owned()), now);
    let mut run = Run::default();
    let mut pages = DuePages::new(Source::Sweep(sweep), now);
    while let Some(page) = pages.next(deps).await? {
        for due in page {
            if !budget() {
                run.unfinished = true;
                return finish(deps, sweep, &business, before, run, now).await;
            }
            let outcome = match &due {
                Due::Invoice(id) => remind_invoice(deps, &caller, id, &business, now).await,
                Due::Attempt(..) | Due::Message(..) => Ok(false),
            };
            run.count(sweep.name(), &due, outcome);
        }
    }
    finish(deps, sweep, &business, before, run, now).await
}

/// Which index is paged through.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    /// What is due in a sweep.
    Sweep(Sweep),
    /// What is to be handed over.
    Outbox,
}

/// Pages of what is due. The first page of every shard is asked for at once, what follows one by one.
pub(crate) struct DuePages {
    source: Source,
    now: DateTime<Utc>,
    started: bool,
    ready: VecDeque<(u8, Page<Due>)>,
}

impl DuePages {
    pub(crate) fn new(source: Source, now: DateTime<Utc>) -> Self {
        Self { source, now, started: false, ready: VecDeque::new() }
    }

    async fn page(&self, deps: &Deps, shard: u8, cursor: Option<&str>) -> Result<(u8, Page<Due>), AppError> {
        let page = match self.source {
            Source::Sweep(sweep) => deps.store.list_due(sweep, shard, self.now, PAGE, cursor).await?,
            Source::Outbox => deps.store.list_outbox(shard, self.now, PAGE, cursor).await?,
        };
        Ok((shard, page))
    }

    pub(crate) async fn next(&mut self, deps: &Deps) -> Result<Option<Vec<Due>>, AppError> {
        if !self.started {
            self.started = true;
            self.ready = try_join_all((0..keys::SHARDS).map(|shard| self.page(deps, shard, None))).await?.into();
        }
        while let Some((shard, page)) = self.ready.pop_front() {
            if let Some(cursor) = &page.next {
                let following = self.page(deps, shard, Some(cursor)).await?;
                self.ready.push_front(following);
            }
            if !page.rows.is_empty() {
                return Ok(Some(page.rows));
            }
        }
        Ok(None)
    }
}

impl Run {
    /// Counts one record; one that failed is logged and does not stop the rest.
    pub(crate) fn count(&mut self, function: &str, due: &Due, outcome: Result<bool, AppError>) {
        match outcome {
            Ok(true) => self.done += 1,
            Ok(false) => self.passed += 1,
            Err(error) => {
                self.failed += 1;
                tracing::error!(function, record = ?due, %error, "could not be dealt with");
            }
        }
    }
}

/// Ends a sweep in one line of counts, and in a record of it: on the first run of a day and whenever something was done.
pub(crate) async fn finish(
    deps: &Deps,
    sweep: Sweep,
    business: &Business,
    before: Option<RunRecord>,
    run: Run,
    now: DateTime<Utc>,
) -> Result<Run, AppError> {
    let Run { done, passed, failed, unfinished } = run;
    tracing::info!(function = sweep.name(), done, passed, failed, unfinished, "sweep finished");
    let day = business.zone.date_at(now);
    let same_day = before.filter(|record| record.day == day);
    if same_day.is_none() || done + failed > 0 {
        let (done_before, failed_before) = same_day.map_or((0, 0), |record| (record.done, record.failed));
        let record = RunRecord {
            function: sweep.name().to_owned(),
            day,
            finished_at: now,
            done: done_before + done,
            failed: failed_before + failed,
        };
        deps.store.put_run(&record).await?;
    }
    Ok(run)
}

async fn remind_invoice(deps: &Deps, caller: &Caller, id: &InvoiceId, business: &Business, now: DateTime<Utc>) -> Result<bool, AppError> {
    let mut races = 0;
    loop {
        let folder = deps.load_invoice(id, Part::Page).await?;
        let invoice = &folder.invoice.value;
        let contact = deps.load_contact(invoice).await?;
        let snapshot = Snapshot { invoice, contact: &contact.contact.value.details, business };
        let events: Vec<Event> = plan(snapshot, &deps.automations, now, now)
            .into_iter()
            .map(|effect| Event::StepTaken { step: effect.step, due_version: invoice.due_version, outcome: effect.outcome })
            .collect();
        if events.is_empty() {
            return Ok(false);
        }
        let context = deps.context(caller, "R7", now);
        let around =
            Around { business, contact: Some(&contact), attempts: &[], text: None, number: None, idempotency: None, gateway_event: None };
        match commit_events(deps, &context, Some(&folder.invoice), id, &events, around).await {
            Ok(_) => return Ok(true),
            Err(CommitError::Lost(lost)) => lost_race(deps, lost, &mut races).await?,
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
}
