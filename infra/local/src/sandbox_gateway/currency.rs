//! The currencies Stripe charges in and how it counts them, which is not always ISO 4217's way.
//! Source: docs.stripe.com/currencies (presentment currencies, zero-decimal, three-decimal and special cases).

const SUPPORTED: &str = "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn \
    bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg \
    huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur \
    mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd \
    shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw";

const ZERO_DECIMAL: [&str; 15] = ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"];

const THREE_DECIMAL: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];

/// Whether Stripe charges in this currency; `code` in lower case.
pub(super) fn is_supported(code: &str) -> bool {
    SUPPORTED.split_ascii_whitespace().any(|known| known == code)
}

/// How many decimals an amount has at Stripe. ISK and UGX count two there, both of them zero.
pub(super) fn exponent(code: &str) -> usize {
    if ZERO_DECIMAL.contains(&code) {
        0
    } else if THREE_DECIMAL.contains(&code) {
        3
    } else {
        2
    }
}

/// What an amount must be a multiple of: no hundredths of ISK and UGX, no thousandths of a dinar.
pub(super) fn step(code: &str) -> i64 {
    if THREE_DECIMAL.contains(&code) {
        10
    } else if code == "isk" || code == "ugx" {
        100
    } else {
        1
    }
}

/// The greatest amount of one charge: eight digits, twelve for IDR.
pub(super) fn greatest(code: &str) -> i64 {
    if code == "idr" { 999_999_999_999 } else { 99_999_999 }
}

/// An amount in minor units as people read it, e.g. `1,650.00 EUR` or `2,500 JPY`. `minor` is not negative.
pub(super) fn display(minor: i64, code: &str) -> String {
    let exponent = exponent(code);
    let digits = format!("{minor:0>width$}", width = exponent.saturating_add(1));
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(exponent));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        let left = whole.len().saturating_sub(at);
        if at > 0 && left.is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let code = code.to_ascii_uppercase();
    if fraction.is_empty() { format!("{grouped} {code}") } else { format!("{grouped}.{fraction} {code}") }
}
