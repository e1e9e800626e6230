//! A held poll, kept without HTTP buffers while it waits.
//!
//! A poll for which there is nothing new is held for up to 25 s, and all participants may hold one at
//! the same time. If an axum handler awaited the next event, hyper's connection would stay with it: two
//! buffers of 8 KiB, which no setting makes smaller, and the futures of the request. Measured with
//! 10 000 held polls (hyper 1.12): 18.4 KiB of resident memory for each, against 2.8 KiB for a parked
//! one. So the stream of a waiting poll is taken out of hyper:
//!
//! 1. The handler puts a [`ParkedPoll`] into the [`ParkingSlot`] of its request, and never completes.
//! 2. The connection (`web/connection.rs`) checks the slot whenever it has polled hyper. When a poll is in
//!    it, the connection takes the stream back from hyper, and drops hyper, handler and request.
//! 3. [`ParkedPoll::serve`] waits for an event, or until the client is gone, with the bare stream.
//! 4. A new hyper connection then sends the answer. hyper only writes responses to requests that it has
//!    read, so it reads a minimal one in place of the client's, which the first connection has read.

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

use super::answer::{answer, read_new};
use crate::config::Mode;
use crate::serve::hub::Connection;
use crate::serve::web::connections::ConnectionSlot;
use crate::serve::web::host_policy::AcceptedHost;
use crate::serve::web::security_headers::add_security_headers;

/// After this time, a poll gets an empty answer: well below the 100 s of the tunnel provider.
pub(super) const HOLD_TIMEOUT: Duration = Duration::from_secs(25);

/// Bytes that are read and dropped if the client sends more than its request. If they were left unread,
/// the kernel would reset the connection when it is closed, and the client might lose the answer.
const MAX_DISCARDED_BYTES: usize = 8 * 1024;

/// A poll that waits: all that its answer needs, and nothing else of its request.
#[derive(Debug)]
pub(in crate::serve::web) struct ParkedPoll {
    /// For the security headers of the answer.
    pub(super) host: AcceptedHost,
    /// The client's HTTP version, in which it is answered.
    pub(super) version: Version,
    /// Of the room, for the headers of the answer.
    pub(super) mode: Mode,
    /// The participant's place in the ring; dropped before the answer is sent.
    pub(super) connection: Connection,
}

/// Where the handler of a request leaves a poll for the connection that runs the handler.
#[derive(Clone, Debug, Default)]
pub(in crate::serve::web) struct ParkingSlot(Arc<Mutex<Option<ParkedPoll>>>);

/// Whether the client has sent more than its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve::web) enum ClientInput {
    /// It has not: the next thing to read is the end of the stream.
    Silent,
    /// It has. No more is read, so a closed connection is noticed only when the answer is sent.
    Sends,
}

impl ParkingSlot {
    /// Leaves the poll in the slot. Never returns: the connection drops the handler that awaits this.
    pub(super) async fn park(&self, poll: ParkedPoll) -> Response {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(poll);
        pending().await
    }

    /// The poll that was left here since the last call.
    pub(in crate::serve::web) fn take(&self) -> Option<ParkedPoll> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ParkedPoll {
    /// Waits for something to answer and sends it, unless the client is gone before.
    pub(in crate::serve::web) async fn serve(
        mut self,
        stream: TcpStream,
        input: ClientInput,
        slot: &Arc<ConnectionSlot>,
    ) {
        slot.mark_admitted();
        let pieces = tokio::select! {
            pieces = self.new_pieces() => pieces,
            () = client_gone(&stream, input) => return,
        };
        slot.mark_closing();
        Box::pin(self.send_answer(stream, pieces)).await;
    }

    /// Waits for new pieces; returns none after the timeout, or when a newer poll takes the seat.
    async fn new_pieces(&mut self) -> Vec<Bytes> {
        let deadline = Instant::now() + HOLD_TIMEOUT;
        while timeout_at(deadline, self.connection.readable()).await.is_ok() {
            if let Some(pieces) = read_new(&mut self.connection, 0) {
                return pieces;
            }
        }
        Vec::new()
    }

    /// Has hyper answer a minimal request in place of the client's: the answer depends on nothing in
    /// the request but the HTTP version.
    async fn send_answer(self, stream: TcpStream, pieces: Vec<Bytes>) {
        let Self { host, version, mode, connection } = self;
        let cleared = connection.cleared();
        drop(connection);
        let request: &[u8] = if version == Version::HTTP_10 {
            b"POST / HTTP/1.0\r\n\r\n"
        } else {
            b"POST / HTTP/1.1\r\n\r\n"
        };
        let service = service_fn(|_| {
            let mut response = answer(pieces.clone());
            add_security_headers(&mut response, mode, Some(&host));
            ready(Ok::<_, Infallible>(response))
        });
        let sent = http1::Builder::new()
            // The end of the stand-in request is not that of the client's stream.
            .half_close(true)
            .writev(true)
            .serve_connection(TokioIo::new(tokio::io::join(request, stream)), service);
        tokio::select! {
            biased;
            // An error means that the client is gone.
            _ = sent => {}
            // Its client polls again for what follows.
            () = cleared => {}
        }
    }
}

/// Returns when the client has closed the connection; never, once it has sent more than its request.
async fn client_gone(stream: &TcpStream, input: ClientInput) {
    let mut input = input;
    while input == ClientInput::Silent {
        if stream.readable().await.is_err() {
            return;
        }
        match discard_input(stream) {
            Ok(0) => return,
            Ok(_) => input = ClientInput::Sends,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
    pending().await
}

/// Reads what the client has sent, and drops it. Into the heap and not the stack, because freed heap
/// memory is wiped.
pub(in crate::serve::web) fn discard_input(stream: &TcpStream) -> io::Result<usize> {
    stream.try_read(&mut vec![0; MAX_DISCARDED_BYTES])
}
