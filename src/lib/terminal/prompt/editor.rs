//! The line that is being typed, and the lines before it. Pure.

use std::ops::Range;

use unicode_segmentation::GraphemeCursor;
use zeroize::Zeroize as _;

use super::keys::Key;

/// Longest line in bytes: more than a command may have, so that one which is too long is refused, and not
/// carried out without its end. What is typed behind it is dropped.
pub(super) const MAX_LINE_BYTES: usize = 16 * 1024;

/// Lines that Up can bring back. The oldest is forgotten for a new one.
const MAX_HISTORY: usize = 64;

/// What follows from a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// Nothing is drawn anew.
    Unchanged,
    /// The line or its cursor has changed.
    Changed,
    /// Enter: this line, which is in the history now. The new one is empty.
    Line(String),
    /// Ctrl+D on an empty line.
    EndOfInput,
    /// Tab.
    Complete,
}

/// A line with a cursor. It moves and deletes by what a reader sees as one character (UAX #29).
#[derive(Debug, Default)]
pub(super) struct Editor {
    line: String,
    /// A byte of the line, at the border of a character.
    cursor: usize,
    history: Vec<String>,
    /// The line of the history that is shown; `None` for the one that is new.
    recalled: Option<usize>,
    /// The new line, while one of the history is shown.
    draft: String,
}

impl Editor {
    pub(super) fn line(&self) -> &str {
        &self.line
    }

    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Writes `replacement` in place of what is between the byte `start` and the cursor; nothing, if the
    /// line would be longer than [`MAX_LINE_BYTES`], or has another length since.
    pub(super) fn complete(&mut self, start: usize, replacement: &str) {
        let replaced = start..self.cursor;
        let is_in_line = self.line.get(replaced.clone()).is_some();
        let rest = self.line.len() - replaced.len().min(self.line.len());
        if is_in_line && rest + replacement.len() <= MAX_LINE_BYTES {
            self.replace(replaced, replacement);
            self.cursor = self.border_from(start + replacement.len());
        }
    }

    /// Performs what `key` stands for.
    pub(super) fn apply(&mut self, key: Key) -> Edit {
        let before = (self.line.len(), self.cursor, self.recalled);
        match key {
            Key::Character(c) => return self.insert(c),
            Key::Enter => return Edit::Line(self.take()),
            Key::Tab => return Edit::Complete,
            Key::EndOfInput if self.line.is_empty() => return Edit::EndOfInput,
            Key::Redraw => return Edit::Changed,
            Key::Left => self.cursor = self.left(),
            Key::Right => self.cursor = self.right(),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = self.line.len(),
            Key::Backspace => self.delete(self.left(), self.cursor),
            Key::Delete | Key::EndOfInput => self.delete(self.cursor, self.right()),
            Key::DeleteToEnd => self.delete(self.cursor, self.line.len()),
            Key::DeleteToStart => self.delete(0, self.cursor),
            Key::DeleteWord => self.delete(self.word_start(), self.cursor),
            Key::Up => self.recall_older(),
            Key::Down => self.recall_newer(),
        }
        let is_changed = before != (self.line.len(), self.cursor, self.recalled);
        if is_changed { Edit::Changed } else { Edit::Unchanged }
    }

    fn insert(&mut self, c: char) -> Edit {
        if self.line.len() + c.len_utf8() > MAX_LINE_BYTES {
            return Edit::Unchanged;
        }
        self.line.insert(self.cursor, c);
        // A mark or a joiner may have made one character of two.
        self.cursor = self.border_from(self.cursor + c.len_utf8());
        Edit::Changed
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.replace(from..to, "");
        self.cursor = self.border_from(from);
    }

    /// Writes `replacement` in place of `range`. What was there is overwritten, also where the new line is
    /// shorter.
    fn replace(&mut self, range: Range<usize>, replacement: &str) {
        let line = [&self.line[..range.start], replacement, &self.line[range.end..]].concat();
        std::mem::replace(&mut self.line, line).zeroize();
    }

    /// Takes the line; remembers it, unless it is empty or the last one again.
    fn take(&mut self) -> String {
        let line = std::mem::take(&mut self.line);
        self.draft.zeroize();
        (self.cursor, self.recalled) = (0, None);
        if !line.trim().is_empty() && self.history.last() != Some(&line) {
            if self.history.len() == MAX_HISTORY {
                self.history.remove(0).zeroize();
            }
            self.history.push(line.clone());
        }
        line
    }

