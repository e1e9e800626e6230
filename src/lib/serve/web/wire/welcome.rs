//! The first line that somebody gets who was let in.

use std::sync::Arc;

use serde::Serialize;

use super::told::Who;
use crate::chat::Identity;
use crate::config::{Mode, RoomSettings};
use crate::serve::hub::{Admission, Hub};

/// What comes before the others in the room.
#[derive(Serialize)]
struct Before<'a> {
    t: &'static str,
    epoch: &'a str,
    you: Who<'a>,
    resume: &'a str,
    seq: u64,
}

/// What comes after them.
#[derive(Serialize)]
struct After<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gone: Vec<Who<'a>>,
    mode: Mode,
    limits: Limits,
}

#[derive(Serialize)]
struct Limits {
    message_bytes: usize,
    per_second: u32,
    burst: u32,
}

/// The welcome, in pieces. The others are not copied here: a full room is half a megabyte of them.
pub(in crate::serve::web) fn welcome(
    admission: Admission,
    hub: &Hub,
    room: &RoomSettings,
) -> Vec<Arc<str>> {
    let before = Before {
        t: "welcome",
        epoch: hub.epoch(),
        you: Who::of(&admission.you),
        resume: &admission.resume,
        seq: admission.seq,
    };
    let after = After {
        gone: admission.gone.iter().map(Who::of).collect(),
        mode: room.mode,
        limits: Limits {
            message_bytes: room.message_bytes,
            per_second: room.rate.per_second,
            burst: room.rate.burst,
        },
    };
    // One object out of two, and an array between them.
    let (before, after) = (json(&before), json(&after));
    let before = format!("{},\"present\":[", before.trim_end_matches('}'));
    let after = format!("],{}\n", after.trim_start_matches('{'));
    let mut pieces = admission.present;
    pieces.insert(0, before.into());
    pieces.push(after.into());
    pieces
}

/// Somebody, as a welcome names them.
pub(super) fn somebody(who: &Identity) -> String {
    json(&Who::of(who))
}

fn json(object: &impl Serialize) -> String {
    serde_json::to_string(object).expect("strings and numbers always serialise")
}
