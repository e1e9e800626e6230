//! Line breaks for the width of the terminal.

use console::measure_text_width;

/// `text`, broken between words so that no line is wider than `width` columns. Every line but the first
/// is indented by `indent` spaces; the first is printed at that column.
///
/// A word longer than a line stays whole if it is ASCII: it may be an address or a path, which could
/// not be copied in pieces. Any other is broken: the terminal would break it in the first column, where
/// it could imitate the symbols and times of our own lines.
pub(super) fn wrap(text: &str, indent: usize, width: usize) -> String {
    let margin = " ".repeat(indent);
    let columns = width.saturating_sub(indent).max(1);
    let mut lines = Vec::new();
    for given in text.lines() {
        let mut line = String::new();
        for word in given.trim_start().split(' ').flat_map(|word| pieces(word, columns)) {
            let end = indent + measure_text_width(&line) + 1 + measure_text_width(word);
            if !line.is_empty() && end > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines.join(&format!("\n{margin}"))
}

/// `word` in pieces of at most `max_columns`; an ASCII word in one.
fn pieces(word: &str, max_columns: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut columns) = (0, 0);
    if !word.is_ascii() {
        for (at, c) in word.char_indices() {
            let width = measure_text_width(c.encode_utf8(&mut [0; 4]));
            // A combining mark has no width, and stays with its letter.
            if width > 0 && columns + width > max_columns && at > start {
                pieces.push(&word[start..at]);
                (start, columns) = (at, 0);
            }
            columns += width;
        }
    }
    pieces.push(&word[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

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

    proptest::proptest! {
        /// No line is wider than `width` if its words can be broken.
        #[test]
        fn no_line_is_too_wide(text in "[é田 ]{0,200}", indent in 0usize..8, width in 12usize..60) {
            for (at, line) in wrap(&text, indent, width).lines().enumerate() {
                let first = if at == 0 { indent } else { 0 };
                proptest::prop_assert!(first + measure_text_width(line) <= width, "{line}");
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
