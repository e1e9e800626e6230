//! Runs before the route of every request and on every response: host and origin checks, headers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::host_policy::{AcceptedHost, RequestSource};
use super::security_headers::add_security_headers;
use super::state::WebState;

/// Headers that contain the address of a visitor, or let the provider's logs be matched with a visit.
/// They are removed before any code could log, count or limit by them (V-33).
const IDENTIFYING_HEADERS: [&str; 11] = [
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "cf-pseudo-ipv4",
    "cf-ipcountry",
    "cf-ray",
    "forwarded",
    "true-client-ip",
    "x-client-ip",
    "x-forwarded-for",
    "x-real-ip",
    "user-agent",
];

/// Removes identifying headers, refuses requests for other hosts or from other sites, and adds the
/// security headers to every response. Routes find the [`AcceptedHost`] in the request's extensions.
pub(super) async fn check_request(
    State(state): State<Arc<WebState>>,
    mut request: Request,
    next: Next,
) -> Response {
    for name in IDENTIFYING_HEADERS {
        request.headers_mut().remove(name);
    }
    let host = host_header(&request).and_then(|host| state.host_policy.accept(host));
    let mut response = match &host {
        None => (StatusCode::MISDIRECTED_REQUEST, "unknown host; open the link as it was given\n")
            .into_response(),
        Some(host) if !passes_origin_check(host, &request) => {
            (StatusCode::FORBIDDEN, "cross-site request refused; open the link itself\n")
                .into_response()
        }
        Some(host) => {
            request.extensions_mut().insert(host.clone());
            next.run(request).await
        }
    };
    add_security_headers(&mut response, host.as_ref());
    response
}

/// The `Host` header; `None` if there is none, more than one, or if the request line names another.
fn host_header(request: &Request) -> Option<&str> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    let in_line = request.uri().authority().is_none_or(|authority| authority.as_str() == host);
    (hosts.next().is_none() && in_line).then_some(host)
}

fn passes_origin_check(host: &AcceptedHost, request: &Request) -> bool {
    // A header that is not text, or is there twice, counts as foreign: "?" is no origin and no site.
    let text = |name| {
        let mut values = request.headers().get_all(name).iter();
        let value: &HeaderValue = values.next()?;
        let is_only = values.next().is_none();
        Some(value.to_str().ok().filter(|_| is_only).unwrap_or("?"))
    };
    let source = RequestSource { origin: text("origin"), fetch_site: text("sec-fetch-site") };
    if request.headers().contains_key(header::UPGRADE) {
        return host.may_upgrade(source);
    }
    // HEAD and GET change nothing here (V-22).
    matches!(*request.method(), Method::GET | Method::HEAD) || host.may_post(source)
}
