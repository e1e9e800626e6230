//! What the server says: to one client, or through the ring to all.

use std::sync::Arc;

use serde::Serialize;

use super::refused::Why;
use crate::chat::Event;
use crate::config::RoomSettings;
use crate::control::Participant;
use crate::serve::hub::{Admission, Batch, Connection, Hub};

/// Everything that a client may be told.
#[derive(Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub(super) enum FromServer<'a> {
    Welcome {
        epoch: &'a str,
        you: Who<'a>,
        resume: &'a str,
        seq: u64,
        present: Vec<Who<'a>>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        gone: Vec<Who<'a>>,
        mode: crate::config::Mode,
        limits: Limits,
    },
    Joined {
        seq: u64,
        who: Who<'a>,
    },
    Left {
        seq: u64,
        n: u64,
    },
    Said {
        seq: u64,
        n: u64,
        at: u64,
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        body: &'a str,
    },
    Moved {
        seq: u64,
        url: &'a str,
    },
    Typing {
        n: u64,
    },
    Gap {
        missed: u64,
    },
    Refused {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        why: Why,
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        suggest: Option<&'a str>,
    },
    Beat,
    End {
        text: &'a str,
    },
}

#[derive(Serialize)]
pub(super) struct Who<'a> {
    n: u64,
    tag: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
pub(super) struct Limits {
    message_bytes: usize,
    per_second: u32,
    burst: u32,
}

/// The line of an event of the room; see [`crate::serve::hub::Encode`].
pub(in crate::serve) fn encode(seq: u64, at: u64, event: &Event) -> Arc<str> {
    let event = match event {
        Event::Joined(who) => FromServer::Joined {
            seq,
            who: Who { n: who.number, tag: who.tag.as_str(), name: who.name.as_str() },
        },
        Event::Left(who) => FromServer::Left { seq, n: who.number },
        Event::Moved { url } => FromServer::Moved { seq, url },
        Event::Said { number, reference, text } => FromServer::Said {
            seq,
            n: *number,
            at,
            reference: reference.as_deref(),
            body: text.as_str(),
        },
    };
    line(&event).into()
}

/// The first line that somebody who was let in gets, and the backlog after it. Of the admission only
/// the connection lives on: a roster for everybody would be a square of them, and a backlog would be
/// remembered for as long as they stay.
pub(in crate::serve::web) fn welcome(
    admission: Admission,
    hub: &Hub,
    room: &RoomSettings,
) -> (Connection, Vec<Arc<str>>) {
    let welcome = line(&FromServer::Welcome {
        epoch: hub.epoch(),
        you: who(&admission.you),
        resume: &admission.resume,
        seq: admission.connection.cursor(),
        present: admission.present.iter().map(who).collect(),
        gone: admission.gone.iter().map(who).collect(),
        mode: room.mode,
        limits: Limits {
            message_bytes: room.message_bytes,
            per_second: room.rate.per_second,
            burst: room.rate.burst,
        },
    });
    let mut lines = admission.backlog;
    lines.insert(0, welcome.into());
    (admission.connection, lines)
}

/// Everything that is new to a reader: what was missed, what happened, who types. What happened is
/// shared with the ring, not copied.
pub(in crate::serve::web) fn news(batch: Batch) -> Vec<Arc<str>> {
    let Batch { past, typing, .. } = batch;
    let mut lines = past.events;
    if past.missed > 0 {
        lines.insert(0, line(&FromServer::Gap { missed: past.missed }).into());
    }
    lines.extend(typing.iter().map(|n| Arc::from(line(&FromServer::Typing { n: *n }))));
    lines
}

/// The answer to a beat.
pub(in crate::serve::web) fn beat() -> String {
    line(&FromServer::Beat)
}

/// The last line of a session.
pub(in crate::serve::web) fn end() -> String {
    line(&FromServer::End { text: "What was said here is not kept." })
}

fn who(participant: &Participant) -> Who<'_> {
    Who { n: participant.number, tag: &participant.tag, name: &participant.name }
}

/// The event as one line.
pub(super) fn line(event: &FromServer<'_>) -> String {
    let mut line = serde_json::to_string(event).expect("strings and numbers always serialise");
    line.push('\n');
    line
}
