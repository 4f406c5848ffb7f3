//! The golden scenarios of money, as folds: after each step the balance and the status, and records that agree with each other.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    credit::{Credit, CreditCause, CreditEvent, Use},
    currency::Currency,
    digest::Digest,
    ids::{ContactId, CreditId, InvoiceId, PaymentId},
    invoice::{
        Invoice, MoneyLine,
        commands::OfflinePayment,
        journal::{Body, Deliver, DocumentEvent, Event, MoneyEvent},
        line::{Line, Quantity},
        refusal::Refusal,
        status::StatusCode,
    },
    money::{Money, Rounding},
    numbering::Number,
    payment::{
        Allocation, Method, Origin, Payment, PaymentEvent, PaymentType, Place, Surplus, SurplusCause, credit_of_payment, credit_of_void,
    },
};
use std::collections::BTreeMap;
use store::audit::Books;

fn eur(minor: i64) -> Money {
    Money::from_minor(minor * 100, Currency::parse("EUR").unwrap()).unwrap()
}

fn at() -> DateTime<Utc> {
    "2026-11-02T10:00:00Z".parse().unwrap()
}

fn today() -> NaiveDate {
    at().date_naive()
}

/// Records under short names.
#[derive(Default)]
struct Desk {
    books: Books,
    invoices: BTreeMap<&'static str, InvoiceId>,
    payments: BTreeMap<&'static str, PaymentId>,
}

impl Desk {
    fn invoice(&mut self, name: &'static str, total: i64) {
        let id = InvoiceId::at(1, self.invoices.len() as u128);
        let line = Line { product_id: None, quantity: Quantity::parse("1").unwrap(), unit_price: eur(total), discount: None, tax: None };
        let body = Body {
            invoice_date: today(),
            due_on: today(),
            lines: vec![line],
            rounding: Rounding::HalfUpPerLine,
            deliver: Deliver::None,
            reminders_on: true,
            text: Digest::NONE,
        };
        let drafted = DocumentEvent::Drafted { contact_id: ContactId::at(1, 1), currency: eur(1).currency(), body };
        let draft = Invoice::begin(id.clone(), &drafted.into(), at()).unwrap();
        let sent = draft.send(Number::of_invoice(1), false, at()).unwrap();
        let sent = sent.iter().fold(draft, |invoice, event| invoice.evolve(event, at()).unwrap());
        self.books.invoices.insert(id.clone(), sent);
        self.invoices.insert(name, id);
    }

    fn get(&self, name: &str) -> &Invoice {
        &self.books.invoices[&self.invoices[name]]
    }

    fn payment(&self, name: &str) -> &Payment {
        &self.books.payments[&self.payments[name]]
    }

    /// What happens to an invoice, and the close that follows.
    fn happens(&mut self, name: &str, events: Vec<Event>) {
        let before = self.get(name).clone();
        let events = before.with_close(events, at()).unwrap();
        let after = events.iter().fold(before, |invoice, event| invoice.evolve(event, at()).unwrap());
        self.books.invoices.insert(after.id.clone(), after);
    }

    fn moves(&mut self, id: &PaymentId, event: &PaymentEvent) {
        let after = Payment::evolve(self.books.payments.remove(id), event).unwrap();
        self.books.payments.insert(id.clone(), after);
    }

    fn credits(&mut self, id: &CreditId, event: &CreditEvent) {
        let after = Credit::evolve(self.books.credits.remove(id), event).unwrap();
        self.books.credits.insert(id.clone(), after);
    }

    fn record(&mut self, name: &'static str, kind: PaymentType, parent: Option<&str>, amount: Money, on: &[(&str, Money)]) -> Payment {
        let payment = Payment {
            id: PaymentId::at(2, self.payments.len() as u128),
            kind,
            parent_id: parent.map(|parent| self.payments[parent].clone()),
            contact_id: ContactId::at(1, 1),
            amount,
            allocations: on.iter().map(|(name, amount)| Allocation { invoice_id: self.invoices[name].clone(), amount: *amount }).collect(),
            surplus: None,
            taken_back: eur(0),
            method: Method::Other,
            reference: None,
            attempt_id: None,
            gateway: None,
            gateway_ref: None,
            origin: Origin::Staff,
            paid_at: None,
            received_on: today(),
            recorded_at: at(),
        };
        self.payments.insert(name, payment.id.clone());
        payment
    }

