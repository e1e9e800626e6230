//! Rust text as tokens: identifiers, `::`, string literals with their quotes, numbers, and single
//! characters. Comments, character literals and lifetimes are left out.

/// All tokens of `text`, as slices of it.
pub(super) fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, is_token) = next(rest, first);
        let (token, after) = rest.split_at(length);
        if is_token {
            tokens.push(token);
        }
        rest = after;
    }
    tokens
}

/// The length of what `rest` begins with, and whether it is a token.
fn next(rest: &str, first: char) -> (usize, bool) {
    if let Some(length) = string(rest) {
        return (length, true);
    }
    match first {
        '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
        '/' if rest.starts_with("/*") => (block_comment(rest), false),
        '\'' => (character_or_lifetime(rest), false),
        ':' if rest.starts_with("::") => (2, true),
        c if is_word(c) => (rest.find(|c| !is_word(c)).unwrap_or(rest.len()), true),
        c => (c.len_utf8(), !c.is_whitespace()),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of the string literal that `rest` begins with.
fn string(rest: &str) -> Option<usize> {
    let unprefixed = rest.trim_start_matches(['b', 'c']);
    let raw = unprefixed.strip_prefix('r').map(|raw| (raw, raw.trim_start_matches('#')));
    if let Some((raw, quoted)) = raw
        && quoted.starts_with('"')
    {
        let end = format!("\"{}", "#".repeat(raw.len() - quoted.len()));
        let begin = rest.len() - quoted.len() + 1;
        return Some(begin + rest[begin..].find(&end).map_or(0, |at| at + end.len()));
    }
    let begin = rest.len() - unprefixed.strip_prefix('"')?.len();
    (rest.len() - unprefixed.len() <= 1).then(|| begin + escaped_end(&rest[begin..], '"'))
}

/// The length up to and with the `quote` that no backslash precedes.
fn escaped_end(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

fn character_or_lifetime(rest: &str) -> usize {
    let mut after = rest[1..].chars();
    match (after.next(), after.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => 1 + escaped_end(&rest[1..], '\''),
        _ => 1 + rest[1..].find(|c| !is_word(c)).unwrap_or(rest.len() - 1),
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        let here = &rest[at..];
        at += match here.chars().next() {
            None => return at,
            Some(_) if here.starts_with("/*") => {
                depth += 1;
                2
            }
            Some(_) if here.starts_with("*/") => {
                depth -= 1;
                2
            }
            Some(c) => c.len_utf8(),
        };
        if depth == 0 {
            return at;
        }
    }
}

/// The tokens without the items under `#[cfg(test)]`.
pub(super) fn without_tests<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    const CFG_TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].starts_with(&CFG_TEST) {
            at = item_end(tokens, at);
        } else {
            kept.push(tokens[at]);
            at += 1;
        }
    }
    kept
}

/// Where the item ends whose attributes begin at `at`.
fn item_end(tokens: &[&str], mut at: usize) -> usize {
    while tokens.get(at) == Some(&"#") {
        at = group_end(tokens, at + 1);
    }
    if tokens.get(at) == Some(&"pub") {
        at += 1;
        if tokens.get(at) == Some(&"(") {
            at = group_end(tokens, at);
        }
    }
    let is_use = tokens.get(at) == Some(&"use");
    while let Some(token) = tokens.get(at) {
        match *token {
            ";" => return at + 1,
            "{" if !is_use => return group_end(tokens, at),
            "(" | "[" | "{" => at = group_end(tokens, at),
            _ => at += 1,
        }
    }
    at
}

/// The place behind the bracket that closes the one at `at`.
pub(super) fn group_end(tokens: &[&str], at: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match *token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

#[test]
fn comments_strings_and_lifetimes_hide_what_is_in_them() {
    let text = r##"/* a /* b */ */ fn x<'a>(c: char) { '"'; b"\"d"; r#"e " f"#; '\''; g::h // i"##;
    assert_eq!(
        tokens(text).join(" "),
        r##"fn x < > ( c : char ) { ; b"\"d" ; r#"e " f"# ; ; g :: h"##
    );
}

#[test]
fn an_item_for_tests_ends_where_it_ends() {
    let text = "#[cfg(test)] #[path = \"t.rs\"] mod t; #[cfg(test)] pub(crate) use a::{b, c}; \
                #[cfg(test)] fn d(e: [u8; 2]) { f } g";
    assert_eq!(without_tests(&tokens(text)), ["g"]);
}
