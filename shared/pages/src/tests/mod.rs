//! What customers see.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod safety;
mod statuses;

use crate::{
    ErrorKind, InvoiceView, Page, PayNotice, PayView, ReturnOutcome, ReturnView, error_page,
    fixture::{after_payment, business, invoice, on, payment, text, with_slot},
    invoice_page, not_found_page, pay_page, return_page,
};
use domain::{
    attempt::{Decline, DeclineClass},
    invoice::{Invoice, InvoiceText, SlotClass, status::Status},
    pii::EmailAddress,
    settings::Business,
};
use scraper::{Html, Selector};

const ORIGIN: Option<&str> = Some("https://checkout.example");

pub(crate) fn show_invoice(invoice: &Invoice, text: &InvoiceText, business: &Business) -> Page {
    let view = InvoiceView { invoice, text, business, temporary: false, today: on(10), pay_url: Some("/p/token") };
    invoice_page(&view, ORIGIN).unwrap()
}

pub(crate) fn pay_view<'a>(invoice: &'a Invoice, text: &'a InvoiceText, business: &'a Business) -> PayView<'a> {
    PayView {
        invoice,
        text,
        business,
        temporary: false,
        today: on(10),
        pay_path: "/p/r/ref",
        invoice_url: "/i/token",
        payer: None,
        open_checkout: false,
        decline: None,
        no_gateway: None,
        notice: None,
    }
}

pub(crate) fn return_view<'a>(invoice: &'a Invoice, business: &'a Business, outcome: ReturnOutcome<'a>) -> ReturnView<'a> {
    ReturnView { invoice, business, temporary: false, invoice_url: "/i/token", pay_url: "/p/r/ref", check_url: "/p/r/ref/back", outcome }
}

/// All that is read on a page, blanks folded.
pub(crate) fn read(page: &Page) -> String {
    let document = Html::parse_document(&page.html);
    let body = Selector::parse("body").unwrap();
    let words: Vec<&str> = document.select(&body).next().unwrap().text().flat_map(str::split_whitespace).collect();
    words.join(" ")
}

pub(crate) fn count(page: &Page, selector: &str) -> usize {
    Html::parse_document(&page.html).select(&Selector::parse(selector).unwrap()).count()
}

/// One page of every kind, each notice, outcome and error included.
pub(crate) fn every_page(text: &InvoiceText, business: &Business) -> Vec<Page> {
    let open = invoice(3);
    let paid = after_payment(invoice(3), "170.38");
    assert!(paid.balance().is_zero(), "the fixture's total is {}", open.total);
    let decline = Decline { code: "card_declined".to_owned(), class: DeclineClass::Soft };
    let payer = EmailAddress::parse("mary@somerville.example").unwrap();
    let mut pages = vec![not_found_page(), show_invoice(&open, text, business), show_invoice(&paid, text, business)];
    let errors = [
        ErrorKind::ServerError,
        ErrorKind::TooLarge,
        ErrorKind::UnsupportedForm,
        ErrorKind::MethodNotAllowed,
        ErrorKind::Busy,
        ErrorKind::PressedTooOften,
    ];
    pages.extend(errors.into_iter().map(error_page));
    let notices =
        [PayNotice::Changed, PayNotice::Cancelled, PayNotice::NotPaidYet, PayNotice::Processing, PayNotice::TryLater, PayNotice::Refused];
    for notice in notices {
        let view = PayView { notice: Some(notice), payer: Some(&payer), decline: Some(&decline), ..pay_view(&open, text, business) };
        pages.push(pay_page(&view, ORIGIN).unwrap());
    }
    pages.push(pay_page(&pay_view(&paid, text, business), ORIGIN).unwrap());
    pages.push(pay_page(&PayView { no_gateway: Some(""), ..pay_view(&open, text, business) }, ORIGIN).unwrap());
    pages.push(pay_page(&pay_view(&with_slot(open.clone(), SlotClass::InFlight), text, business), ORIGIN).unwrap());
    let received = payment("170.38");
    let outcomes = [
        ReturnOutcome::Paid(&received),
        ReturnOutcome::Processing,
        ReturnOutcome::NotPaid { decline: Some(&decline) },
        ReturnOutcome::NotPaid { decline: None },
        ReturnOutcome::Unknown,
    ];
    pages.extend(outcomes.into_iter().map(|outcome| return_page(&return_view(&open, business, outcome), ORIGIN).unwrap()));
    pages
}

