//! What the server says: to one client, or through the ring to all.

use std::sync::Arc;

use serde::Serialize;

use super::refused::Why;
use crate::chat::{Event, Identity};
use crate::serve::hub::Batch;

/// Everything that a client may be told.
#[derive(Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub(super) enum FromServer<'a> {
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

/// Somebody, as all are told of them.
#[derive(Serialize)]
pub(super) struct Who<'a> {
    n: u64,
    tag: &'a str,
    name: &'a str,
}

impl<'a> Who<'a> {
    /// This one.
    pub(super) fn of(who: &'a Identity) -> Self {
        Self { n: who.number, tag: who.tag.as_str(), name: who.name.as_str() }
    }
}

/// The line of an event of the room; see [`crate::serve::hub::Encoding`].
pub(super) fn encode(seq: u64, at: u64, event: &Event) -> Arc<str> {
    let event = match event {
        Event::Joined(who) => FromServer::Joined { seq, who: Who::of(who) },
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

/// Everything that is new to a reader: what was missed, what happened, who types. What happened is
/// shared with the ring, not copied.
pub(in crate::serve) fn news(batch: Batch) -> Vec<Arc<str>> {
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

/// The event as one line.
pub(super) fn line(event: &FromServer<'_>) -> String {
    let mut line = serde_json::to_string(event).expect("strings and numbers always serialise");
    line.push('\n');
    line
}
