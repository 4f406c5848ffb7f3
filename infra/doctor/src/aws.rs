//! The way to AWS, and what its refusals mean here.

use crate::{
    checks::clock::Skew,
    report::{Check, Finding},
};
use aws_config::SdkConfig;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// SES, with every answer's date noted.
pub(crate) fn ses(sdk: &SdkConfig, skew: Skew) -> aws_sdk_sesv2::Client {
    aws_sdk_sesv2::Client::from_conf(aws_sdk_sesv2::config::Builder::from(sdk).interceptor(skew).build())
}

/// The service's code, or that it gave none. The texts of errors may hold addresses and are left out.
pub(crate) fn code(error: &impl ProvideErrorMetadata) -> String {
    error.code().unwrap_or("no answer").to_owned()
}

/// What was asked and not told: a problem, because nobody knows.
pub(crate) fn untold(check: Check, what: &str, code: &str) -> Finding {
    let todo = if code.starts_with("AccessDenied") {
        "Run this as somebody who may read it, such as whoever deployed the stack."
    } else if code.contains(' ') {
        // No code of a service, but the way there: "no answer", "no connection".
        "See that this machine reaches AWS and that the region is the stack's, and run this again."
    } else {
        "See that credentials and region are the stack's, and run this again."
    };
    Finding::problem(check, format!("{what} could not be read ({code})."), todo)
}
