//! The normal form of a request target.

use axum::http::Uri;
use axum::http::uri::PathAndQuery;

/// The target with every unreserved character of its path unencoded, which means the same (RFC 9110,
/// section 4.2.3; RFC 3986, section 6.2.2.2). `None` if that changes nothing, as for most targets.
pub(super) fn normalize(target: &Uri) -> Option<Uri> {
    let path = decode_unreserved(target.path())?;
    let path_and_query = match target.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = target.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
    Uri::from_parts(parts).ok()
}

fn decode_unreserved(path: &str) -> Option<String> {
    let mut decoded = String::new();
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        let unreserved = rest.get(at + 1..at + 3).and_then(unreserved_character);
        let end = at + if unreserved.is_some() { 3 } else { 1 };
        decoded.push_str(if unreserved.is_some() { &rest[..at] } else { &rest[..end] });
        decoded.extend(unreserved);
        rest = &rest[end..];
    }
    decoded.push_str(rest);
    (decoded.len() != path.len()).then_some(decoded)
}

/// The character of two hexadecimal digits, if it is a letter, a digit or one of `-._~` (RFC 3986,
/// section 2.3).
fn unreserved_character(digits: &str) -> Option<char> {
    // from_str_radix() alone would accept "+f".
    let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    let byte = u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    (byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)).then_some(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreserved_characters_are_unencoded_and_no_others() {
        for (target, expected) in [
            ("/%70oll?x=%70", Some("/poll?x=%70")),
            ("/%7E%2d%5F%2e%41", Some("/~-_.A")),
            ("/%2570oll", None),
            ("/%25%37%30", Some("/%2570")),
            ("/%2F%3F%20%00%ff%", None),
            ("/%7", None),
            ("/%+7", None),
            ("/%zz", None),
            ("/poll", None),
            ("*", None),
            ("http://h.test/%68", Some("http://h.test/h")),
        ] {
            let normal = normalize(&target.parse().unwrap()).map(|uri| uri.to_string());
            assert_eq!(normal.as_deref(), expected, "{target}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_normal_form_has_the_same_meaning(path in "/[%0-9a-fA-Fxz/.~é-]{0,40}") {
            if let Some(normal) = decode_unreserved(&path) {
                // Each escape that was decoded was three bytes of ASCII and is one.
                proptest::prop_assert_eq!((path.len() - normal.len()) % 2, 0);
                proptest::prop_assert!(normal.len() < path.len());
            }
        }
    }
}