    fn line(payment: &Payment, kind: PaymentType, amount: Money) -> Box<MoneyLine> {
        Box::new(MoneyLine { payment_id: payment.id.clone(), kind, amount, label: payment.method.label(), on: today() })
    }

    /// A card pays invoices; what is beyond that becomes credit.
    fn card(&mut self, name: &'static str, on: &[(&str, i64)], beyond: i64) {
        let sum = on.iter().map(|(_, amount)| amount).sum::<i64>() + beyond;
        let on: Vec<(&str, Money)> = on.iter().map(|(name, amount)| (*name, eur(*amount))).collect();
        let mut payment = self.record(name, PaymentType::Payment, None, eur(sum), &on);
        for (invoice, amount) in &on {
            self.happens(invoice, vec![MoneyEvent::Allocated(Self::line(&payment, PaymentType::Payment, *amount)).into()]);
        }
        if beyond > 0 {
            let id = credit_of_payment(&payment.id);
            payment.surplus = Some(Surplus { credit_id: id.clone(), amount: eur(beyond), cause: SurplusCause::PaidTwice });
            self.grant(&id, &payment.id, on[0].0, eur(beyond), CreditCause::Surplus(SurplusCause::PaidTwice));
        }
        self.moves(&payment.id.clone(), &PaymentEvent::Recorded(Box::new(payment)));
    }

    fn grant(&mut self, id: &CreditId, payment: &PaymentId, invoice: &str, amount: Money, cause: CreditCause) {
        let credit = Credit {
            id: id.clone(),
            contact_id: ContactId::at(1, 1),
            payment_id: payment.clone(),
            invoice_id: self.invoices[invoice].clone(),
            amount,
            left: amount,
            taken_back: eur(0),
            cause,
            uses: Vec::new(),
        };
        self.credits(id, &CreditEvent::Granted(Box::new(credit)));
    }

    /// Money outside any gateway, by the command.
    fn cash(&mut self, name: &'static str, invoice: &str, amount: i64) {
        let id = PaymentId::at(2, self.payments.len() as u128);
        let offered = OfflinePayment { id: id.clone(), amount: eur(amount), method: Method::Cash, reference: None, received_on: today() };
        let changes = self.get(invoice).record_offline(&offered, today(), at()).unwrap();
        self.happens(
            invoice,
            changes.invoices[0].1.iter().filter(|event| !matches!(event, Event::Money(MoneyEvent::Closed))).cloned().collect(),
        );
        self.payments.insert(name, id.clone());
        self.moves(&id, &changes.payments[0].1[0].clone());
    }

    /// Money for what was written off.
    fn recovery(&mut self, name: &'static str, invoice: &str, amount: i64) {
        let payment = self.record(name, PaymentType::Recovery, None, eur(amount), &[(invoice, eur(amount))]);
        self.happens(invoice, vec![MoneyEvent::Recovered(Self::line(&payment, PaymentType::Recovery, eur(amount))).into()]);
        self.moves(&payment.id.clone(), &PaymentEvent::Recorded(Box::new(payment)));
    }

