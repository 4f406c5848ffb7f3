//! What every sweep is made of: pages of what is due, counts, and how it ends or goes on.

use crate::{AppError, Deps, measures::Measure};
use chrono::{DateTime, Utc};
use domain::{automation::Sweep, settings::Business};
use futures::future::try_join_all;
use mail::{Bus, HandOver, SLICE};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::VecDeque;
use store::{
    RunRecord, keys,
    lists::{Due, DueRow, Page},
};

/// Rows of one page of a sweep.
const PAGE: i32 = 100;
/// Slices of one sweep at most: one that never has time for a record must not ask for ever. The hourly start begins anew.
const MOST_SLICES: u32 = 50;

/// Whether there is time for one more record.
pub type Budget<'a> = &'a (dyn Fn() -> bool + Send + Sync);

/// How a sweep went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    /// Records that were dealt with.
    pub done: u64,
    /// Records that were looked at and needed nothing.
    pub passed: u64,
    /// Records that could not be dealt with; each is logged.
    pub failed: u64,
    /// Where to go on, when time ran out before all were looked at.
    pub rest: Option<Slice>,
}

/// A part of a sweep, as the event says that asks for it: where it begins, and up to which instant it looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// The function that is to go on.
    function: String,
    /// Which slice of its sweep it is.
    number: u32,
    /// What was due at this instant is looked at.
    until: DateTime<Utc>,
    shard: u8,
    cursor: Option<String>,
}

impl Slice {
    /// The whole of what is due.
    pub(crate) fn whole(source: Source, now: DateTime<Utc>) -> Self {
        Self { function: source.function().to_owned(), number: 1, until: now, shard: 0, cursor: None }
    }

    /// The slice that an event asks for; for any event that asks for none, the whole.
    pub(crate) fn of(event: &Value, source: Source, now: DateTime<Utc>) -> Self {
        let asked = (event["detail-type"] == SLICE).then(|| Self::deserialize(&event["detail"]).ok()).flatten();
        asked.filter(|slice| slice.function == source.function()).unwrap_or_else(|| Self::whole(source, now))
    }
}

/// Which index is paged through.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    /// What is due in a sweep.
    Sweep(Sweep),
    /// What is to be handed over.
    Outbox,
}

impl Source {
    /// The function that goes through it.
    pub(crate) fn function(self) -> &'static str {
        match self {
            Self::Sweep(sweep) => sweep.name(),
            Self::Outbox => "dispatch",
        }
    }

    /// What is measured of its end: 1 when it came, 0 when it did not.
    fn finished(self) -> Option<Measure> {
        match self {
            Self::Sweep(Sweep::UpcomingReminders) => Some(Measure::UpcomingSweepFinished),
            Self::Sweep(Sweep::PastDueReminders) => Some(Measure::PastDueSweepFinished),
            Self::Sweep(Sweep::Collections) => Some(Measure::CollectionsFinished),
            Self::Outbox => None,
        }
    }
}

/// A sweep of a stack that was never set up: nothing can be due, so it is at its end.
pub(crate) fn nothing_due(deps: &Deps, sweep: Sweep) -> Run {
    if let Some(measure) = Source::Sweep(sweep).finished() {
        deps.measures.note(measure, 1);
    }
    Run::default()
}

/// A walk through a slice of what is due. The first page of every shard is asked for at once, what follows one by one.
pub(crate) struct Walk {
    source: Source,
    slice: Slice,
    /// Pages not begun yet.
    pages: VecDeque<Place>,
    /// What is left of the page at hand; the slice's cursor is behind what was taken from it.
    here: VecDeque<DueRow>,
    run: Run,
}

/// A page, and where it begins.
struct Place {
    shard: u8,
    cursor: Option<String>,
    page: Page<DueRow>,
}

