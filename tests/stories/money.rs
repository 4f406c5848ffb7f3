//! OWN-16: sums that add up, to the last unit, in every currency.

use domain::{
    currency::Currency,
    invoice::line::{Discount, Line, LineError, Percent, Quantity, Tax, Totals, totals},
    money::{Money, Rounding},
};
use proptest::prelude::*;

const HALF_UP: Rounding = Rounding::HalfUpPerLine;

fn money(amount: &str, currency: &str) -> Money {
    Money::parse(amount, Currency::parse(currency).unwrap()).unwrap()
}

/// A line: quantity, unit price, discount in percent or nothing, tax in percent or nothing.
fn line(currency: &str, (quantity, price, discount, tax): (&str, &str, &str, &str)) -> Line {
    let percent = |text: &str| Percent::parse(text).unwrap();
    Line {
        product_id: None,
        quantity: Quantity::parse(quantity).unwrap(),
        unit_price: money(price, currency),
        discount: (!discount.is_empty()).then(|| Discount::Percent(percent(discount))),
        tax: (!tax.is_empty()).then(|| Tax { code: format!("VAT {tax}"), rate: percent(tax) }),
    }
}

/// Quantity, unit price, discount in percent, tax in percent; each as it is typed.
type Asked = (&'static str, &'static str, &'static str, &'static str);

fn sums(currency: &str, lines: &[Asked]) -> Totals {
    let lines: Vec<Line> = lines.iter().map(|asked| line(currency, *asked)).collect();
    let sums = totals(&lines, Currency::parse(currency).unwrap(), HALF_UP).unwrap();
    adds_up(&sums);
    sums
}

/// Lines, taxes and totals agree to the last unit.
fn adds_up(sums: &Totals) {
    let minor = |pick: fn(&domain::invoice::line::LineSum) -> Money| sums.lines.iter().map(|line| pick(line).minor()).sum::<i64>();
    assert_eq!(minor(|line| line.net), sums.net.minor());
    assert_eq!(minor(|line| line.gross), sums.total.minor());
    assert_eq!(minor(|line| line.discount), sums.discount.minor());
    assert_eq!(minor(|line| line.tax), sums.taxes.iter().map(|tax| tax.amount.minor()).sum::<i64>());
    assert_eq!(sums.net.minor() + minor(|line| line.tax), sums.total.minor());
    for line in &sums.lines {
        assert_eq!(line.net.minor() + line.tax.minor(), line.gross.minor());
        assert!(!line.net.is_negative() && !line.tax.is_negative() && !line.discount.is_negative());
    }
}

#[test]
fn own_16_invoiceninja_10936_a_list_of_165_00_is_never_165_01_and_a_payment_leaves_nothing() {
    let list = sums("EUR", &[("1.5", "110.00", "", "")]);
    assert_eq!(list.total.decimal_string(), "165.00");
    assert_eq!(list.total.minus(money("165.00", "EUR")).unwrap().minor(), 0, "the balance is 0.00, not -0.01");
    let taxed = sums("EUR", &[("3", "46.22", "", "19"), ("1", "0.00", "", "19")]);
    assert_eq!((taxed.net.decimal_string(), taxed.total.decimal_string()), ("138.66".to_owned(), "165.01".to_owned()));
    assert_eq!(taxed.total.minus(money("165.01", "EUR")).unwrap().minor(), 0);
}

#[test]
fn own_16_invoiceninja_4370_totals_are_the_sum_of_what_the_lines_show() {
    // Three lines of 33.335 at heart: each shows 33.34, so the total is 100.02 and not 100.01.
    let thirds = sums("EUR", &[("0.5", "66.67", "", ""), ("0.5", "66.67", "", ""), ("0.5", "66.67", "", "")]);
    assert_eq!(thirds.lines.iter().map(|line| line.net.decimal_string()).collect::<Vec<_>>(), ["33.34"; 3]);
    assert_eq!(thirds.total.decimal_string(), "100.02");
    let taxed = sums("EUR", &[("1", "0.05", "", "10"), ("1", "0.05", "", "10"), ("1", "0.05", "", "10")]);
    assert_eq!((taxed.net.decimal_string(), taxed.total.decimal_string()), ("0.15".to_owned(), "0.18".to_owned()));
}

