//! What no page may do.

use super::{count, every_page, show_invoice};
use crate::{
    InvoiceView, PageError,
    fixture::{business, invoice, on, text},
    invoice_page,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::pii::Pii;
use scraper::{Html, Node, Selector};
use sha2::{Digest as _, Sha256};

const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)></title></style><h1>{{ 7*7 }}";

/// The names of all elements and attributes, in order.
fn structure(html: &str) -> Vec<String> {
    let document = Html::parse_document(html);
    let elements = document.tree.nodes().filter_map(|node| match node.value() {
        Node::Element(element) => Some(element),
        Node::Document | Node::Fragment | Node::Doctype(_) | Node::Comment(_) | Node::Text(_) | Node::ProcessingInstruction(_) => None,
    });
    elements
        .map(|element| {
            let attributes: Vec<&str> = element.attrs().map(|(name, _)| name).collect();
            format!("{} {}", element.name(), attributes.join(" "))
        })
        .collect()
}

#[test]
fn hostile_text_changes_no_pages_structure() {
    let (mut text, mut business) = (text(3), business());
    let benign: Vec<_> = every_page(&text, &business).iter().map(|page| structure(&page.html)).collect();
    HOSTILE.clone_into(&mut business.name);
    text.bill_to.name = Pii::new(HOSTILE);
    text.bill_to.company = Pii::new(HOSTILE);
    text.bill_to.billing_address = Pii::new(HOSTILE);
    HOSTILE.clone_into(&mut text.customer_note);
    HOSTILE.clone_into(&mut text.terms);
    for line in &mut text.lines {
        HOSTILE.clone_into(&mut line.name);
        if !line.description.is_empty() {
            HOSTILE.clone_into(&mut line.description);
        }
    }
    let hostile: Vec<_> = every_page(&text, &business).iter().map(|page| structure(&page.html)).collect();
    assert_eq!(benign, hostile);
}

#[test]
fn i10_the_internal_note_is_on_no_page() {
    for page in every_page(&text(3), &business()) {
        assert!(!page.html.contains("SECRET") && !page.html.contains("margin 40"));
    }
}

#[test]
fn the_policy_names_the_hash_of_the_very_style_in_the_page() {
    for page in every_page(&text(3), &business()) {
        let document = Html::parse_document(&page.html);
        let styles: Vec<String> = document.select(&Selector::parse("style").unwrap()).map(|style| style.text().collect()).collect();
        assert_eq!(styles.len(), 1);
        let hash = STANDARD.encode(Sha256::digest(styles[0].as_bytes()));
        assert!(page.content_security_policy.contains(&format!("style-src 'sha256-{hash}';")), "{}", page.content_security_policy);
        assert!(!page.html.contains("style="), "an inlined style attribute would be blocked");
    }
}

#[test]
fn asvs_3_4_3_the_policy_lets_forms_go_only_to_ourselves_and_the_checkout() {
    let policy = show_invoice(&invoice(3), &text(3), &business()).content_security_policy;
    for part in ["default-src 'none'", "form-action 'self' https://checkout.example;", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(part), "`{part}` is missing in {policy}");
    }
    let (invoice, text, business) = (invoice(3), text(3), business());
    let view = InvoiceView { invoice: &invoice, text: &text, business: &business, temporary: false, today: on(10), pay_url: None };
    for origin in ["https://x.example; script-src *", "javascript:alert(1)", "https://", "https://a b"] {
        assert!(matches!(invoice_page(&view, Some(origin)), Err(PageError::Origin)), "{origin}");
    }
}

#[test]
fn every_page_is_a_whole_document_without_script_or_foreign_request() {
    for page in every_page(&text(3), &business()) {
        assert!(!page.html.contains("<script"));
        for (selector, times) in [
            ("html[lang=en]", 1),
            ("title", 1),
            ("h1", 1),
            ("main", 1),
            ("meta[name=robots][content=noindex]", 1),
            ("meta[name=color-scheme][content='light dark']", 1),
            ("meta[name=viewport]", 1),
            ("img, iframe, object, embed, link[rel=stylesheet]", 0),
            ("th:not([scope])", 0),
        ] {
            assert_eq!(count(&page, selector), times, "{selector} in {}", page.html);
        }
        assert!(!page.html.contains("http://") && !page.html.contains("https://"), "a page names no other site");
        assert!(Html::parse_document(&page.html).errors.is_empty(), "{:?}", Html::parse_document(&page.html).errors);
    }
}

#[test]
fn a_page_of_twenty_lines_is_small() {
    let page = show_invoice(&invoice(20), &text(20), &business());
    assert!(page.html.len() <= 24 * 1024, "{} bytes", page.html.len());
}
