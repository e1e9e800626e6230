//! The answer to a poll: everything that is new for its participant.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};

use crate::serve::hub::{CloseReason, Connection, ReadOutcome};
use crate::wire;

/// An answer that has this size is sent before more of the ring is read. Its last batch may exceed it,
/// and a slow connection still transfers that within the time that the client waits.
pub(in crate::serve::web) const ANSWER_FLUSH_BYTES: usize = 64 * 1024;

/// A piece of this length is not copied into an answer.
const SHARED_PIECE_BYTES: usize = 16 * 1024;

const NDJSON: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/x-ndjson")];

/// Reads what is new, in one piece per batch, for an answer that has `bytes` already. `None` if there
/// is nothing to answer yet.
pub(super) fn read_new(connection: &mut Connection, mut bytes: usize) -> Option<Vec<Bytes>> {
    let mut pieces = Vec::new();
    loop {
        match connection.try_read() {
            ReadOutcome::Pieces(read) => {
                bytes += read.iter().map(|piece| piece.len()).sum::<usize>();
                pieces.extend(gather(read));
                // Below the bound, reads on: the end of the session may be next, with no time for
                // another poll.
                if bytes >= ANSWER_FLUSH_BYTES {
                    return Some(pieces);
                }
            }
            ReadOutcome::Closed(CloseReason::SessionEnded) => {
                pieces.push(wire::end_line().into());
                return Some(pieces);
            }
            ReadOutcome::Closed(CloseReason::Removed) => {
                pieces.push(wire::removed_line().into());
                return Some(pieces);
            }
            // A newer poll of the same seat gets what follows.
            ReadOutcome::Closed(CloseReason::Replaced) => return Some(pieces),
            ReadOutcome::Empty => return (bytes > 0 || !pieces.is_empty()).then_some(pieces),
        }
    }
}

/// Copies neighbours together that are short. A long piece, such as a roster of a sealed room, is shared
/// with all answers that have it.
fn gather(read: Vec<Arc<str>>) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    let mut short = String::new();
    for piece in read {
        if piece.len() < SHARED_PIECE_BYTES {
            short.push_str(&piece);
            continue;
        }
        if !short.is_empty() {
            pieces.push(std::mem::take(&mut short).into());
        }
        pieces.push(shared_piece(piece));
    }
    if !short.is_empty() {
        pieces.push(short.into());
    }
    pieces
}

/// A response of these pieces, which are not copied.
pub(super) fn answer(pieces: Vec<Bytes>) -> Response {
    let remaining = pieces.iter().map(Bytes::len).sum::<usize>() as u64;
    (NDJSON, Body::new(Pieces { pieces: pieces.into_iter(), remaining })).into_response()
}

/// A response of lines that only this client gets, such as a refusal.
pub(super) fn answer_lines(lines: String) -> Response {
    (NDJSON, lines).into_response()
}

/// A piece that shares its text with other answers, as most of a welcome does.
pub(super) fn shared_piece(text: Arc<str>) -> Bytes {
    struct Shared(Arc<str>);
    impl AsRef<[u8]> for Shared {
        fn as_ref(&self) -> &[u8] {
            self.0.as_bytes()
        }
    }
    Bytes::from_owner(Shared(text))
}

/// The body of an answer, one frame per piece.
struct Pieces {
    pieces: std::vec::IntoIter<Bytes>,
    /// Bytes of the pieces that hyper has not taken.
    remaining: u64,
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.pieces.next();
        self.remaining -= piece.as_ref().map_or(0, Bytes::len) as u64;
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}
