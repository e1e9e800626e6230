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
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::super::hub::{Connection, News, Over, Return};
use super::Web;
use super::door::Address;
use super::hold::{Held, Shelf};
use super::visit::{self, Reply};
use super::wire::{self, FRAME_BYTES, FromClient, Refused, Why};
use crate::token::Secret;

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
    let body = match timeout(BODY_PATIENCE, to_bytes(body, FRAME_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return too_long(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let Ok(body) = std::str::from_utf8(&body) else {
        return refuse(&Refused::new(Why::BadJson, "a body is UTF-8 text"));
    };
    let bearer = bearer(&headers).map(|resume| Secret::new(resume.to_owned()));
    let mut lines = body.lines().filter(|line| !line.is_empty());
    let (entered, place) = match bearer {
        Some(resume) => (come_back(&web, resume, cursor.after), None),
        None => {
            let place = web.welcoming().await;
            (come_in(&web, lines.next()), Some(place))
        }
    };
    let (mut connection, mut text) = match entered {
        Ok(entered) => entered,
        Err(refused) => return refuse(&refused),
    };
    let mut wait = Wait::ForNews;
    for line in lines {
        wait = Wait::Never;
        if text.len() >= ANSWER_BYTES {
            text.push_str(&too_many().line());
            break;
        }
        match visit::obey(&web, &connection, line) {
            Reply::Nothing => {}
            Reply::Line(line) => text.push_str(&line),
            Reply::Left => return lines_of(text),
        }
    }
    match (read(&mut connection, text), wait) {
        (None, Wait::ForNews) => shelf.put(Held { address, version, seat: connection }).await,
        (read, Wait::ForNews | Wait::Never) => answer(read.unwrap_or_default().into(), place),
    }
}

/// An answer to somebody in the room, with the place among those who are being welcomed, if it is a
/// welcome.
pub(super) fn answer(text: Bytes, place: Option<OwnedSemaphorePermit>) -> Response {
    (NDJSON, Body::new(Answer { text: Some(text), _place: place })).into_response()
}

/// An answer on its way, with the place among those who are being welcomed, if it is a welcome.
struct Answer {
    text: Option<Bytes>,
    _place: Option<OwnedSemaphorePermit>,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.text.take().map(|text| Ok(Frame::data(text))))
    }

    fn is_end_stream(&self) -> bool {
        self.text.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.text.as_ref().map_or(0, |text| text.len() as u64))
    }
}

/// Reads on, behind what is to be answered already; `None`: there is nothing to say yet.
pub(super) fn read(connection: &mut Connection, mut answer: String) -> Option<String> {
    loop {
        match connection.read() {
            News::Some(batch) => {
                answer.extend(wire::news(batch).iter().map(|line| &**line));
                // More may be there already, such as the end, and no time for another poll.
                if answer.len() >= ANSWER_BYTES {
                    return Some(answer);
                }
            }
            News::Over(Over::Ended) => {
                answer.push_str(&wire::end());
                return Some(answer);
            }
            // A newer poll of the same seat answers from here on.
            News::Over(Over::Replaced) => return Some(answer),
            News::Nothing => return (!answer.is_empty()).then_some(answer),
        }
    }
}

fn come_in(web: &Web, first: Option<&str>) -> Result<(Connection, String), Refused> {
    let admission = visit::enter(web, FromClient::parse(first.unwrap_or_default())?)?;
    let (connection, welcome) = wire::welcome(admission, &web.hub, &web.room);
    Ok((connection, welcome.concat()))
}

fn come_back(
    web: &Web,
    resume: Secret,
    after: Option<u64>,
) -> Result<(Connection, String), Refused> {
    let back = Return { resume, after };
    Ok((web.hub.reconnect(&back)?, String::new()))
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
fn refuse(refused: &Refused) -> Response {
    let status = match refused.why {
        Why::BadTicket => StatusCode::UNAUTHORIZED,
        Why::BadJson => StatusCode::BAD_REQUEST,
        Why::TooFast | Why::TooLong | Why::BadName | Why::NameTaken | Why::Full | Why::Closing => {
            StatusCode::OK
        }
    };
    (status, lines_of(refused.line())).into_response()
}

fn too_many() -> Refused {
    Refused::new(Why::TooLong, "the rest of this request was not read; send fewer lines at a time")
}

fn too_long() -> Response {
    let refused = Refused::new(Why::TooLong, "a request carries at most 16 KiB");
    (StatusCode::PAYLOAD_TOO_LARGE, lines_of(refused.line())).into_response()
}
