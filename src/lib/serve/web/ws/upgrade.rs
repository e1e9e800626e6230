//! `GET /ws`: turns an HTTP connection into a socket with its own task.

use std::sync::Arc;

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::close::CloseAction;
use super::join::join;
use super::session::SocketSession;
use crate::serve::web::connections::ConnectionSlot;
use crate::serve::web::host_policy::{AcceptedHost, RequestSource};
use crate::serve::web::middleware::CROSS_SITE;
use crate::serve::web::state::WebState;
use crate::serve::websocket::{self, HandshakeError, Reader, Writer};
use crate::wire::MAX_FRAME_BYTES;

/// Accepts a handshake and starts the task of the socket, which keeps the slot of its connection.
pub(in crate::serve::web) async fn upgrade(
    State(state): State<Arc<WebState>>,
    Extension(slot): Extension<Arc<ConnectionSlot>>,
    Extension(host): Extension<AcceptedHost>,
    mut request: Request,
) -> Response {
    let response = match websocket::accept(&request) {
        Ok(response) => response,
        Err(error) => return reject(error),
    };
    if !host.may_upgrade(RequestSource::of(request.headers())) {
        return CROSS_SITE.into_response();
    }
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Some((mut reader, writer)) = Box::pin(open(upgraded)).await else { return };
        // Not bound to a name first: a future that is moved takes its size twice in this task.
        tokio::select! {
            () = run_socket(&state, &slot, &mut reader, writer) => {}
            () = slot.evicted() => {}
        }
    });
    response
}

/// Says what the handshake lacks (RFC 6455, sections 4.2.1 and 4.4; RFC 9110, section 15.5.22).
fn reject(error: HandshakeError) -> Response {
    let (status, text) = match error {
        HandshakeError::NoUpgrade => (
            StatusCode::UPGRADE_REQUIRED,
            "not a WebSocket handshake; open this address with a WebSocket client\n",
        ),
        HandshakeError::Version => {
            (StatusCode::UPGRADE_REQUIRED, "another version of WebSocket; use version 13\n")
        }
        HandshakeError::Key => (
            StatusCode::BAD_REQUEST,
            "a WebSocket handshake needs one Sec-WebSocket-Key of 16 bytes; send it again with one\n",
        ),
    };
    let mut response = (status, text).into_response();
    if status == StatusCode::UPGRADE_REQUIRED {
        let headers = response.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    response
}

/// Both ends of the socket, once the response is sent; `None` if the connection ended before. Keeps no
/// part of the request: its headers share the buffer in which they arrived.
async fn open(upgraded: OnUpgrade) -> Option<(Reader, Writer)> {
    let parts = upgraded.await.ok()?.downcast::<TokioIo<TcpStream>>().ok()?;
    Some(websocket::open(parts.io.into_inner(), &parts.read_buf, MAX_FRAME_BYTES))
}

/// Runs a socket from its first message to the close frame. Short and rare futures are boxed: thousands
/// of sockets only wait, and each costs as much memory as the largest future that is not boxed.
async fn run_socket(
    state: &WebState,
    slot: &Arc<ConnectionSlot>,
    reader: &mut Reader,
    mut writer: Writer,
) {
    let (action, writer) = match Box::pin(join(state, slot, reader, &mut writer)).await {
        Ok((connection, rest)) => {
            let mut session = SocketSession::new(state, connection, reader, writer);
            let Err(action) = session.run(rest).await;
            // Drops the connection before the close frame, which a slow client may hold up: the room
            // learns of the disconnect at once.
            (action, session.into_writer())
        }
        Err(action) => (action, Some(writer)),
    };
    slot.mark_closing();
    let Some(writer) = writer else { return };
    let code = match action {
        CloseAction::Drop => return,
        CloseAction::Echo(code) => code,
        CloseAction::Send(code) => Some(code as u16),
    };
    if Box::pin(writer.send_close(code)).await {
        slot.mark_answered();
        Box::pin(reader.await_close()).await;
    }
}
