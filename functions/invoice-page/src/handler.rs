//! From a request to the invoice's page.

use app::{AppError, Deps, open_invoice::open_invoice, open_invoice::read_link};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::Response,
};
use domain::link::{Link, Purpose};
use pages::{ErrorKind, InvoiceView, Page, error_page, invoice_page, not_found_page};

/// Parts of the names of programs that fetch pages without anybody looking.
const MACHINES: [&str; 12] =
    ["bot", "crawl", "spider", "slurp", "preview", "scan", "safelinks", "proofpoint", "mimecast", "barracuda", "curl/", "python-requests"];

pub(crate) async fn show(State(deps): State<Deps>, Path(token): Path<String>, method: Method, headers: HeaderMap) -> Response {
    let Some(link) = read_link(&deps, Purpose::Invoice, &token) else { return not_found().await };
    match page(&deps, &link, method == Method::GET && looks_human(&headers)).await {
        Ok(page) => respond(StatusCode::OK, page),
        Err(AppError::NotFound { .. }) => not_found().await,
        Err(error) if error.retry_may_help() => {
            tracing::warn!(invoice = %link.invoice_id, %error, "the invoice could not be shown");
            respond(StatusCode::SERVICE_UNAVAILABLE, error_page(ErrorKind::Busy))
        }
        Err(error) => {
            tracing::error!(invoice = %link.invoice_id, %error, "the invoice could not be shown");
            respond(StatusCode::INTERNAL_SERVER_ERROR, error_page(ErrorKind::ServerError))
        }
    }
}

async fn page(deps: &Deps, link: &Link, counts_as_view: bool) -> Result<Page, AppError> {
    let folder = open_invoice(deps, link, counts_as_view).await?;
    let now = deps.clock.now();
    let business = deps.business(now).await?;
    let invoice = &folder.invoice.value;
    let pay_url = deps.pay_url(invoice, link.recipient);
    let view = InvoiceView {
        invoice,
        text: &folder.text,
        business: &business,
        temporary: deps.has_temporary_address(),
        today: business.zone.date_at(now),
        pay_url: invoice.amount_due().is_positive().then(|| pay_url.reveal()),
    };
    invoice_page(&view, None).map_err(|error| AppError::Defect(error.to_string()))
}

fn looks_human(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    !agent.is_empty() && !MACHINES.iter().any(|machine| agent.contains(machine))
}

pub(crate) async fn not_found() -> Response {
    respond(StatusCode::NOT_FOUND, not_found_page())
}

pub(crate) async fn method_not_allowed() -> Response {
    respond(StatusCode::METHOD_NOT_ALLOWED, error_page(ErrorKind::MethodNotAllowed))
}

fn respond(status: StatusCode, page: Page) -> Response {
    runtime::page::respond(status, page.html, &page.content_security_policy)
}
