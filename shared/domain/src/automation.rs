//! Automations: which reminders go out, and when.

use crate::invoice::status::StatusCode;
use std::fmt;

/// A step of an automation, as keys and journal name it: `A4+7`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StepRef(String);

impl StepRef {
    /// The step of an automation at so many days from the due date.
    #[must_use]
    pub fn new(automation: &str, offset_days: i32) -> Self {
        Self(format!("{automation}{offset_days:+}"))
    }

    /// Takes a step's name as the journal keeps it.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Days from the due date, as the name says.
    #[must_use]
    pub fn offset_days(&self) -> i32 {
        self.0.find(['+', '-']).and_then(|at| self.0[at..].parse().ok()).unwrap_or(0)
    }
}

impl fmt::Display for StepRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which daily function carries a step out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sweep {
    /// Reminders before and on the due day.
    UpcomingReminders,
    /// Reminders after the due day.
    PastDueReminders,
    /// Attempts without an outcome, recharges, escalation.
    Collections,
}

impl Sweep {
    /// Every sweep.
    pub const ALL: [Self; 3] = [Self::UpcomingReminders, Self::PastDueReminders, Self::Collections];

    /// The function's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UpcomingReminders => "upcoming-reminders",
            Self::PastDueReminders => "past-due-reminders",
            Self::Collections => "collections",
        }
    }
}

/// A trigger relative to the due date, and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Automation {
    /// Its id, such as `A4`.
    pub id: String,
    /// Whether it runs.
    pub enabled: bool,
    /// Days from the due date; negative is before it.
    pub offsets_days: Vec<i32>,
    /// Statuses in which it runs.
    pub statuses: Vec<StatusCode>,
}

/// One step of all automations that run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub step: StepRef,
    /// Days from the due date.
    pub offset_days: i32,
    /// Statuses in which it runs.
    pub statuses: Vec<StatusCode>,
}

impl Step {
    /// Which function carries it out.
    #[must_use]
    pub fn sweep(&self) -> Sweep {
        if self.offset_days > 0 { Sweep::PastDueReminders } else { Sweep::UpcomingReminders }
    }
}

/// The automations a new business has (R7): A1 three days before, A2 on the due day (off), A4 1, 7 and 14 days after.
#[must_use]
pub fn defaults() -> Vec<Automation> {
    let mail = |id: &str, enabled, offsets_days: &[i32]| Automation {
        id: id.to_owned(),
        enabled,
        offsets_days: offsets_days.to_vec(),
        statuses: vec![StatusCode::Open],
    };
    vec![mail("A1", true, &[-3]), mail("A2", false, &[0]), mail("A4", true, &[1, 7, 14])]
}

/// The steps of all automations that run, by their day.
#[must_use]
pub fn steps(automations: &[Automation]) -> Vec<Step> {
    let mut steps: Vec<Step> = automations
        .iter()
        .filter(|automation| automation.enabled)
        .flat_map(|automation| {
            automation.offsets_days.iter().map(|&offset_days| Step {
                step: StepRef::new(&automation.id, offset_days),
                offset_days,
                statuses: automation.statuses.clone(),
            })
        })
        .collect();
    steps.sort_by(|a, b| a.offset_days.cmp(&b.offset_days).then_with(|| a.step.cmp(&b.step)));
    steps
}
