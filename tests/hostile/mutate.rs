//! Lines that are nearly right: a line of the protocol with one or a few things wrong, and bytes
//! that are nothing at all.

use serde_json::Value;

use crate::dice::Dice;

/// Values that are wrong somewhere: too large, too deep, of another type, half a character.
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

/// Names of fields, of any line there is, and of none.
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

/// Text that readers trip over.
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

/// What a JSON text is made of, besides letters.
const PUNCTUATION: &[u8] = b"{}[]\":,\\ 0-tnuE";

/// A line, made of one of `templates`, without a newline in it, and valid UTF-8 if `as_text`.
pub(crate) fn line(dice: &mut Dice, templates: &[&str], as_text: bool, most: usize) -> Vec<u8> {
    let mut line = match dice.below(16) {
        // Nothing at all.
        0 => {
            let count = dice.below(64);
            let mut bytes = Vec::new();
            dice.fill(&mut bytes, count);
            bytes
        }
        // As it should be.
        1 => dice.pick(templates).as_bytes().to_vec(),
        2 => nested(dice),
        // Made of fields that are of any line, with values that are of none.
        3..=5 => fields(dice),
        _ => dice.pick(templates).as_bytes().to_vec(),
    };
    for _ in 0..dice.below(4) {
        change(dice, &mut line, templates);
    }
    if dice.once_in(500) {
        let at = dice.below(line.len() + 1);
        let filler = vec![b'x'; dice.below(most)];
        line.splice(at..at, filler);
    }
    line.retain(|byte| *byte != b'\n');
    if as_text && std::str::from_utf8(&line).is_err() {
        line = String::from_utf8_lossy(&line).into_owned().into_bytes();
    }
    line.truncate(most);
    while as_text && std::str::from_utf8(&line).is_err() {
        line.pop();
    }
    line
}

/// One change.
fn change(dice: &mut Dice, line: &mut Vec<u8>, templates: &[&str]) {
    if line.is_empty() {
        return;
    }
    let at = dice.below(line.len());
    match dice.below(12) {
        0 => line[at] = dice.byte(),
        1 => line[at] ^= 1 << dice.below(8),
        2 => line[at] = PUNCTUATION[dice.below(PUNCTUATION.len())],
        3 => drop(line.remove(at)),
        4 => line.truncate(at),
        5 => drop(line.splice(at..at, dice.pick(&TEXT).bytes())),
        6 => drop(line.splice(at..at, dice.pick(&VALUES).bytes())),
        7 => value(dice, line),
        8 => {
            let field = format!(",\"{}\":{}", dice.pick(&FIELDS), dice.pick(&VALUES));
            let end = line.len() - usize::from(line.last() == Some(&b'}'));
            line.splice(end..end, field.into_bytes());
        }
        9 => {
            // A piece of it twice.
            let end = at + dice.below(line.len() - at);
            let piece = line[at..end].to_vec();
            line.splice(at..at, piece);
        }
        10 => {
            // Goes on as another one.
            let other = dice.pick(templates).as_bytes();
            line.truncate(at);
            line.extend(&other[dice.below(other.len())..]);
        }
        _ => line.extend([b"}" as &[u8], b",", b"\r", b" ", b"\0"][dice.below(5)]),
    }
}

/// Puts another value behind one of the colons.
fn value(dice: &mut Dice, line: &mut Vec<u8>) {
    let colons: Vec<usize> = (0..line.len()).filter(|at| line[*at] == b':').collect();
    if colons.is_empty() {
        return;
    }
    let begin = colons[dice.below(colons.len())] + 1;
    let length = line[begin..].iter().position(|byte| matches!(byte, b',' | b'}'));
    let end = begin + length.unwrap_or(line.len() - begin);
    line.splice(begin..end, dice.pick(&VALUES).bytes());
}

fn fields(dice: &mut Dice) -> Vec<u8> {
    const KINDS: [&str; 12] = [
        "join", "say", "typing", "beat", "leave", "welcome", "said", "end", "joined", "ping",
        "stop", "hello",
    ];
    let mut line = format!("{{\"{}\":\"{}\"", dice.pick(&["t", "type"]), dice.pick(&KINDS));
    for _ in 0..dice.below(6) {
        line += &format!(",\"{}\":{}", dice.pick(&FIELDS), dice.pick(&VALUES));
    }
    line.push('}');
    line.into_bytes()
}

/// Deeper than any reader goes.
fn nested(dice: &mut Dice) -> Vec<u8> {
    let deep = 1 + dice.below(300);
    let open = dice.pick(&["[", "{\"t\":", "{\"body\":[", "[{\"t\":"]);
    open.repeat(deep).into_bytes()
}

/// Whether this line says `word` as its kind: it would end the conversation, and what comes after it
/// would not be taken.
pub(crate) fn ends(line: &[u8], key: &str, word: &str) -> bool {
    // Spelled out, or with a letter of it escaped.
    let may = line.windows(word.len()).any(|part| part == word.as_bytes())
        || line.windows(2).any(|two| two == b"\\u");
    may && serde_json::from_slice::<Value>(line).is_ok_and(|value| value[key] == word)
}
