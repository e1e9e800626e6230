//! The one HTML document: the same bytes for everyone, with style and script inlined and allowed by
//! their hashes. By hash and not by `'self'`: a tunnel provider can serve scripts of its own under
//! our name. Handlebars renders it when we are built (`build.rs`), so that no start waits
//! for it, and no template can be wrong by then.

use axum::body::Bytes;
use axum::http::HeaderValue;

use super::door::Address;
use crate::config::{Mode, RoomSettings};
use crate::identity::MAX_NAME_GRAPHEMES;

/// Content-Security-Policy up to `connect-src 'self'`, which ends with the address in use.
const POLICY: &str = concat!(
    "default-src 'none'; script-src '",
    env!("PAGE_SCRIPT"),
    "'; style-src '",
    env!("PAGE_STYLE"),
    "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'; connect-src 'self'"
);

/// The document, with what the settings of its room decide.
#[derive(Debug)]
pub(super) struct Page {
    html: Bytes,
}

impl Page {
    /// The page of a room.
    pub(super) fn of(room: &RoomSettings) -> Self {
        let (max_name, message_bytes) = (MAX_NAME_GRAPHEMES, room.message_bytes);
        let mode = match room.mode {
            Mode::Open => "open",
            Mode::Sealed => "sealed",
        };
        let html = match room.backlog {
            0 => format!(
                include_str!(concat!(env!("OUT_DIR"), "/page.txt")),
                max_name = max_name,
                message_bytes = message_bytes,
                mode = mode
            ),
            backlog => format!(
                include_str!(concat!(env!("OUT_DIR"), "/page-backlog.txt")),
                max_name = max_name,
                message_bytes = message_bytes,
                mode = mode,
                backlog = backlog
            ),
        };
        Self { html: html.into() }
    }

    /// The document.
    pub(super) fn html(&self) -> Bytes {
        self.html.clone()
    }
}

/// The policy for a request that came to `address`.
pub(super) fn policy(address: Option<&Address>) -> HeaderValue {
    let socket = address.map(Address::socket_source).unwrap_or_default();
    // An accepted host is made of letters, digits and `.-:[]` only.
    HeaderValue::from_str(format!("{POLICY} {socket}").trim_end())
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}