impl Walk {
    pub(crate) async fn begin(deps: &Deps, source: Source, slice: Slice) -> Result<Self, AppError> {
        if let Some(measure) = source.finished() {
            deps.measures.note(measure, 0);
        }
        let mut walk = Self { source, slice, pages: VecDeque::new(), here: VecDeque::new(), run: Run::default() };
        let from = walk.slice.shard;
        let cursor = |shard: u8| walk.slice.cursor.clone().filter(|_| shard == from);
        walk.pages = try_join_all((from..keys::SHARDS).map(|shard| walk.page(deps, shard, cursor(shard)))).await?.into();
        Ok(walk)
    }

    async fn page(&self, deps: &Deps, shard: u8, cursor: Option<String>) -> Result<Place, AppError> {
        let until = self.slice.until;
        let page = match self.source {
            Source::Sweep(sweep) => deps.store.list_due(sweep, shard, until, PAGE, cursor.as_deref()).await?,
            Source::Outbox => deps.store.list_outbox(shard, until, PAGE, cursor.as_deref()).await?,
        };
        Ok(Place { shard, cursor, page })
    }

    /// The next record, while there is time.
    pub(crate) async fn next(&mut self, deps: &Deps, budget: Budget<'_>) -> Result<Option<Due>, AppError> {
        while self.here.is_empty() {
            let Some(Place { shard, cursor, page }) = self.pages.pop_front() else { return Ok(None) };
            if let Some(cursor) = page.next {
                let following = self.page(deps, shard, Some(cursor)).await?;
                self.pages.push_front(following);
            }
            self.slice = Slice { shard, cursor, ..self.slice.clone() };
            self.here = page.rows.into();
        }
        if !budget() {
            self.run.rest = Some(Slice { number: self.slice.number + 1, ..self.slice.clone() });
            return Ok(None);
        }
        Ok(self.here.pop_front().map(|row| {
            self.slice.cursor = Some(row.after);
            row.due
        }))
    }

    /// Counts a record. One that failed is logged and does not stop the rest.
    pub(crate) fn count(&mut self, due: &Due, outcome: Result<bool, AppError>) {
        match outcome {
            Ok(true) => self.run.done += 1,
            Ok(false) => self.run.passed += 1,
            Err(error) => {
                self.run.failed += 1;
                tracing::error!(function = self.source.function(), record = ?due, %error, "could not be dealt with");
            }
        }
    }

    /// Ends the walk in one line of counts.
    pub(crate) fn end(self, deps: &Deps) -> Run {
        let Run { done, passed, failed, ref rest } = self.run;
        tracing::info!(function = self.source.function(), done, passed, failed, unfinished = rest.is_some(), "sweep finished");
        deps.measures.note(Measure::RecordsFailed, failed);
        if let (Some(measure), None) = (self.source.finished(), rest) {
            deps.measures.note(measure, 1);
        }
        self.run
    }
}

/// Keeps a record of a sweep: of the first run of a day, and whenever something was done.
pub(crate) async fn record(deps: &Deps, sweep: Sweep, business: &Business, before: Option<RunRecord>, run: &Run) -> Result<(), AppError> {
    let now = deps.clock.now();
    let day = business.zone.date_at(now);
    let same_day = before.filter(|record| record.day == day);
    if same_day.is_none() || run.done + run.failed > 0 {
        let (done, failed) = same_day.map_or((0, 0), |record| (record.done, record.failed));
        let function = sweep.name().to_owned();
        let record = RunRecord { function, day, finished_at: now, done: done + run.done, failed: failed + run.failed };
        deps.store.put_run(&record).await?;
    }
    Ok(())
}

/// Asks for the next slice, if one is left. Should that fail, the next start goes on all the same.
pub(crate) async fn ask_for_rest(bus: &Bus, run: &Run, now: DateTime<Utc>) -> Result<(), AppError> {
    let Some(rest) = run.rest.as_ref().filter(|rest| rest.number <= MOST_SLICES) else { return Ok(()) };
    let detail = serde_json::to_string(rest).map_err(|error| AppError::Defect(error.to_string()))?;
    let answer = bus.ask_for_slice(detail, now).await;
    if !matches!(answer, HandOver::Accepted { .. }) {
        tracing::warn!(function = rest.function, ?answer, "the next slice could not be asked for");
    }
    Ok(())
}
