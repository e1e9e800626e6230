//! Standard output and standard error of children, read line by line.

use std::os::fd::OwnedFd;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};
use tokio::net::unix::pipe;

use crate::process::SpawnError;
use crate::terminal::{sanitize_line, truncate_to_bytes};

/// Bytes of an invalid line that are quoted in the sentence about it.
const MAX_EXCERPT_BYTES: usize = 160;

/// Registers a pipe from the child `name` with the runtime.
pub(super) fn pipe_receiver(
    name: &'static str,
    pipe: Option<impl Into<OwnedFd>>,
) -> Result<Option<pipe::Receiver>, SpawnError> {
    let pipe = pipe.map(|pipe| pipe::Receiver::from_owned_fd(pipe.into()));
    pipe.transpose().map_err(|source| SpawnError::Refused { name, source })
}

/// The next line of a stream, in pieces of at most `max_bytes`; `None` at its end.
pub(super) async fn next_line(
    reader: &mut (impl AsyncBufRead + Unpin),
    max_bytes: u64,
) -> Option<String> {
    let mut line = Vec::new();
    match reader.take(max_bytes).read_until(b'\n', &mut line).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(String::from_utf8_lossy(&line).trim_end().to_owned()),
    }
}

/// The beginning of `text` in one line that is safe to show, with `…` where it was cut.
pub(super) fn excerpt(text: &str) -> String {
    let start = truncate_to_bytes(text, MAX_EXCERPT_BYTES);
    let rest = if start.len() < text.len() { "…" } else { "" };
    format!("{}{rest}", sanitize_line(start))
}