    /// Money goes back from an invoice: as a credit, or so that it owes again.
    fn back(&mut self, name: &'static str, kind: PaymentType, of: &str, invoice: &str, amount: i64, credit: bool) {
        let record = self.record(name, kind, Some(of), eur(-amount), &[(invoice, eur(-amount))]);
        let by = record.id.clone();
        let mut events: Vec<Event> =
            vec![MoneyEvent::TakenBack { payment_id: self.payments[of].clone(), line: Self::line(&record, kind, eur(-amount)) }.into()];
        if credit {
            events.push(MoneyEvent::Credited { payment_id: by.clone(), amount: eur(amount) }.into());
        }
        let parent = self.payments[of].clone();
        let from = Place::Invoice(self.invoices[invoice].clone());
        self.moves(&parent, &PaymentEvent::TakenBack { by: by.clone(), from, amount: eur(amount) });
        self.moves(&by, &PaymentEvent::Recorded(Box::new(record)));
        self.happens(invoice, events);
        let (received, status) = (self.get(invoice).sums.received, self.get(invoice).status.code());
        if credit && received.is_zero() && status == StatusCode::Closed {
            self.happens(invoice, vec![MoneyEvent::Refunded.into()]);
        }
        if !credit && matches!(status, StatusCode::Closed | StatusCode::Refunded) {
            self.happens(invoice, vec![MoneyEvent::Reopened.into()]);
        }
    }

    /// What had gone back came again, to the invoice.
    fn again(&mut self, name: &'static str, kind: PaymentType, of: &str, invoice: &str, amount: i64) -> PaymentId {
        let record = self.record(name, kind, Some(of), eur(amount), &[(invoice, eur(amount))]);
        let (by, parent) = (record.id.clone(), self.payments[of].clone());
        self.happens(invoice, vec![MoneyEvent::Allocated(Self::line(&record, kind, eur(amount))).into()]);
        let to = Place::Invoice(self.invoices[invoice].clone());
        self.moves(&parent, &PaymentEvent::CameBack { by: by.clone(), to, amount: eur(amount) });
        self.moves(&by, &PaymentEvent::Recorded(Box::new(record)));
        by
    }

    /// Cancels an invoice, by the command.
    fn void(&mut self, invoice: &str) {
        let payments: Vec<Payment> = self.books.payments.values().cloned().collect();
        let payments: Vec<&Payment> = payments.iter().collect();
        assert!(self.get(invoice).sums.received.is_zero() || self.get(invoice).void(&payments, false).is_err());
        let changes = self.get(invoice).void(&payments, true).unwrap();
        self.happens(invoice, changes.invoices[0].1.clone());
        for (id, events) in &changes.payments {
            self.moves(id, &events[0]);
        }
        for (id, events) in &changes.credits {
            self.credits(id, &events[0]);
        }
    }

    fn write_off(&mut self, invoice: &str) {
        let amount = self.get(invoice).balance();
        self.happens(invoice, vec![MoneyEvent::WrittenOff { amount }.into()]);
    }

    /// Credit goes to an invoice.
    fn spend(&mut self, credit: &CreditId, invoice: &str, amount: i64) {
        let payment = self.books.credits[credit].payment_id.clone();
        let invoice_id = self.invoices[invoice].clone();
        self.credits(credit, &CreditEvent::Spent(Use { invoice_id: invoice_id.clone(), amount: eur(amount) }));
        self.moves(&payment, &PaymentEvent::MovedFromCredit { credit_id: credit.clone(), invoice_id, amount: eur(amount) });
        let line = Self::line(&self.books.payments[&payment], PaymentType::Payment, eur(amount));
        self.happens(invoice, vec![MoneyEvent::Allocated(line).into()]);
    }

    /// Money is taken back from a credit.
    fn back_from_credit(&mut self, name: &'static str, of: &str, credit: &CreditId, amount: i64) {
        let record = self.record(name, PaymentType::Chargeback, Some(of), eur(-amount), &[]);
        let (by, parent) = (record.id.clone(), self.payments[of].clone());
        self.credits(credit, &CreditEvent::TakenBack { by: by.clone(), amount: eur(amount) });
        self.moves(&parent, &PaymentEvent::TakenBack { by: by.clone(), from: Place::Credit(credit.clone()), amount: eur(amount) });
        self.moves(&by, &PaymentEvent::Recorded(Box::new(record)));
    }

    /// Balance and status; the records agree, and nothing is owed where the status says so.
    fn stands(&self, name: &str) -> String {
        assert_eq!(self.books.disagreements(), [""; 0]);
        let invoice = self.get(name);
        assert!(!invoice.balance().is_negative());
        format!("{} {}", invoice.balance().amount().trunc(), invoice.status.code().name())
    }

