//! The HTML document: the same bytes for every client, with style and script inline and allowed by
//! their hashes. Handlebars renders it at build time (`build.rs`), so no start waits for it, and an
//! error in a template fails the build.

use axum::body::Bytes;

use crate::chat::MAX_MESSAGE_LINES;
use crate::config::RoomSettings;
use crate::identity::MAX_NAME_GRAPHEMES;

/// The document, with the settings of its room filled in.
#[derive(Debug)]
pub(super) struct Page {
    html: Bytes,
}

impl Page {
    /// Fills the bounds of names and messages and the size of the backlog into the document.
    pub(super) fn render(room: &RoomSettings) -> Self {
        let (max_name, message_bytes) = (MAX_NAME_GRAPHEMES, room.message_bytes);
        let html = match room.backlog {
            0 => format!(
                include_str!(concat!(env!("OUT_DIR"), "/page.txt")),
                max_name = max_name,
                message_bytes = message_bytes,
                message_lines = MAX_MESSAGE_LINES
            ),
            backlog => format!(
                include_str!(concat!(env!("OUT_DIR"), "/page-backlog.txt")),
                max_name = max_name,
                message_bytes = message_bytes,
                message_lines = MAX_MESSAGE_LINES,
                backlog = backlog
            ),
        };
        Self { html: html.into() }
    }

    /// The document, shared and not copied.
    pub(super) fn html(&self) -> Bytes {
        self.html.clone()
    }
}
