//! What a participant says: plain text, without anything that the reader's screen would obey.

use std::borrow::Cow;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

use crate::invisible::{is_default_ignorable, is_invisible};

/// One screen; a longer message would push everybody else's out of sight.
const LINES: usize = 30;
/// More than any script stacks on one letter; what goes beyond is drawn over the lines above.
const MARKS: usize = 4;

/// A message that was checked: not empty, within the room's bound, at most 30 lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text(String);

/// Why a message is refused; its sender reads it, and keeps the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TextError {
    /// Nothing that can be read is left.
    #[error("that message is empty; type something first")]
    Empty,
    /// More than the room allows.
    #[error("that message is too long ({bytes} of at most {most} bytes); send it in parts")]
    TooLong {
        /// Its length in bytes of UTF-8.
        bytes: usize,
        /// The room's bound.
        most: usize,
    },
    /// More lines than a screen has.
    #[error("that message has {lines} lines, at most {LINES} are shown; send it in parts")]
    TooManyLines {
        /// How many it has.
        lines: usize,
    },
}

impl Text {
    /// Cleans what was typed, then holds it to `max_bytes` of UTF-8.
    ///
    /// Dropped: controls except the line feed, bidirectional and other invisible formatting,
    /// empty lines around, spaces at the end, marks beyond four in a row. A tab becomes a space,
    /// the separators U+2028 and U+2029 a line feed. Joiners stay: emoji and several scripts are
    /// written with them.
    ///
    /// # Errors
    /// When nothing is left, or too much.
    pub(crate) fn parse(raw: &str, max_bytes: usize) -> Result<Self, TextError> {
        let clean = cleaned(raw);
        let text = clean.trim_start_matches('\n').trim_end();
        if !text.chars().any(visible) {
            return Err(TextError::Empty);
        }
        if text.len() > max_bytes {
            return Err(TextError::TooLong { bytes: text.len(), most: max_bytes });
        }
        // Counted by line feeds, as the reader's screen does.
        let lines = 1 + text.bytes().filter(|byte| *byte == b'\n').count();
        if lines > LINES {
            return Err(TextError::TooManyLines { lines });
        }
        Ok(Self(text.to_owned()))
    }

    /// The message, as it is sent on.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Without what is dropped. Not a copy where nothing is: that is most of what people write.
fn cleaned(raw: &str) -> Cow<'_, str> {
    // All bytes in any case, which a processor does many at a time.
    if raw.bytes().fold(true, |plain, byte| plain & matches!(byte, b'\n' | b' '..=b'~')) {
        return Cow::Borrowed(raw);
    }
    let mut sieve = Sieve { marks: 0, joined: false };
    let mut clean = String::new();
    // Everything before is in `clean`, as far as it stays.
    let mut from = 0;
    for (at, c) in raw.char_indices() {
        let stays = sieve.pass(c);
        if stays != Some(c) {
            clean.push_str(&raw[from..at]);
            clean.extend(stays);
            from = at + c.len_utf8();
        }
    }
    if from == 0 {
        return Cow::Borrowed(raw);
    }
    clean.push_str(&raw[from..]);
    Cow::Owned(clean)
}

/// What the next character depends on.
struct Sieve {
    /// Marks in a row.
    marks: usize,
    /// The last that stayed is a joiner.
    joined: bool,
}

impl Sieve {
    /// What stays of the next character.
    fn pass(&mut self, c: char) -> Option<char> {
        let c = match c {
            '\t' => ' ',
            '\u{2028}' | '\u{2029}' => '\n',
            other => other,
        };
        let stays = match sort(c) {
            Sort::Drawn => {
                self.marks = 0;
                true
            }
            Sort::Mark => {
                self.marks += 1;
                self.marks <= MARKS
            }
            // Formatting as well, and neither begins a letter nor ends a run of marks.
            Sort::Joiner => !self.joined,
            Sort::Obeyed => false,
        };
        if stays {
            self.joined = joiner(c);
        }
        stays.then_some(c)
    }
}

/// What a screen does with a character.
enum Sort {
    Drawn,
    /// Drawn upon the one before.
    Mark,
    Joiner,
    /// Acted on, or hidden.
    Obeyed,
}

fn sort(c: char) -> Sort {
    use GeneralCategory::{EnclosingMark, Format, NonspacingMark, SpacingMark, Unassigned};

    if plain(c) {
        return Sort::Drawn;
    }
    if joiner(c) {
        return Sort::Joiner;
    }
    // The accents of Latin: some systems write them apart, and floods are made of them.
    if matches!(c, '\u{300}'..='\u{36f}') {
        return Sort::Mark;
    }
    let category = c.general_category();
    if matches!(category, NonspacingMark | SpacingMark | EnclosingMark) {
        return Sort::Mark;
    }
    let formats = category == Format && !drawn_format(c);
    // What Unicode keeps free for formatting still to come.
    let will_format = category == Unassigned && is_default_ignorable(c);
    if c.is_control() || formats || will_format { Sort::Obeyed } else { Sort::Drawn }
}

/// Letters, signs and pictures of the most common scripts. None of them is a mark or obeyed, which
/// is known here without a search in the tables for each.
fn plain(c: char) -> bool {
    matches!(c,
        '\n' | ' '..='~' | '\u{ae}'..='\u{2ff}' | '\u{3a3}'..='\u{482}' | '\u{48a}'..='\u{52f}'
        | '\u{5d0}'..='\u{5ea}' | '\u{620}'..='\u{64a}' | '\u{2010}'..='\u{2027}'
        | '\u{3041}'..='\u{3096}' | '\u{30a0}'..='\u{30ff}' | '\u{3220}'..='\u{a48c}'
        | '\u{ac00}'..='\u{d7a3}' | '\u{1f300}'..='\u{1f64f}' | '\u{1f900}'..='\u{1f9ff}')
}

/// Signs of Arabic, Syriac and Kaithi that enclose the number after them: formatting by category,
/// and yet drawn.
fn drawn_format(c: char) -> bool {
    matches!(c,
        '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{110bd}' | '\u{110cd}')
}

fn joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Whether a reader sees it.
fn visible(c: char) -> bool {
    !is_invisible(c) && !c.is_whitespace()
}