    fn recall_older(&mut self) {
        let older = self.recalled.unwrap_or(self.history.len()).checked_sub(1);
        let Some(older) = older else { return };
        if self.recalled.is_none() {
            self.draft = self.line.clone();
        }
        self.recalled = Some(older);
        self.show(self.history[older].clone());
    }

    fn recall_newer(&mut self) {
        let Some(shown) = self.recalled else { return };
        self.recalled = Some(shown + 1).filter(|newer| *newer < self.history.len());
        let line = match self.recalled {
            Some(newer) => self.history[newer].clone(),
            None => std::mem::take(&mut self.draft),
        };
        self.show(line);
    }

    fn show(&mut self, line: String) {
        self.cursor = line.len();
        self.line.zeroize();
        self.line = line;
    }

    fn left(&self) -> usize {
        let mut border = GraphemeCursor::new(self.cursor, self.line.len(), true);
        border.prev_boundary(&self.line, 0).ok().flatten().unwrap_or(0)
    }

    fn right(&self) -> usize {
        let mut border = GraphemeCursor::new(self.cursor, self.line.len(), true);
        border.next_boundary(&self.line, 0).ok().flatten().unwrap_or(self.line.len())
    }

    /// Where the word before the cursor begins, with the spaces behind it.
    fn word_start(&self) -> usize {
        let before = self.line[..self.cursor].trim_end_matches(' ');
        before.rfind(' ').map_or(0, |space| space + 1)
    }

