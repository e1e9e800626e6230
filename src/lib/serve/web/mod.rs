//! HTTP: all routes, and nothing else that faces the network.

mod connections;
mod door;
#[cfg(test)]
mod door_tests;
mod end;
mod fanout;
mod guard;
mod hold;
mod listen;
mod page;
mod poll;
mod socket;
mod visit;
mod websocket;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};

use super::hub::Hub;
use crate::config::RoomSettings;
use crate::wire;
use connections::Connections;
use fanout::FanOut;

pub(super) use door::{Door, Public};
pub(super) use fanout::FRAMES;
pub(super) use listen::serve;

/// What every request may see.
#[derive(Debug)]
pub(super) struct Web {
    hub: Arc<Hub>,
    fan_out: Arc<FanOut>,
    door: Door,
    page: page::Page,
    room: RoomSettings,
    connections: Arc<Connections>,
}

/// Pending connections beyond as many as the room has participants: pages being loaded, refusals being
/// read, polls and reconnections that overlap. At the bound, the oldest is cut.
pub(super) const SPARE: usize = 256;

impl Web {
    /// Prepares to serve this room behind this door.
    pub(super) fn new(hub: Arc<Hub>, door: Door, room: RoomSettings) -> Self {
        let page = page::Page::of(&room);
        let connections = Arc::new(Connections::new(room.max_participants + SPARE));
        let fan_out = Arc::default();
        Self { hub, fan_out, door, page, room, connections }
    }

    /// The rules for `Host`.
    pub(super) fn door(&self) -> &Door {
        &self.door
    }
}

/// Most that a socket's task holds, beside what it shares with the ring: a message and its copies on
/// the way into the room, the answers to its lines, and itself.
pub(super) const SOCKET_BYTES: usize =
    3 * wire::MAX_FRAME_BYTES + 2 * websocket::ANSWER_BYTES + 4 * 1024;

/// Most that a request holds: its head, its body and copies of it on the way into the room, an answer
/// that was begun below its bound, and the connection itself.
pub(super) const REQUEST_BYTES: usize =
    2 * listen::HEAD_BYTES + 3 * wire::MAX_FRAME_BYTES + poll::ANSWER_BYTES + 8 * 1024;

fn routes(web: Arc<Web>) -> Router {
    Router::new()
        .route("/", get(document))
        .route("/t/{ticket}", get(document))
        .route("/ws", get(websocket::upgrade))
        .route("/poll", post(poll::poll))
        .route("/bye", post(bye))
        .route("/health", get(StatusCode::NO_CONTENT))
        .fallback((StatusCode::NOT_FOUND, "there is nothing at this address\n"))
        .method_not_allowed_fallback(async || {
            (StatusCode::METHOD_NOT_ALLOWED, "this address takes another method\n")
        })
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&web), guard::guard))
        .with_state(web)
}

/// The page. The ticket in its path is not looked at: only a join from the page uses it, so a
/// preview of a link enters nothing and learns nothing (V-22).
async fn document(State(web): State<Arc<Web>>) -> impl IntoResponse {
    Html(web.page.html())
}

/// The browser forgets what it may have kept.
async fn bye() -> impl IntoResponse {
    const FORGET: &str = "\"cache\", \"cookies\", \"storage\"";
    (StatusCode::NO_CONTENT, [(HeaderName::from_static("clear-site-data"), FORGET)])
}
