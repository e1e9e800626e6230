//! Characters for which nothing is drawn. A name or a message of them alone would be empty to its
//! readers, and a name that differs from another one by them alone would look the same.

/// Whether the character has the property Default_Ignorable_Code_Point (Unicode,
/// DerivedCoreProperties.txt) and so no skeleton in the sense of UTS #39. General categories do not say
/// this: some of these are letters (the Hangul fillers) or marks (variation selectors), and some format
/// characters are drawn.
///
/// A table, not a search: a message may consist of thousands of them.
pub(crate) fn is_default_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether nothing is drawn for the character although it is not white space: also the blank pattern of
/// Braille, a symbol without a dot.
pub(crate) fn is_invisible(c: char) -> bool {
    is_default_ignorable(c) || c == '\u{2800}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_ignorables_are_the_characters_without_a_skeleton() {
        // Between and beyond these, nothing is assigned but for private use.
        for c in ('\0'..='\u{33fff}').chain('\u{e0000}'..='\u{e1fff}') {
            let mut bytes = [0; 4];
            let drawn = unicode_security::skeleton(c.encode_utf8(&mut bytes)).next().is_some();
            assert_ne!(is_default_ignorable(c), drawn, "{c:?}");
        }
    }
}
