//! R1, column "Customer sees": one line a case.

use super::{count, read, show_invoice};
use crate::{
    InvoiceView,
    fixture::{after_payment, business, invoice, noon, on, text, with_slot},
    invoice_page,
};
use domain::invoice::{
    SlotClass,
    status::{CollectionsReason, Status},
};

#[test]
fn each_status_says_its_sentence() {
    let at = noon(9);
    let failed = Status::Collections { reason: CollectionsReason::CardFailed, since: at };
    let escalated = Status::Collections { reason: CollectionsReason::Escalated, since: at };
    let manual = Status::Collections { reason: CollectionsReason::Manual, since: at };
    let written_off = Status::WrittenOff { at };
    let cases = [
        (Status::Open, None, 10, "Due on 21 November 2026", true),
        (Status::Open, None, 21, "Due on 21 November 2026 That is today.", true),
        (Status::Open, None, 22, "Past due It was due on 21 November 2026, yesterday.", true),
        (Status::Open, None, 28, "Past due It was due on 21 November 2026, 7 days ago.", true),
        (Status::Open, Some(SlotClass::Open), 10, "Due on 21 November 2026", true),
        (Status::Open, Some(SlotClass::Action), 10, "Finish your payment", true),
        (Status::Open, Some(SlotClass::InFlight), 28, "Payment processing A payment is being processed or checked", false),
        (failed, None, 10, "Payment failed, please update your payment details", true),
        (failed, Some(SlotClass::InFlight), 10, "Payment processing", false),
        (escalated, None, 28, "Past due", true),
        (manual, None, 10, "Due on 21 November 2026", true),
        (Status::Closed { at }, None, 10, "Paid on 9 November 2026", false),
        (Status::Declined { at }, None, 10, "Payment did not go through", false),
        (Status::Refunded { at }, None, 10, "Refunded on 9 November 2026", false),
        (Status::Voided { at }, None, 10, "Cancelled, nothing to pay", false),
        (written_off, None, 10, "Contact us about this invoice", false),
        (Status::Draft, None, 10, "Preview: this invoice has not been sent", false),
    ];
    let (text, business) = (text(3), business());
    for (status, slot, day, sentence, payable) in cases {
        let mut shown = invoice(3);
        shown.status = status;
        if let Some(state) = slot {
            shown = with_slot(shown, state);
        }
        let view =
            InvoiceView { invoice: &shown, text: &text, business: &business, temporary: false, today: on(day), pay_url: Some("/p/token") };
        let page = invoice_page(&view, None).unwrap();
        let seen = read(&page);
        assert!(seen.contains(sentence), "{status:?} on day {day} should say `{sentence}`: {seen}");
        assert_eq!(count(&page, "a.button") == 1, payable, "{status:?} on day {day}");
        assert_eq!(count(&page, "[role=status]"), 1);
    }
}

#[test]
fn the_day_it_was_paid_is_the_businesss_day() {
    let mut paid = after_payment(invoice(3), "170.38");
    paid.status = Status::Closed { at: noon(9) + chrono::TimeDelta::hours(11) + chrono::TimeDelta::minutes(30) };
    assert!(read(&show_invoice(&paid, &text(3), &business())).contains("Paid on 10 November 2026"));
}

#[test]
fn i16_an_invoice_of_zero_says_there_is_nothing_to_pay() {
    let mut nothing = invoice(0);
    nothing.status = Status::Closed { at: noon(9) };
    let seen = read(&show_invoice(&nothing, &text(0), &business()));
    assert!(seen.contains("Nothing to pay") && !seen.contains("Paid on"), "{seen}");
}
