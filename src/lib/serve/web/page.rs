//! The HTML documents: the same bytes for every client of a room, with style and script inline and allowed
//! by their hashes. `build.rs` renders and compresses them, so no start and no response waits for it, and
//! an error in a template fails the build.

use axum::body::Bytes;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};

use super::content_coding::ContentCoding;
use crate::config::{Mode, RoomSettings};

/// One document in all of its codings.
#[derive(Debug)]
struct Document {
    identity: &'static [u8],
    gzip: &'static [u8],
    brotli: &'static [u8],
}

/// A document that `build.rs` has written under this name.
macro_rules! document {
    ($name:literal) => {
        Document {
            identity: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".html")),
            gzip: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".gz")),
            brotli: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".br")),
        }
    };
}

static SEALED: Document = document!("sealed");
static LOCAL: Document = document!("open-local");
static LOCAL_BACKLOG: Document = document!("open-local-backlog");
static PUBLIC: Document = document!("open-public");
static PUBLIC_BACKLOG: Document = document!("open-public-backlog");

/// The document of a room: one for the room without a public address, and one that names the tunnel
/// provider among those who can read along. In a sealed room they are the same.
#[derive(Debug)]
pub(super) struct Page {
    local: &'static Document,
    public: &'static Document,
}

impl Page {
    /// Chooses the documents for the mode of the room, and for whether newcomers are shown earlier messages.
    pub(super) fn of(room: &RoomSettings) -> Self {
        let (local, public) = match (room.mode, room.backlog) {
            (Mode::Sealed, _) => (&SEALED, &SEALED),
            (Mode::Open, 0) => (&LOCAL, &PUBLIC),
            (Mode::Open, _) => (&LOCAL_BACKLOG, &PUBLIC_BACKLOG),
        };
        Self { local, public }
    }

    /// The document in the best coding that the request accepts.
    pub(super) fn response(&self, is_public: bool, request: &HeaderMap) -> Response {
        let document = if is_public { self.public } else { self.local };
        let coding = ContentCoding::negotiate(request);
        let body = match coding {
            ContentCoding::Identity => document.identity,
            ContentCoding::Gzip => document.gzip,
            ContentCoding::Brotli => document.brotli,
        };
        let mut response = Bytes::from_static(body).into_response();
        let headers = response.headers_mut();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, html);
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(token) = coding.token() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(token));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::MAX_MESSAGE_LINES;
    use crate::identity::MAX_NAME_GRAPHEMES;

    /// The first flight of a connection: ten segments (RFC 6928), of which the headers take a part.
    const FIRST_FLIGHT: usize = 14_336;

    const DOCUMENTS: [&Document; 5] = [&SEALED, &LOCAL, &LOCAL_BACKLOG, &PUBLIC, &PUBLIC_BACKLOG];

    fn text(document: &Document) -> &str {
        std::str::from_utf8(document.identity).unwrap()
    }

    #[test]
    fn every_document_arrives_in_the_first_flight() {
        for document in DOCUMENTS {
            let (raw, brotli) = (document.identity.len(), document.brotli.len());
            assert!(brotli <= FIRST_FLIGHT, "{brotli} bytes by Brotli");
            assert!(document.gzip.len() <= 16_384, "{} bytes by gzip", document.gzip.len());
            assert!(raw <= 49_152, "{raw} bytes");
        }
    }

    /// That gzip decodes to the page is shown by the browsers, which accept it over http.
    #[test]
    fn brotli_decodes_to_the_document() {
        for document in DOCUMENTS {
            let mut decoded = Vec::new();
            brotli::BrotliDecompress(&mut &*document.brotli, &mut decoded).unwrap();
            assert!(decoded == document.identity);
            assert!(document.gzip.starts_with(&[0x1f, 0x8b, 8]));
        }
    }

    #[test]
    fn the_documents_have_the_limits_of_names_and_messages() {
        for document in DOCUMENTS {
            let limits = format!(
                "data-max-name=\"{MAX_NAME_GRAPHEMES}\" data-message-lines=\"{MAX_MESSAGE_LINES}\""
            );
            assert!(text(document).contains(&limits), "{limits}");
        }
    }

    /// Each has its own code, and nothing of the other's.
    #[test]
    fn only_the_document_of_a_sealed_room_has_the_code_that_seals() {
        assert!(text(&SEALED).contains("Noise_NXpsk0") && !text(&SEALED).contains("is typing\""));
        for document in [&LOCAL, &LOCAL_BACKLOG, &PUBLIC, &PUBLIC_BACKLOG] {
            assert!(!text(document).contains("Noise") && !text(document).contains("subtle"));
        }
    }
}
