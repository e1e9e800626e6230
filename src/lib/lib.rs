//! chattrace: an anonymous chat that lives exactly as long as your terminal.
//!
//! Four programs share this library. Folders are programs first, subjects next, ground last;
//! arrows go down only, programs never import each other, and `tests/integration/layering.rs`
//! holds them to it.
//!
//! | | |
//! |---|---|
//! | programs | `supervisor` (the session) · `serve` (HTTP and the room) · `tunnel` (cloudflared) · `clean` |
//! | subjects | `chat`: the room and its rules, without I/O and without a clock · `wire`: what clients and server say |
//! | ground | `control` · `process` · `config` · `terminal` · `paths` · `token` · `rate_limit` · `invisible` · `identity` · `exit` |

mod chat;
mod clean;
mod config;
mod control;
mod exit;
mod identity;
mod invisible;
mod log;
mod memory;
mod paths;
mod process;
mod rate_limit;
mod serve;
mod supervisor;
mod terminal;
mod token;
mod tunnel;
mod wire;

pub use clean::main as clean_main;
pub use serve::main as serve_main;
pub use supervisor::main as supervisor_main;
pub use tunnel::main as tunnel_main;

/// What holds between modules that may not know each other.
#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

    use crate::chat::{MessageText, Nickname};
    use crate::control;
    use crate::terminal::escape_control;

    proptest! {
        /// V-10: names and messages reach the terminal of others too.
        #[test]
        fn nothing_that_a_terminal_obeys_passes_the_room(raw in proptest::collection::vec(any::<char>(), 0..12)) {
            let raw = String::from_iter(raw);
            if let Ok(name) = Nickname::parse(&raw) {
                prop_assert_eq!(escape_control(name.as_str()), name.as_str());
                prop_assert!(control::is_name(name.as_str()), "{}", name);
            }
            if let Ok(text) = MessageText::parse(&raw, 4096) {
                // Joiners and line feeds are part of a text, and so are spaces of every width and
                // what has no meaning yet; whoever prints it deals with those.
                let (joiners, selector) = (['\n', '\u{200c}', '\u{200d}'], '\u{fe0f}');
                let drawn = |c: &char| !joiners.contains(c) && *c != selector && !matches!(
                    c.general_category(),
                    GeneralCategory::Unassigned
                        | GeneralCategory::PrivateUse
                        | GeneralCategory::SpaceSeparator
                );
                let plain: String = text.as_str().chars().filter(drawn).collect();
                prop_assert_eq!(escape_control(&plain), plain.as_str());
            }
        }
    }
}
