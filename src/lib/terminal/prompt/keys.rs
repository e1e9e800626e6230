//! Keys from the bytes that a terminal sends (ECMA-48; xterm, ctlseqs). Pure.

use zeroize::Zeroize as _;

/// Longest sequence of a key that is held while its end has not come. Longer ones are no key.
const MAX_SEQUENCE_BYTES: usize = 64;

/// What the operator did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A printable character, typed or pasted.
    Character(char),
    Enter,
    Tab,
    Backspace,
    Delete,
    Left,
    Right,
    Home,
    End,
    /// The command before in the history.
    Up,
    /// The command after in the history.
    Down,
    /// Ctrl+K.
    DeleteToEnd,
    /// Ctrl+U.
    DeleteToStart,
    /// Ctrl+W.
    DeleteWord,
    /// Ctrl+D.
    EndOfInput,
    /// Ctrl+L.
    Redraw,
}

/// Where in a sequence the last byte was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    /// Behind ESC.
    Escape,
    /// Behind ESC and `[`.
    Csi,
    /// Behind ESC and `O`: the next byte is a key.
    Ss3,
    /// Behind ESC, `[` and `[`: the next byte is a function key of the Linux console.
    Console,
    /// In a string that a terminal sends as an answer, up to BEL or ESC `\`.
    String,
}

/// Reads one byte after the other. A sequence may come in pieces.
#[derive(Debug, Default)]
pub(super) struct KeyParser {
    state: State,
    /// Parameters of the sequence, or the first bytes of a character.
    held: Vec<u8>,
    /// Bytes of the string that was skipped.
    skipped: usize,
    /// Between the marks of a paste (xterm, "bracketed paste"): no key in it has an effect.
    is_pasting: bool,
}

impl KeyParser {
    /// Reads the next byte, and passes the keys that it completes to `act`: two, if it shows that the
    /// bytes before it were no character.
    pub(super) fn push(&mut self, byte: u8, mut act: impl FnMut(Key)) {
        match self.state {
            State::Ground => self.push_ground(byte, &mut act),
            State::Escape => self.push_escape(byte),
            State::Csi => self.push_csi(byte, &mut act),
            State::Ss3 => {
                self.end();
                self.act_unless_pasting(cursor_key(byte), &mut act);
            }
            State::Console => self.end(),
            State::String => self.skip(byte),
        }
    }

    /// Whether ESC came and nothing behind it: the key itself, or the begin of another one.
    pub(super) fn is_at_escape(&self) -> bool {
        self.state == State::Escape
    }

    /// Drops an ESC behind which nothing came in time: it was the key itself, which has no effect.
    pub(super) fn drop_escape(&mut self) {
        if self.is_at_escape() {
            self.end();
        }
    }

    fn push_ground(&mut self, byte: u8, act: &mut impl FnMut(Key)) {
        if byte >= 0x80 || !self.held.is_empty() {
            self.push_character(byte, act);
            return;
        }
        if byte == 0x1b {
            self.state = State::Escape;
        } else if self.is_pasting {
            if let Some(c) = pasted(byte) {
                act(Key::Character(c));
            }
        } else if let Some(key) = control_key(byte) {
            act(key);
        }
    }

    /// Completes a character of several bytes. Bytes that are none become U+FFFD.
    fn push_character(&mut self, byte: u8, act: &mut impl FnMut(Key)) {
        self.held.push(byte);
        let (text, is_valid, is_incomplete) = match std::str::from_utf8(&self.held) {
            Ok(text) => (text.chars().next(), true, false),
            Err(error) => (None, false, error.error_len().is_none()),
        };
        if is_incomplete {
            return;
        }
        self.held.zeroize();
        if is_valid {
            // Controls of the second set (U+0080 to U+009F) are no text.
            text.filter(|c| !c.is_control()).into_iter().for_each(|c| act(Key::Character(c)));
            return;
        }
        act(Key::Character(char::REPLACEMENT_CHARACTER));
        // The byte that showed it begins something else, unless it is invalid by itself.
        if byte < 0x80 || (0xc2..=0xf4).contains(&byte) {
            self.push_ground(byte, act);
        }
    }

    fn push_escape(&mut self, byte: u8) {
        match byte {
            b'[' => self.state = State::Csi,
            b'O' => self.state = State::Ss3,
            b']' | b'P' | b'X' | b'^' | b'_' => self.state = State::String,
            0x1b => {}
            // Alt and a key.
            _ => self.end(),
        }
    }

