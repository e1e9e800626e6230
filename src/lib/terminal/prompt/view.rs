//! The part of a typed line that has room in one row. Pure.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::terminal::charset::Charset;
use crate::terminal::columns::columns;
use crate::terminal::escape::escape_control;

/// A typed line and its cursor, as they are drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::terminal) struct PromptText {
    /// As it was typed, not escaped.
    pub(in crate::terminal) line: String,
    /// A byte of the line, at the border of a character.
    pub(in crate::terminal) cursor: usize,
}

/// The row of a prompt: what stands before the cursor and what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::terminal) struct PromptRow {
    pub(in crate::terminal) before: String,
    pub(in crate::terminal) after: String,
}

impl PromptText {
    /// The part around the cursor that has room in `max_columns`, by an upper bound of the columns that
    /// terminals use. It begins and ends between two characters, with `…` where it is cut.
    pub(in crate::terminal) fn row(&self, max_columns: usize, charset: Charset) -> PromptRow {
        let (before, after) = self.line.split_at(self.cursor);
        let parts =
            |text: &str| text.graphemes(true).map(|part| Part::new(part, charset)).collect();
        let (before, after): (Vec<Part>, Vec<Part>) = (parts(before), parts(after));
        // A column for the cursor behind the last character.
        let max_columns = max_columns.saturating_sub(1).max(1);
        let (all_before, all_after) = (width(&before), width(&after));
        if all_before + all_after <= max_columns {
            return PromptRow { before: text(&before), after: text(&after) };
        }
        // The text behind the cursor gets a quarter of the row, or what the text before it leaves free.
        let behind = all_after.min((max_columns / 4).max(max_columns.saturating_sub(all_before)));
        let before = cut(before.iter().rev(), max_columns - behind, charset);
        let used: usize = before.iter().map(|part| part.columns).sum();
        let after = cut(after.iter(), max_columns.saturating_sub(used), charset);
        PromptRow {
            before: before.iter().rev().map(|part| &*part.text).collect(),
            after: text(&after),
        }
    }
}

/// One character as it is drawn, or `…`.
#[derive(Clone, Debug)]
struct Part {
    text: String,
    columns: usize,
}

impl Part {
    fn new(character: &str, charset: Charset) -> Self {
        let text = charset.encode(&escape_control(character)).into_owned();
        // A mark alone has no width of its own, and is drawn on something.
        let columns = columns(&text).max(1);
        Self { text, columns }
    }
}

/// The first of `parts` that have room in `max_columns`, with `…` behind them if not all have.
fn cut<'a>(
    parts: impl Iterator<Item = &'a Part> + Clone,
    max_columns: usize,
    charset: Charset,
) -> Vec<Part> {
    if parts.clone().map(|part| part.columns).sum::<usize>() <= max_columns {
        return parts.cloned().collect();
    }
    let ellipsis = Part::new("…", charset);
    let mut left = max_columns.saturating_sub(ellipsis.columns);
    let fits = |part: &&Part| {
        let fits = part.columns <= left;
        left = left.saturating_sub(part.columns);
        fits
    };
    let mut kept: Vec<Part> = parts.take_while(fits).cloned().collect();
    if ellipsis.columns <= max_columns {
        kept.push(ellipsis);
    }
    kept
}

fn width(parts: &[Part]) -> usize {
    parts.iter().map(|part| part.columns).sum()
}

fn text(parts: &[Part]) -> String {
    parts.iter().map(|part| &*part.text).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(line: &str, cursor: usize, max_columns: usize) -> (String, String) {
        let text = PromptText { line: line.to_owned(), cursor };
        let PromptRow { before, after } = text.row(max_columns, Charset::Unicode);
        (before, after)
    }

    #[test]
    fn a_line_that_has_room_is_shown_whole() {
        assert_eq!(row("kick Ana", 4, 9), ("kick".to_owned(), " Ana".to_owned()));
        assert_eq!(row("", 0, 1), (String::new(), String::new()));
    }

    #[test]
    fn a_longer_line_is_cut_where_the_cursor_is_not() {
        let line = "abcdefghijklmnopqrst";
        assert_eq!(row(line, 20, 11), ("…lmnopqrst".to_owned(), String::new()));
        assert_eq!(row(line, 0, 11), (String::new(), "abcdefghi…".to_owned()));
        assert_eq!(row(line, 10, 11), ("…defghij".to_owned(), "k…".to_owned()));
        assert_eq!(row(line, 19, 11), ("…lmnopqrs".to_owned(), "t".to_owned()));
    }

    #[test]
    fn no_character_is_cut_and_none_acts_on_the_terminal() {
        let (before, _) = row("田田田田", 12, 6);
        assert_eq!(before, "…田田");
        let (before, _) = row("a\u{202e}b\u{ad}", 7, 60);
        assert_eq!(before, "a\\u{202e}b\\u{ad}");
        let family = "👩\u{200d}👩\u{200d}👧";
        assert_eq!(row(&family.repeat(3), 3 * family.len(), 9).0, format!("…{family}"));
    }

    #[test]
    fn a_mark_alone_has_a_column() {
        let (before, _) = row("\u{301}", 2, 40);
        assert_eq!(before, "\u{301}");
        assert!(row(&" \u{301}".repeat(40), 120, 10).0.chars().filter(|c| *c == ' ').count() < 10);
    }

    proptest! {
        /// A row is never wider than it may be, and its text around the cursor is that of the line.
        #[test]
        fn a_row_keeps_to_its_columns(
            line in "[a田é👍🏽\u{301}\u{200d}\u{202e} ]{0,60}",
            at in 0usize..60,
            max_columns in 2usize..60,
        ) {
            let borders: Vec<usize> =
                line.grapheme_indices(true).map(|(border, _)| border).chain([line.len()]).collect();
            let text = PromptText { cursor: borders[at % borders.len()], line };
            for charset in [Charset::Unicode, Charset::LinuxConsole, Charset::Ascii] {
                let PromptRow { before, after } = text.row(max_columns, charset);
                let used = columns(&before) + columns(&after);
                prop_assert!(used <= max_columns, "{:?} {:?}", before, after);
            }
        }
    }
}
