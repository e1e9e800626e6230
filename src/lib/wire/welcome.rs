//! The first line to a client that was let in: who it is, who is present, and the settings of the room.

use std::sync::Arc;

use serde::Serialize;

use super::orders::RulesView;
use super::server::{ParticipantView, to_json};
use crate::chat::Identity;
use crate::config::{Mode, RoomSettings};

/// The content of a welcome, before it is serialised.
#[derive(Debug)]
pub(crate) struct Welcome<'a> {
    /// Random per start of the server: a client that sees another one clears its page.
    pub(crate) epoch: &'a str,
    /// The participant who is welcomed.
    pub(crate) you: &'a Identity,
    /// The token that brings this participant back after a disconnect.
    pub(crate) resume: &'a str,
    /// Number of the last event that this welcome includes.
    pub(crate) seq: u64,
    /// The others in the room as [`super::participant_json`], separated by commas. The pieces are
    /// shared with other welcomes: a full room is half a megabyte.
    pub(crate) present: Vec<Arc<str>>,
    /// Participants who left, as far as the events that follow mention them.
    pub(crate) gone: &'a [Identity],
    /// The settings that clients need.
    pub(crate) terms: &'a RoomTerms,
    /// The rules that hold at this moment.
    pub(crate) rules: RulesView,
    /// Whether they came by an invite, whose link is not for others.
    pub(crate) invite: bool,
    /// `https://` and the host name under which the room is reached from elsewhere, if there is one.
    pub(crate) public_address: Option<&'a str>,
}

/// The settings that a client needs, the same for all clients of a room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoomTerms {
    mode: Mode,
    pub(super) limits: Limits,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Limits {
    max_participants: usize,
    message_bytes: usize,
    per_second: u32,
    burst: u32,
}

/// The welcome up to the array `present`.
#[derive(Serialize)]
struct Head<'a> {
    t: &'static str,
    epoch: &'a str,
    you: ParticipantView<'a>,
    resume: &'a str,
    seq: u64,
}

/// The welcome after the array `present`.
#[derive(Serialize)]
struct Tail<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gone: Vec<ParticipantView<'a>>,
    mode: Mode,
    limits: Limits,
    rules: RulesView,
    #[serde(skip_serializing_if = "is_false")]
    invite: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    public: Option<&'a str>,
}

impl RoomTerms {
    /// Takes the mode, the most people, the longest message and the rate limit from the settings.
    pub(crate) fn of(room: &RoomSettings) -> Self {
        let limits = Limits {
            max_participants: room.max_participants,
            message_bytes: room.message_bytes,
            per_second: room.rate.per_second,
            burst: room.rate.burst,
        };
        Self { mode: room.mode, limits }
    }
}

impl Welcome<'_> {
    /// The line in pieces, with the line feed that ends it. The pieces of `present` are not copied.
    pub(crate) fn into_pieces(self) -> Vec<Arc<str>> {
        let Self { epoch, you, resume, seq, present, gone, terms, rules, invite, public_address } =
            self;
        let head = Head { t: "welcome", epoch, you: ParticipantView::of(you), resume, seq };
        let gone = gone.iter().map(ParticipantView::of).collect();
        let RoomTerms { mode, limits } = *terms;
        let tail = Tail { gone, mode, limits, rules, invite, public: public_address };
        let (head, tail) = around_array("present", &head, &tail);
        let mut pieces = present;
        pieces.insert(0, head.into());
        pieces.push((tail + "\n").into());
        pieces
    }
}

/// Whether to leave a field out that is only said when it is true.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
pub(super) fn is_false(value: &bool) -> bool {
    !value
}

/// Makes one object of the fields of `head`, an array called `name`, and the fields of `tail`: returns
/// what stands before and after the elements of the array.
pub(super) fn around_array(
    name: &str,
    head: &impl Serialize,
    tail: &impl Serialize,
) -> (String, String) {
    let (head, tail) = (to_json(head), to_json(tail));
    let head = head.strip_suffix('}').expect("an object ends with a brace");
    let tail = tail.strip_prefix('{').expect("an object begins with a brace");
    (format!("{head},\"{name}\":["), format!("],{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// An object or an array of objects at the edge keeps its own braces.
    #[test]
    fn only_the_outer_braces_are_opened() {
        let head = json!({"a": {"b": {}}});
        let tail = json!({"c": [{"d": {}}]});
        let (head, tail) = around_array("present", &head, &tail);
        let joined: serde_json::Value = serde_json::from_str(&format!("{head}1,2{tail}")).unwrap();
        assert_eq!(joined, json!({"a": {"b": {}}, "present": [1, 2], "c": [{"d": {}}]}));
    }
}
