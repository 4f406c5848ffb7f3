//! Text as people paste it, from mails, spreadsheets and web pages: what they meant is taken, what cannot be meant is refused.

use domain::{
    pii::{EmailAddress, EmailError},
    text::{TextError, line, lines, optional_line, plain},
};
use serde_json::json;
use tests::world::{World, story};

const START: &str = "2026-11-02T10:00:00Z";

#[test]
fn a_line_is_taken_as_it_was_meant() {
    for (pasted, taken) in [
        ("  Ada Lovelace\u{a0}\n", Ok("Ada Lovelace")),
        ("\u{feff}Ada\u{200b} Lovelace\u{200e}", Ok("Ada Lovelace")),
        ("\u{202b}שלום\u{202c}", Ok("שלום")),
        ("\u{2067}سارا\u{2069}", Ok("سارا")),
        ("Ada\tLovelace", Ok("Ada Lovelace")),
        ("con\u{ad}tract", Ok("contract")),
        // Joiners are letters' business.
        ("می\u{200c}خواهم", Ok("می\u{200c}خواهم")),
        ("👩\u{200d}💻", Ok("👩\u{200d}💻")),
        ("", Err(TextError::Empty)),
        (" \u{2060}\t\n ", Err(TextError::Empty)),
        ("\u{200d}", Err(TextError::Empty)),
        ("\u{3164}\u{2800}", Err(TextError::Empty)),
        ("Ada\nLovelace", Err(TextError::LineBreak)),
        ("Ada\r\nBcc: eve@example.com", Err(TextError::LineBreak)),
        ("Ada\u{2028}Lovelace", Err(TextError::LineBreak)),
        ("Ada\u{85}Lovelace", Err(TextError::LineBreak)),
        ("Ada\u{7}", Err(TextError::Control)),
        ("Ada\u{0}Lovelace", Err(TextError::Control)),
        ("twenty-one characters", Err(TextError::TooLong { allowed: 20, given: 21 })),
        ("\u{200e}twenty characters ok\u{200e}", Ok("twenty characters ok")),
    ] {
        assert_eq!(line(pasted, 20).as_deref(), taken.as_ref().map(|taken| *taken), "{pasted:?}");
    }
    assert_eq!(optional_line(" \u{200e} ", 20).as_deref(), Ok(""));
}

#[test]
fn several_lines_keep_their_breaks_and_lose_what_nobody_sees() {
    for (pasted, taken) in [
        ("1 Square\r\nLondon\r", Ok("1 Square\nLondon")),
        ("1 Square\u{2029}London", Ok("1 Square\nLondon")),
        ("a\tb", Ok("a\tb")),
        ("\u{feff}", Ok("")),
        ("a\u{1b}[31m", Err(TextError::Control)),
    ] {
        assert_eq!(lines(pasted, 30).as_deref(), taken.as_ref().map(|taken| *taken), "{pasted:?}");
    }
}

#[test]
fn what_is_plain_stays_as_it_is() {
    for text in ["Ada", "a\tb", "\r\n\r", "x\u{202e}\u{feff} \u{85} y\u{200d}", "\u{a0}\u{ad}a\n\n b"] {
        assert_eq!(plain(&plain(text)), plain(text), "{text:?}");
    }
}

#[test]
fn a_mail_address_is_taken_with_what_was_copied_along_and_says_what_cannot_be_mailed() {
    for (pasted, taken) in [
        ("ada@example.com", Ok("ada@example.com")),
        (" ada@example.com\r\n", Ok("ada@example.com")),
        ("\u{200b}ada@example.com\u{202c}", Ok("ada@example.com")),
        ("ada@xn--bcher-kva.example", Ok("ada@xn--bcher-kva.example")),
        ("ada@bücher.example", Err(EmailError::Domain)),
        ("adä@example.com", Err(EmailError::Local)),
        ("ada", Err(EmailError::Form)),
        ("ada@example", Err(EmailError::Form)),
        ("ada lovelace@example.com", Err(EmailError::Form)),
        ("ada@example.com\nBcc: eve@example.com", Err(EmailError::Form)),
        ("Ada <ada@example.com>", Err(EmailError::Form)),
    ] {
        assert_eq!(EmailAddress::parse(pasted).as_ref().map(EmailAddress::reveal), taken.as_ref().map(|taken| *taken), "{pasted:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_pasted_is_stored_plain() {
    story(START, async |w: &mut World| {
        let pasted = json!({
            "name": "\u{202a}Ada Lovelace\u{202c} ", "billing_address": "1 Square\r\nLondon", "emails": [{ "address": " ada@example.com\u{200b}" }]
        });
        let made = w.post("/v1/contacts", &pasted).await.expect(201).json();
        assert_eq!((&made["name"], &made["billing_address"]), (&json!("Ada Lovelace"), &json!("1 Square\nLondon")));
        assert_eq!(made["emails"][0]["address"], "ada@example.com");
    })
    .await;
}
