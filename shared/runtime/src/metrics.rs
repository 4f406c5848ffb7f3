//! Metrics: one line a run in CloudWatch's embedded metric format, which Lambda's log carries without a call.

use serde_json::{Map, Value, json};
use std::{
    io::Write as _,
    time::{SystemTime, UNIX_EPOCH},
};

/// The namespace of our metrics.
pub const NAMESPACE: &str = "Remit";

/// A value with its name and what it is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name in CloudWatch, such as `OutboxAge`.
    pub name: &'static str,
    /// Whether it counts seconds; else it is a count.
    pub seconds: bool,
    /// Its value.
    pub value: u64,
}

/// The line that carries metrics, with its end; nothing when there are none.
///
/// Source: Amazon CloudWatch, Specification: Embedded metric format. `Timestamp` is in milliseconds since 1970.
#[must_use]
pub fn line(stack: &str, at: SystemTime, metrics: &[Metric]) -> Vec<u8> {
    if metrics.is_empty() {
        return Vec::new();
    }
    let millis = at.duration_since(UNIX_EPOCH).map(|since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX)).unwrap_or_default();
    let unit = |metric: &Metric| if metric.seconds { "Seconds" } else { "Count" };
    let definitions: Vec<Value> = metrics.iter().map(|metric| json!({ "Name": metric.name, "Unit": unit(metric) })).collect();
    let directive = json!({ "Namespace": NAMESPACE, "Dimensions": [["Stack"]], "Metrics": definitions });
    let mut record = Map::from_iter(metrics.iter().map(|metric| (metric.name.to_owned(), metric.value.into())));
    record.insert("Stack".to_owned(), stack.into());
    record.insert("_aws".to_owned(), json!({ "Timestamp": millis, "CloudWatchMetrics": [directive] }));
    format!("{}\n", Value::Object(record)).into_bytes()
}

/// Writes metrics to standard output.
pub fn emit(stack: &str, at: SystemTime, metrics: &[Metric]) {
    let written = std::io::stdout().lock().write_all(&line(stack, at, metrics));
    if let Err(error) = written {
        tracing::error!(%error, "metrics could not be written");
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]
    use super::*;
    use serde_json::{Value, json};
    use std::time::Duration;

    #[test]
    fn a_run_s_metrics_are_one_line_that_cloudwatch_reads() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let metrics =
            [Metric { name: "OutboxAge", seconds: true, value: 301 }, Metric { name: "UncertainMessages", seconds: false, value: 2 }];
        let line = String::from_utf8(line("remit", at, &metrics)).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        let read: Value = serde_json::from_str(&line).unwrap();
        let directive = &read["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "Remit");
        assert_eq!(directive["Dimensions"], json!([["Stack"]]));
        assert_eq!(
            directive["Metrics"],
            json!([{ "Name": "OutboxAge", "Unit": "Seconds" }, { "Name": "UncertainMessages", "Unit": "Count" }])
        );
        assert_eq!((&read["_aws"]["Timestamp"], &read["Stack"]), (&json!(1_767_225_600_000_i64), &json!("remit")));
        assert_eq!((&read["OutboxAge"], &read["UncertainMessages"]), (&json!(301), &json!(2)));
        assert!(super::line("remit", at, &[]).is_empty());
    }
}
