//! The HTML document: the same bytes for every client, with style and script inline and allowed by
//! their hashes. Handlebars renders it at build time (`build.rs`), so no start waits for it, and an
//! error in a template fails the build.

use axum::body::Bytes;

use crate::chat::MAX_MESSAGE_LINES;
use crate::config::RoomSettings;
use crate::identity::MAX_NAME_GRAPHEMES;

/// The document, with the settings of its room filled in: one for the room without a public address, and
/// one that names the tunnel provider among those who can read along.
#[derive(Debug)]
pub(super) struct Page {
    local: Bytes,
    public: Bytes,
}

impl Page {
    /// Fills the limits of the room and the size of the backlog into the document.
    pub(super) fn render(room: &RoomSettings) -> Self {
        let public = render(room, " and Cloudflare").into();
        Self { local: render(room, "").into(), public }
    }

    /// The document, shared and not copied.
    pub(super) fn html(&self, is_public: bool) -> Bytes {
        if is_public { self.public.clone() } else { self.local.clone() }
    }
}

fn render(room: &RoomSettings, readers: &str) -> String {
    match room.backlog {
        0 => format!(
            include_str!(concat!(env!("OUT_DIR"), "/page.txt")),
            max_name = MAX_NAME_GRAPHEMES,
            max_people = room.max_participants,
            message_bytes = room.message_bytes,
            message_lines = MAX_MESSAGE_LINES,
            readers = readers
        ),
        backlog => format!(
            include_str!(concat!(env!("OUT_DIR"), "/page-backlog.txt")),
            max_name = MAX_NAME_GRAPHEMES,
            max_people = room.max_participants,
            message_bytes = room.message_bytes,
            message_lines = MAX_MESSAGE_LINES,
            readers = readers,
            backlog = backlog
        ),
    }
}
