//! Serves one HTTP/1 connection, which carries one request, with bounds on its time and its memory.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::CONTENT_LENGTH;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::connections::ConnectionSlot;
use super::poll::{ANSWER_FLUSH_BYTES, ClientInput, ParkedPoll, ParkingSlot, discard_input};
use super::target::normalize;
use crate::wire::MAX_FRAME_BYTES;

/// For the request line and the headers, which browsers and the tunnel send at once. Also ends
/// connections that a browser opens ahead and does not use.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// For a connection that does not become a WebSocket: its head (10 s), its body (10 s), the time for
/// which a poll is held (25 s), and an answer that is read as slowly as a socket may be (20 s).
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(70);

/// Largest request head. Browsers send below 2 KiB, and the tunnel provider adds less than 2 KiB.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// For what a client still sends after the response: the rest of a body that was too long.
const LINGER_TIMEOUT: Duration = Duration::from_secs(5);

/// Most of it that is read.
const MAX_LINGER_BYTES: usize = 8 * 1024 * 1024;

/// Memory of one request: its head, its body and copies of it on the way into the room, an answer up to
/// the size at which it is sent, and the connection itself.
pub(in crate::serve) const MAX_REQUEST_BYTES: usize =
    2 * MAX_HEAD_BYTES + 3 * MAX_FRAME_BYTES + ANSWER_FLUSH_BYTES + 8 * 1024;

/// Serves the one request of a connection. If it becomes a WebSocket, its task serves it from then on.
pub(super) async fn serve_connection(
    stream: TcpStream,
    routes: TowerToHyperService<axum::Router>,
    slot: &Arc<ConnectionSlot>,
) {
    // A chat line must not wait for the acknowledgement of the one before (Nagle).
    let _ = stream.set_nodelay(true);
    let request = async {
        // Boxed, so that hyper's part is freed before a poll waits.
        if let Some((poll, stream, input)) = Box::pin(serve_http(stream, routes, slot)).await {
            poll.serve(stream, input, slot).await;
        }
    };
    // An error is the client's or its connection's: the operator could not act on it.
    let _ = timeout(CONNECTION_TIMEOUT, request).await;
}

/// Has hyper serve one request, until its response is sent. If the request is a poll that parks,
/// returns it with the bare stream; hyper, the request and its buffers are dropped then. See
/// [`ParkedPoll`].
async fn serve_http(
    stream: TcpStream,
    routes: TowerToHyperService<axum::Router>,
    slot: &Arc<ConnectionSlot>,
) -> Option<(ParkedPoll, TcpStream, ClientInput)> {
    let parking = ParkingSlot::default();
    let extensions = (parking.clone(), Arc::clone(slot));
    let service = service_fn(move |mut request: Request<Incoming>| {
        let (parking, slot) = extensions.clone();
        request.extensions_mut().insert(parking);
        request.extensions_mut().insert(slot);
        // Before the routes, which compare paths byte by byte.
        if let Some(target) = normalize(request.uri()) {
            *request.uri_mut() = target;
        }
        let response = routes.call(request);
        async {
            response.await.map(|mut response| {
                // axum gives every response to HEAD a length, and a 204 has none (RFC 9110, section 8.6).
                if response.status() == StatusCode::NO_CONTENT {
                    response.headers_mut().remove(CONTENT_LENGTH);
                }
                response
            })
        }
    });
    let mut http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        // Writes the pieces of an answer from where they are, without a copy in one buffer.
        .writev(true)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let parked = poll_fn(|cx| {
        let done = Pin::new(&mut http).poll(cx).map(|_| None);
        parking.take().map_or(done, |poll| Poll::Ready(Some(poll)))
    })
    .await;
    let parts = http.into_parts()?;
    let Some(poll) = parked else {
        linger(parts.io.into_inner(), slot).await;
        return None;
    };
    let input = if parts.read_buf.is_empty() { ClientInput::Silent } else { ClientInput::Sends };
    Some((poll, parts.io.into_inner(), input))
}

/// Reads and drops what the client has sent and hyper has not read, until the client closes. If it were
/// left unread, the kernel would reset the connection, and the client might lose the response (RFC 9112,
/// section 9.6). hyper has shut the sending half down.
async fn linger(stream: TcpStream, slot: &Arc<ConnectionSlot>) {
    slot.mark_answered();
    // One byte shows whether there is more; most clients have sent none. On the heap, which is wiped.
    let mut first = Box::new([0]);
    if !matches!(stream.try_read(&mut *first), Ok(1)) {
        return;
    }
    slot.mark_closing();
    let drain = async {
        let mut bytes = 0;
        while bytes < MAX_LINGER_BYTES && stream.readable().await.is_ok() {
            match discard_input(&stream) {
                Ok(0) => return,
                Ok(read) => bytes += read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    };
    let _ = timeout(LINGER_TIMEOUT, drain).await;
}
