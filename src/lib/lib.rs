//! chattrace: an anonymous chat that lives exactly as long as your terminal.
//!
//! Four programs share this library. Programs import subjects and ground, subjects import ground, and
//! no program imports another; `tests/integration/layering/` holds them to it.
//!
//! | | |
//! |---|---|
//! | programs | `supervisor`: the session and its terminal · `serve`: HTTP and the room · `tunnel`: cloudflared · `clean`: what dead sessions left |
//! | subjects, without I/O and clock | `chat`: the room and its rules · `command`: what the operator can order · `wire`: what clients and server send each other · `seal`: the cryptography of sealed rooms |
//! | ground | `control`: messages between the programs · `process` · `memory` · `config` · `terminal` · `paths` · `log` · `manual` · `line_reader` · `rate_limit` · `quick_tunnel` · `identity` · `base64url` · `box_head` · `emoji_sequence` · `invisible` · `marks` · `pasted_link` · `secret_bytes` · `span` · `token` · `units` · `exit` |

mod base64url;
mod box_head;
mod chat;
mod clean;
mod command;
mod config;
mod control;
mod emoji_sequence;
mod exit;
mod identity;
mod invisible;
mod line_reader;
mod log;
mod manual;
mod marks;
mod memory;
mod pasted_link;
mod paths;
mod process;
mod quick_tunnel;
mod rate_limit;
pub mod seal;
mod secret_bytes;
mod serve;
mod span;
mod supervisor;
mod terminal;
mod token;
mod tunnel;
mod units;
mod wire;

pub use clean::main as clean_main;
pub use manual::{Entry, Manual};
pub use serve::main as serve_main;
pub use supervisor::main as supervisor_main;
pub use tunnel::main as tunnel_main;

/// The manual pages of all programs, for `packaging/`.
pub fn manuals() -> [Manual; 4] {
    [supervisor::manual(), serve::manual(), tunnel::manual(), clean::manual()]
}

/// The manual page of `chattrace ctl`, a part of the first program.
pub fn ctl_manual() -> Manual {
    supervisor::ctl_manual()
}

/// What holds between modules that may not import each other.
#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

    use crate::chat::{MessageText, Nickname};
    use crate::control;
    use crate::invisible::is_invisible;
    use crate::seal;
    use crate::terminal::escape_control;

    /// The control channel ends a session over a name that it does not take.
    #[test]
    fn common_names_of_every_language_reach_the_operator() {
        let samples = include_str!("../../tests/fixtures/languages.json");
        let samples: Vec<serde_json::Value> = serde_json::from_str(samples).unwrap();
        let names: Vec<&str> = samples
            .iter()
            .flat_map(|sample| sample["names"].as_array().unwrap())
            .map(|name| name.as_str().unwrap())
            .collect();
        assert!(names.len() > 250, "{}", names.len());
        for raw in names {
            let name = Nickname::parse(raw).unwrap();
            assert!(control::is_name(name.as_str()), "{name}");
            assert_eq!(escape_control(name.as_str()), name.as_str());
        }
    }

    /// The channel carries what `seal` makes, and does not look into it.
    #[test]
    fn the_control_channel_takes_all_that_is_sealed() {
        let longest = |bytes: usize| vec![0; bytes];
        assert!(control::Handshake::new(longest(seal::MESSAGE_2_BYTES)).is_some());
        assert!(control::Handshake::new(longest(seal::MESSAGE_2_BYTES + 1)).is_none());
        assert!(control::Letter::new(longest(seal::LETTER_BYTES)).is_some());
        assert!(control::Letter::new(longest(seal::LETTER_BYTES + 1)).is_none());
        let sealed = seal::HEAD_BYTES + seal::PADDED_BYTES.last().unwrap() + seal::TAG_BYTES;
        assert!(control::Sealed::new(longest(sealed)).is_some());
        assert!(control::Sealed::new(longest(sealed + 1)).is_none());
    }

    proptest! {
        /// V-10: names and messages reach the terminals of other participants.
        #[test]
        fn what_the_room_accepts_needs_no_escape_on_a_terminal(raw in proptest::collection::vec(any::<char>(), 0..12)) {
            let raw = String::from_iter(raw);
            if let Ok(name) = Nickname::parse(&raw) {
                prop_assert_eq!(escape_control(name.as_str()), name.as_str());
                prop_assert!(control::is_name(name.as_str()), "{}", name);
            }
            if let Ok(text) = MessageText::parse(&raw, 4096) {
                // Tabs, line feeds, spaces of every width, invisible and unassigned characters are valid
                // in a message; code that prints one escapes them.
                let drawn = |c: &char| !matches!(c, '\t' | '\n') && !is_invisible(*c) && !matches!(
                    c.general_category(),
                    GeneralCategory::Unassigned
                        | GeneralCategory::PrivateUse
                        | GeneralCategory::SpaceSeparator
                        | GeneralCategory::Format
                );
                let plain: String = text.as_str().chars().filter(drawn).collect();
                prop_assert_eq!(escape_control(&plain), plain.as_str());
            }
        }
    }
}
