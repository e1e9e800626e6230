//! From an HTTP request to a socket.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tungstenite::handshake::server::create_response_with_body;

use super::{OutputState, Writer};

/// A request that asks for a socket, and may have it.
#[derive(Debug)]
pub(in crate::serve) struct Handshake {
    /// What the request is answered with.
    pub(in crate::serve) answer: Response,
    /// What it is to become.
    pub(in crate::serve) upgrade: Upgrade,
}

/// A connection that is about to be a socket. Nothing of the request is in it: its headers share the
/// buffer in which they came.
#[derive(Debug)]
pub(in crate::serve) struct Upgrade(OnUpgrade);

impl Handshake {
    /// Judges a request (RFC 6455, section 4.2.1); `None` if it asks for something else.
    pub(in crate::serve) fn of(request: &mut Request) -> Option<Self> {
        let answer = create_response_with_body(request, Body::empty).ok()?;
        Some(Self { answer, upgrade: Upgrade(hyper::upgrade::on(request)) })
    }
}

impl Upgrade {
    /// Both ends of the socket, once the answer is on its way; `None` if that could not be. Its
    /// messages are of `most` bytes at most.
    pub(in crate::serve) async fn socket(self, most: usize) -> Option<(OutputState, Writer)> {
        let parts = self.0.await.ok()?.downcast::<TokioIo<TcpStream>>().ok()?;
        Some(super::open(parts.io.into_inner(), &parts.read_buf, most))
    }
}
