//! Long sentences on narrow screens.

use console::measure_text_width;

/// `text` broken between words so that no line passes `width` columns, every line but the first
/// after `indent` spaces; the first starts at that column already. A word that is longer than a
/// line, such as an address, stays whole: broken, it could not be copied.
pub(super) fn wrapped(text: &str, indent: usize, width: usize) -> String {
    let margin = " ".repeat(indent);
    let mut lines = Vec::new();
    for given in text.lines() {
        let mut line = String::new();
        for word in given.trim_start().split(' ') {
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

    proptest::proptest! {
        /// Nothing is lost: the words are the words.
        #[test]
        fn the_words_stay(text in "[a-z ]{0,200}", indent in 0usize..30, width in 1usize..100) {
            let wrapped = wrapped(&text, indent, width);
            proptest::prop_assert!(wrapped.split_whitespace().eq(text.split_whitespace()));
        }
    }
}
