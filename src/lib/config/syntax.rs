//! What JSON has no place for, and people or their editors write all the same: comments, typographic
//! quotes, invisible characters. The parser would only say that it expected something else.

/// The first such place outside a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misplaced {
    /// From 1.
    pub(super) line: usize,
    /// What it is, and the next step.
    pub(super) what: String,
}

/// Where the scan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Outside,
    InString,
    /// Behind a backslash in a string.
    Escaped,
}

/// Finds the first character outside a string that no JSON text has there.
pub(super) fn find_misplaced(text: &str) -> Option<Misplaced> {
    let first = text.trim_start().chars().next().filter(|first| is_of_json(*first));
    if first.is_some_and(|first| first != '{') {
        let what = "a configuration begins with { and ends with }, such as {\"logs\": \"ask\"}";
        return Some(Misplaced { line: 1, what: what.to_owned() });
    }
    let (mut line, mut place) = (1, Place::Outside);
    for (index, character) in text.char_indices() {
        let rest = text.get(index..).unwrap_or_default();
        if place == Place::Outside
            && let Some(what) = describe(character, rest)
        {
            return Some(Misplaced { line, what });
        }
        line += usize::from(character == '\n');
        place = match (place, character) {
            (Place::Outside, '"') | (Place::Escaped, _) => Place::InString,
            (Place::InString, '\\') => Place::Escaped,
            // No string of JSON has a line feed in it: the quote at its end is missing.
            (Place::InString, '"' | '\n') => Place::Outside,
            (place, _) => place,
        };
    }
    None
}

/// A typographic quote in `line`, from 1, for a line that is wrong for another reason: one that begins
/// or ends a string makes it part of that string.
pub(super) fn find_typographic_quote(text: &str, line: usize) -> Option<char> {
    text.lines().nth(line.checked_sub(1)?)?.chars().find(|character| is_quote(*character))
}

/// What is wrong with `character`, the first one of `rest`, outside a string.
fn describe(character: char, rest: &str) -> Option<String> {
    let code = u32::from(character);
    Some(match character {
        '/' | '#' => "JSON has no comments; remove it".to_owned(),
        '\'' => "a name or a word stands between double quotes (\")".to_owned(),
        ',' => {
            let next = rest.get(1..)?.trim_start().chars().next()?;
            let is_last = matches!(next, '}' | ']');
            return is_last.then(|| format!("remove the comma before {next}"));
        }
        _ if is_of_json(character) => return None,
        _ if is_quote(character) => {
            format!("the typographic quote {character} (U+{code:04X}); write \" instead")
        }
        '\u{2010}'..='\u{2015}' | '\u{2212}' => {
            format!("the dash {character} (U+{code:04X}); write - instead")
        }
        '\u{ff01}'..='\u{ff5e}' => {
            format!("the full-width {character} (U+{code:04X}); write the ASCII character instead")
        }
        _ if character.is_alphanumeric() => {
            format!("{character} (U+{code:04X}) outside quotes; put quotes (\") around the text")
        }
        _ => format!("the character U+{code:04X}, which may be invisible; remove it"),
    })
}

/// Whether a JSON text may have `character` outside a string. Not all ASCII letters can be there, but
/// those that cannot are seen by every reader.
fn is_of_json(character: char) -> bool {
    matches!(character, ' '..='~' | '\n' | '\r' | '\t') && !matches!(character, '\'' | '/' | '#')
}

fn is_quote(character: char) -> bool {
    matches!(
        character,
        '\u{2018}'
            ..='\u{201f}'
                | '\u{ab}'
                | '\u{bb}'
                | '\u{2032}'
                | '\u{2033}'
                | '\u{ff02}'
                | '\u{ff07}'
                | '`'
                | '\u{b4}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(text: &str) -> (usize, String) {
        let found = find_misplaced(text).unwrap_or_else(|| panic!("nothing misplaced in {text}"));
        (found.line, found.what)
    }

    #[test]
    fn each_kind_is_named_with_its_line() {
        for (text, line, part) in [
            ("{\n// hello\n}", 2, "no comments"),
            ("{ /* hello */ }", 1, "no comments"),
            ("{\n\n# hello\n}", 3, "no comments"),
            ("{\"logs\": \"ask\",\n}", 1, "remove the comma before }"),
            ("{“logs”: 1}", 1, "quote “ (U+201C)"),
            ("{‘logs’: 1}", 1, "quote ‘ (U+2018)"),
            ("{«logs»: 1}", 1, "quote « (U+00AB)"),
            ("{'logs': 1}", 1, "double quotes"),
            ("{\u{a0}}", 1, "U+00A0"),
            ("{\n\u{200b}}", 2, "U+200B"),
            ("{}\u{feff}", 1, "U+FEFF"),
            ("{\u{2028}}", 1, "U+2028"),
            ("{\0}", 1, "U+0000"),
            ("{\"a\": １}", 1, "full-width １ (U+FF11)"),
            ("{\"a\"：1}", 1, "full-width ： (U+FF1A)"),
            ("{\"a\": −1}", 1, "dash − (U+2212)"),
            ("{\"a\": –1}", 1, "dash – (U+2013)"),
            ("{\"a\": ja, é}", 1, "outside quotes"),
            ("[]", 1, "begins with {"),
            ("null", 1, "begins with {"),
            ("logs: ask", 1, "begins with {"),
            ("“", 1, "quote"),
        ] {
            let (found_line, found) = what(text);
            assert!(found_line == line && found.contains(part), "{text}: {found_line}: {found}");
        }
    }

    #[test]
    fn everything_may_be_in_a_string() {
        for text in
            ["{\"a\": \"“#/'\u{a0}１,}\"}", "{\"a\": \"\\\"#\"}", "{\"a\\\\\": \"//\"}", "{}\n"]
        {
            assert_eq!(find_misplaced(text), None, "{text}");
        }
        assert_eq!(find_typographic_quote("{\n\"a”: 1}", 2), Some('”'));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,100}") {
            let _ = find_misplaced(&text);
        }
    }
}
