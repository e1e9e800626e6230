//! All routes.

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

/// The page. Ignores the ticket in its path, which only a join from the page uses: the preview of a
/// link enters nothing and learns nothing (V-22).
async fn page(State(state): State<Arc<WebState>>) -> impl IntoResponse {
    Html(state.page.html())
}

/// Makes the browser clear what it may have stored.
async fn bye() -> impl IntoResponse {
    const CLEAR: &str = "\"cache\", \"cookies\", \"storage\"";
    (StatusCode::NO_CONTENT, [(HeaderName::from_static("clear-site-data"), CLEAR)])
}
