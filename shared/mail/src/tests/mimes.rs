//! Mails as bytes, read back by another hand.

use super::{copies, kinds, mary, outgoing, write};
use crate::{
    MimeError, Outgoing,
    fixture::{business, invoice, text},
    mime,
};
use mail_parser::{Address, MessageParser, MimeHeaders as _};

fn addresses(field: Option<&Address<'_>>) -> Vec<(Option<String>, String)> {
    let all = field.into_iter().flat_map(|field| field.iter());
    all.map(|one| (one.name().map(str::to_owned), one.address().unwrap_or_default().to_owned())).collect()
}

#[test]
fn the_message_has_exactly_the_intended_headers_and_recipients() {
    let business = business();
    let (to, cc) = (mary(), copies());
    for kind in kinds() {
        let composed = write(&kind, &invoice(3), &text(3), &business, 10);
        let bytes = mime(&outgoing(&composed, &business, &to, &cc)).unwrap();
        let message = MessageParser::default().parse(&bytes).unwrap();
        let mut names: Vec<&str> = message.headers().iter().map(|header| header.name()).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["Auto-Submitted", "Cc", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Reply-To", "Subject", "To"]
        );
        assert_eq!(addresses(message.from()), [(Some("Lovelace & Sons".to_owned()), "billing@lovelace.example".to_owned())]);
        assert_eq!(addresses(message.reply_to()), [(None, "office@lovelace.example".to_owned())]);
        assert_eq!(addresses(message.to()), [(Some("Mary Somerville".to_owned()), "mary@somerville.example".to_owned())]);
        let copied: Vec<String> = addresses(message.cc()).into_iter().map(|(_, address)| address).collect();
        assert_eq!(copied, ["books@somerville.example", "ada@lovelace.example"]);
        assert_eq!(message.subject(), Some(composed.subject.as_str()));
        assert_eq!(message.date().map(mail_parser::DateTime::to_timestamp), Some(1_794_312_000));
    }
}

#[test]
fn the_text_part_is_always_there_and_comes_first() {
    let business = business();
    for kind in kinds() {
        let composed = write(&kind, &invoice(3), &text(3), &business, 10);
        let bytes = mime(&outgoing(&composed, &business, &mary(), &[])).unwrap();
        let message = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(message.parts[0].content_type().and_then(|t| t.subtype()), Some("alternative"));
        let subtypes: Vec<_> = message.parts[1..].iter().filter_map(|part| part.content_type().and_then(|t| t.subtype())).collect();
        assert_eq!(subtypes, ["plain", "html"]);
        assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n"), composed.text);
        assert_eq!(message.body_html(0).unwrap().replace("\r\n", "\n"), composed.html);
        assert!(message.cc().is_none());
    }
}

#[test]
fn the_same_mail_gives_the_same_bytes_and_another_row_other_ones() {
    let business = business();
    let composed = write(&kinds()[0], &invoice(3), &text(3), &business, 10);
    let to = mary();
    let first = outgoing(&composed, &business, &to, &[]);
    assert_eq!(mime(&first).unwrap(), mime(&first).unwrap());
    assert_ne!(mime(&first).unwrap(), mime(&Outgoing { tag: "another", ..first }).unwrap());
}

#[test]
fn asvs_1_3_11_a_control_character_in_a_header_is_refused() {
    let composed = write(&kinds()[0], &invoice(3), &text(3), &business(), 10);
    let to = mary();
    for evil in ["Evil\r\nBcc: everybody@example.com", "Evil\nX-A: b", "Evil\rX", "Evil\0", "Evil\u{85}", "Evil\u{7f}"] {
        let mut named = business();
        evil.clone_into(&mut named.name);
        assert!(matches!(mime(&outgoing(&composed, &named, &to, &[])), Err(MimeError::Control { header: "From" })), "{evil:?}");
        let mut written = composed.clone();
        evil.clone_into(&mut written.subject);
        assert!(matches!(mime(&outgoing(&written, &business(), &to, &[])), Err(MimeError::Control { header: "Subject" })));
        let business = business();
        let named = Outgoing { to_name: Some(evil), ..outgoing(&composed, &business, &to, &[]) };
        assert!(matches!(mime(&named), Err(MimeError::Control { header: "To" })));
    }
}

#[test]
fn names_that_look_like_addresses_add_no_recipient() {
    let composed = write(&kinds()[0], &invoice(3), &text(3), &business(), 10);
    let to = mary();
    for odd in ["\"A\" <evil@example.com>, b@example.com", "=?utf-8?Q?evil?= <x@example.com>", "Müller, Anna; x:", "名前 (comment)", "\\\""]
    {
        let mut named = business();
        odd.clone_into(&mut named.name);
        let mail = Outgoing { to_name: Some(odd), ..outgoing(&composed, &named, &to, &[]) };
        let bytes = mime(&mail).unwrap();
        let message = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(addresses(message.from()).len(), 1, "{odd}");
        assert_eq!(addresses(message.from())[0].1, "billing@lovelace.example");
        assert_eq!(addresses(message.to()).len(), 1, "{odd}");
        assert_eq!(addresses(message.to())[0].1, "mary@somerville.example");
    }
}

#[test]
fn an_unsubscribe_address_becomes_a_one_click_header() {
    let business = business();
    let composed = write(&kinds()[3], &invoice(3), &text(3), &business, 10);
    let to = mary();
    let mail = outgoing(&composed, &business, &to, &[]);
    let bytes = mime(&Outgoing { unsubscribe: Some("https://pay.example/u/token"), ..mail }).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("List-Unsubscribe: <https://pay.example/u/token>\r\n"));
    assert!(text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
    for evil in ["http://pay.example/u", "https://x>\r\nBcc: a@example.com", "https://x y", "mailto:a@example.com"] {
        assert!(matches!(mime(&Outgoing { unsubscribe: Some(evil), ..mail }), Err(MimeError::Unsubscribe)), "{evil}");
    }
}
