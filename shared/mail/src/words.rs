//! How mails say when money is due.

use chrono::NaiveDate;
use domain::{calendar::days_between, invoice::Invoice};

/// A date as people read it: `21 November 2026`.
pub(crate) fn long_date(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// When it is or was due, to follow "Invoice INV-00001": `is due tomorrow, on 21 November 2026`.
pub(crate) fn due_phrase(invoice: &Invoice, today: NaiveDate) -> String {
    let on = long_date(invoice.body.due_on);
    match days_between(today, invoice.body.due_on) {
        0 => format!("is due today, {on}"),
        1 => format!("is due tomorrow, on {on}"),
        -1 => format!("was due yesterday, on {on}"),
        days if days > 0 => format!("is due in {days} days, on {on}"),
        days => format!("was due {} days ago, on {on}", days.abs()),
    }
}

/// A text of so many characters at most, with an ellipsis where it was cut.
pub(crate) fn clipped(text: &str, allowed: usize) -> String {
    if text.chars().count() <= allowed {
        return text.to_owned();
    }
    text.chars().take(allowed.saturating_sub(1)).chain(['…']).collect()
}