    fn push_csi(&mut self, byte: u8, act: &mut impl FnMut(Key)) {
        match byte {
            b'[' if self.held.is_empty() => self.state = State::Console,
            0x40..=0x7e => {
                let key = self.csi_key(byte);
                self.end();
                self.act_unless_pasting(key, act);
            }
            0x20..=0x3f if self.held.len() < MAX_SEQUENCE_BYTES => self.held.push(byte),
            0x1b => {
                self.end();
                self.state = State::Escape;
            }
            // Too long, or no sequence: what came so far has no effect.
            _ => self.end(),
        }
    }

    /// The key of a sequence that ends with `last`. A modifier behind the first number, such as that of
    /// Ctrl, changes nothing.
    fn csi_key(&mut self, last: u8) -> Option<Key> {
        let number = self.held.split(|byte| *byte == b';').next().unwrap_or_default();
        match (last, number) {
            (b'~', b"200") => self.is_pasting = true,
            (b'~', b"201") => self.is_pasting = false,
            (b'~', b"1" | b"7") => return Some(Key::Home),
            (b'~', b"4" | b"8") => return Some(Key::End),
            (b'~', b"3") => return Some(Key::Delete),
            (b'~', _) => {}
            (_, b"" | b"1") => return cursor_key(last),
            (_, _) => {}
        }
        None
    }

    fn skip(&mut self, byte: u8) {
        self.skipped += 1;
        match byte {
            0x07 => self.end(),
            // ESC `\` ends a string; behind another ESC a new sequence begins.
            0x1b => {
                self.end();
                self.state = State::Escape;
            }
            _ if self.skipped >= MAX_SEQUENCE_BYTES => self.end(),
            _ => {}
        }
    }

    fn end(&mut self) {
        self.state = State::Ground;
        self.skipped = 0;
        self.held.zeroize();
    }

    fn act_unless_pasting(&self, key: Option<Key>, act: &mut impl FnMut(Key)) {
        key.filter(|_| !self.is_pasting).into_iter().for_each(act);
    }
}

fn control_key(byte: u8) -> Option<Key> {
    Some(match byte {
        b'\r' | b'\n' => Key::Enter,
        b'\t' => Key::Tab,
        0x08 | 0x7f => Key::Backspace,
        0x01 => Key::Home,
        0x02 => Key::Left,
        0x04 => Key::EndOfInput,
        0x05 => Key::End,
        0x06 => Key::Right,
        0x0b => Key::DeleteToEnd,
        0x0c => Key::Redraw,
        0x0e => Key::Down,
        0x10 => Key::Up,
        0x15 => Key::DeleteToStart,
        0x17 => Key::DeleteWord,
        b' '..=b'~' => Key::Character(char::from(byte)),
        _ => return None,
    })
}

/// A pasted line end is a space, so that nothing runs; other controls are left out.
fn pasted(byte: u8) -> Option<char> {
    match byte {
        b'\r' | b'\n' | b'\t' => Some(' '),
        b' '..=b'~' => Some(char::from(byte)),
        _ => None,
    }
}

