//! What most people would write: axum's WebSocket and tokio's broadcast, two tasks for everybody, on
//! the usual runtime. The one thing that is not usual is TCP_NODELAY, so that it is not Nagle's
//! algorithm that is measured.

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

/// What most examples have room for, or less.
const CAPACITY: usize = 1024;

/// Serves for ever.
///
/// # Errors
/// When the system refuses something basic.
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
    upgrade.on_upgrade(async move |socket| visit(socket, room).await)
}

async fn visit(socket: WebSocket, room: Sender<Utf8Bytes>) {
    let (mut sink, mut stream) = socket.split();
    let mut news = room.subscribe();
    let mut writes = tokio::spawn(async move {
        loop {
            let message = match news.recv().await {
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
    // The two tasks of most examples, of which the first to end takes the other with it.
    let first = futures_util::future::select(&mut writes, &mut reads);
    drop(first.await);
    writes.abort();
    reads.abort();
}
