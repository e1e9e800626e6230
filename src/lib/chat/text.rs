//! Messages: plain text without anything that acts on the reader's screen.

use std::borrow::Cow;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

use crate::invisible::{is_default_ignorable, is_invisible};

/// Most lines of a message: one screen. A longer message would push those of all others out of sight.
pub(crate) const MAX_MESSAGE_LINES: usize = 30;

/// Most combining marks in a row; further ones are dropped. No script stacks more on one letter, and
/// what stacks more is drawn over the lines above.
const MAX_MARKS: usize = 4;

/// A message that was sanitized and checked: not empty, within the room's bound in bytes, at most 30
/// lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MessageText(String);

/// Why a message is refused. The sender reads this, and the page keeps the draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TextError {
    /// Nothing visible is left after sanitizing.
    #[error("that message is empty; type something first")]
    Empty,
    /// Longer than the room's bound, both in bytes of UTF-8.
    #[error("that message is too long ({bytes} of at most {max_bytes} bytes); send it in parts")]
    TooLong { bytes: usize, max_bytes: usize },
    /// More lines than a screen has.
    #[error(
        "that message has {lines} lines, and the limit is {MAX_MESSAGE_LINES}; send it in parts"
    )]
    TooManyLines { lines: usize },
}

impl MessageText {
    /// Sanitizes `raw`, then checks its length.
    ///
    /// Sanitizing drops controls except the tab and the line feed, bidirectional and other invisible
    /// formatting, empty lines around the text, spaces at its end, and marks beyond four in a row. Other
    /// line breaks (a carriage return with or without a line feed, U+0085, U+2028, U+2029) become line
    /// feeds. Joiners stay: emoji and several scripts need them.
    ///
    /// # Errors
    /// When nothing visible is left, or more than `max_bytes`, or more than 30 lines.
    pub(crate) fn parse(raw: &str, max_bytes: usize) -> Result<Self, TextError> {
        let sanitized = sanitize(raw);
        let text = sanitized.trim_start_matches('\n').trim_end();
        if !text.chars().any(is_visible) {
            return Err(TextError::Empty);
        }
        if text.len() > max_bytes {
            return Err(TextError::TooLong { bytes: text.len(), max_bytes });
        }
        // By line feeds, as the page breaks lines.
        let lines = 1 + text.bytes().filter(|byte| *byte == b'\n').count();
        if lines > MAX_MESSAGE_LINES {
            return Err(TextError::TooManyLines { lines });
        }
        Ok(Self(text.to_owned()))
    }

    /// The sanitized text, as all participants get it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Borrows `raw` if nothing of it is dropped or replaced, which holds for most messages.
fn sanitize(raw: &str) -> Cow<'_, str> {
    // A fold over all bytes instead of `all`: without an early exit the compiler vectorises it.
    if raw.bytes().fold(true, |plain, byte| plain & matches!(byte, b'\t' | b'\n' | b' '..=b'~')) {
        return Cow::Borrowed(raw);
    }
    let mut sanitizer = Sanitizer { marks: 0, after_joiner: false, after_return: false };
    let mut text = String::new();
    // Everything before this index is in `text`, as far as it stays.
    let mut copied = 0;
    for (at, c) in raw.char_indices() {
        let kept = sanitizer.next(c);
        if kept != Some(c) {
            text.push_str(&raw[copied..at]);
            text.extend(kept);
            copied = at + c.len_utf8();
        }
    }
    if copied == 0 {
        return Cow::Borrowed(raw);
    }
    text.push_str(&raw[copied..]);
    Cow::Owned(text)
}

/// What decides about the next character.
struct Sanitizer {
    /// Combining marks in a row, joiners between them not counted.
    marks: usize,
    /// Whether the last character that was kept is a joiner.
    after_joiner: bool,
    /// Whether the last character was a carriage return, which has broken the line already.
    after_return: bool,
}

impl Sanitizer {
    /// What becomes of the next character: kept, replaced, or dropped.
    fn next(&mut self, c: char) -> Option<char> {
        let after_return = std::mem::replace(&mut self.after_return, c == '\r');
        let c = match c {
            '\n' if after_return => return None,
            '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            other => other,
        };
        let kept = match classify(c) {
            CharClass::Visible => {
                self.marks = 0;
                true
            }
            CharClass::Mark => {
                self.marks += 1;
                self.marks <= MAX_MARKS
            }
            // It neither begins a letter nor ends a run of marks.
            CharClass::Joiner => !self.after_joiner,
            CharClass::Control => false,
        };
        if kept {
            self.after_joiner = is_joiner(c);
        }
        kept.then_some(c)
    }
}

/// What a screen does with a character.
enum CharClass {
    /// Draws it, or breaks the line.
    Visible,
    /// Draws it over the character before.
    Mark,
    /// Draws its neighbours as one.
    Joiner,
    /// Acts on it, or hides it.
    Control,
}

fn classify(c: char) -> CharClass {
    use GeneralCategory::{EnclosingMark, Format, NonspacingMark, SpacingMark, Unassigned};

    if is_common(c) {
        return CharClass::Visible;
    }
    if is_joiner(c) {
        return CharClass::Joiner;
    }
    // The accents of Latin, ahead of the search in the tables: macOS writes them apart, and floods are
    // made of them.
    if matches!(c, '\u{300}'..='\u{36f}') {
        return CharClass::Mark;
    }
    let category = c.general_category();
    if matches!(category, NonspacingMark | SpacingMark | EnclosingMark) {
        return CharClass::Mark;
    }
    let formats = category == Format && !is_visible_format(c);
    // Reserved by Unicode for format characters of the future.
    let will_format = category == Unassigned && is_default_ignorable(c);
    if c.is_control() || formats || will_format { CharClass::Control } else { CharClass::Visible }
}

/// Letters, punctuation and symbols of the most common scripts: all visible, and known to be so without
/// a binary search in the tables of Unicode for each character.
fn is_common(c: char) -> bool {
    matches!(c,
        '\t' | '\n' | ' '..='~' | '\u{ae}'..='\u{2ff}' | '\u{3a3}'..='\u{482}' | '\u{48a}'..='\u{52f}'
        | '\u{5d0}'..='\u{5ea}' | '\u{620}'..='\u{64a}' | '\u{2010}'..='\u{2027}'
        | '\u{3041}'..='\u{3096}' | '\u{30a0}'..='\u{30ff}' | '\u{3220}'..='\u{a48c}'
        | '\u{ac00}'..='\u{d7a3}' | '\u{1f300}'..='\u{1f64f}' | '\u{1f900}'..='\u{1f9ff}')
}

/// Signs of Arabic, Syriac and Kaithi that enclose the number after them
/// (Prepended_Concatenation_Mark): format characters by category, and drawn.
fn is_visible_format(c: char) -> bool {
    matches!(c,
        '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{110bd}' | '\u{110cd}')
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

fn is_visible(c: char) -> bool {
    !is_invisible(c) && !c.is_whitespace()
}
