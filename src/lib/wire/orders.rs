//! Writes the lines that say what the operator has ordered. None of them has a text or a name of a
//! participant in it.

use std::sync::Arc;

use serde::Serialize;

use super::server::to_json;
use crate::control::RoomRules;

/// The rules of the room at one moment, as clients read them.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct RulesView {
    /// Now, in milliseconds since 1970: shows a client how far its own clock is off.
    at: u64,
    #[serde(flatten)]
    rules: RoomRules,
}

impl RulesView {
    /// These rules, at `at` in milliseconds since 1970.
    pub(crate) fn new(rules: RoomRules, at: u64) -> Self {
        Self { at, rules }
    }
}

/// One line of the server.
#[derive(Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
enum OrderMessage<'a> {
    Rules {
        seq: u64,
        #[serde(flatten)]
        rules: RulesView,
    },
    Announced {
        seq: u64,
        at: u64,
        body: &'a str,
    },
    Cleared {
        seq: u64,
    },
    Unmuted,
}

/// The line `rules`, with number `seq` in the ring.
pub(crate) fn rules_line(seq: u64, rules: RulesView) -> Arc<str> {
    to_line(&OrderMessage::Rules { seq, rules }).into()
}

/// The line `announced`: `at` is the time in milliseconds since 1970, `body` a text of the host, or in a
/// sealed room a box.
pub(crate) fn announced_line(seq: u64, at: u64, body: &str) -> Arc<str> {
    to_line(&OrderMessage::Announced { seq, at, body }).into()
}

/// The line `cleared`: what was said before it is forgotten.
pub(crate) fn cleared_line(seq: u64) -> Arc<str> {
    to_line(&OrderMessage::Cleared { seq }).into()
}

/// The line to a participant who may speak again.
pub(crate) fn unmuted_line() -> String {
    to_line(&OrderMessage::Unmuted)
}

/// The message with the line feed that ends it.
fn to_line(message: &OrderMessage<'_>) -> String {
    let mut line = to_json(message);
    line.push('\n');
    line
}
