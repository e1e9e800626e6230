//! The security headers, which every response has.

use axum::http::StatusCode;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::Response;

use super::host_policy::AcceptedHost;
use crate::config::Mode;

/// Content-Security-Policy up to `connect-src 'self'`, which the host of the request completes. Style
/// and script are allowed by their hashes and not by `'self'`, because a tunnel provider can serve
/// scripts of its own under our name. The image is the empty icon of the page: without one, browsers ask
/// for `/favicon.ico`, and Firefox reports on the console that it may not.
macro_rules! content_security_policy {
    ($script:literal) => {
        concat!(
            "default-src 'none'; script-src '",
            env!($script),
            "'; style-src '",
            env!("PAGE_STYLE"),
            "'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'; connect-src 'self'"
        )
    };
}

/// Of a room in which messages are in clear.
const OPEN_POLICY: &str = content_security_policy!("PAGE_SCRIPT_OPEN");
/// Of a sealed room.
const SEALED_POLICY: &str = content_security_policy!("PAGE_SCRIPT_SEALED");

/// The features that a page could ask a browser for, switched off. Not those that a Chromium has on some
/// platforms only (`bluetooth`, `hid`, `serial`, `browsing-topics`): elsewhere it warns about their names on
/// the console.
const PERMISSIONS_POLICY: &str = "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), \
     display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), \
     idle-detection=(), keyboard-map=(), magnetometer=(), microphone=(), midi=(), payment=(), \
     picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), \
     storage-access=(), usb=(), xr-spatial-tracking=()";

/// The same on every response.
const FIXED_HEADERS: [(HeaderName, &str); 11] = [
    (header::CACHE_CONTROL, "no-store, no-transform"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_DNS_PREFETCH_CONTROL, "off"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("origin-agent-cluster"), "?1"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS_POLICY),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow, noarchive"),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), "none"),
];

/// Adds the security headers of a room of this mode to the response to a request for `host`; `None` if its host was not
/// accepted.
pub(super) fn add_security_headers(
    response: &mut Response,
    mode: Mode,
    host: Option<&AcceptedHost>,
) {
    let switches_protocols = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    if !switches_protocols {
        // On an idle connection, hyper's buffer would keep the last request: a ticket, a resume token,
        // a line.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    for (name, value) in FIXED_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, content_security_policy(mode, host));
}

fn content_security_policy(mode: Mode, host: Option<&AcceptedHost>) -> HeaderValue {
    let policy = match mode {
        Mode::Open => OPEN_POLICY,
        Mode::Sealed => SEALED_POLICY,
    };
    let socket = host.map(AcceptedHost::socket_source).unwrap_or_default();
    // An accepted host has only letters, digits and `.-:[]`.
    HeaderValue::from_str(format!("{policy} {socket}").trim_end())
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}
