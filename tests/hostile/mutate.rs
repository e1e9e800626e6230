//! Mutated lines: a line of the protocol with a few changes, and random bytes.

use serde_json::Value;

use crate::harness::rng::Rng;

/// JSON values that are invalid for most fields: too large, too deep, of another type, half a
/// character.
const VALUES: [&str; 36] = [
    "null",
    "true",
    "0",
    "-1",
    "1",
    "18446744073709551615",
    "18446744073709551616",
    "1e400",
    "-0.0",
    "9007199254740993",
    "0.1",
    "1E+2",
    "00",
    "+1",
    ".5",
    "NaN",
    "Infinity",
    "\"\"",
    "\" \"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\udfff\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u202e\\u2066\"",
    "\"\\u00",
    "\"\\x\"",
    "\"a\\nb\"",
    "[]",
    "{}",
    "[[[[[[]]]]]]",
    "{\"\":{\"\":{}}}",
    "\"\\\\\"",
    "\"\\\"\"",
    "'a'",
    "undefined",
    "\"1\"",
];

/// Names of fields: from every message, and unknown ones.
const FIELDS: [&str; 24] = [
    "t",
    "name",
    "ticket",
    "resume",
    "after",
    "ref",
    "body",
    "n",
    "seq",
    "at",
    "type",
    "id",
    "version",
    "participant",
    "present",
    "number",
    "tag",
    "url",
    "why",
    "protection",
    "",
    "__proto__",
    "T",
    "\\u0074",
];

/// Text that parsers and terminals handle badly.
const TEXT: [&str; 16] = [
    "\u{0}",
    "\u{1b}[2J",
    "\u{202e}",
    "\u{2066}",
    "\u{feff}",
    "é",
    "e\u{301}",
    "😀",
    "👩\u{200d}👩\u{200d}👧",
    "\u{7f}",
    "\u{9b}",
    "\u{2028}",
    "\u{fffd}",
    "\u{10ffff}",
    "ﬀ",
    "\\",
];

/// The characters of JSON that are no letters.
const PUNCTUATION: &[u8] = b"{}[]\":,\\ 0-tnuE";

/// A line without a newline, of at most `max_bytes`; mostly a mutation of one of `templates`. Valid
/// UTF-8 if `as_text`.
pub(crate) fn line(rng: &mut Rng, templates: &[&str], as_text: bool, max_bytes: usize) -> Vec<u8> {
    let mut line = match rng.below(16) {
        0 => {
            let count = rng.below(64);
            let mut bytes = Vec::new();
            rng.fill(&mut bytes, count);
            bytes
        }
        1 => rng.choose(templates).as_bytes().to_vec(),
        2 => nested(rng),
        3..=5 => fields(rng),
        _ => rng.choose(templates).as_bytes().to_vec(),
    };
    for _ in 0..rng.below(4) {
        mutate(rng, &mut line, templates);
    }
    if rng.one_in(500) {
        let at = rng.below(line.len() + 1);
        let filler = vec![b'x'; rng.below(max_bytes)];
        line.splice(at..at, filler);
    }
    line.retain(|byte| *byte != b'\n');
    if as_text && std::str::from_utf8(&line).is_err() {
        line = String::from_utf8_lossy(&line).into_owned().into_bytes();
    }
    line.truncate(max_bytes);
    while as_text && std::str::from_utf8(&line).is_err() {
        line.pop();
    }
    line
}

fn mutate(rng: &mut Rng, line: &mut Vec<u8>, templates: &[&str]) {
    if line.is_empty() {
        return;
    }
    let at = rng.below(line.len());
    match rng.below(12) {
        0 => line[at] = rng.byte(),
        1 => line[at] ^= 1 << rng.below(8),
        2 => line[at] = PUNCTUATION[rng.below(PUNCTUATION.len())],
        3 => drop(line.remove(at)),
        4 => line.truncate(at),
        5 => drop(line.splice(at..at, rng.choose(&TEXT).bytes())),
        6 => drop(line.splice(at..at, rng.choose(&VALUES).bytes())),
        7 => replace_value(rng, line),
        8 => {
            let field = format!(",\"{}\":{}", rng.choose(&FIELDS), rng.choose(&VALUES));
            let end = line.len() - usize::from(line.last() == Some(&b'}'));
            line.splice(end..end, field.into_bytes());
        }
        9 => {
            // Repeats a part.
            let end = at + rng.below(line.len() - at);
            let piece = line[at..end].to_vec();
            line.splice(at..at, piece);
        }
        10 => {
            // Ends with a part of another template.
            let other = rng.choose(templates).as_bytes();
            line.truncate(at);
            line.extend(&other[rng.below(other.len())..]);
        }
        _ => line.extend([b"}" as &[u8], b",", b"\r", b" ", b"\0"][rng.below(5)]),
    }
}

/// Replaces the value after one of the colons.
fn replace_value(rng: &mut Rng, line: &mut Vec<u8>) {
    let colons: Vec<usize> = (0..line.len()).filter(|at| line[*at] == b':').collect();
    if colons.is_empty() {
        return;
    }
    let begin = colons[rng.below(colons.len())] + 1;
    let length = line[begin..].iter().position(|byte| matches!(byte, b',' | b'}'));
    let end = begin + length.unwrap_or(line.len() - begin);
    line.splice(begin..end, rng.choose(&VALUES).bytes());
}

/// An object of fields and values from any message.
fn fields(rng: &mut Rng) -> Vec<u8> {
    const KINDS: [&str; 12] = [
        "join", "say", "typing", "beat", "leave", "welcome", "said", "end", "joined", "ping",
        "stop", "hello",
    ];
    let mut line = format!("{{\"{}\":\"{}\"", rng.choose(&["t", "type"]), rng.choose(&KINDS));
    for _ in 0..rng.below(6) {
        line += &format!(",\"{}\":{}", rng.choose(&FIELDS), rng.choose(&VALUES));
    }
    line.push('}');
    line.into_bytes()
}

/// Brackets, nested deeper than parsers accept.
fn nested(rng: &mut Rng) -> Vec<u8> {
    let deep = 1 + rng.below(300);
    let open = rng.choose(&["[", "{\"t\":", "{\"body\":[", "[{\"t\":"]);
    open.repeat(deep).into_bytes()
}

/// Whether this line is a message of this kind. A kind that ends the connection must not be sent:
/// the server would not process the inputs after it.
pub(crate) fn has_kind(line: &[u8], key: &str, kind: &str) -> bool {
    // A fast check before the parser: the word itself, or an escape that may stand for a letter of
    // it.
    let may_have = line.windows(kind.len()).any(|part| part == kind.as_bytes())
        || line.windows(2).any(|two| two == b"\\u");
    may_have && serde_json::from_slice::<Value>(line).is_ok_and(|value| value[key] == kind)
}
