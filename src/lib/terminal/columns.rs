//! The width of text on a terminal, and text cut to a width.

use console::AnsiCodeIterator;

use super::charset::Charset;

/// An upper bound for the columns that terminals use for `c`. They disagree on emoji of several
/// characters: tmux, xterm and GNU screen draw each part, and the standard counts one (measured). So
/// the parts are added up, and the one that selects the coloured form counts.
pub(super) fn char_columns(c: char) -> usize {
    if c == '\u{fe0f}' { 1 } else { console::measure_text_width(c.encode_utf8(&mut [0; 4])) }
}

/// An upper bound for the columns of `text`. Sequences that set a style have none.
pub(super) fn columns(text: &str) -> usize {
    let plain = AnsiCodeIterator::new(text).filter(|(_, is_style)| !is_style);
    plain.flat_map(|(part, _)| part.chars()).map(char_columns).sum()
}

/// The rows that a terminal with this width takes for `text`; an empty line takes one, too.
pub(super) fn rows_of(text: &str, width: u16) -> usize {
    let width = usize::from(width).max(1);
    text.split('\n').map(|line| columns(line).div_ceil(width).max(1)).sum()
}

/// `text` in the characters of `charset`, cut with an ellipsis to `max_columns`. No character is cut in
/// two, and no escape of one. Styles stay.
pub(super) fn truncate(text: &str, max_columns: usize, charset: Charset) -> String {
    let encoded = charset.encode(text);
    if columns(&encoded) <= max_columns {
        return encoded.into_owned();
    }
    let ellipsis = charset.encode("…");
    // In ASCII it has three columns, which may be more than there are.
    let ellipsis: String = ellipsis.chars().take(max_columns.max(1)).collect();
    let text_columns = max_columns.saturating_sub(columns(&ellipsis));
    let (mut kept, mut used, mut is_cut) = (String::new(), 0, false);
    for (part, is_style) in AnsiCodeIterator::new(text) {
        if is_style {
            kept.push_str(part);
            continue;
        }
        for c in part.chars().take_while(|_| !is_cut) {
            let mut encoded = String::new();
            charset.push(c, &mut encoded);
            used += columns(&encoded);
            if used <= text_columns {
                kept.push_str(&encoded);
            }
        }
        if used > text_columns && !is_cut {
            is_cut = true;
            kept.push_str(&ellipsis);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(truncate("田中田", 5, Charset::Unicode), "田中…");
        assert_eq!(truncate("田中田", 4, Charset::Unicode), "田…");
        assert_eq!(truncate("José", 20, Charset::Ascii), "Jos\\u{e9}");
        assert_eq!(truncate("Joséphine", 10, Charset::Ascii), "Jos...");
        assert_eq!(truncate("Joséphine", 2, Charset::Ascii), "..");
        assert_eq!(truncate("abc", 3, Charset::Ascii), "abc");
    }

    #[test]
    fn styles_stay_and_have_no_columns() {
        let styled = "\u{1b}[2m12:00\u{1b}[0m  Ana and more";
        assert_eq!(truncate(styled, 11, Charset::Unicode), "\u{1b}[2m12:00\u{1b}[0m  Ana…");
        assert_eq!(truncate(styled, 3, Charset::Unicode), "\u{1b}[2m12…\u{1b}[0m");
    }

    #[test]
    fn emoji_of_several_characters_have_the_columns_of_all() {
        assert_eq!(columns("👍🏽"), 4);
        assert_eq!(columns("❤\u{fe0f}"), 2);
        assert_eq!(columns("é"), 1);
    }

    #[test]
    fn long_lines_take_more_rows_on_a_narrow_terminal() {
        assert_eq!((rows_of("", 80), rows_of("ab\n", 80), rows_of("田田", 3)), (1, 2, 2));
        let line = "x".repeat(80);
        assert_eq!([80, 79, 1, 0].map(|width| rows_of(&line, width)), [1, 2, 80, 80]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_wider_than_allowed(text in "[a田é👍🏽\u{301}…]{0,40}", max in 1usize..40) {
            for charset in [Charset::Unicode, Charset::LinuxConsole, Charset::Ascii] {
                let cut = truncate(&text, max, charset);
                proptest::prop_assert!(columns(&cut) <= max, "{}", cut);
            }
        }
    }
}
