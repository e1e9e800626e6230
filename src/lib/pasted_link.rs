//! Finds the ticket in a link that was changed on its way: by a messenger that adds a full stop or a
//! tracking parameter, a mail program that breaks lines, a scanner of links that wraps them in its own.
//! `assets/page/link.js` does the same in the page; both are held against one table.

use crate::token::{TOKEN_CHARACTERS, Token};

/// Rounds of percent decoding: links in links of links.
const DECODE_ROUNDS: usize = 3;

/// What stands before the ticket in the link of an open room and in that of a sealed one.
const MARKERS: [&[u8]; 2] = [b"/t/", b"#1."];

/// The ticket in `text`, which may be any text around a link, or a part of one.
///
/// Percent encoding is undone first. Then the ticket is, in this order: the first one directly behind
/// `/t/` or `#1.`, with any text behind it; the first one that stands alone, perhaps between the signs
/// that make text bold, unless it is a host; the first one behind `/t/` or `#1.` once everything is
/// removed that a program may have inserted into it.
///
/// A ticket is recognised by its form (see [`Token::parse`]), and one of a wrong room is found as well.
pub(crate) fn find_ticket(text: &str) -> Option<Token> {
    let mut text = text.as_bytes().to_vec();
    for _ in 0..DECODE_ROUNDS {
        text = percent_decode(&text);
    }
    find_marked(&text).or_else(|| find_alone(&text)).or_else(|| {
        text.retain(|byte| !is_inserted(*byte));
        find_marked(&text)
    })
}

fn find_marked(text: &[u8]) -> Option<Token> {
    (0..text.len()).find_map(|at| {
        let marker = MARKERS.iter().find(|marker| text[at..].starts_with(marker))?;
        parse(text[at + marker.len()..].get(..TOKEN_CHARACTERS)?)
    })
}

fn find_alone(text: &[u8]) -> Option<Token> {
    let mut start = 0;
    text.split(|byte| !is_base64url(*byte)).find_map(|run| {
        let is_host = text[..start].ends_with(b"://");
        start += run.len() + 1;
        // A ticket ends with A, Q, g or w: its last character has two bits only.
        let end = run.iter().rposition(|byte| !is_emphasis(*byte))? + 1;
        let (before, ticket) = run[..end].split_at_checked(end.checked_sub(TOKEN_CHARACTERS)?)?;
        let stands_alone = !is_host && before.iter().all(|byte| is_emphasis(*byte));
        stands_alone.then(|| parse(ticket))?
    })
}

fn parse(ticket: &[u8]) -> Option<Token> {
    Token::parse(std::str::from_utf8(ticket).ok()?)
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || is_emphasis(byte)
}

/// Characters of a ticket that Markdown puts around text.
fn is_emphasis(byte: u8) -> bool {
    matches!(byte, b'-' | b'_')
}

/// What programs insert: white space, the signs of quoted-printable (RFC 2045) and of quoted mail, the
/// backslash of Markdown, and everything beyond ASCII, such as a zero width space.
fn is_inserted(byte: u8) -> bool {
    !byte.is_ascii_graphic() || matches!(byte, b'=' | b'>' | b'\\')
}

fn percent_decode(text: &[u8]) -> Vec<u8> {
    let hex = |byte: &u8| char::from(*byte).to_digit(16);
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        let escaped = match after {
            [high, low, behind @ ..] if *first == b'%' => {
                hex(high).zip(hex(low)).map(|(high, low)| (high * 16 + low, behind))
            }
            _ => None,
        };
        match escaped {
            Some((byte, behind)) => {
                decoded.push(u8::try_from(byte).expect("two hexadecimal digits are one byte"));
                rest = behind;
            }
            None => decoded.push(*first),
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Texts with TICKET, or its halves TIC and KET, in them; the page is held against the same ones.
    fn texts() -> Vec<String> {
        let table = include_str!("../../tests/fixtures/pasted_links.json");
        let table: BTreeMap<String, Vec<String>> = serde_json::from_str(table).unwrap();
        table.into_values().flatten().collect()
    }

    fn with_ticket(text: &str, ticket: &str) -> String {
        if text.contains("TICKET") {
            return text.replace("TICKET", ticket);
        }
        let (before, rest) = text.split_once("TIC").unwrap();
        let (inserted, after) = rest.split_once("KET").unwrap();
        let (first, second) = ticket.split_at(11);
        format!("{before}{first}{inserted}{second}{after}")
    }

    fn found(text: &str) -> Option<String> {
        find_ticket(text).map(|token| token.expose_secret().to_string())
    }

    fn ticket() -> impl Strategy<Value = String> {
        "[A-Za-z0-9_-]{21}[AQgw]"
    }

    proptest! {
        #[test]
        fn a_ticket_is_found_in_every_text_of_the_table(ticket in ticket()) {
            for text in texts() {
                let text = with_ticket(&text, &ticket);
                prop_assert_eq!(found(&text), Some(ticket.clone()), "{}", text);
            }
        }

        /// Signs at the beginning and at the end of a ticket are a part of it.
        #[test]
        fn signs_of_a_ticket_are_kept(middle in "[A-Za-z0-9_-]{17}[A-Za-z0-9]", first in "[_-]{3}") {
            let ticket = format!("{first}{middle}A");
            for text in [ticket.clone(), format!("_{ticket}_"), format!("__{ticket}--")] {
                prop_assert_eq!(found(&text), Some(ticket.clone()));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|%[0-9a-f]|/t/|#1\\.|[A-Za-z0-9_-]{20,23}){0,20}") {
            let _ = find_ticket(&text);
        }

        #[test]
        fn a_text_of_shorter_words_has_none(
            words in proptest::collection::vec("[A-Za-z0-9_-]{0,21}", 0..9),
        ) {
            prop_assert_eq!(found(&words.join(" ")), None);
        }
    }

    #[test]
    fn texts_without_a_ticket_have_none() {
        for text in [
            "",
            "https://a-b.trycloudflare.com/",
            "https://a-b.trycloudflare.com/t/",
            "https://a-b.trycloudflare.com/t/AAAAAAAAAAAAAAAAAAAAA",
            // Not the last character of 16 bytes.
            "https://a-b.trycloudflare.com/t/AAAAAAAAAAAAAAAAAAAAAB",
            "AAAAAAAAAAAAAAAAAAAAAAA",
            // A host of 22 characters.
            "https://seasonal-deck-growing.trycloudflare.com/",
            "/apple-touch-icon-120x120-precomposed.png",
            "/.well-known/appspecific/com.chrome.devtools.json",
            "/.well-known/apple-app-site-association",
            "/wp-content/plugins/hello.php?x=%zz%",
            "AAAAAAAAAAA AAAAAAAAAAA",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    /// The first one, and one in a link before one that stands alone.
    #[test]
    fn of_two_tickets_the_first_in_a_link_is_found() {
        let (a, b) = ("A".repeat(22), "B".repeat(21) + "A");
        for text in [
            format!("https://x.test/t/{a} https://x.test/t/{b}"),
            format!("{b} https://x.test/t/{a}"),
            format!(
                "https://safelinks.test/?data={b}&url=https%3A%2F%2Fx.test%2Ft%2F{a}&sdata={b}"
            ),
            format!("{a} {b}"),
        ] {
            assert_eq!(found(&text).as_deref(), Some(a.as_str()), "{text}");
        }
    }
}
