//! `POST /poll`. Not GET: the tunnel provider holds its responses back until they are complete, or
//! longer.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::time::timeout;

use super::answer::{ANSWER_FLUSH_BYTES, answer, answer_lines, read_new, shared_piece};
use super::entrance::{FirstLineUse, PollStart, lines_of};
use super::parked::{ParkedPoll, ParkingSlot};
use super::{handshake, open};
use crate::config::Mode;
use crate::serve::web::connections::ConnectionSlot;
use crate::serve::web::host_policy::AcceptedHost;
use crate::serve::web::lines::{self, Reply};
use crate::serve::web::state::WebState;
use crate::token::Secret;
use crate::wire::{MAX_FRAME_BYTES, Refusal, RefusalCode};

/// Time for a body of at most 16 KiB, which a browser sends at once.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether a poll waits when there is nothing new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    /// It waits for the next event.
    UntilNews,
    /// It is answered at once: its client waits for the result of the lines that it sent.
    Never,
}

/// `?after=41`: number of the last event that the client saw. Without it, or with 0, it has seen nothing yet,
/// and the answer begins with a welcome.
#[derive(Debug, Deserialize)]
pub(in crate::serve::web) struct PollQuery {
    after: Option<u64>,
}

/// Handles the lines in the body; the first is a join, unless the request has a resume token.
pub(in crate::serve::web) async fn poll(
    State(state): State<Arc<WebState>>,
    (Extension(parking), Extension(slot)): (Extension<ParkingSlot>, Extension<Arc<ConnectionSlot>>),
    Extension(host): Extension<AcceptedHost>,
    version: Version,
    query: Query<PollQuery>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    // Before the body is read, so that a client that waits for "100 Continue" need not send it.
    if body.size_hint().lower() > MAX_FRAME_BYTES as u64 {
        return body_too_long();
    }
    let body = match timeout(BODY_TIMEOUT, to_bytes(body, MAX_FRAME_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) if is_broken(&error) => {
            let text = "the request body is broken; send it again";
            return refuse(&Refusal::new(RefusalCode::BadJson, text));
        }
        Ok(Err(_)) => return body_too_long(),
        Err(_) => {
            let text = "the request body took longer than 10 s; send it again\n";
            return (StatusCode::REQUEST_TIMEOUT, text).into_response();
        }
    };
    slot.mark_awaiting_answer();
    let Ok(body) = std::str::from_utf8(&body) else {
        return refuse(&Refusal::new(RefusalCode::BadJson, "the body must be UTF-8 text"));
    };
    let bearer = bearer_token(&headers);
    let entrance = match state.hub.mode() {
        Mode::Open => open::enter(&state, &slot, bearer, query.after, body).await,
        Mode::Sealed => handshake::enter(&state, &slot, bearer, query.after, body).await,
    };
    let ((mut connection, welcome), first_use) = match entrance {
        Ok(PollStart::Entered(entered, first_use)) => (entered, first_use),
        Ok(PollStart::Lines(lines)) => return answer_lines(lines),
        Err(refusal) => return refuse(&refusal),
    };
    connection.mark_poll();
    if !welcome.is_empty() {
        connection.repeat_own_line();
    }
    let mut hold = if welcome.is_empty() { Hold::UntilNews } else { Hold::Never };
    let welcome = welcome.into_iter().map(shared_piece);
    let mut replies = String::new();
    let used = usize::from(first_use == FirstLineUse::Join);
    for line in lines_of(body).skip(used) {
        hold = Hold::Never;
        if replies.len() >= ANSWER_FLUSH_BYTES {
            replies.push_str(&too_many_lines().to_line());
            break;
        }
        match lines::handle_line(&state, &connection, line) {
            Reply::None => {}
            Reply::Line(line) => replies.push_str(&line),
            Reply::Left => return answer(welcome.chain([replies.into()]).collect()),
        }
    }
    match (read_new(&mut connection, replies.len()), hold) {
        (None, Hold::UntilNews) => {
            let mode = state.room.mode;
            parking.park(ParkedPoll { host, version, mode, connection }).await
        }
        (pieces, Hold::UntilNews | Hold::Never) => {
            let replies = Bytes::from(replies);
            answer(welcome.chain([replies]).chain(pieces.unwrap_or_default()).collect())
        }
    }
}

/// The token after `Bearer`, in any case and with any number of spaces (RFC 9110, section 11.4); with
/// another scheme an empty one, which no seat has, because a request with the header never joins.
fn bearer_token(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(header::AUTHORIZATION)?;
    let credentials = value.to_str().ok().and_then(|value| value.split_once(' '));
    let token = credentials.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"));
    Some(Secret::new(token.map_or("", |(_, token)| token.trim_start()).to_owned()))
}

/// Whether the body could not be read, as opposed to one that is too long.
fn is_broken(error: &axum::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause.filter(|error| !error.is::<hyper::Error>()) {
        cause = error.source();
    }
    cause.is_some()
}

/// Answers with a refusal. It is a line with status 200, except for refusals that a program should
/// notice by the status alone.
fn refuse(refusal: &Refusal) -> Response {
    let status = match refusal.code {
        RefusalCode::BadTicket => StatusCode::UNAUTHORIZED,
        RefusalCode::BadJson => StatusCode::BAD_REQUEST,
        RefusalCode::Removed => StatusCode::GONE,
        RefusalCode::TooFast
        | RefusalCode::TooLong
        | RefusalCode::BadName
        | RefusalCode::NameTaken
        | RefusalCode::Full
        | RefusalCode::BadKey
        | RefusalCode::Muted
        | RefusalCode::Slow
        | RefusalCode::Locked
        | RefusalCode::NotAdmitted
        | RefusalCode::Closing => StatusCode::OK,
    };
    let mut response = (status, answer_lines(refusal.to_line())).into_response();
    if status == StatusCode::UNAUTHORIZED {
        // RFC 9110, section 11.6.1.
        let scheme = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

fn too_many_lines() -> Refusal {
    let text = "too many lines; the rest of this request was not read, send fewer at a time";
    Refusal::new(RefusalCode::TooLong, text)
}

fn body_too_long() -> Response {
    let refusal = Refusal::new(RefusalCode::TooLong, "a request body has at most 16 KiB");
    (StatusCode::PAYLOAD_TOO_LARGE, answer_lines(refusal.to_line())).into_response()
}
