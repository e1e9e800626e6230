//! The table of routes, and the handlers of the small ones.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};

use super::middleware::check_request;
use super::state::WebState;
use super::{poll, ws};

/// All routes behind [`check_request`]; other paths and methods are answered with 404 and 405.
pub(super) fn routes(state: Arc<WebState>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/t/{ticket}", get(page))
        .route("/ws", get(ws::upgrade))
        .route("/poll", post(poll::poll))
        .route("/bye", post(bye))
        .route("/health", get(StatusCode::NO_CONTENT))
        .fallback((StatusCode::NOT_FOUND, "not found\n"))
        .method_not_allowed_fallback(async || {
            (StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n")
        })
        .layer(from_fn_with_state(Arc::clone(&state), check_request))
        .with_state(state)
}

/// Sends the page. Ignores the ticket in the path, which only the page's own join uses: a link preview
/// does not enter the room and learns nothing about it (V-22).
async fn page(State(state): State<Arc<WebState>>) -> impl IntoResponse {
    Html(state.page.html())
}

/// Makes the browser clear what it may have stored for this origin. Not the cookies: this page has
/// none, and those of all other programs on this computer would go with them, because a cookie belongs
/// to a host with all of its ports (RFC 6265, section 8.5).
async fn bye() -> impl IntoResponse {
    const CLEAR: &str = "\"cache\", \"storage\"";
    (StatusCode::NO_CONTENT, [(HeaderName::from_static("clear-site-data"), CLEAR)])
}
