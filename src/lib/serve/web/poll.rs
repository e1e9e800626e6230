//! The room over long polls, for networks that let no WebSocket through. By POST, because the
//! tunnel provider holds the answers to GET back until they are complete and beyond.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use serde::Deserialize;
use tokio::time::timeout;

use super::super::hub::{CloseReason, Connection, ReadOutcome};
use super::Web;
use super::door::Address;
use super::hold::{Held, Shelf};
use super::visit::{self, Reply};
use crate::token::Secret;
use crate::wire::{self, ClientMessage, MAX_FRAME_BYTES, Refusal, RefusalCode};

/// A body of 16 KiB that takes longer than this is not meant to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// An answer of this size goes out before the rest of the ring is looked at: at most one more batch
/// is added to it, which a slow line still swallows before the client gives up.
pub(super) const ANSWER_BYTES: usize = 64 * 1024;

/// What becomes of a poll for which there is no news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// It is held until there is some.
    ForNews,
    /// It said something: who sends that wants to know at once what became of it.
    Never,
}

/// `?after=41`: the last number the client saw. Without it, only news from now on.
#[derive(Debug, Deserialize)]
pub(super) struct Cursor {
    after: Option<u64>,
}

/// `POST /poll`.
pub(super) async fn poll(
    State(web): State<Arc<Web>>,
    Extension(shelf): Extension<Shelf>,
    Extension(address): Extension<Address>,
    version: Version,
    cursor: Query<Cursor>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let body = match timeout(BODY_PATIENCE, to_bytes(body, MAX_FRAME_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return too_long(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let Ok(body) = std::str::from_utf8(&body) else {
        return refuse(&Refusal::new(RefusalCode::BadJson, "a body is UTF-8 text"));
    };
    let bearer = bearer(&headers).map(|resume| Secret::new(resume.to_owned()));
    let mut lines = body.lines().filter(|line| !line.is_empty());
    let entered = match bearer {
        Some(resume) => come_back(&web, resume, cursor.after),
        None => come_in(&web, lines.next()),
    };
    let (mut connection, welcome) = match entered {
        Ok(entered) => entered,
        Err(refused) => return refuse(&refused),
    };
    // A welcome is answered at once.
    let mut wait = if welcome.is_empty() { Wait::ForNews } else { Wait::Never };
    let welcome = welcome.into_iter().map(|words| Bytes::from_owner(Shared(words)));
    let mut replies = String::new();
    for line in lines {
        wait = Wait::Never;
        if replies.len() >= ANSWER_BYTES {
            replies.push_str(&too_many().to_line());
            break;
        }
        match visit::obey(&web, &connection, line) {
            Reply::Nothing => {}
            Reply::Line(line) => replies.push_str(&line),
            Reply::Left => return answer(welcome.chain([replies.into()]).collect()),
        }
    }
    match (read(&mut connection, replies.len()), wait) {
        (None, Wait::ForNews) => shelf.put(Held { address, version, seat: connection }).await,
        (news, Wait::ForNews | Wait::Never) => {
            let replies = Bytes::from(replies);
            answer(welcome.chain([replies]).chain(news.unwrap_or_default()).collect())
        }
    }
}

/// An answer to a participant, in these pieces. Pieces that are shared with others, as most of a welcome
/// is, are not copied for it.
pub(super) fn answer(pieces: Vec<Bytes>) -> Response {
    let left = pieces.iter().map(Bytes::len).sum::<usize>() as u64;
    (NDJSON, Body::new(Answer { pieces: pieces.into_iter(), left })).into_response()
}

/// Words that others share.
struct Shared(Arc<str>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// An answer on its way.
struct Answer {
    pieces: std::vec::IntoIter<Bytes>,
    /// Bytes in the pieces.
    left: u64,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.pieces.next();
        self.left -= piece.as_ref().map_or(0, Bytes::len) as u64;
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Reads on, behind so many bytes that are answered already, one piece for each batch; `None`: there
/// is nothing to say yet.
pub(super) fn read(connection: &mut Connection, mut bytes: usize) -> Option<Vec<Bytes>> {
    let mut pieces = Vec::new();
    loop {
        match connection.try_read() {
            ReadOutcome::Batch(batch) => {
                let piece = batch.into_lines().concat();
                bytes += piece.len();
                pieces.push(piece.into());
                // More may be there already, such as the end, and no time for another poll.
                if bytes >= ANSWER_BYTES {
                    return Some(pieces);
                }
            }
            ReadOutcome::Closed(CloseReason::SessionEnded) => {
                pieces.push(wire::end_line().into());
                return Some(pieces);
            }
            // A newer poll of the same seat answers from here on.
            ReadOutcome::Closed(CloseReason::Replaced) => return Some(pieces),
            ReadOutcome::Empty => return (bytes > 0 || !pieces.is_empty()).then_some(pieces),
        }
    }
}

/// A participant's connection, and the welcome if this is the first poll.
type Entered = (Connection, Vec<Arc<str>>);

fn come_in(web: &Web, first: Option<&str>) -> Result<Entered, Refusal> {
    let mut connection = visit::enter(web, ClientMessage::parse(first.unwrap_or_default())?)?;
    let welcome = connection.welcome().unwrap_or_default();
    Ok((connection, welcome))
}

fn come_back(web: &Web, resume: Secret, after: Option<u64>) -> Result<Entered, Refusal> {
    Ok((web.hub.resume(&resume, after)?, Vec::new()))
}

/// What follows `Bearer`; nothing that any seat has if another scheme is asked for. Whoever sends
/// the header comes back to a seat, and never in again under the first line.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?;
    let known = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
    Some(known.unwrap_or_default())
}

const NDJSON: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/x-ndjson")];

fn lines_of(answer: String) -> Response {
    (NDJSON, answer).into_response()
}

/// Refusals keep the status of the protocol's own lines, but for those that a program which knows
/// HTTP alone should see.
fn refuse(refused: &Refusal) -> Response {
    let status = match refused.code {
        RefusalCode::BadTicket => StatusCode::UNAUTHORIZED,
        RefusalCode::BadJson => StatusCode::BAD_REQUEST,
        RefusalCode::TooFast
        | RefusalCode::TooLong
        | RefusalCode::BadName
        | RefusalCode::NameTaken
        | RefusalCode::Full
        | RefusalCode::Closing => StatusCode::OK,
    };
    (status, lines_of(refused.to_line())).into_response()
}

fn too_many() -> Refusal {
    Refusal::new(
        RefusalCode::TooLong,
        "the rest of this request was not read; send fewer lines at a time",
    )
}

fn too_long() -> Response {
    let refused = Refusal::new(RefusalCode::TooLong, "a request carries at most 16 KiB");
    (StatusCode::PAYLOAD_TOO_LARGE, lines_of(refused.to_line())).into_response()
}
