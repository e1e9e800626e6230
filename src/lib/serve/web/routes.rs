//! The table of routes, and the handlers of the small ones.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::host_policy::AcceptedHost;
use super::middleware::check_request;
use super::state::WebState;
use super::{poll, ws};
use crate::config::Mode;
use crate::pasted_link::find_ticket;

/// All routes behind [`check_request`]; see [`other_path`] and [`other_method`] for the rest.
pub(super) fn routes(state: Arc<WebState>) -> Router {
    let routes = match state.hub.mode() {
        Mode::Open => Router::new().route("/t/{ticket}", get(page)),
        // The ticket of a sealed room is behind the # of its link, and not sent.
        Mode::Sealed => Router::new(),
    };
    routes
        .route("/", get(page))
        .route("/ws", get(ws::upgrade))
        .route("/poll", post(poll::poll))
        .route("/bye", post(bye))
        .route("/health", get(StatusCode::NO_CONTENT))
        .fallback(other_path)
        .method_not_allowed_fallback(other_method)
        .layer(from_fn_with_state(Arc::clone(&state), check_request))
        .with_state(state)
}

/// Sends the page. Ignores the ticket in the path, which only the page's own join uses: a link preview
/// does not enter the room and learns nothing about it (V-22).
async fn page(
    State(state): State<Arc<WebState>>,
    Extension(host): Extension<AcceptedHost>,
    headers: HeaderMap,
) -> Response {
    let is_public = matches!(host, AcceptedHost::Tunnel(_)) || state.hub.has_public_address();
    state.page.response(is_public, &headers)
}

/// Answers a path that has no route. If a ticket is in it, the link was changed on its way, and the page
/// finds the ticket (see [`find_ticket`]): the client learns nothing that it did not send. All other
/// paths get 404, as all do in a sealed room, whose paths have no ticket. The target `*` is the server itself (RFC 9110, section 9.3.7).
async fn other_path(
    state: State<Arc<WebState>>,
    host: Extension<AcceptedHost>,
    method: Method,
    target: Uri,
    headers: HeaderMap,
) -> Response {
    let text = target.path_and_query().map_or("", |text| text.as_str());
    match method {
        Method::OPTIONS if target.path() == "*" => {
            (StatusCode::NO_CONTENT, [(header::ALLOW, "GET,HEAD,POST")]).into_response()
        }
        Method::GET | Method::HEAD
            if state.hub.mode() == Mode::Open && find_ticket(text).is_some() =>
        {
            page(state, host, headers).await
        }
        _ => (StatusCode::NOT_FOUND, "not found\n").into_response(),
    }
}

/// Answers a method that a route does not have; axum adds `Allow`, which is all that OPTIONS asks for
/// (RFC 9110, section 9.3.7).
async fn other_method(method: Method) -> Response {
    match method {
        Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        _ => (StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n").into_response(),
    }
}

/// Makes the browser clear what it may have stored for this origin. Not the cookies: this page has
/// none, and those of all other programs on this computer would go with them, because a cookie belongs
/// to a host with all of its ports (RFC 6265, section 8.5).
async fn bye() -> impl IntoResponse {
    const CLEAR: &str = "\"cache\", \"storage\"";
    (StatusCode::NO_CONTENT, [(HeaderName::from_static("clear-site-data"), CLEAR)])
}
