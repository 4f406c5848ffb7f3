//! From what was found to the page that says it.

use app::{AppError, Deps, return_from_checkout::Returned};
use axum::{http::StatusCode, response::Response};
use domain::{attempt::AttemptState, ids::AttemptId, link::Link};
use gateway::Gateway;
use pages::{ErrorKind, Page, PageError, PayNotice, PayView, ReturnOutcome, ReturnView, error_page, not_found_page, pay_page, return_page};
use store::queries::InvoiceFolder;

/// Whose page is shown.
pub(crate) struct Shown<'a> {
    pub deps: &'a Deps,
    pub link: &'a Link,
    pub token: &'a str,
}

pub(crate) async fn pay(
    shown: &Shown<'_>,
    folder: &InvoiceFolder,
    status: StatusCode,
    notice: Option<PayNotice>,
    no_gateway: Option<String>,
) -> Response {
    let Shown { deps, link, token } = shown;
    let now = deps.clock.now();
    let business = match deps.business(now).await {
        Ok(business) => business,
        Err(error) => return problem(link, &error),
    };
    let invoice = &folder.invoice.value;
    let attempt = match &invoice.slot {
        Some(slot) => match deps.store.find_attempt(&slot.attempt_id).await {
            Ok(found) => found.map(|attempt| attempt.value),
            Err(error) => return problem(link, &error.into()),
        },
        None => None,
    };
    let payer = folder.text.bill_to.emails.iter().map(|e| &e.address).find(|address| address.reference() == link.recipient);
    let due = invoice.amount_due();
    let no_gateway = no_gateway.or_else(|| deps.no_gateway(due).filter(|_| due.is_positive()));
    let page = pay_page(
        &PayView {
            invoice,
            text: &folder.text,
            business: &business,
            temporary: deps.has_temporary_address(),
            today: business.zone.date_at(now),
            pay_path: &format!("{}/p/{token}", deps.path_name()),
            invoice_url: deps.invoice_url(invoice, link.recipient).reveal(),
            payer,
            open_checkout: attempt.as_ref().is_some_and(|a| a.state == AttemptState::AwaitingPayer && a.recipient() == link.recipient),
            decline: attempt.as_ref().and_then(|a| a.decline.as_ref()),
            // Why is for staff; the customer is told how else to pay.
            no_gateway: no_gateway.map(|_| ""),
            notice,
        },
        deps.gateway.as_ref().map(Gateway::checkout_origin),
    );
    rendered(link, status, page)
}

pub(crate) async fn returned(shown: &Shown<'_>, folder: &InvoiceFolder, outcome: &Returned, attempt: Option<&AttemptId>) -> Response {
    let Shown { deps, link, token } = shown;
    let business = match deps.business(deps.clock.now()).await {
        Ok(business) => business,
        Err(error) => return problem(link, &error),
    };
    let invoice = &folder.invoice.value;
    let again = format!("{}/p/{token}/return", deps.path_name());
    let check = attempt.map_or_else(|| again.clone(), |id| format!("{again}?attempt={id}"));
    let page = return_page(
        &ReturnView {
            invoice,
            business: &business,
            temporary: deps.has_temporary_address(),
            invoice_url: deps.invoice_url(invoice, link.recipient).reveal(),
            pay_url: deps.pay_url(invoice, link.recipient).reveal(),
            check_url: &check,
            outcome: match outcome {
                Returned::Paid(payment) => ReturnOutcome::Paid(payment),
                Returned::Processing => ReturnOutcome::Processing,
                Returned::NotPaid(decline) => ReturnOutcome::NotPaid { decline: decline.as_ref() },
                Returned::Unknown => ReturnOutcome::Unknown,
            },
        },
        deps.gateway.as_ref().map(Gateway::checkout_origin),
    );
    rendered(link, StatusCode::OK, page)
}

fn rendered(link: &Link, status: StatusCode, page: Result<Page, PageError>) -> Response {
    match page {
        Ok(page) => respond(status, page),
        Err(error) => problem(link, &AppError::Defect(error.to_string())),
    }
}

pub(crate) fn problem(link: &Link, error: &AppError) -> Response {
    if matches!(error, AppError::NotFound { .. }) {
        return not_found_response();
    }
    tracing::error!(invoice = %link.invoice_id, %error, "the pay page could not be shown");
    if error.retry_may_help() {
        respond(StatusCode::SERVICE_UNAVAILABLE, error_page(ErrorKind::Busy))
    } else {
        respond(StatusCode::INTERNAL_SERVER_ERROR, error_page(ErrorKind::ServerError))
    }
}

pub(crate) fn not_found_response() -> Response {
    respond(StatusCode::NOT_FOUND, not_found_page())
}

pub(crate) fn respond(status: StatusCode, page: Page) -> Response {
    runtime::page::respond(status, page.html, &page.content_security_policy)
}
