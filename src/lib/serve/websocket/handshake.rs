//! Turns an HTTP connection into a WebSocket.

use std::sync::Arc;

use tokio::net::TcpStream;
use tungstenite::handshake::derive_accept_key;
use tungstenite::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use tungstenite::http::{Method, Request, Response, StatusCode, Version};

use super::reader::Reader;
use super::writer::Writer;

/// What a handshake lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serve) enum HandshakeError {
    /// It is no GET of HTTP/1.1 that offers an upgrade to WebSocket.
    NoUpgrade,
    /// `Sec-WebSocket-Version` is not 13.
    Version,
    /// There is not one `Sec-WebSocket-Key` of 16 bytes.
    Key,
}

/// The response that accepts a handshake (RFC 6455, section 4.2.2). Subprotocols and extensions that
/// the client offers are passed over.
///
/// tungstenite's own check takes one protocol in one line only, where RFC 9110 (sections 5.3 and 7.8)
/// has lists, and any key.
///
/// # Errors
/// When the request is no handshake of RFC 6455, section 4.2.1.
pub(in crate::serve) fn accept<T, B: Default>(
    request: &Request<T>,
) -> Result<Response<B>, HandshakeError> {
    let headers = request.headers();
    let is_upgrade = request.method() == Method::GET
        && request.version() >= Version::HTTP_11
        && lists(headers, header::UPGRADE, "websocket")
        && lists(headers, header::CONNECTION, "upgrade");
    if !is_upgrade {
        return Err(HandshakeError::NoUpgrade);
    }
    if only(headers, header::SEC_WEBSOCKET_VERSION) != Some(b"13") {
        return Err(HandshakeError::Version);
    }
    let key = only(headers, header::SEC_WEBSOCKET_KEY).filter(|key| is_key(key));
    let accept = derive_accept_key(key.ok_or(HandshakeError::Key)?);
    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    let accept = HeaderValue::from_str(&accept).expect("base64 is ASCII");
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

/// Whether the lines of the header list `token`, in any case (RFC 9110, section 5.6.1).
fn lists(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    headers.get_all(name).iter().any(|line| {
        let mut members = line.as_bytes().split(|byte| *byte == b',');
        members.any(|member| member.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    })
}

/// The value of a header that is there once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&[u8]> {
    let mut lines = headers.get_all(name).iter();
    lines.next().filter(|_| lines.next().is_none()).map(HeaderValue::as_bytes)
}

/// Whether the key is 16 bytes in base64: 22 characters and the padding.
fn is_key(key: &[u8]) -> bool {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    key.len() == 24 && key.ends_with(b"==") && key[..22].iter().all(is_base64)
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