    /// The border of a character at the byte `at` or behind it.
    fn border_from(&self, at: usize) -> usize {
        let mut border = GraphemeCursor::new(at, self.line.len(), true);
        if border.is_boundary(&self.line, 0) == Ok(true) {
            return at;
        }
        border.next_boundary(&self.line, 0).ok().flatten().unwrap_or(self.line.len())
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.line.zeroize();
        self.draft.zeroize();
        self.history.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation as _;

    use super::*;

    fn typed(text: &str) -> Editor {
        let mut editor = Editor::default();
        text.chars().for_each(|c| {
            editor.apply(Key::Character(c));
        });
        editor
    }

    /// The line after these keys, with `|` at the cursor.
    fn after(text: &str, keys: &[Key]) -> String {
        let mut editor = typed(text);
        keys.iter().for_each(|key| {
            editor.apply(key.clone());
        });
        format!("{}|{}", &editor.line[..editor.cursor], &editor.line[editor.cursor..])
    }

    #[test]
    fn the_keys_of_the_editor_do_what_they_do_in_a_shell() {
        use Key::{
            Backspace, Character, Delete, DeleteToEnd, DeleteToStart, DeleteWord, End, Home, Left,
            Right,
        };
        for (text, keys, line) in [
            ("kick Ana", &[Left, Left, Character('x')][..], "kick Ax|na"),
            ("kick", &[Home, Character('x')], "x|kick"),
            ("kick", &[Home, Right, Right, End, Right], "kick|"),
            ("kick", &[Left, Backspace], "ki|k"),
            ("kick", &[Home, Backspace, Delete], "|ick"),
            ("kick", &[Delete], "kick|"),
            ("kick Ana", &[Left, Left, Left, DeleteToEnd], "kick |"),
            ("kick Ana", &[Left, Left, Left, DeleteToStart], "|Ana"),
            ("mute Ana  ", &[DeleteWord], "mute |"),
            ("mute Ana", &[DeleteWord, DeleteWord, DeleteWord], "|"),
            ("a", &[Left, Left, Left], "|a"),
        ] {
            assert_eq!(after(text, keys), line, "{text:?} {keys:?}");
        }
    }

    #[test]
    fn one_key_moves_over_and_deletes_what_is_one_character_to_a_reader() {
        for character in ["é\u{308}", "👍🏽", "👩\u{200d}👩\u{200d}👧", "e\u{301}", "🇩🇪", "क्षि"]
        {
            assert_eq!(after(&format!("a{character}"), &[Key::Backspace]), "a|", "{character}");
            let left = after(&format!("a{character}"), &[Key::Left]);
            assert_eq!(left, format!("a|{character}"));
            assert_eq!(after(character, &[Key::Home, Key::Delete]), "|");
        }
        // A joiner that makes one character of two leaves the cursor behind it.
        let joined = after("👩💻", &[Key::Left, Key::Character('\u{200d}')]);
        assert_eq!(joined, "👩\u{200d}💻|");
    }

    #[test]
    fn a_line_is_taken_and_can_be_brought_back() {
        let mut editor = typed("who");
        assert_eq!(editor.apply(Key::Enter), Edit::Line("who".to_owned()));
        assert_eq!((editor.line(), editor.cursor()), ("", 0));
        for line in ["lock", "lock", "  "] {
            line.chars().for_each(|c| {
                editor.apply(Key::Character(c));
            });
            editor.apply(Key::Enter);
        }
        editor.apply(Key::Character('x'));
        let shown = |editor: &mut Editor, key| {
            editor.apply(key);
            editor.line().to_owned()
        };
        assert_eq!(shown(&mut editor, Key::Up), "lock");
        assert_eq!(shown(&mut editor, Key::Up), "who");
        assert_eq!(editor.apply(Key::Up), Edit::Unchanged);
        assert_eq!(shown(&mut editor, Key::Down), "lock");
        assert_eq!(shown(&mut editor, Key::Down), "x");
        assert_eq!(editor.apply(Key::Down), Edit::Unchanged);
    }

    #[test]
    fn line_and_history_are_bounded() {
        let mut editor = typed(&"é".repeat(MAX_LINE_BYTES));
        assert_eq!(editor.line().len(), MAX_LINE_BYTES);
        assert_eq!(editor.apply(Key::Character('a')), Edit::Unchanged);
        editor.complete(0, &"x".repeat(MAX_LINE_BYTES + 1));
        assert!(!editor.line().contains('x'));
        editor.apply(Key::Enter);
        for number in 0..2 * MAX_HISTORY {
            editor.complete(0, &number.to_string());
            editor.apply(Key::Enter);
        }
        assert_eq!(editor.history.len(), MAX_HISTORY);
        assert_eq!(editor.history[0], MAX_HISTORY.to_string());
    }

    #[test]
    fn a_completion_replaces_what_is_before_the_cursor() {
        let mut editor = typed("kick an now");
        (0..4).for_each(|_| {
            editor.apply(Key::Left);
        });
        editor.complete(5, "Ana Müller");
        assert_eq!((editor.line(), editor.cursor()), ("kick Ana Müller now", 16));
        // The line has changed since.
        editor.complete(40, "x");
        editor.complete(11, "x");
        assert_eq!(editor.line(), "kick Ana Müller now");
    }

    #[test]
    fn ctrl_d_ends_nothing_while_there_is_text() {
        assert_eq!(typed("").apply(Key::EndOfInput), Edit::EndOfInput);
        assert_eq!(typed("a").apply(Key::EndOfInput), Edit::Unchanged);
        assert_eq!(after("ab", &[Key::Left, Key::EndOfInput]), "a|");
    }

    fn key() -> impl Strategy<Value = Key> {
        use Key::{
            Backspace, Character, Delete, DeleteToEnd, DeleteToStart, DeleteWord, Down, End, Enter,
            Home, Left, Right, Up,
        };
        let others = [
            Backspace,
            Delete,
            DeleteToEnd,
            DeleteToStart,
            DeleteWord,
            Down,
            End,
            Enter,
            Home,
            Left,
            Right,
            Up,
        ];
        prop_oneof![
            4 => proptest::sample::select(&['a', ' ', 'é', '\u{301}', '\u{200d}', '👩', '🇩', '田', 'क', '\u{94d}'][..])
                .prop_map(Character),
            3 => proptest::sample::select(others.to_vec()),
        ]
    }

    proptest! {
        /// No order of keys leaves the cursor inside of a character.
        #[test]
        fn the_cursor_is_always_at_the_border_of_a_character(
            keys in proptest::collection::vec(key(), 0..60),
        ) {
            let mut editor = Editor::default();
            for key in keys {
                editor.apply(key);
                let at = editor.cursor;
                let borders: Vec<usize> = editor.line.grapheme_indices(true).map(|(border, _)| border).collect();
                prop_assert!(borders.contains(&at) || at == editor.line.len(), "{} {}", at, editor.line);
            }
        }
    }
}
