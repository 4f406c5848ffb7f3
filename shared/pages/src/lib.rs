//! Pages for customers: the invoice, the way to pay it, and what is said when neither can be shown.
//!
//! Every page is one answer: no script, no request to anybody else, one inlined style whose hash stands in the page's own
//! Content-Security-Policy. The internal note never enters a template.

mod invoice;
mod pay;
mod plain;
mod returning;
mod shell;
mod words;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use invoice::{InvoiceView, invoice_page};
pub use pay::{PayNotice, PayView, pay_page};
pub use plain::{ErrorKind, error_page, not_found_page};
pub use returning::{ReturnOutcome, ReturnView, return_page};
pub use shell::{Page, PageError, STYLE};
pub use words::{Standing, long_date, standing};
