//! Polls that are held: while there is no news, there is no HTTP on their connection, only a stream
//! and a seat. The buffers and futures of a request, which nobody needs then, would be 14 KiB more
//! for each.

use std::convert::Infallible;
use std::future::{pending, ready};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::Version;
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::super::hub::Connection;
use super::connections::Place;
use super::door::Address;
use super::page::policy;
use super::{guard, poll};

/// A poll that says nothing is answered without news after this time: well below the 100 s of the
/// tunnel provider.
const HOLD: Duration = Duration::from_secs(25);

/// Most that is taken of what a client says while it is held. What is left unread when a connection
/// is closed has it reset, and the answer may be lost.
const UNASKED_BYTES: usize = 8 * 1024;

/// A poll that is held: all that its answer needs. Nothing of what the request says is in it.
#[derive(Debug)]
pub(super) struct Held {
    /// Where the request came to: the policy of its answer names it.
    pub(super) address: Address,
    /// Of HTTP, as the client speaks it.
    pub(super) version: Version,
    pub(super) seat: Connection,
}

/// Where a request says that it is to be held. Each connection has one, for the one request that it
/// carries.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf(Arc<Mutex<Option<Held>>>);

impl Shelf {
    /// Never returns: the connection drops the request, once it finds this here.
    pub(super) async fn put(&self, held: Held) -> Response {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
        pending().await
    }

    /// What was put here since.
    pub(super) fn take(&self) -> Option<Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What the client may do while it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    /// It said all that it has to: what follows is its end.
    Done,
    /// It said more than its request. That is not listened to, so its end is not heard, either.
    Talks,
}

impl Held {
    /// Waits for news and answers, unless the client is gone before.
    pub(super) async fn serve(mut self, stream: TcpStream, client: Client, place: &Arc<Place>) {
        place.admit();
        let answer = tokio::select! {
            answer = self.news() => answer,
            () = gone(&stream, client) => return,
        };
        place.leave();
        Box::pin(self.answer(stream, answer)).await;
    }

    /// Empty after a while, or when a newer poll takes the seat.
    async fn news(&mut self) -> Vec<Bytes> {
        let end = Instant::now() + HOLD;
        while timeout_at(end, self.seat.readable()).await.is_ok() {
            if let Some(answer) = poll::read(&mut self.seat, 0) {
                return answer;
            }
        }
        Vec::new()
    }

    /// Has hyper write the answer, to a request that we make up: of its lines, an answer only depends
    /// on the version. The end of what it reads is not the client's.
    async fn answer(self, stream: TcpStream, answer: Vec<Bytes>) {
        let Self { address, version, seat } = self;
        drop(seat);
        let request: &[u8] = if version == Version::HTTP_10 {
            b"POST / HTTP/1.0\r\n\r\n"
        } else {
            b"POST / HTTP/1.1\r\n\r\n"
        };
        let answers = service_fn(|_| {
            let mut response = poll::answer(answer.clone());
            guard::dress(&mut response, &policy(Some(&address)));
            ready(Ok::<_, Infallible>(response))
        });
        let served = http1::Builder::new()
            .half_close(true)
            .writev(true)
            .serve_connection(TokioIo::new(tokio::io::join(request, stream)), answers);
        // Whatever went wrong, it is the visitor's.
        let _ = served.await;
    }
}

/// Returns when the client is gone, as far as that can be seen.
async fn gone(stream: &TcpStream, client: Client) {
    let mut client = client;
    while client == Client::Done {
        if stream.readable().await.is_err() {
            return;
        }
        match discard(stream) {
            Ok(0) => return,
            Ok(_) => client = Client::Talks,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
    pending().await
}

/// Reads what nobody asked for. Into the heap, which forgets it.
fn discard(stream: &TcpStream) -> io::Result<usize> {
    stream.try_read(&mut vec![0; UNASKED_BYTES])
}