    fn left(&self) -> i64 {
        self.books.credits.values().map(|credit| credit.left.minor() / 100).sum()
    }
}

fn desk(total: i64) -> Desk {
    let mut desk = Desk::default();
    desk.invoice("A", total);
    desk
}

#[test]
fn golden_01_a_refund_in_parts_is_a_credit_each_and_the_last_one_makes_it_refunded() {
    let mut desk = desk(100);
    desk.card("card", &[("A", 100)], 0);
    assert_eq!(desk.stands("A"), "0 closed");
    desk.back("r1", PaymentType::Refund, "card", "A", 30, true);
    assert_eq!(desk.stands("A"), "0 closed");
    desk.back("r2", PaymentType::Refund, "card", "A", 70, true);
    assert_eq!((desk.stands("A").as_str(), desk.get("A").sums.credited), ("0 refunded", eur(100)));
}

#[test]
fn golden_02_money_beyond_the_total_is_credit() {
    let mut desk = desk(100);
    desk.card("card", &[("A", 100)], 0);
    desk.card("more", &[("A", 0)], 30);
    assert_eq!((desk.stands("A").as_str(), desk.left()), ("0 closed", 30));
}

#[test]
fn golden_03_a_write_off_is_recovered_in_parts_and_closed_by_the_last() {
    let mut desk = desk(100);
    desk.cash("cash", "A", 40);
    assert_eq!(desk.stands("A"), "60 open");
    desk.write_off("A");
    assert_eq!(desk.stands("A"), "0 written_off");
    desk.recovery("cheque", "A", 20);
    assert_eq!((desk.stands("A").as_str(), desk.get("A").sums.written_off), ("0 written_off", eur(40)));
    desk.recovery("rest", "A", 40);
    assert_eq!(desk.stands("A"), "0 closed");
}

#[test]
fn golden_04_a_refund_of_a_written_off_invoice_is_a_credit() {
    let mut desk = desk(100);
    desk.cash("cash", "A", 40);
    desk.write_off("A");
    desk.back("refund", PaymentType::Refund, "cash", "A", 40, true);
    assert_eq!((desk.stands("A").as_str(), desk.get("A").sums.credited), ("0 written_off", eur(40)));
}

#[test]
fn golden_05_a_dispute_that_is_lost_makes_it_owe_again_and_won_it_is_closed() {
    let mut desk = desk(100);
    desk.card("card", &[("A", 100)], 0);
    desk.back("lost", PaymentType::Chargeback, "card", "A", 100, false);
    assert_eq!(desk.stands("A"), "100 open");
    desk.again("won", PaymentType::ChargebackReversal, "card", "A", 100);
    assert_eq!(desk.stands("A"), "0 closed");
}

#[test]
fn golden_06_a_debit_that_is_returned_after_its_refund_owes_again_with_less_than_nothing_received() {
    let mut desk = desk(100);
    desk.card("debit", &[("A", 100)], 0);
    desk.back("refund", PaymentType::Refund, "debit", "A", 100, true);
    assert_eq!(desk.stands("A"), "0 refunded");
    // The payment has nothing left on the invoice: what the bank takes is the business's own money.
    let returned = desk.record("return", PaymentType::Return, Some("debit"), eur(-100), &[]);
    let line = Desk::line(&returned, PaymentType::Return, eur(-100));
    desk.happens("A", vec![MoneyEvent::TakenBack { payment_id: desk.payments["debit"].clone(), line }.into(), MoneyEvent::Reopened.into()]);
    assert_eq!((desk.get("A").balance(), desk.get("A").sums.received), (eur(100), eur(-100)));
    assert_eq!(desk.get("A").status.code(), StatusCode::Open);
}