#[test]
fn the_invoice_page_shows_every_part_of_the_invoice() {
    let (text, business) = (text(3), business());
    let partly = after_payment(invoice(3), "61.44");
    let seen = read(&show_invoice(&partly, &text, &business));
    for part in [
        "Lovelace & Sons",
        "Invoice INV-00001",
        "Invoice number INV-00001",
        "Invoice date 7 November 2026",
        "Due date 21 November 2026",
        "Due on 21 November 2026",
        "Billed to Mary Somerville Somerville Observatory Ltd 12 Hanover Square London W1S 1JB United Kingdom",
        "Analytical engine, hourly",
        "Setting the cards for the Bernoulli numbers including proof reading",
        "2.5 EUR 40.00 none VAT 19 % EUR 100.00",
        "1 EUR 20.00 −EUR 2.00 (10 %) VAT 19 % EUR 18.00",
        "3 EUR 9.99 −EUR 1.97 VAT7 7 % EUR 28.00",
        "Subtotal EUR 149.97 Discount −EUR 3.97 After discount EUR 146.00",
        "VAT 19 % on EUR 118.00 EUR 22.42 VAT7 7 % on EUR 28.00 EUR 1.96",
        "Total EUR 170.38 Paid so far EUR 61.44 Balance due EUR 108.94",
        "Pay EUR 108.94",
        "Thank you for the quick answers.",
        "Payable within 14 days without deduction.",
        "print",
        "office@lovelace.example",
    ] {
        assert!(seen.contains(part), "`{part}` is missing in: {seen}");
    }
}

#[test]
fn page_portal_balance_the_balance_stands_beside_the_total() {
    let page = show_invoice(&after_payment(invoice(3), "70.38"), &text(3), &business());
    let seen = read(&page);
    assert!(seen.contains("Total EUR 170.38") && seen.contains("Balance due EUR 100.00"), "{seen}");
}

#[test]
fn page_inv_pay_no_button_without_an_address_or_while_a_payment_is_on_its_way() {
    let (text, business) = (text(3), business());
    let open = invoice(3);
    let button = "a.button";
    assert_eq!(count(&show_invoice(&open, &text, &business), button), 1);
    let none = InvoiceView { invoice: &open, text: &text, business: &business, temporary: false, today: on(10), pay_url: None };
    assert_eq!(count(&invoice_page(&none, ORIGIN).unwrap(), button), 0);
    assert_eq!(count(&show_invoice(&with_slot(open, SlotClass::InFlight), &text, &business), button), 0);
}

#[test]
fn page_pay_prefill_the_pay_page_shows_what_is_on_file_and_posts_what_the_payer_saw() {
    let (text, business) = (text(3), business());
    let partly = after_payment(invoice(3), "61.44");
    let payer = EmailAddress::parse("mary@somerville.example").unwrap();
    let page = pay_page(&PayView { payer: Some(&payer), ..pay_view(&partly, &text, &business) }, ORIGIN).unwrap();
    let seen = read(&page);
    for part in [
        "Pay invoice INV-00001",
        "Balance due EUR 108.94",
        "Due date 21 November 2026",
        "Total EUR 170.38 Paid so far EUR 61.44",
        "Mary Somerville",
        "Somerville Observatory Ltd",
        "12 Hanover Square",
        "Paying as m•••@somerville.example",
    ] {
        assert!(seen.contains(part), "`{part}` is missing in: {seen}");
    }
    assert!(!page.html.contains("mary@somerville.example"));
    assert_eq!(count(&page, "form[method=post][action='/p/r/ref'] button[type=submit]"), 1);
    assert_eq!(count(&page, "input[type=hidden][name=rev][value='1']"), 1);
    assert_eq!(count(&page, "input[type=hidden][name=amount_due][value='10894']"), 1);
    assert!(seen.contains("Pay EUR 108.94"));
}

