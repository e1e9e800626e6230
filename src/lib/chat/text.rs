//! Messages: plain text without anything that acts on the reader's screen.

use std::borrow::Cow;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

use crate::emoji_sequence::is_tag;
use crate::invisible::{is_default_ignorable, is_invisible};
use crate::marks::{MarkStack, TEXT_BOUNDS, is_mark};

/// Most lines of a message: one screen. A longer message would push those of all others out of sight.
pub(crate) const MAX_MESSAGE_LINES: usize = 30;

/// Most tags behind a black flag. The flags of England, Scotland and Wales have six; the longest code of
/// a subdivision has as many letters (UTS #51, section 2.7).
const MAX_FLAG_TAGS: usize = 7;

/// Line breaks of other systems, next to the line feed (UAX #14, classes BK, CR and NL).
const LINE_BREAKS: [char; 6] = ['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

/// A checked message: not empty, within the room's bound in bytes, at most 30 lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MessageText(String);

/// Why a message is refused. The sender reads this, and the page keeps the draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TextError {
    /// Nothing visible is in it.
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
    /// A character that acts on a screen, or that hides text from readers.
    #[error("a message cannot contain {}; leave it out, or type that part anew", describe(*.0))]
    ForbiddenCharacter(char),
    /// More marks on one letter than [`TEXT_BOUNDS`].
    #[error(
        "that message has too many marks on one letter ({} of one kind at most); leave some out",
        TEXT_BOUNDS.same_class
    )]
    TooManyMarks,
}

impl MessageText {
    /// Checks `raw`. What passes is kept as it is, but for three things that readers do not see: each
    /// line break (CR LF, CR, VT, FF, U+0085, U+2028, U+2029) becomes a line feed, and empty lines
    /// around the text and spaces at its end are removed. Letters are not normalised.
    ///
    /// # Errors
    /// When nothing visible is in it, or more than `max_bytes`, more than 30 lines, too many marks on
    /// one letter, or a character that acts on the screen: a control character, one that reverses
    /// letters (U+202D, U+202E), a tag or a reserved character that is invisible. Other invisible
    /// characters are kept, because scripts need them: joiners, the marks of direction, the spaces of
    /// no width of Khmer and Thai, soft hyphens.
    pub(crate) fn parse(raw: &str, max_bytes: usize) -> Result<Self, TextError> {
        let is_plain = is_plain(raw);
        let text = if is_plain { Cow::Borrowed(raw) } else { unify_line_breaks(raw) };
        let text = text.trim_start_matches('\n').trim_end();
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
        if !is_plain {
            check_characters(text)?;
        }
        Ok(Self(text.to_owned()))
    }

    /// The text, as all participants get it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the text has nothing but ASCII characters that are kept, as most messages.
fn is_plain(text: &str) -> bool {
    // A fold over all bytes instead of `all`: without an early exit the compiler vectorises it.
    text.bytes().fold(true, |plain, byte| plain & matches!(byte, b'\t' | b'\n' | b' '..=b'~'))
}

/// Borrows `raw` if no line break of another system is in it.
fn unify_line_breaks(raw: &str) -> Cow<'_, str> {
    if !raw.contains(LINE_BREAKS) {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.replace("\r\n", "\n").replace(LINE_BREAKS, "\n"))
}

fn check_characters(text: &str) -> Result<(), TextError> {
    let mut marks = MarkStack::default();
    // Tags that may still follow the flag before.
    let mut flag_tags = 0;
    for c in text.chars() {
        match classify(c) {
            CharClass::Visible => marks.clear(),
            CharClass::Mark if !marks.push(c, TEXT_BOUNDS) => return Err(TextError::TooManyMarks),
            // The next mark is drawn on the same letter.
            CharClass::Mark | CharClass::Invisible => {}
            CharClass::Tag if flag_tags > 0 => {
                flag_tags -= 1;
                continue;
            }
            CharClass::Tag | CharClass::Forbidden => {
                return Err(TextError::ForbiddenCharacter(c));
            }
        }
        flag_tags = if c == '\u{1f3f4}' { MAX_FLAG_TAGS } else { 0 };
    }
    Ok(())
}

/// What a screen does with a character.
enum CharClass {
    /// Draws it, or breaks the line.
    Visible,
    /// Draws it over the character before.
    Mark,
    /// Draws its neighbours otherwise.
    Invisible,
    /// Draws another flag for the black flag before it, and elsewhere nothing (UTS #51).
    Tag,
    /// Acts on it, or hides it.
    Forbidden,
}

fn classify(c: char) -> CharClass {
    if is_common(c) {
        return CharClass::Visible;
    }
    if is_mark(c) {
        return CharClass::Mark;
    }
    let category = c.general_category();
    // Reserved by Unicode for format characters of the future.
    let will_format = category == GeneralCategory::Unassigned && is_default_ignorable(c);
    if c.is_control() || will_format || matches!(c, '\u{202d}' | '\u{202e}' | '\u{e0001}') {
        CharClass::Forbidden
    } else if is_tag(c) {
        CharClass::Tag
    } else if category == GeneralCategory::Format && !is_visible_format(c) {
        CharClass::Invisible
    } else {
        CharClass::Visible
    }
}

/// Letters, punctuation and symbols of the most common scripts: all visible, and known to be so without
/// a binary search in the tables of Unicode for each character.
fn is_common(c: char) -> bool {
    matches!(c,
        '\t' | '\n' | ' '..='~' | '\u{ae}'..='\u{2ff}' | '\u{3a3}'..='\u{482}'
        | '\u{48a}'..='\u{52f}' | '\u{5d0}'..='\u{5ea}' | '\u{620}'..='\u{64a}'
        | '\u{2010}'..='\u{2027}' | '\u{3041}'..='\u{3096}' | '\u{30a0}'..='\u{30ff}'
        | '\u{3220}'..='\u{a48c}' | '\u{ac00}'..='\u{d7a3}' | '\u{1f300}'..='\u{1f64f}'
        | '\u{1f900}'..='\u{1f9ff}')
}

/// Signs of Arabic, Syriac and Kaithi that enclose the number after them
/// (Prepended_Concatenation_Mark): format characters by category, and drawn.
fn is_visible_format(c: char) -> bool {
    matches!(c,
        '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{110bd}' | '\u{110cd}')
}

fn is_visible(c: char) -> bool {
    !is_invisible(c) && !c.is_whitespace()
}

/// What the character is, and its number: it is not printed, because the terminal of a client acts on
/// it.
fn describe(c: char) -> String {
    let kind = match c {
        '\u{202d}' | '\u{202e}' => "character that reverses letters,",
        _ if c.is_control() => "control character",
        _ => "invisible character",
    };
    format!("the {kind} U+{:04X}", u32::from(c))
}