/// Currency, lines, and net, tax and total as the API writes them.
#[test]
fn own_16_vectors_in_currencies_with_no_two_three_and_four_decimals() {
    let cases: [(&str, &[Asked], &str, &str); 12] = [
        ("JPY", &[("3", "333", "", "10")], "999", "1099"),
        ("JPY", &[("1", "5", "", "10")], "5", "6"),
        ("JPY", &[("0.5", "1", "", "")], "1", "1"),
        ("KWD", &[("1.5", "10.005", "", "")], "15.008", "15.008"),
        ("KWD", &[("2", "0.001", "", "5")], "0.002", "0.002"),
        ("CLF", &[("1", "0.0001", "", "")], "0.0001", "0.0001"),
        ("EUR", &[("1", "100.00", "10", "19")], "90.00", "107.10"),
        ("EUR", &[("1", "0.01", "50", "")], "0.00", "0.00"),
        ("EUR", &[("1", "100.00", "100", "19")], "0.00", "0.00"),
        ("EUR", &[("2.5", "19.99", "", "7.7"), ("1", "0.99", "33.3333", "7.7")], "50.64", "54.54"),
        ("EUR", &[("0.0001", "50.00", "", "")], "0.01", "0.01"),
        ("EUR", &[("1000000", "99999.99", "", "")], "99999990000.00", "99999990000.00"),
    ];
    for (currency, lines, net, total) in cases {
        let sums = sums(currency, lines);
        assert_eq!((sums.net.decimal_string().as_str(), sums.total.decimal_string().as_str()), (net, total), "{currency} {lines:?}");
    }
}

#[test]
fn own_16_half_a_unit_is_rounded_away_from_nothing() {
    for (exact, currency, rounded) in [
        ("0.005", "EUR", "0.01"),
        ("0.004999", "EUR", "0.00"),
        ("1.015", "EUR", "1.02"),
        ("2.675", "EUR", "2.68"),
        ("-0.005", "EUR", "-0.01"),
        ("0.5", "JPY", "1"),
        ("1.5", "JPY", "2"),
        ("2.5", "JPY", "3"),
        ("0.0005", "KWD", "0.001"),
    ] {
        let money = Money::rounded(exact.parse().unwrap(), Currency::parse(currency).unwrap(), HALF_UP).unwrap();
        assert_eq!(money.decimal_string(), rounded, "{exact} {currency}");
    }
}