#[test]
fn an_open_checkout_is_continued() {
    let (text, business, open) = (text(3), business(), invoice(3));
    let page = pay_page(&PayView { open_checkout: true, ..pay_view(&open, &text, &business) }, ORIGIN).unwrap();
    assert!(read(&page).contains("Continue to payment"));
}

#[test]
fn c47_a_pay_page_with_nothing_to_pay_says_so_kindly_without_a_form() {
    let (text, business) = (text(3), business());
    let paid = after_payment(invoice(3), "170.38");
    let mut voided = invoice(3);
    voided.status = Status::Voided { at: crate::fixture::noon(9) };
    for (invoice, sentence) in [(&paid, "Paid on 9 November 2026"), (&voided, "Cancelled, nothing to pay")] {
        let page = pay_page(&PayView { notice: Some(PayNotice::Changed), ..pay_view(invoice, &text, &business) }, ORIGIN).unwrap();
        assert!(read(&page).contains(sentence));
        assert_eq!(count(&page, "form") + count(&page, ".button"), 0);
        assert_eq!(count(&page, "a[href='/i/token']"), 1);
    }
}

#[test]
fn without_online_payment_the_pay_page_says_how_else() {
    let (text, business, open) = (text(3), business(), invoice(3));
    let page = pay_page(&PayView { no_gateway: Some("The sum is too small."), ..pay_view(&open, &text, &business) }, ORIGIN).unwrap();
    let seen = read(&page);
    assert!(seen.contains("cannot be paid online. The sum is too small.") && seen.contains("bank transfer or in cash"), "{seen}");
    assert_eq!(count(&page, "form"), 0);
}

#[test]
fn page_pay_result_the_payer_is_told_what_became_of_it() {
    let business = business();
    let (open, paid) = (invoice(3), after_payment(invoice(3), "170.38"));
    let received = payment("170.38");
    let shown = |invoice, outcome| read(&return_page(&return_view(invoice, &business, outcome), ORIGIN).unwrap());
    let seen = shown(&paid, ReturnOutcome::Paid(&received));
    assert!(seen.contains("Received EUR 170.38 On 9 November 2026 Paid with Visa •••• 4242 Balance due EUR 0.00"), "{seen}");
    assert!(seen.contains("A receipt is on its way"));
    let seen = shown(&open, ReturnOutcome::Processing);
    assert!(seen.contains("still processing") && !seen.contains("Thank you"), "{seen}");
    let decline = Decline { code: "insufficient_funds".to_owned(), class: DeclineClass::Soft };
    let seen = shown(&open, ReturnOutcome::NotPaid { decline: Some(&decline) });
    assert!(seen.contains("does not hold enough") && seen.contains("Try again"), "{seen}");
    let seen = shown(&open, ReturnOutcome::Unknown);
    assert!(seen.contains("do not pay again") && !seen.contains("fail") && !seen.contains("Try again"), "{seen}");
}

#[test]
fn an_unanswered_call_is_never_called_a_failure() {
    let (text, business) = (text(3), business());
    let unsure = with_slot(invoice(3), SlotClass::InFlight);
    let page = pay_page(&PayView { notice: Some(PayNotice::TryLater), ..pay_view(&unsure, &text, &business) }, ORIGIN).unwrap();
    let seen = read(&page);
    assert!(seen.contains("did not answer") && !seen.to_lowercase().contains("fail"), "{seen}");
    assert_eq!(count(&page, "form"), 0);
    assert_eq!(count(&page, "[role=alert]"), 1);
}

#[test]
fn unknown_forged_expired_and_revoked_links_are_one_page() {
    let seen = read(&not_found_page());
    assert!(seen.contains("ask the sender for a new link"), "{seen}");
}

#[test]
fn a_page_at_a_temporary_address_says_so_and_no_other_does() {
    let (invoice, text, business) = (invoice(3), text(3), business());
    for temporary in [false, true] {
        let view = InvoiceView { invoice: &invoice, text: &text, business: &business, temporary, today: on(10), pay_url: Some("/p/token") };
        let pages =
            [invoice_page(&view, None).unwrap(), pay_page(&PayView { temporary, ..pay_view(&invoice, &text, &business) }, ORIGIN).unwrap()];
        for page in pages {
            assert_eq!(page.html.contains("This is a temporary address"), temporary);
        }
    }
}
