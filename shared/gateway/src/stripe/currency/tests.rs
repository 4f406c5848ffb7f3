#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]

use super::*;

const OFFERED_TWO: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC CVE CZK \
    DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL \
    MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS \
    SRD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD XCG YER ZAR ZMW";
const OFFERED_ZERO: &str = "BIF CLP DJF GNF JPY KMF KRW PYG RWF VND VUV XAF XOF XPF";
const NOT_OFFERED: &str = "BOV BTN CHE CHW COU CUC CUP ERN GHS HRK IRR KPW MRU MXV SDG SLL SSP STN SVC SYP TMT USN UYI VED VES XAD ZWG ZWL";
const OTHER_UNITS: &str = "ISK MGA UGX";
const TOO_MANY_DECIMALS: &str = "BHD CLF IQD JOD KWD LYD OMR TND UYW";

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn money(minor: i64, code: &str) -> Money {
    Money::from_minor(minor, currency(code)).unwrap()
}

fn all_codes() -> Vec<String> {
    let letters = || b'A'..=b'Z';
    let codes =
        letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c].map(char::from).iter().collect::<String>())));
    codes.filter(|code| Currency::parse(code).is_ok()).collect()
}

#[test]
fn f13_every_iso_4217_code_is_taken_or_refused_with_its_reason() {
    for code in all_codes() {
        let answer = supports(money(20_000, &code));
        let currency = currency(&code);
        let wanted = if OFFERED_TWO.contains(&code) || OFFERED_ZERO.contains(&code) {
            Ok(())
        } else if NOT_OFFERED.contains(&code) {
            Err(Unsupported::NotOffered { currency })
        } else if OTHER_UNITS.contains(&code) {
            Err(Unsupported::OtherUnits { currency })
        } else {
            assert!(TOO_MANY_DECIMALS.contains(&code), "{code} stands in no list");
            Err(Unsupported::TooManyDecimals { currency })
        };
        assert_eq!(answer, wanted, "{code}");
    }
}

#[test]
fn f13_amounts_go_out_in_minor_units_and_come_back_the_same() {
    for code in OFFERED_TWO.split_whitespace() {
        assert_eq!(to_wire(Money::parse("200.05", currency(code)).unwrap()), Ok(20_005), "{code}");
        assert_eq!(from_wire(20_005, &code.to_lowercase()), Money::parse("200.05", currency(code)).ok(), "{code}");
    }
    for code in OFFERED_ZERO.split_whitespace() {
        assert_eq!(to_wire(Money::parse("500", currency(code)).unwrap()), Ok(500), "{code}");
        assert_eq!(from_wire(500, &code.to_lowercase()), Money::parse("500", currency(code)).ok(), "{code}");
    }
}

#[test]
fn f13_yen_are_not_multiplied() {
    assert_eq!(to_wire(Money::parse("500", currency("JPY")).unwrap()), Ok(500));
}

#[test]
fn f13_answers_in_units_we_never_ask_for_are_not_read() {
    for (units, code) in [
        (500, "isk"),
        (500, "ugx"),
        (500, "mga"),
        (5000, "kwd"),
        (500, "xau"),
        (500, "zzz"),
        (500, ""),
        (-1, "eur"),
        (i64::MIN, "eur"),
        (i64::MAX, "eur"),
    ] {
        assert_eq!(from_wire(units, code), None, "{units} {code}");
    }
}

#[test]
fn sums_below_the_least_and_past_the_greatest_charge_are_refused() {
    for (code, least) in [("EUR", 50), ("GBP", 30), ("JPY", 50), ("HUF", 17_500), ("CZK", 1500), ("MXN", 1000), ("USD", 50), ("ZAR", 1)] {
        assert_eq!(supports(money(least, code)), Ok(()), "{code}");
        assert_eq!(
            supports(money(least - 1, code)),
            Err(Unsupported::TooSmall { offered: money(least - 1, code), least: money(least, code) })
        );
        assert_eq!(supports(money(99_999_999, code)), Ok(()), "{code}");
        assert_eq!(
            supports(money(100_000_000, code)),
            Err(Unsupported::TooLarge { offered: money(100_000_000, code), most: money(99_999_999, code) })
        );
    }
}

#[test]
fn every_least_charge_belongs_to_a_currency_that_is_offered() {
    for (code, _) in LEAST {
        assert_eq!(counted_alike(currency(code)), Ok(()), "{code}");
    }
}

#[test]
fn a_refusal_says_what_would_be_right() {
    for (amount, text) in [
        (money(49, "EUR"), "the gateway collects at least EUR 0.50, not EUR 0.49; collect it another way"),
        (
            money(500, "ISK"),
            "the gateway counts ISK in other units than ISO 4217 does; collect it another way, or write the invoice in another currency",
        ),
    ] {
        assert_eq!(supports(amount).unwrap_err().to_string(), text);
    }
}
