//! The pages' HTML: no script, one style sheet, light and dark.

use http::Uri;

use super::cards::TEST_CARDS;
use super::checkout::return_url;
use super::currency::display;
use super::state::{Line, Session};

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1a1f36;--quiet:#4f566b;--ground:#f7f8fa;--card:#fff;--line:#8792a2;--act:#3b3fbd;\
--on-act:#fff;--bad:#a3152b}\
@media (prefers-color-scheme:dark){:root{--ink:#f2f4f8;--quiet:#c1c9d2;--ground:#0f1220;--card:#191d30;--line:#8792a2;\
--act:#a5a8ff;--on-act:#10122b;--bad:#ff9aa8}}\
*{box-sizing:border-box}body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}\
main{max-width:30rem;margin:0 auto;padding:1rem}main.wide{max-width:72rem}\
.note{border:2px dashed var(--line);border-radius:.5rem;padding:.5rem .75rem;margin:0 0 1rem}\
.box{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:1rem;margin:0 0 1rem;overflow-wrap:anywhere}\
.sum{font-size:1.75rem;font-weight:700;margin:.25rem 0}.quiet{color:var(--quiet)}h1{font-size:1.25rem;margin:0 0 .5rem}\
h2{font-size:1rem}label{display:block;font-weight:600;margin:.75rem 0 .25rem}\
input{width:100%;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:.375rem;\
padding:.625rem}input[aria-invalid=true]{border:2px solid var(--bad)}\
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:0 1rem}\
button{width:100%;min-height:3rem;margin-top:1rem;font:inherit;font-weight:700;color:var(--on-act);background:var(--act);\
border:0;border-radius:.375rem;cursor:pointer}a{color:var(--act)}\
:focus-visible{outline:3px solid var(--act);outline-offset:2px}\
.alert{border:2px solid var(--bad);color:var(--bad);border-radius:.375rem;padding:.5rem .75rem;font-weight:600}\
ul{padding-left:1.25rem}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid var(--line);vertical-align:top}th{white-space:nowrap}";

/// What went wrong with a submission, and in which field.
pub(super) struct Trouble {
    field: Option<&'static str>,
    message: String,
}

impl Trouble {
    pub(super) fn form(message: String) -> Self {
        Self { field: None, message }
    }

    pub(super) fn number() -> Self {
        Self { field: Some("number"), message: "Your card number is invalid. Check the digits.".to_owned() }
    }

    pub(super) fn expiry() -> Self {
        Self { field: Some("exp"), message: "Your card's expiry is invalid or past. Write it as MM/YY.".to_owned() }
    }

    pub(super) fn cvc() -> Self {
        Self { field: Some("cvc"), message: "Your card's security code has three or four digits.".to_owned() }
    }
}

/// The open session's page.
pub(super) fn form(session: &Session, trouble: Option<&Trouble>) -> String {
    let total = display(session.order.total(), &session.order.currency);
    let alert = trouble
        .map_or_else(String::new, |trouble| format!(r#"<p class="alert" role="alert" id="trouble">{}</p>"#, escape(&trouble.message)));
    let wrong = trouble.and_then(|trouble| trouble.field);
    let email = session
        .order
        .customer_email
        .as_ref()
        .map_or_else(String::new, |email| format!(r#"<p class="quiet">Receipt to {}</p>"#, escape(email)));
    let number = field("number", "Card number", "cc-number", wrong);
    let exp = field("exp", "Expiry (MM/YY)", "cc-exp", wrong);
    let cvc = field("cvc", "Security code", "cc-csc", wrong);
    let id = escape(&session.id);
    let body = format!(
        r#"<section class="box" aria-label="Order">{order}{email}</section>
<form class="box" method="post" action="/c/pay/{id}">{alert}{number}<div class="two">{exp}{cvc}</div>
<button type="submit">Pay {total}</button></form>
{back}
<section class="box"><h2>Test cards</h2><ul>{cards}</ul>
<p class="quiet">Any expiry to come and any three digits will do. Any other card is declined.</p></section>"#,
        order = order(session),
        back = back(session),
        cards = test_cards(),
    );
    let title = format!("Pay {total}");
    page(&if trouble.is_some() { format!("Error: {title}") } else { title }, &body)
}

pub(super) fn complete(session: &Session) -> String {
    let url = escape(&return_url(session));
    let order = order(session);
    let body = format!(
        r#"<section class="box">{order}<p>This payment is complete. Nothing more will be charged.</p>
<p><a href="{url}">Continue</a></p></section>"#
    );
    page("Payment complete", &body)
}

pub(super) fn expired(session: &Session) -> String {
    let body = format!(
        r#"<section class="box">{}<p>This checkout has expired. No money was taken.</p>{}</section>"#,
        order(session),
        back(session)
    );
    page("Checkout expired", &body)
}

pub(super) fn left_after_paying() -> String {
    let text = "The payment went through. You may close this window.";
    page("Payment complete", &format!(r#"<section class="box"><h1>Payment complete</h1><p>{text}</p></section>"#))
}

pub(super) fn unknown() -> String {
    let text = "There is no such checkout.";
    page("Not found", &format!(r#"<section class="box"><h1>Not found</h1><p>{text}</p></section>"#))
}

/// A whole document around `body`.
pub(super) fn page(title: &str, body: &str) -> String {
    document(title, "", body)
}

/// As [`page`], for tables.
pub(super) fn wide_page(title: &str, body: &str) -> String {
    document(title, r#" class="wide""#, body)
}

/// Text as HTML text or attribute value.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn document(title: &str, class: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title} – Sandbox checkout</title><style>{STYLE}</style></head>
<body><main{class}><p class="note">Sandbox: no real card is charged.</p>
{body}
</main></body></html>
"#
    )
}

fn order(session: &Session) -> String {
    let currency = &session.order.currency;
    let item = |line: &Line| {
        let times = if line.quantity > 1 { format!(" × {}", line.quantity) } else { String::new() };
        format!("{}{times}", escape(&line.name))
    };
    let names: Vec<String> = session.order.lines.iter().map(item).collect();
    let total = display(session.order.total(), currency);
    format!(r#"<h1>{}</h1><p class="sum">{total}</p>"#, names.join(", "))
}

fn back(session: &Session) -> String {
    let Some(url) = &session.order.cancel_url else { return String::new() };
    let parsed: Option<Uri> = url.parse().ok();
    let merchant = parsed.and_then(|uri| uri.authority().map(|authority| authority.as_str().to_owned()));
    let merchant = merchant.unwrap_or_else(|| "the merchant".to_owned());
    format!(r#"<p><a href="{}">Back to {}</a></p>"#, escape(url), escape(&merchant))
}

fn field(name: &str, label: &str, autocomplete: &str, wrong: Option<&str>) -> String {
    let invalid = if wrong == Some(name) { r#" aria-invalid="true" aria-describedby="trouble""# } else { "" };
    format!(
        r#"<div><label for="{name}">{label}</label><input id="{name}" name="{name}" autocomplete="{autocomplete}" inputmode="numeric" required{invalid}></div>"#
    )
}

fn test_cards() -> String {
    TEST_CARDS.iter().map(|card| format!("<li><code>{}</code> {}</li>", card.spaced(), card.what)).collect()
}