#[test]
fn golden_07_a_refund_that_fails_later_is_reversed_by_a_document() {
    let mut desk = desk(100);
    desk.card("card", &[("A", 100)], 0);
    desk.back("refund", PaymentType::Refund, "card", "A", 100, true);
    assert_eq!(desk.stands("A"), "0 refunded");
    let reversal = desk.again("failed", PaymentType::Refund, "card", "A", 100);
    desk.happens("A", vec![MoneyEvent::CreditReversed { payment_id: reversal, amount: eur(100) }.into(), MoneyEvent::Closed.into()]);
    assert_eq!((desk.stands("A").as_str(), desk.get("A").sums.credited), ("0 closed", eur(0)));
}

#[test]
fn golden_08_one_charge_of_two_invoices_is_refunded_from_the_part_of_one() {
    let mut desk = desk(100);
    desk.invoice("B", 200);
    desk.card("card", &[("A", 100), ("B", 200)], 0);
    desk.back("refund", PaymentType::Refund, "card", "B", 50, true);
    assert_eq!([desk.stands("A"), desk.stands("B")], ["0 closed", "0 closed"]);
    assert_eq!(desk.payment("card").allocations[1].amount, eur(150));
}

#[test]
fn golden_09_a_void_with_money_needs_a_word_and_makes_credit() {
    let mut desk = desk(100);
    desk.cash("cash", "A", 40);
    desk.void("A");
    assert_eq!((desk.stands("A").as_str(), desk.left(), desk.get("A").sums.cancelled), ("0 voided", 40, eur(100)));
}

#[test]
fn golden_11_credit_of_a_void_pays_another_invoice_and_is_refunded_as_its_part() {
    let mut desk = desk(100);
    desk.invoice("B", 100);
    desk.card("card", &[("A", 100)], 0);
    desk.void("A");
    let credit = credit_of_void(&desk.payments["card"], &desk.invoices["A"]);
    desk.spend(&credit, "B", 100);
    assert_eq!([desk.stands("A"), desk.stands("B")], ["0 voided", "0 closed"]);
    // Nothing of it lies on the old invoice any more.
    let refund = PaymentEvent::TakenBack { by: PaymentId::at(9, 9), from: Place::Invoice(desk.invoices["A"].clone()), amount: eur(100) };
    assert_eq!(Payment::evolve(Some(desk.payment("card").clone()), &refund), None);
    desk.back("refund", PaymentType::Refund, "card", "B", 100, true);
    assert_eq!([desk.stands("A"), desk.stands("B")], ["0 voided", "0 refunded"]);
}

#[test]
fn golden_12_a_cheque_that_bounces_makes_it_owe_again_without_a_document() {
    let mut desk = desk(100);
    desk.cash("cheque", "A", 100);
    assert_eq!(desk.stands("A"), "0 closed");
    desk.back("bounced", PaymentType::Return, "cheque", "A", 100, false);
    assert_eq!((desk.stands("A").as_str(), desk.get("A").sums.credited), ("100 open", eur(0)));
}

#[test]
fn golden_13_a_voided_invoice_never_owes_again() {
    let mut desk = desk(100);
    desk.card("card", &[("A", 100)], 0);
    desk.void("A");
    let credit = credit_of_void(&desk.payments["card"], &desk.invoices["A"]);
    desk.back_from_credit("lost", "card", &credit, 100);
    assert_eq!((desk.stands("A").as_str(), desk.left()), ("0 voided", 0));
}

#[test]
fn golden_14_what_is_taken_of_a_payment_comes_off_its_credit_first() {
    let mut desk = desk(100);
    desk.card("card", &[("A", 100)], 30);
    assert_eq!((desk.stands("A").as_str(), desk.left()), ("0 closed", 30));
    let credit = credit_of_payment(&desk.payments["card"]);
    desk.back_from_credit("lost", "card", &credit, 30);
    desk.back("lost too", PaymentType::Chargeback, "card", "A", 100, false);
    assert_eq!((desk.stands("A").as_str(), desk.left()), ("100 open", 0));
}

#[test]
fn g9_a_void_without_the_word_names_what_was_received() {
    let mut desk = desk(100);
    desk.cash("cash", "A", 40);
    assert_eq!(desk.get("A").void(&[desk.payment("cash")], false), Err(Refusal::NeedsAcknowledgement { received: eur(40) }));
}
