//! When which function starts: as the template says, read from it.

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use serde_yaml_ng::Value;

/// The template that is deployed.
pub const TEMPLATE: &str = include_str!("../../template.yaml");

/// How often a function starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// On every full hour.
    Hourly,
    /// Every so many minutes.
    Minutes(i64),
}

/// A function and how often it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The function's name.
    pub function: String,
    /// How often.
    pub rate: Rate,
}

impl Rate {
    fn parse(expression: &str) -> Option<Self> {
        match expression {
            "cron(0 * * * ? *)" | "rate(1 hour)" => Some(Self::Hourly),
            other => {
                let minutes = other.strip_prefix("rate(")?.strip_suffix(" minutes)")?.parse().ok()?;
                (minutes > 0).then_some(Self::Minutes(minutes))
            }
        }
    }

    /// The first start after an instant.
    #[must_use]
    pub fn after(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let step = match self {
            Self::Hourly => 60,
            Self::Minutes(minutes) => minutes,
        };
        let midnight =
            at - TimeDelta::seconds(i64::from(at.num_seconds_from_midnight())) - TimeDelta::nanoseconds(i64::from(at.nanosecond()));
        let since = (at - midnight).num_minutes() / step;
        midnight + TimeDelta::minutes((since + 1) * step)
    }
}

/// Reads the starts out of a template: every scheduled rule whose target is a function.
///
/// # Errors
/// A sentence naming what cannot be read.
pub fn starts(template: &str) -> Result<Vec<Start>, String> {
    let template: Value = serde_yaml_ng::from_str(template).map_err(|error| format!("the template cannot be read: {error}"))?;
    let resources = template.get("Resources").and_then(Value::as_mapping).ok_or("the template has no resources")?;
    let mut starts = Vec::new();
    for (name, resource) in resources {
        let Some(name) = name.as_str() else { continue };
        for expression in schedules(resource) {
            let rate = Rate::parse(expression).ok_or_else(|| format!("{name} starts at `{expression}`, which is not understood here"))?;
            starts.push(Start { function: function_name(target(name, resource).as_str()), rate });
        }
    }
    starts.sort_by(|a, b| a.function.cmp(&b.function));
    Ok(starts)
}

/// Schedule expressions of a resource: a rule's own, or those of a function's events.
fn schedules(resource: &Value) -> Vec<&str> {
    let properties = resource.get("Properties");
    let of_rule = properties.and_then(|p| p.get("ScheduleExpression")).and_then(Value::as_str);
    let events = properties.and_then(|p| p.get("Events")).and_then(Value::as_mapping);
    let of_events = events.into_iter().flatten().filter_map(|(_, event)| event.get("Properties")?.get("Schedule")?.as_str());
    of_rule.into_iter().chain(of_events).collect()
}

/// The function a rule starts: the resource its first target names, or the resource itself.
fn target(name: &str, resource: &Value) -> String {
    fn named(value: &Value) -> Option<String> {
        match value {
            Value::Tagged(tagged) => named(&tagged.value),
            Value::String(text) => text.split('.').next().map(str::to_owned),
            Value::Sequence(parts) => parts.first().and_then(named),
            Value::Mapping(map) => map.get("Fn::GetAtt").and_then(named),
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
        }
    }
    let arn = resource.get("Properties").and_then(|p| p.get("Targets")).and_then(|t| t.get(0)).and_then(|t| t.get("Arn"));
    arn.and_then(named).unwrap_or_else(|| name.to_owned())
}

/// `PastDueReminders` is the folder `past-due-reminders`.
fn function_name(logical_id: &str) -> String {
    let mut name = String::new();
    for (i, c) in logical_id.chars().enumerate() {
        if c.is_ascii_uppercase() && i > 0 {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]
    use super::*;

    #[test]
    fn every_function_starts_at_the_rate_the_template_gives_it() {
        let starts: Vec<(String, Rate)> = starts(TEMPLATE).unwrap().into_iter().map(|s| (s.function, s.rate)).collect();
        let expected = [
            ("collections", Rate::Minutes(5)),
            ("dispatch", Rate::Minutes(5)),
            ("past-due-reminders", Rate::Hourly),
            ("upcoming-reminders", Rate::Hourly),
        ];
        assert_eq!(starts, expected.map(|(name, rate)| (name.to_owned(), rate)));
    }

    #[test]
    fn the_next_start_is_strictly_later() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        for (rate, now, next) in [
            (Rate::Hourly, "2026-11-21T09:00:00Z", "2026-11-21T10:00:00Z"),
            (Rate::Hourly, "2026-11-21T23:59:59.999Z", "2026-11-22T00:00:00Z"),
            (Rate::Minutes(5), "2026-11-21T09:04:59.001Z", "2026-11-21T09:05:00Z"),
            (Rate::Minutes(5), "2026-11-21T09:05:00Z", "2026-11-21T09:10:00Z"),
        ] {
            assert_eq!(rate.after(at(now)), at(next), "{now}");
        }
    }
}
