//! One JSON object per line: reading with a bound, writing in one piece.

use std::io::BufRead as _;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
};

use crate::terminal;

/// Longest line, with its newline. A line that is begun and never ended waits in this much memory. The
/// largest message, `Start`, is below 2 KiB; the rest is room for long paths.
const FRAME_BYTES: usize = 16 * 1024;

/// Why a line could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// The other side is gone, or the system failed.
    #[error("the control channel broke: {0}")]
    Broken(#[from] std::io::Error),
    /// The line went past the bound. What follows cannot be told from the rest of it.
    #[error("a control message is longer than {FRAME_BYTES} bytes")]
    TooLong,
    /// The line is not a message of this direction. The next one may be.
    #[error("a control message was not understood: {0}")]
    NotUnderstood(#[from] serde_json::Error),
}

/// Reads the next message into `buffer`, which keeps what was read when this is cancelled.
///
/// `None` is the end of the lifeline: the other side has closed, or died.
pub(super) async fn read<T: DeserializeOwned>(
    reader: &mut (impl AsyncBufRead + Unpin),
    buffer: &mut Vec<u8>,
) -> Result<Option<T>, FrameError> {
    let room = (FRAME_BYTES - buffer.len()) as u64;
    reader.take(room).read_until(b'\n', buffer).await?;
    if buffer.last() != Some(&b'\n') {
        // Half a line at the end of file is a message that died with its sender.
        return if buffer.len() < FRAME_BYTES { Ok(None) } else { Err(FrameError::TooLong) };
    }
    let parsed = parse(buffer);
    buffer.clear();
    Ok(Some(parsed?))
}

/// Writes one message and its newline.
pub(super) async fn write(
    writer: &mut (impl AsyncWrite + Unpin),
    message: &impl Serialize,
) -> Result<(), FrameError> {
    Ok(writer.write_all(&line(message)?).await?)
}

/// One message as it is written, with its newline.
pub(super) fn line(message: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    // `control.sock` is read by people with `socat`, too.
    let mut line = terminal::try_json_line(message)?.into_bytes();
    line.push(b'\n');
    if line.len() > FRAME_BYTES { Err(FrameError::TooLong) } else { Ok(line) }
}

/// The first message of a stream that blocks; `None` if there is none.
pub(super) fn first<T: DeserializeOwned>(stream: impl std::io::Read) -> Option<T> {
    let mut line = Vec::new();
    let mut bounded = std::io::BufReader::new(stream.take(FRAME_BYTES as u64));
    bounded.read_until(b'\n', &mut line).ok()?;
    parse(&line).ok()
}

/// One message, whose kind is a word: an enum of serde's is also read by the number of its variant, so
/// `{"id":1,"type":2}` would end a session.
fn parse<T: DeserializeOwned>(line: &[u8]) -> serde_json::Result<T> {
    #[derive(serde::Deserialize)]
    struct Kind {
        #[serde(rename = "type")]
        _word: String,
    }
    serde_json::from_slice::<Kind>(line)?;
    serde_json::from_slice(line)
}

#[cfg(test)]
mod tests {
    use super::super::message::FromServe;
    use super::*;

    async fn read_first(bytes: &[u8]) -> Result<Option<FromServe>, FrameError> {
        read(&mut &*bytes, &mut Vec::new()).await
    }

    #[tokio::test]
    async fn a_line_comes_back_as_the_message_it_was() {
        let mut line = Vec::new();
        write(&mut line, &FromServe::Drained).await.unwrap();
        assert_eq!(line, b"{\"type\":\"drained\"}\n");
        assert_eq!(read_first(&line).await.unwrap(), Some(FromServe::Drained));
    }

    #[tokio::test]
    async fn a_line_past_the_bound_is_refused() {
        let endless = vec![b'x'; FRAME_BYTES * 2];
        assert!(matches!(read_first(&endless).await, Err(FrameError::TooLong)));
    }

    /// Found by the bench of hostile inputs.
    #[tokio::test]
    async fn a_kind_is_a_word_and_no_number() {
        for kind in ["4", "0", "null", "[\"drained\"]", "{\"drained\":null}", "true", "4.0"] {
            let line = format!("{{\"type\":{kind}}}\n");
            let read = read_first(line.as_bytes()).await;
            assert!(matches!(read, Err(FrameError::NotUnderstood(_))), "{kind}: {read:?}");
        }
    }

    #[tokio::test]
    async fn garbage_is_an_error_and_the_next_line_is_read() {
        let mut lines: &[u8] = b"{\"type\":\"dance\"}\n{\"type\":\"drained\"}\n";
        let mut buffer = Vec::new();
        let garbage = read::<FromServe>(&mut lines, &mut buffer).await;
        assert!(matches!(garbage, Err(FrameError::NotUnderstood(_))));
        assert_eq!(read(&mut lines, &mut buffer).await.unwrap(), Some(FromServe::Drained));
        assert_eq!(read::<FromServe>(&mut lines, &mut buffer).await.unwrap(), None);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(read_first(&bytes));
        }
    }
}
