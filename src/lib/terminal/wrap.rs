//! Long sentences on narrow screens.

use console::measure_text_width;

/// `text` broken between words so that no line passes `width` columns, every line but the first
/// after `indent` spaces; the first starts at that column already. A word that is longer than a
/// line stays whole if it can be an address or a path, all in ASCII: broken, it could not be copied.
/// Any other is broken, too: the terminal would break it itself, and let the rest begin in the first
/// column, where marks and times of our own lines stand.
pub(super) fn wrapped(text: &str, indent: usize, width: usize) -> String {
    let margin = " ".repeat(indent);
    let room = width.saturating_sub(indent).max(1);
    let mut lines = Vec::new();
    for given in text.lines() {
        let mut line = String::new();
        for word in given.trim_start().split(' ').flat_map(|word| pieces(word, room)) {
            let long = indent + measure_text_width(&line) + 1 + measure_text_width(word);
            if !line.is_empty() && long > width {
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

/// `word` in pieces of at most `room` columns, or as it is.
fn pieces(word: &str, room: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut begin, mut columns) = (0, 0);
    if !word.is_ascii() {
        for (at, c) in word.char_indices() {
            let wide = measure_text_width(c.encode_utf8(&mut [0; 4]));
            // A mark stays with its letter.
            if wide > 0 && columns + wide > room && at > begin {
                pieces.push(&word[begin..at]);
                (begin, columns) = (at, 0);
            }
            columns += wide;
        }
    }
    pieces.push(&word[begin..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_between_words_and_begin_in_their_column() {
        assert_eq!(wrapped("one two three four", 4, 13), "one two\n    three\n    four");
        assert_eq!(wrapped("one two", 4, usize::from(u16::MAX)), "one two");
    }

    #[test]
    fn given_lines_and_long_words_stay() {
        assert_eq!(wrapped("a\n    b", 2, 80), "a\n  b");
        assert_eq!(
            wrapped("see https://a.example/long now", 2, 10),
            "see\n  https://a.example/long\n  now"
        );
    }

    #[test]
    fn a_word_that_is_no_address_does_not_reach_the_first_column() {
        assert_eq!(wrapped(&"é".repeat(10), 4, 8), "éééé\n    éééé\n    éé");
        assert_eq!(wrapped("a 田中田中✓", 2, 6), "a\n  田中\n  田中\n  ✓");
    }

    proptest::proptest! {
        /// No line of words that can be broken passes the width.
        #[test]
        fn no_line_is_too_wide(text in "[é田 ]{0,200}", indent in 0usize..8, width in 12usize..60) {
            for (at, line) in wrapped(&text, indent, width).lines().enumerate() {
                let first = if at == 0 { indent } else { 0 };
                proptest::prop_assert!(first + measure_text_width(line) <= width, "{line}");
            }
        }

        /// Nothing is lost: the words are the words.
        #[test]
        fn the_words_stay(text in "[a-z ]{0,200}", indent in 0usize..30, width in 1usize..100) {
            let wrapped = wrapped(&text, indent, width);
            proptest::prop_assert!(wrapped.split_whitespace().eq(text.split_whitespace()));
        }
    }
}
