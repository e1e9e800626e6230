//! The one HTML document: rendered once, the same bytes for everyone, with style and script
//! inlined and allowed by their hashes. By hash and not by `'self'`: a tunnel provider can serve
//! scripts of its own under our name.

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use handlebars::Handlebars;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::door::Address;
use crate::config::{Mode, RoomSettings};

const TEMPLATE: &str = include_str!("../../../../templates/page.hbs");
const STYLE: &str = include_str!("../../../../assets/style.css");
/// One script in two files: how the page reaches the room, and what it shows of it.
const SOURCE: &str =
    concat!(include_str!("../../../../assets/way.js"), include_str!("../../../../assets/room.js"));

/// Longest name in letters as people see them; see [`crate::chat::Nickname`].
const MAX_NAME: usize = 20;

/// The document and the policy under which it runs.
#[derive(Debug)]
pub(super) struct Page {
    html: String,
    /// Content-Security-Policy up to `connect-src 'self'`, which ends with the address in use.
    policy: String,
}

#[derive(Serialize)]
struct Values {
    style: &'static str,
    script: String,
    max_name: usize,
    message_bytes: usize,
    backlog: usize,
    mode: Mode,
}

/// Why there is no page: a mistake in the template, found at start.
#[derive(Debug, thiserror::Error)]
#[error("the page cannot be rendered: {0}")]
pub(crate) struct PageError(#[from] handlebars::RenderError);

impl Page {
    /// Renders the page of a room.
    ///
    /// # Errors
    /// When the template, which is compiled in, is wrong.
    pub(super) fn render(room: &RoomSettings) -> Result<Self, PageError> {
        let script = without_comments(SOURCE);
        let values = Values {
            style: STYLE,
            script: script.clone(),
            max_name: MAX_NAME,
            message_bytes: room.message_bytes,
            backlog: room.backlog,
            mode: room.mode,
        };
        let html = Handlebars::new().render_template(TEMPLATE, &values)?;
        let policy = format!(
            "default-src 'none'; script-src '{}'; style-src '{}'; form-action 'self'; \
             base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
             trusted-types 'none'; connect-src 'self'",
            hash(&script),
            hash(STYLE)
        );
        Ok(Self { html, policy })
    }

    /// The document.
    pub(super) fn html(&self) -> &str {
        &self.html
    }

    /// The policy for a request that came to `address`.
    pub(super) fn policy(&self, address: Option<&Address>) -> HeaderValue {
        let socket = address.map(Address::socket_source).unwrap_or_default();
        // An accepted host is made of letters, digits and `.-:[]` only.
        HeaderValue::from_str(format!("{} {socket}", self.policy).trim_end())
            .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
    }
}

/// The script without its comment lines: they are for who reads the source, and a visitor on a thin
/// line waits for every byte.
fn without_comments(script: &str) -> String {
    let comment = |line: &str| line.starts_with("//") || line.starts_with("/**");
    let code = script.lines().filter(|line| !comment(line.trim_start()));
    code.flat_map(|line| [line, "\n"]).collect()
}

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}