fn cursor_key(last: u8) -> Option<Key> {
    Some(match last {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        // Enter on the keypad (ESC O M).
        b'M' => Key::Enter,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let (mut parser, mut keys) = (KeyParser::default(), Vec::new());
        bytes.iter().for_each(|byte| parser.push(*byte, |key| keys.push(key)));
        keys
    }

    /// What the keys of `bytes` write, with other keys left out.
    fn text(bytes: &[u8]) -> String {
        let character = |key| if let Key::Character(c) = key { Some(c) } else { None };
        keys(bytes).into_iter().filter_map(character).collect()
    }

    #[test]
    fn every_key_of_the_editor_is_known_in_each_of_its_forms() {
        for (key, forms) in [
            (Key::Left, &["\u{1b}[D", "\u{1b}OD", "\u{1b}[1;5D", "\u{2}"][..]),
            (Key::Right, &["\u{1b}[C", "\u{1b}OC", "\u{6}"]),
            (Key::Up, &["\u{1b}[A", "\u{1b}OA", "\u{10}"]),
            (Key::Down, &["\u{1b}[B", "\u{1b}OB", "\u{e}"]),
            (Key::Home, &["\u{1b}[H", "\u{1b}OH", "\u{1b}[1~", "\u{1b}[7~", "\u{1}"]),
            (Key::End, &["\u{1b}[F", "\u{1b}OF", "\u{1b}[4~", "\u{1b}[8~", "\u{5}"]),
            (Key::Delete, &["\u{1b}[3~", "\u{1b}[3;2~"]),
            (Key::Backspace, &["\u{7f}", "\u{8}"]),
            (Key::Enter, &["\r", "\n", "\u{1b}OM"]),
            (Key::Tab, &["\t"]),
            (Key::EndOfInput, &["\u{4}"]),
            (Key::DeleteToEnd, &["\u{b}"]),
            (Key::DeleteToStart, &["\u{15}"]),
            (Key::DeleteWord, &["\u{17}"]),
        ] {
            for form in forms {
                assert_eq!(keys(form.as_bytes()), std::slice::from_ref(&key), "{form:?}");
            }
        }
    }

    #[test]
    fn keys_without_a_meaning_write_nothing() {
        for bytes in [
            "\u{1b}[5~",
            "\u{1b}[15~",
            "\u{1b}OP",
            "\u{1b}[[A",
            "\u{1b}[Z",
            "\u{1b}x",
            "\u{1b}[I",
            "\u{1b}[?1;2c",
            "\u{1b}]11;rgb:0000/0000/0000\u{7}",
            "\u{1b}P>|xterm\u{1b}\\",
            "\u{0}\u{3}\u{1a}\u{1c}",
            "\u{9b}",
        ] {
            assert_eq!(keys(bytes.as_bytes()), [], "{bytes:?}");
        }
    }

    #[test]
    fn a_character_may_come_in_pieces_and_what_is_none_is_replaced() {
        assert_eq!(text("田é👍".as_bytes()), "田é👍");
        assert_eq!(text(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(text(b"\xe7\x94"), "");
        assert_eq!(text(b"\xe7\x94a"), "\u{fffd}a");
        assert_eq!(keys(b"\xe7\r"), [Key::Character('\u{fffd}'), Key::Enter]);
        assert_eq!(text(b"\xe7\xe7\x94\xb0"), "\u{fffd}田");
        assert_eq!(keys(b"\xe7\x1b[D"), [Key::Character('\u{fffd}'), Key::Left]);
    }

    #[test]
    fn an_escape_with_nothing_behind_it_is_dropped_and_one_with_something_is_not() {
        let (mut parser, mut keys) = (KeyParser::default(), Vec::new());
        parser.push(0x1b, |key| keys.push(key));
        assert!(parser.is_at_escape());
        parser.drop_escape();
        parser.push(b'[', |key| keys.push(key));
        assert_eq!(keys, [Key::Character('[')]);
        parser.push(0x1b, |key| keys.push(key));
        parser.push(b'[', |key| keys.push(key));
        // The rest of a sequence may take longer over a slow line.
        assert!(!parser.is_at_escape());
        parser.drop_escape();
        parser.push(b'D', |key| keys.push(key));
        assert_eq!(keys, [Key::Character('['), Key::Left]);
    }

    #[test]
    fn a_sequence_without_an_end_is_dropped() {
        let longest = format!("\u{1b}[{}D", "1".repeat(MAX_SEQUENCE_BYTES));
        assert_eq!(text(longest.as_bytes()), "");
        let longer = format!("\u{1b}[{}ab", "1".repeat(MAX_SEQUENCE_BYTES + 1));
        assert_eq!(text(longer.as_bytes()), "ab");
        let string = format!("\u{1b}]{}ab", "x".repeat(MAX_SEQUENCE_BYTES));
        assert_eq!(text(string.as_bytes()), "ab");
    }

    #[test]
    fn nothing_in_a_paste_is_a_key() {
        let pasted = "\u{1b}[200~panic\r\nend\t1\u{4}\u{15}\u{1b}[D\u{1b}OA x\u{1b}[201~";
        let keys = keys(format!("{pasted}\r").as_bytes());
        let (enter, typed) = keys.split_last().unwrap();
        assert_eq!(enter, &Key::Enter);
        assert!(typed.iter().all(|key| matches!(key, Key::Character(_))), "{typed:?}");
        assert_eq!(text(pasted.as_bytes()), "panic  end 1 x");
    }

    proptest! {
        /// No bytes make the parser hold more than a sequence, or write a control character.
        #[test]
        fn no_input_is_kept_or_written_that_could_act_on_the_terminal(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0x1b), Just(b'['), Just(b';')], 0..300),
        ) {
            let mut parser = KeyParser::default();
            for byte in bytes {
                parser.push(byte, |key| {
                    if let Key::Character(c) = key {
                        assert!(!c.is_control(), "{c:?}");
                    }
                });
                prop_assert!(parser.held.len() <= MAX_SEQUENCE_BYTES);
            }
        }
    }
}
