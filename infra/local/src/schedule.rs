//! When which function starts: as the template says, read from it.

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use serde_yaml_ng::Value;

/// The template that is deployed.
pub const TEMPLATE: &str = include_str!("../../template.yaml");

/// Every rate divides a day, so that starts are evenly spaced from one midnight (UTC) to the next.
const DAY_MINUTES: i64 = 24 * 60;

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
                (minutes > 0 && DAY_MINUTES % minutes == 0).then_some(Self::Minutes(minutes))
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

    /// The first start at an instant or after it.
    #[must_use]
    pub fn at_or_after(self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.after(at - TimeDelta::nanoseconds(1))
    }

    /// How many starts there are after one instant and up to another.
    #[must_use]
    pub fn starts_between(self, after: DateTime<Utc>, until: DateTime<Utc>) -> i64 {
        let step = match self {
            Self::Hourly => 60,
            Self::Minutes(minutes) => minutes,
        };
        let first = self.after(after);
        if first > until { 0 } else { (until - first).num_minutes() / step + 1 }
    }
}

/// Which events a rule or a stream's mapping lets through: for each member that it names, the values that match, down to any depth. A
/// value may be an object with a `prefix` that it begins with.
///
/// Source: Amazon EventBridge, Event patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(serde_json::Value);

impl Pattern {
    /// Whether an event matches.
    #[must_use]
    pub fn matches(&self, event: &serde_json::Value) -> bool {
        use serde_json::Value as Json;
        fn one(wanted: &Json, value: Option<&str>) -> bool {
            match wanted {
                Json::String(text) => value == Some(text),
                Json::Object(test) => {
                    let prefix = test.get("prefix").and_then(Json::as_str);
                    prefix.is_some_and(|prefix| value.is_some_and(|value| value.starts_with(prefix)))
                }
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => false,
            }
        }
        fn matched(pattern: &Json, event: &Json) -> bool {
            match pattern {
                Json::Object(members) => members.iter().all(|(name, inner)| event.get(name).is_some_and(|value| matched(inner, value))),
                Json::Array(values) => values.iter().any(|wanted| one(wanted, event.as_str())),
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
            }
        }
        matched(&self.0, event)
    }
}

/// A function that events on the bus start, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The function's name.
    pub function: String,
    /// The events.
    pub pattern: Pattern,
}

/// How the table's stream reaches a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The function's name.
    pub function: String,
    /// The records it is given.
    pub pattern: Pattern,
    /// How many of them at once, at most.
    pub batch_size: usize,
}

/// Reads the rules on the bus out of a template: every function's events with a pattern.
///
/// # Errors
/// A sentence naming what cannot be read.
pub fn rules(template: &str) -> Result<Vec<Rule>, String> {
    let rules = resources(template)?.into_iter().flat_map(|(name, resource)| {
        let events = resource.get("Properties").and_then(|p| p.get("Events")).and_then(Value::as_mapping).cloned().unwrap_or_default();
        let patterns = events.into_iter().filter_map(|(_, event)| event.get("Properties")?.get("Pattern").cloned());
        patterns.map(move |pattern| (function_name(&name), pattern)).collect::<Vec<_>>()
    });
    let rule = |(function, pattern): (String, Value)| {
        let pattern = serde_json::to_value(pattern).map_err(|error| format!("a rule of {function} cannot be read: {error}"))?;
        Ok(Rule { function, pattern: Pattern(pattern) })
    };
    rules.map(rule).collect()
}

/// Reads out of a template how the table's stream is mapped.
///
/// # Errors
/// A sentence naming what cannot be read.
pub fn mapping(template: &str) -> Result<Mapping, String> {
    let is_mapping = |resource: &Value| resource.get("Type").and_then(Value::as_str) == Some("AWS::Lambda::EventSourceMapping");
    let resources = resources(template)?;
    let (name, resource) = resources.iter().find(|(_, resource)| is_mapping(resource)).ok_or("the template maps no stream")?;
    let missing = |what: &str| format!("{name} has no {what} that can be read");
    let properties = resource.get("Properties").ok_or_else(|| missing("Properties"))?;
    let filter = properties.get("FilterCriteria").and_then(|criteria| criteria.get("Filters")?.get(0)?.get("Pattern")?.as_str());
    let pattern = filter.and_then(|text| serde_json::from_str(text).ok()).ok_or_else(|| missing("filter pattern"))?;
    let batch_size = properties.get("BatchSize").and_then(Value::as_u64).and_then(|size| size.try_into().ok());
    let function = properties.get("FunctionName").and_then(named).ok_or_else(|| missing("FunctionName"))?;
    Ok(Mapping {
        function: function_name(&function),
        pattern: Pattern(pattern),
        batch_size: batch_size.ok_or_else(|| missing("BatchSize"))?,
    })
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
    let arn = resource.get("Properties").and_then(|p| p.get("Targets")).and_then(|t| t.get(0)).and_then(|t| t.get("Arn"));
    arn.and_then(named).unwrap_or_else(|| name.to_owned())
}

/// The resource that a reference names.
fn named(value: &Value) -> Option<String> {
    match value {
        Value::Tagged(tagged) => named(&tagged.value),
        Value::String(text) => text.split('.').next().map(str::to_owned),
        Value::Sequence(parts) => parts.first().and_then(named),
        Value::Mapping(map) => map.get("Fn::GetAtt").and_then(named),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
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
            rules.iter().filter(|rule| rule.pattern.matches(&event)).map(|rule| rule.function.as_str()).collect()
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
    fn the_stream_brings_new_outbox_rows_to_the_dispatcher_only() {
        let mapping = mapping(TEMPLATE).unwrap();
        assert_eq!((mapping.function.as_str(), mapping.batch_size), ("dispatch", 10));
        for (event, sk, brought) in
            [("INSERT", "M#unpaid", true), ("MODIFY", "M#unpaid", false), ("INSERT", "J#000000000001", false), ("INSERT", "M", false)]
        {
            let record = serde_json::json!({ "eventName": event, "dynamodb": { "Keys": { "sk": { "S": sk } } } });
            assert_eq!(mapping.pattern.matches(&record), brought, "{event} {sk}");
        }
    }

    #[test]
    fn starts_between_two_instants_are_counted_as_they_are_made() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        for rate in [Rate::Hourly, Rate::Minutes(5)] {
            for (from, to) in [("2026-11-21T09:00:00Z", "2026-11-21T10:00:00Z"), ("2026-11-21T22:59:59Z", "2026-11-24T00:04:59Z")] {
                let (mut from, to, mut made) = (at(from), at(to), 0);
                let counted = rate.starts_between(from, to);
                while rate.after(from) <= to {
                    from = rate.after(from);
                    made += 1;
                }
                assert_eq!(counted, made, "{rate:?} until {to}");
            }
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
