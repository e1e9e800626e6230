//! Line breaks for the width of the terminal.

use std::borrow::Cow;

use super::charset::Charset;
use super::columns::columns;

/// `text` in the characters of `charset`, broken between words so that no line is wider than `width`
/// columns. Every line but the first is indented by `indent` spaces; the first is printed at that column.
///
/// A word longer than a line stays whole if it is ASCII: it may be an address or a path, which could
/// not be copied in pieces. Any other is broken: the terminal would break it in the first column, where
/// it could imitate the symbols and times of our own lines.
pub(super) fn wrap(text: &str, indent: usize, width: usize, charset: Charset) -> String {
    let margin = " ".repeat(indent);
    let max_columns = width.saturating_sub(indent).max(1);
    let mut lines = Vec::new();
    for given in text.lines() {
        let mut line = String::new();
        let words = given.trim_start().split(' ');
        for word in words.flat_map(|word| pieces(word, max_columns, charset)) {
            let end = indent + columns(&line) + 1 + columns(&word);
            if !line.is_empty() && end > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        lines.push(line);
    }
    lines.join(&format!("\n{margin}"))
}

/// `word` in pieces of at most `max_columns`; an ASCII word in one.
fn pieces(word: &str, max_columns: usize, charset: Charset) -> Vec<Cow<'_, str>> {
    if word.is_ascii() {
        return vec![Cow::Borrowed(word)];
    }
    let (mut pieces, mut piece, mut used) = (Vec::new(), String::new(), 0);
    for c in word.chars() {
        let mut encoded = String::new();
        charset.push(c, &mut encoded);
        let width = columns(&encoded);
        // A combining mark has no width, and stays with its letter.
        if width > 0 && used + width > max_columns && !piece.is_empty() {
            pieces.push(Cow::Owned(std::mem::take(&mut piece)));
            used = 0;
        }
        used += width;
        piece.push_str(&encoded);
    }
    pieces.push(Cow::Owned(piece));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrap(text: &str, indent: usize, width: usize) -> String {
        super::wrap(text, indent, width, Charset::Unicode)
    }

    #[test]
    fn lines_break_between_words_and_are_indented() {
        assert_eq!(wrap("one two three four", 4, 13), "one two\n    three\n    four");
        assert_eq!(wrap("one two", 4, usize::from(u16::MAX)), "one two");
    }

    #[test]
    fn line_feeds_and_long_words_are_kept() {
        assert_eq!(wrap("a\n    b", 2, 80), "a\n  b");
        assert_eq!(
            wrap("see https://a.example/long now", 2, 10),
            "see\n  https://a.example/long\n  now"
        );
    }

    #[test]
    fn a_long_word_outside_ascii_is_broken() {
        assert_eq!(wrap(&"é".repeat(10), 4, 8), "éééé\n    éééé\n    éé");
        assert_eq!(wrap("a 田中田中✓", 2, 6), "a\n  田中\n  田中\n  ✓");
    }

    #[test]
    fn an_escaped_word_is_broken_between_escapes() {
        let wrapped = super::wrap("a 田中 b", 2, 12, Charset::Ascii);
        assert_eq!(wrapped, "a \\u{7530}\n  \\u{4e2d} b");
    }

    proptest::proptest! {
        /// No line is wider than `width` if its words can be broken.
        #[test]
        fn no_line_is_too_wide(text in "[é田 ]{0,200}", indent in 0usize..8, width in 12usize..60) {
            for (at, line) in wrap(&text, indent, width).lines().enumerate() {
                let first = if at == 0 { indent } else { 0 };
                proptest::prop_assert!(first + columns(line) <= width, "{line}");
            }
        }

        /// The words and their order do not change.
        #[test]
        fn the_words_are_kept(text in "[a-z ]{0,200}", indent in 0usize..30, width in 1usize..100) {
            let wrapped = wrap(&text, indent, width);
            proptest::prop_assert!(wrapped.split_whitespace().eq(text.split_whitespace()));
        }
    }
}
