//! How CloudWatch evaluates alarms and metric filters, for alarms that look at one metric.

use serde_json::{Value, json};

/// What CloudWatch says of an alarm. It begins with not knowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Ok,
    Alarm,
    InsufficientData,
}

fn breaches(alarm: &Value, value: u64) -> bool {
    let threshold = alarm["Threshold"].as_u64().unwrap();
    match alarm["ComparisonOperator"].as_str().unwrap() {
        "GreaterThanThreshold" => value > threshold,
        "LessThanThreshold" => value < threshold,
        other => panic!("{other}"),
    }
}

/// The state of an alarm on samples of its metric, a list for each period that it looks at.
///
/// Source: CloudWatch user guide, "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data".
pub(crate) fn state(alarm: &Value, periods: &[Vec<u64>]) -> State {
    assert_eq!(alarm["EvaluationPeriods"], periods.len());
    let value = |samples: &Vec<u64>| {
        let largest = samples.iter().max()?;
        Some(match alarm["Statistic"].as_str().unwrap_or("Sum") {
            "Maximum" => *largest,
            "Sum" => samples.iter().sum(),
            other => panic!("{other}"),
        })
    };
    let values: Vec<u64> = periods.iter().filter_map(value).collect();
    match alarm["TreatMissingData"].as_str().unwrap() {
        "notBreaching" => {}
        "missing" if values.is_empty() => return State::InsufficientData,
        "missing" if values.len() == periods.len() => {}
        other => panic!("{other} with {} of {} values is not understood here", values.len(), periods.len()),
    }
    let needed = alarm["DatapointsToAlarm"].as_u64().map_or(periods.len(), |needed| usize::try_from(needed).unwrap());
    let breaching = values.into_iter().filter(|value| breaches(alarm, *value)).count();
    if breaching >= needed { State::Alarm } else { State::Ok }
}

/// Whether somebody is told of trouble when an alarm goes from one state to another.
pub(crate) fn tells(alarm: &Value, from: State, to: State) -> bool {
    let actions = match to {
        State::Ok => return false,
        State::Alarm => &alarm["AlarmActions"],
        State::InsufficientData => &alarm["InsufficientDataActions"],
    };
    from != to && actions == &json!([{ "Ref": "Alarms" }])
}

/// Whether somebody is told when an alarm that was at rest has such samples.
pub(crate) fn trips(alarm: &Value, periods: &[Vec<u64>]) -> bool {
    tells(alarm, State::Ok, state(alarm, periods))
}

/// So many times the same samples as an alarm looks at.
pub(crate) fn all_periods(alarm: &Value, samples: &[u64]) -> Vec<Vec<u64>> {
    vec![samples.to_vec(); alarm["EvaluationPeriods"].as_u64().unwrap().try_into().unwrap()]
}

/// Whether a metric filter's pattern takes a line of the log.
///
/// Source: CloudWatch Logs user guide, "Using filter patterns to match terms in JSON log events".
pub(crate) fn takes(pattern: &str, line: &str) -> bool {
    let conditions = pattern.strip_prefix("{ ").and_then(|rest| rest.strip_suffix(" }")).unwrap_or_else(|| panic!("{pattern}?"));
    let line: Value = serde_json::from_str(line).unwrap();
    conditions.split(" && ").all(|condition| {
        let asked = condition.strip_prefix("$.").and_then(|rest| rest.split_once(" = "));
        let (field, value) = asked.unwrap_or_else(|| panic!("{pattern} is not understood here"));
        let value: String = serde_json::from_str(value).unwrap();
        match (&line[field], value.strip_suffix('*')) {
            (Value::String(found), Some(begins)) => found.starts_with(begins),
            (found, None) => *found == value,
            (_, Some(_)) => false,
        }
    })
}
