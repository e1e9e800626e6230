//! Turns an HTTP connection into a WebSocket.

use std::sync::Arc;

use tokio::net::TcpStream;
use tungstenite::handshake::server::create_response_with_body;
use tungstenite::http::{Request, Response};

use super::reader::Reader;
use super::writer::Writer;

/// The response that accepts a handshake (RFC 6455, section 4.2.2); `None` if the request is no valid
/// handshake.
pub(in crate::serve) fn accept<T, B: Default>(request: &Request<T>) -> Option<Response<B>> {
    create_response_with_body(request, B::default).ok()
}

/// Both ends of a stream after its handshake. `early` are the bytes that the client sent behind the
/// handshake; a message over `max_message_bytes` is a [`super::ProtocolError`].
pub(in crate::serve) fn open(
    stream: TcpStream,
    early: &[u8],
    max_message_bytes: usize,
) -> (Reader, Writer) {
    let stream = Arc::new(stream);
    (Reader::new(Arc::clone(&stream), early, max_message_bytes), Writer::new(stream))
}
