//! The outermost layer: every request passes here first, every response last.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Web;
use super::host_policy::{Address, Provenance};
use super::page::policy;

/// Headers that carry the address of a visitor, or let visits be joined with the provider's logs.
/// They are dropped before anything can log, count or limit by them (V-33).
const TELLTALES: [&str; 11] = [
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

/// Everything that a browser might be asked for, switched off.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), bluetooth=(), browsing-topics=(), \
     camera=(), clipboard-read=(), display-capture=(), encrypted-media=(), fullscreen=(), \
     geolocation=(), gyroscope=(), hid=(), idle-detection=(), keyboard-map=(), magnetometer=(), \
     microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), \
     screen-wake-lock=(), serial=(), storage-access=(), usb=(), xr-spatial-tracking=()";

/// The same on every response, whatever it is.
const FIXED: [(HeaderName, &str); 11] = [
    (header::CACHE_CONTROL, "no-store, no-transform"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_DNS_PREFETCH_CONTROL, "off"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("origin-agent-cluster"), "?1"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow, noarchive"),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), "none"),
];

/// Drops what tells on visitors, refuses what is not for us, dresses every answer.
pub(super) async fn guard(
    State(web): State<Arc<Web>>,
    mut request: Request,
    next: Next,
) -> Response {
    for name in TELLTALES {
        request.headers_mut().remove(name);
    }
    let address = host(&request).and_then(|host| web.door.address(host));
    let mut response = match &address {
        None => (StatusCode::MISDIRECTED_REQUEST, "this is not the address of this room\n")
            .into_response(),
        Some(address) if !may_pass(address, &request) => {
            (StatusCode::FORBIDDEN, "this request came from another site\n").into_response()
        }
        Some(address) => {
            request.extensions_mut().insert(address.clone());
            next.run(request).await
        }
    };
    dress(&mut response, &policy(address.as_ref()));
    response
}

/// The one `Host` of a request; `None` if there is none, or more than one, or another in the line.
fn host(request: &Request) -> Option<&str> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    let in_line = request.uri().authority().is_none_or(|authority| authority.as_str() == host);
    (hosts.next().is_none() && in_line).then_some(host)
}

fn may_pass(address: &Address, request: &Request) -> bool {
    // No origin is called "?": what cannot be read, or is there twice, is foreign.
    let text = |name| {
        let mut values = request.headers().get_all(name).iter();
        let value: &HeaderValue = values.next()?;
        let one = values.next().is_none();
        Some(value.to_str().ok().filter(|_| one).unwrap_or("?"))
    };
    let from = Provenance { origin: text("origin"), site: text("sec-fetch-site") };
    if request.headers().contains_key(header::UPGRADE) {
        return address.may_upgrade(from);
    }
    // HEAD and GET change nothing here (V-22).
    matches!(*request.method(), Method::GET | Method::HEAD) || address.may_post(from)
}

/// Gives an answer the headers that all have.
pub(super) fn dress(response: &mut Response, policy: &HeaderValue) {
    let switches = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    if !switches {
        // The buffer of a connection that is kept keeps the last request: a ticket, a token, a line.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
}
