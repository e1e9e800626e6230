//! The server that most people would write: axum's WebSocket and tokio's broadcast channel, two tasks
//! for each client, on the multi-threaded runtime. Only TCP_NODELAY is unusual: without it Nagle's
//! algorithm would be measured.

use std::io::Write as _;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::{any, get};
use axum::serve::ListenerExt as _;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpListener;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self, Sender};

use super::floor::PAGE_BYTES;

/// The capacity of the channel: at least that of most examples.
const CAPACITY: usize = 1024;

/// Serves until the process is killed.
///
/// # Errors
/// When the runtime or the listener fails.
pub(super) fn serve() -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(listen()).map_err(|error| error.to_string())
}

async fn listen() -> std::io::Result<()> {
    let (room, _) = broadcast::channel::<Utf8Bytes>(CAPACITY);
    let page = "x".repeat(PAGE_BYTES);
    let routes = Router::new()
        .route("/", get(async move || page))
        .route("/ws", any(upgrade))
        .with_state(room);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?.port())?;
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, routes).await
}

async fn upgrade(State(room): State<Sender<Utf8Bytes>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |socket| handle_socket(socket, room).await)
}

async fn handle_socket(socket: WebSocket, room: Sender<Utf8Bytes>) {
    let (mut sink, mut stream) = socket.split();
    let mut messages = room.subscribe();
    let mut writes = tokio::spawn(async move {
        loop {
            let message = match messages.recv().await {
                Ok(text) => Message::Text(text),
                Err(RecvError::Lagged(lost)) => {
                    let reason = format!("lost {lost}").into();
                    let close = CloseFrame { code: 1008, reason };
                    let _ = sink.send(Message::Close(Some(close))).await;
                    return;
                }
                Err(RecvError::Closed) => return,
            };
            if sink.send(message).await.is_err() {
                return;
            }
        }
    });
    let mut reads = tokio::spawn(async move {
        while let Some(Ok(message)) = stream.next().await {
            if let Message::Text(text) = message {
                let _ = room.send(text);
            }
        }
    });
    // As in most examples, the first task that ends stops the other.
    let first = futures_util::future::select(&mut writes, &mut reads);
    drop(first.await);
    writes.abort();
    reads.abort();
}
