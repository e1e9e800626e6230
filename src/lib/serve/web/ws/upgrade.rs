//! `GET /ws`: turns an HTTP connection into a socket with its own task.

use std::sync::Arc;

use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::close::CloseAction;
use super::join::join;
use super::session::SocketSession;
use crate::serve::web::connections::ConnectionSlot;
use crate::serve::web::state::WebState;
use crate::serve::websocket::{self, Reader, Writer};
use crate::wire::MAX_FRAME_BYTES;

/// Accepts a handshake and starts the task of the socket, which keeps the slot of its connection.
pub(in crate::serve::web) async fn upgrade(
    State(state): State<Arc<WebState>>,
    Extension(slot): Extension<Arc<ConnectionSlot>>,
    mut request: Request,
) -> Response {
    let Some(response) = websocket::accept(&request) else {
        let text = "not a WebSocket handshake; open this address with a WebSocket client\n";
        return (StatusCode::BAD_REQUEST, text).into_response();
    };
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
    match action {
        CloseAction::Drop => {}
        CloseAction::Echo(code) => Box::pin(writer.close(reader, code)).await,
        CloseAction::Send(code) => Box::pin(writer.close(reader, Some(code as u16))).await,
    }
}
