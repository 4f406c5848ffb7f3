//! The words of each mail.

use super::{INVOICE_URL, PAY_URL, kinds, write};
use crate::{
    ComposeError, Composed, MailView, compose,
    fixture::{after_payment, business, eur, invoice, on, payment, text},
};
use domain::{
    ids::{CreditId, PaymentId},
    invoice::{Invoice, status::Status},
    message::MailKind,
    payment::{Method, Surplus, SurplusCause},
    pii::Pii,
};
use scraper::Html;

fn unpaid(invoice: &Invoice) -> Composed {
    write(&MailKind::Unpaid, invoice, &text(3), &business(), 10)
}

/// What is read of the HTML, blanks folded.
fn read(html: &str) -> String {
    let words: Vec<String> = Html::parse_document(html).root_element().text().flat_map(str::split_whitespace).map(str::to_owned).collect();
    words.join(" ")
}

/// Holds that text and HTML both say it.
fn both_say(mail: &Composed, part: &str) {
    assert!(mail.text.contains(part), "`{part}` is missing in the text: {}", mail.text);
    let html = read(&mail.html);
    assert!(html.contains(part), "`{part}` is missing in the HTML: {html}");
}

#[test]
fn eml_unpaid_number_the_mail_shows_the_invoices_number() {
    let mail = unpaid(&invoice(3));
    both_say(&mail, "INV-00001");
    assert!(mail.subject.contains("INV-00001"));
}

#[test]
fn eml_unpaid_amount_due_the_mail_shows_the_balance_not_the_total() {
    let mail = unpaid(&after_payment(invoice(3), "61.44"));
    assert!(mail.subject.contains("EUR 108.94") && !mail.subject.contains("170.38"), "{}", mail.subject);
    assert!(mail.text.contains("Amount due: EUR 108.94"), "{}", mail.text);
    assert!(read(&mail.html).contains("Amount due EUR 108.94"));
}

#[test]
fn c44_a_request_for_a_partly_paid_invoice_shows_what_was_paid() {
    let mail = write(&MailKind::Request, &after_payment(invoice(3), "61.44"), &text(3), &business(), 10);
    both_say(&mail, "EUR 61.44 of EUR 170.38");
    both_say(&mail, "EUR 108.94 is still open");
    assert!(mail.subject.starts_with("Payment request: invoice INV-00001"), "{}", mail.subject);
}

#[test]
fn eml_unpaid_due_date_the_mail_shows_the_due_date() {
    both_say(&unpaid(&invoice(3)), "21 November 2026");
}

#[test]
fn eml_unpaid_note_the_mail_shows_the_customer_note_when_there_is_one() {
    both_say(&unpaid(&invoice(3)), "Thank you for the quick answers.");
    let mut silent = text(3);
    silent.customer_note = String::new();
    let mail = write(&MailKind::Unpaid, &invoice(3), &silent, &business(), 10);
    assert!(!mail.text.contains("Note\n") && !mail.html.contains(">Note<"));
}

#[test]
fn eml_unpaid_products_the_mail_shows_names_quantities_and_sums() {
    let mail = unpaid(&invoice(3));
    assert!(mail.text.contains("2.5 x Analytical engine, hourly: EUR 100.00"), "{}", mail.text);
    assert!(read(&mail.html).contains("Analytical engine, hourly 2.5 EUR 100.00"));
    both_say(&mail, "VAT 19 %");
    both_say(&mail, "EUR 170.38");
}

#[test]
fn eml_unpaid_terms_the_mail_shows_the_terms_when_set() {
    both_say(&unpaid(&invoice(3)), "Payable within 14 days without deduction.");
    both_say(&write(&MailKind::Request, &invoice(3), &text(3), &business(), 10), "Payable within 14 days without deduction.");
}

#[test]
fn eml_unpaid_button_view_and_pay_goes_to_the_invoice_page() {
    let mail = unpaid(&invoice(3));
    both_say(&mail, "View & Pay");
    assert!(mail.html.contains(&format!("<a href=\"{INVOICE_URL}\"")));
    assert!(mail.text.contains(&format!("View & Pay:\n{INVOICE_URL}\n")));
}

#[test]
fn every_mail_that_asks_for_money_carries_number_amount_due_date_and_link_in_both_parts() {
    for kind in kinds().into_iter().filter(MailKind::asks_for_money) {
        let mail = write(&kind, &after_payment(invoice(3), "61.44"), &text(3), &business(), 28);
        for part in ["INV-00001", "EUR 108.94", "21 November 2026", "Lovelace & Sons", "Mary Somerville"] {
            both_say(&mail, part);
        }
        for url in [INVOICE_URL, PAY_URL] {
            assert!(mail.text.contains(url) && mail.html.contains(url), "{}", kind.name());
        }
        assert!(mail.subject.contains("INV-00001") && !mail.subject.contains('\n'), "{}", mail.subject);
    }
}