/// ISO 4217, list one: currencies whose minor unit is not a hundredth, and some whose is.
#[test]
fn f13_minor_units_are_those_of_iso_4217() {
    for (decimals, codes) in [
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (2, "AED AUD BGN BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF IDR ILS INR MAD MGA MRU MXN NOK NZD PLN RON SEK SGD THB TRY TWD USD ZAR"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
    ] {
        for code in codes.split(' ') {
            let currency = Currency::parse(code).unwrap();
            assert_eq!((currency.exponent(), currency.code()), (decimals, code));
            let one = Money::from_minor(10_i64.pow(decimals), currency).unwrap();
            assert_eq!(one.amount().normalize().to_string(), "1", "{code}");
        }
    }
    for none in ["XAU", "XXX", "XTS", "eur", "EURO", "", "€"] {
        assert!(Currency::parse(none).is_err(), "{none}");
    }
}

#[test]
fn a_discount_is_from_nothing_to_the_whole_line() {
    let with = |discount: Money| Line { discount: Some(Discount::Amount(discount)), ..line("EUR", ("3", "33.33", "", "19")) };
    for (discount, gross) in [("0.00", "118.99"), ("99.99", "0.00"), ("0.01", "118.98")] {
        let sum = with(money(discount, "EUR")).sum(HALF_UP).unwrap();
        assert_eq!(sum.gross.decimal_string(), gross, "{discount}");
    }
    for discount in ["-0.01", "100.00", "1000000.00"] {
        assert!(matches!(with(money(discount, "EUR")).sum(HALF_UP), Err(LineError::Discount { .. })), "{discount}");
    }
    for percent in ["100.0001", "-1", "1e1", "", "19,5", "0.00001"] {
        assert!(Percent::parse(percent).is_err(), "{percent}");
    }
}

/// As EN 16931 breaks taxes down: by category and rate (BG-23).
#[test]
fn one_tax_code_may_stand_with_several_rates_and_each_is_summed_up_for_itself() {
    let taxed = |price: &str, code: &str, rate: &str| {
        let mut line = line("EUR", ("1", price, "", rate));
        line.tax.as_mut().unwrap().code = code.to_owned();
        line
    };
    let lines = [taxed("10.00", "VAT", "19"), taxed("20.00", "VAT", "7"), taxed("30.00", "VAT", "19.0"), taxed("40.00", "City", "2")];
    let sums = totals(&lines, Currency::parse("EUR").unwrap(), HALF_UP).unwrap();
    let taxes: Vec<_> =
        sums.taxes.iter().map(|sum| format!("{} {} on {} is {}", sum.tax.code, sum.tax.rate.get(), sum.net, sum.amount)).collect();
    assert_eq!(taxes, ["City 2 on EUR 40.00 is EUR 0.80", "VAT 7 on EUR 20.00 is EUR 1.40", "VAT 19 on EUR 40.00 is EUR 7.60"]);
    assert_eq!(sums.total.decimal_string(), "109.80");
}

#[test]
fn two_currencies_on_one_invoice_are_refused() {
    let mixed = [line("EUR", ("1", "1.00", "", "")), line("USD", ("1", "1.00", "", ""))];
    assert!(matches!(totals(&mixed, Currency::parse("EUR").unwrap(), HALF_UP), Err((1, LineError::Money(_)))));
}

/// Any line in any of four currencies: quantity in ten-thousandths, price in minor units, percentages in ten-thousandths.
fn any_line(currency: &'static str) -> impl Strategy<Value = Line> {
    let exponent = Currency::parse(currency).unwrap().exponent();
    let decimal = |n: i64, scale: u32| rust_decimal::Decimal::new(n, scale).to_string();
    (1_i64..=50_000_000, 0_i64..=10_000_000, 0_i64..=1_000_000, 0_i64..=300_000, 0..4_u8).prop_map(
        move |(quantity, price, off, rate, kind)| {
            let mut line = line(currency, (&decimal(quantity, 4), &decimal(price, exponent), "", ""));
            if kind & 1 == 1 {
                line.discount = Some(Discount::Percent(Percent::parse(&decimal(off, 4)).unwrap()));
            }
            if kind & 2 == 2 {
                line.tax = Some(Tax { code: decimal(rate, 4), rate: Percent::parse(&decimal(rate, 4)).unwrap() });
            }
            line
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn own_16_whatever_the_lines_they_add_up_to_the_total(
        (currency, lines) in prop_oneof![Just("JPY"), Just("EUR"), Just("KWD"), Just("CLF")]
            .prop_flat_map(|currency| (Just(currency), proptest::collection::vec(any_line(currency), 0..20)))
    ) {
        let sums = totals(&lines, Currency::parse(currency).unwrap(), HALF_UP).unwrap();
        adds_up(&sums);
        for (line, sum) in lines.iter().zip(&sums.lines) {
            let full = line.quantity.get() * line.unit_price.amount();
            prop_assert!(sum.discount.amount() + sum.net.amount() - full <= rust_decimal::Decimal::ONE, "a unit at most is rounded");
            prop_assert_eq!(Money::parse(&sum.gross.decimal_string(), sum.gross.currency()).unwrap(), sum.gross);
            prop_assert_eq!(Money::from_minor(sum.gross.minor(), sum.gross.currency()).unwrap(), sum.gross);
        }
    }

    #[test]
    fn own_16_any_amount_in_the_line_as_a_discount_leaves_at_least_nothing(price in 0_i64..1_000_000, off in 0_i64..2_000_000) {
        let euro = Currency::parse("EUR").unwrap();
        let (price, off) = (Money::from_minor(price, euro).unwrap(), Money::from_minor(off, euro).unwrap());
        let line = Line { unit_price: price, discount: Some(Discount::Amount(off)), ..line("EUR", ("1", "0.00", "", "")) };
        match line.sum(HALF_UP) {
            Ok(sum) => prop_assert_eq!(sum.net.plus(off).unwrap(), price),
            Err(error) => prop_assert!(off.exceeds(price).unwrap(), "{error}"),
        }
    }
}
