//! Standard output and standard error of children, read line by line.

use std::os::fd::OwnedFd;

use tokio::io::AsyncBufRead;
use tokio::net::unix::pipe;

use crate::line_reader::{LineEnd, read_line};
use crate::process::SpawnError;
use crate::terminal::{sanitize_line, truncate_to_bytes};

/// Bytes of an invalid line that the sentence about it quotes.
const MAX_EXCERPT_BYTES: usize = 160;

/// Registers a pipe from the child `name` with the runtime.
///
/// # Errors
/// When the runtime cannot watch it.
pub(super) fn pipe_receiver(
    name: &'static str,
    pipe: Option<impl Into<OwnedFd>>,
) -> Result<Option<pipe::Receiver>, SpawnError> {
    let pipe = pipe.map(|pipe| pipe::Receiver::from_owned_fd(pipe.into()));
    pipe.transpose().map_err(|source| SpawnError::Refused { name, source })
}

/// Reads the next line of a stream, in pieces of at most `max_bytes`; `None` at its end or on an error.
pub(super) async fn next_line(
    reader: &mut (impl AsyncBufRead + Unpin),
    max_bytes: usize,
) -> Option<String> {
    let mut line = Vec::new();
    match read_line(reader, &mut line, max_bytes).await {
        Ok(LineEnd::Eof) if line.is_empty() => None,
        Err(_) => None,
        Ok(_) => Some(String::from_utf8_lossy(&line).trim_end().to_owned()),
    }
}

/// The beginning of `text` in one line that is safe to show, with `…` where it was cut.
pub(super) fn excerpt(text: &str) -> String {
    let start = truncate_to_bytes(text, MAX_EXCERPT_BYTES);
    let rest = if start.len() < text.len() { "…" } else { "" };
    format!("{}{rest}", sanitize_line(start))
}