#[test]
fn aut_email_element_reminders_tell_what_is_owed_and_since_when() {
    let [_, _, _, upcoming, past_due] = kinds();
    let cases = [
        (&upcoming, 18, "is due in 3 days, on 21 November 2026"),
        (&upcoming, 20, "is due tomorrow, on 21 November 2026"),
        (&upcoming, 21, "is due today, 21 November 2026"),
        (&past_due, 22, "was due yesterday, on 21 November 2026"),
        (&past_due, 28, "was due 7 days ago, on 21 November 2026"),
    ];
    for (kind, day, part) in cases {
        both_say(&write(kind, &invoice(3), &text(3), &business(), day), part);
    }
    assert!(write(&past_due, &invoice(3), &text(3), &business(), 28).text.contains("Overdue: 7 days"));
    assert!(write(&past_due, &invoice(3), &text(3), &business(), 22).text.contains("Overdue: 1 day\n"));
}

#[test]
fn eml_receipt_auto_the_receipt_says_what_was_received_how_and_what_is_left() {
    let [_, _, receipt, ..] = kinds();
    let mail = write(&receipt, &after_payment(invoice(3), "61.44"), &text(3), &business(), 10);
    for part in ["EUR 61.44", "9 November 2026", "Visa •••• 4242", "EUR 108.94 is left to pay", "View & Pay"] {
        both_say(&mail, part);
    }
    assert_eq!(mail.subject, "Receipt from Lovelace & Sons: EUR 61.44 for invoice INV-00001");
    let paid = after_payment(after_payment(invoice(3), "61.44"), "108.94");
    let mail = write(&receipt, &paid, &text(3), &business(), 10);
    both_say(&mail, "The invoice is paid in full.");
    both_say(&mail, "View the invoice");
    assert!(!mail.text.contains("Pay:") && !mail.html.contains(PAY_URL));
}

#[test]
fn a_receipt_names_money_that_is_kept_as_credit() {
    let mut voided = invoice(3);
    voided.status = Status::Voided { at: crate::fixture::noon(8) };
    let mut received = payment("61.44");
    received.method = Method::Transfer;
    received.reference = Some("RF18".to_owned());
    received.surplus = Some(Surplus { credit_id: CreditId::at(1, 1), amount: eur("61.44"), cause: SurplusCause::InvoiceChanged });
    let (text, business) = (text(3), business());
    let view = MailView {
        invoice: &voided,
        text: &text,
        business: &business,
        today: on(10),
        invoice_url: INVOICE_URL,
        pay_url: PAY_URL,
        payment: Some(&received),
    };
    let mail = compose(&MailKind::Receipt { payment_id: PaymentId::at(1, 1) }, &view).unwrap();
    both_say(&mail, "Nothing is left to pay on it. EUR 61.44 is more than was owed, and is kept as your credit.");
    both_say(&mail, "RF18");
    let without = MailView { payment: None, ..view };
    assert!(matches!(compose(&MailKind::Receipt { payment_id: PaymentId::at(1, 1) }, &without), Err(ComposeError::NoPayment)));
}

#[test]
fn i10_no_mail_holds_the_internal_note() {
    for kind in kinds() {
        let mail = write(&kind, &invoice(3), &text(3), &business(), 10);
        assert!(![mail.subject, mail.text, mail.html].iter().any(|part| part.contains("SECRET") || part.contains("margin 40")));
    }
}

#[test]
fn hostile_text_changes_no_mails_structure() {
    const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x></a></table><h1>{{ 7*7 }}";
    let elements = |html: &str| -> Vec<String> {
        let document = Html::parse_document(html);
        document.root_element().descendent_elements().map(|element| element.value().name().to_owned()).collect()
    };
    let (mut hostile, mut business) = (text(3), business());
    HOSTILE.clone_into(&mut business.name);
    HOSTILE.clone_into(&mut hostile.customer_note);
    HOSTILE.clone_into(&mut hostile.terms);
    hostile.bill_to.name = Pii::new(HOSTILE);
    for line in &mut hostile.lines {
        HOSTILE.clone_into(&mut line.name);
    }
    for kind in kinds() {
        let benign = write(&kind, &invoice(3), &text(3), &crate::fixture::business(), 10);
        let mail = write(&kind, &invoice(3), &hostile, &business, 10);
        assert_eq!(elements(&benign.html), elements(&mail.html), "{}", kind.name());
    }
}

#[test]
fn the_largest_mail_is_not_clipped() {
    let (mut long, mut business) = (text(200), business());
    long.customer_note = "\"".repeat(4000);
    long.terms = "&".repeat(2000);
    business.name = "&".repeat(120);
    for line in &mut long.lines {
        line.name = "\"".repeat(200);
        line.description = "&".repeat(1000);
    }
    let mail = write(&MailKind::Unpaid, &invoice(200), &long, &business, 10);
    assert!(mail.html.len() <= 102 * 1024, "{} bytes", mail.html.len());
    both_say(&mail, "and 150 more lines: see the invoice");
    assert_eq!(mail.text.matches("EUR 100.00\n").count(), 17);
}

#[test]
fn a_mail_fetches_nothing_and_says_its_language() {
    for kind in kinds() {
        let mail = write(&kind, &invoice(3), &text(3), &business(), 10);
        assert!(mail.html.contains("<html lang=\"en\">"));
        for part in ["<img", "<script", "<style", "<link", "url(", "src="] {
            assert!(!mail.html.contains(part), "{part}");
        }
        let addresses = mail.html.matches("http").count();
        assert_eq!(addresses, mail.html.matches(INVOICE_URL).count() + mail.html.matches(PAY_URL).count());
    }
}
