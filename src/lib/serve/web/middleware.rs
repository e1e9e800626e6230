//! Runs before the route of every request and on every response: host and origin checks, headers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::host_policy::{AcceptedHost, HostError, HostPolicy, RequestSource};
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

/// A response that says in one sentence why a request is not handled.
pub(super) type Rejection = (StatusCode, &'static str);

/// Of a request from another site, which a browser sends for its page (V-20).
pub(super) const CROSS_SITE: Rejection =
    (StatusCode::FORBIDDEN, "cross-site request refused; open the link itself\n");

/// Removes identifying headers, refuses requests for other hosts or from other sites and those that
/// this server does not understand, and adds the security headers to every response. Routes find the
/// [`AcceptedHost`] in the request's extensions.
pub(super) async fn check_request(
    State(state): State<Arc<WebState>>,
    mut request: Request,
    next: Next,
) -> Response {
    for name in IDENTIFYING_HEADERS {
        request.headers_mut().remove(name);
    }
    let host = accept_host(&state.host_policy, &request);
    let mut response = match &host {
        Err(error) => reject_host(*error).into_response(),
        Ok(host) => match check_semantics(&request).and_then(|()| check_source(host, &request)) {
            Err(rejection) => rejection.into_response(),
            Ok(()) => {
                request.extensions_mut().insert(host.clone());
                next.run(request).await
            }
        },
    };
    add_security_headers(&mut response, state.room.mode, host.as_ref().ok());
    if response.status() == StatusCode::UPGRADE_REQUIRED {
        // A response with `Upgrade` lists it in `Connection` (RFC 9110, section 7.8).
        let both = HeaderValue::from_static("upgrade, close");
        response.headers_mut().insert(header::CONNECTION, both);
    }
    response
}

/// The host that the request is for: that of an absolute target, and else of the `Host` header. An
/// HTTP/1.1 request has exactly one such header in either case (RFC 9112, section 3.2).
fn accept_host(policy: &HostPolicy, request: &Request) -> Result<AcceptedHost, HostError> {
    let mut headers = request.headers().get_all(header::HOST).iter();
    let header = headers.next();
    if headers.next().is_some() || header.is_none() && request.version() != Version::HTTP_10 {
        return Err(HostError::Invalid);
    }
    if let (Some(scheme), Some(host)) = (request.uri().scheme_str(), request.uri().authority()) {
        let host = policy.accept(host.as_str())?;
        return if host.serves(scheme) { Ok(host) } else { Err(HostError::Unknown) };
    }
    let host = header.and_then(|header| header.to_str().ok());
    policy.accept(host.ok_or(HostError::Invalid)?)
}

fn reject_host(error: HostError) -> Rejection {
    match error {
        HostError::Invalid => (
            StatusCode::BAD_REQUEST,
            "a request needs one Host header with the host of the link; send it again with one\n",
        ),
        HostError::Unknown => {
            (StatusCode::MISDIRECTED_REQUEST, "unknown host; open the link as it was given\n")
        }
    }
}

/// Whether this server understands the method, the expectation and the coding of the body.
fn check_semantics(request: &Request) -> Result<(), Rejection> {
    let headers = request.headers();
    if !is_known_method(request.method()) {
        let text = "this server does not know that method; use GET, HEAD or POST\n";
        return Err((StatusCode::NOT_IMPLEMENTED, text));
    }
    // RFC 9110, section 10.1.1. hyper answers this one when the body is read.
    if !all_equal(headers, &header::EXPECT, "100-continue") {
        let text = "this server knows no expectation but 100-continue; leave the header out\n";
        return Err((StatusCode::EXPECTATION_FAILED, text));
    }
    // RFC 9112, section 6.1. hyper removes only this one.
    if !all_equal(headers, &header::TRANSFER_ENCODING, "chunked") {
        let text = "this server knows no transfer coding but chunked; send the body as it is\n";
        return Err((StatusCode::NOT_IMPLEMENTED, text));
    }
    Ok(())
}

/// The methods that a server should recognise (RFC 9110, section 9.3, and RFC 5789). CONNECT is for
/// proxies.
fn is_known_method(method: &Method) -> bool {
    const KNOWN: [Method; 8] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
        Method::PATCH,
    ];
    KNOWN.contains(method)
}

/// Whether every line of the header has this value; true without the header.
fn all_equal(headers: &HeaderMap, name: &header::HeaderName, value: &str) -> bool {
    let mut lines = headers.get_all(name).iter();
    lines.all(|line| line.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
}

/// HEAD and GET change nothing here (V-22). A WebSocket handshake, also a GET, is checked where it is
/// accepted.
fn check_source(host: &AcceptedHost, request: &Request) -> Result<(), Rejection> {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let may_go_on = is_safe || host.may_post(RequestSource::of(request.headers()));
    if may_go_on { Ok(()) } else { Err(CROSS_SITE) }
}
