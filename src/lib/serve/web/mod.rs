//! HTTP: all routes, and nothing else that faces the network.

mod door;
mod guard;
mod listen;
mod page;
mod poll;
mod socket;
mod visit;
mod websocket;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use tokio::sync::Semaphore;

use super::hub::Hub;
use crate::config::RoomSettings;

pub(super) use door::{Door, Public};
pub(super) use listen::serve;
pub(super) use page::PageError;
pub(super) use wire::encode;

/// What every request may see.
#[derive(Debug)]
pub(super) struct Web {
    hub: Arc<Hub>,
    door: Door,
    page: page::Page,
    room: RoomSettings,
    /// Sockets that may be open at once.
    sockets: Arc<Semaphore>,
}

/// Sockets and connections beyond the participants: pages being loaded, refusals being read, polls
/// and reconnections that overlap.
const SPARE: usize = 256;

impl Web {
    /// Prepares to serve this room behind this door.
    ///
    /// # Errors
    /// When the page cannot be rendered.
    pub(super) fn new(hub: Arc<Hub>, door: Door, room: RoomSettings) -> Result<Self, PageError> {
        let page = page::Page::render(&room)?;
        let sockets = Arc::new(Semaphore::new(room.max_participants + SPARE));
        Ok(Self { hub, door, page, room, sockets })
    }

    /// The rules for `Host`.
    pub(super) fn door(&self) -> &Door {
        &self.door
    }
}

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
    Html(web.page.html().to_owned())
}

/// The browser forgets what it may have kept.
async fn bye() -> impl IntoResponse {
    const FORGET: &str = "\"cache\", \"cookies\", \"storage\"";
    (StatusCode::NO_CONTENT, [(HeaderName::from_static("clear-site-data"), FORGET)])
}
