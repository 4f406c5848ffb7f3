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

/// A function that events on the bus start, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The function's name.
    pub function: String,
    /// The rule's pattern: for each member that it names, the values that match, down to any depth.
    pattern: Value,
}

impl Rule {
    /// Whether the rule starts its function for an event.
    #[must_use]
    pub fn matches(&self, event: &serde_json::Value) -> bool {
        fn matched(pattern: &Value, event: &serde_json::Value) -> bool {
            match pattern {
                Value::Mapping(members) => members
                    .iter()
                    .all(|(name, inner)| name.as_str().and_then(|name| event.get(name)).is_some_and(|value| matched(inner, value))),
                Value::Sequence(values) => values.iter().any(|value| value.as_str().is_some() && value.as_str() == event.as_str()),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Tagged(_) => false,
            }
        }
        matched(&self.pattern, event)
    }
}

/// Reads the rules on the bus out of a template: every function's events with a pattern.
///
/// # Errors
/// A sentence naming what cannot be read.
pub fn rules(template: &str) -> Result<Vec<Rule>, String> {
    let rules = resources(template)?.into_iter().flat_map(|(name, resource)| {
        let events = resource.get("Properties").and_then(|p| p.get("Events")).and_then(Value::as_mapping).cloned().unwrap_or_default();
        let patterns = events.into_iter().filter_map(|(_, event)| event.get("Properties")?.get("Pattern").cloned());
        patterns.map(move |pattern| Rule { function: function_name(&name), pattern }).collect::<Vec<_>>()
    });
    Ok(rules.collect())
}

/// Resources of a template by name.
fn resources(template: &str) -> Result<Vec<(String, Value)>, String> {
    let template: Value = serde_yaml_ng::from_str(template).map_err(|error| format!("the template cannot be read: {error}"))?;
    let resources = template.get("Resources").and_then(Value::as_mapping).ok_or("the template has no resources")?;
    Ok(resources.iter().filter_map(|(name, resource)| Some((name.as_str()?.to_owned(), resource.clone()))).collect())
}

/// Reads the starts out of a template: every scheduled rule whose target is a function.
///
/// # Errors
/// A sentence naming what cannot be read.
pub fn starts(template: &str) -> Result<Vec<Start>, String> {
    let mut starts = Vec::new();
    for (name, resource) in resources(template)? {
        for expression in schedules(&resource) {
            let rate = Rate::parse(expression).ok_or_else(|| format!("{name} starts at `{expression}`, which is not understood here"))?;
            starts.push(Start { function: function_name(target(&name, &resource).as_str()), rate });
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
    fn a_rule_starts_its_function_for_the_events_of_its_pattern_only() {
        let rules = rules(TEMPLATE).unwrap();
        let started = |source: &str, kind: &str, function: &str| -> Vec<&str> {
            let event = serde_json::json!({ "source": source, "detail-type": kind, "detail": { "function": function, "number": 2 } });
            rules.iter().filter(|rule| rule.matches(&event)).map(|rule| rule.function.as_str()).collect()
        };
        assert_eq!(started("remit", "sweep.slice", "upcoming-reminders"), ["upcoming-reminders"]);
        assert_eq!(started("remit", "sweep.slice", "past-due-reminders"), ["past-due-reminders"]);
        for (source, kind, function) in
            [("remit", "invoice.sent", "upcoming-reminders"), ("aws", "sweep.slice", "upcoming-reminders"), ("remit", "sweep.slice", "x")]
        {
            assert!(started(source, kind, function).is_empty(), "{source} {kind} {function}");
        }
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
