//! One JSON object per line: read with a bound, written in one piece.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufRead, AsyncWrite, AsyncWriteExt as _};

use crate::line_reader::{self, LineEnd};
use crate::terminal;

/// Longest line, with its line feed. A line that is begun and never ended occupies this much memory.
/// The largest message, `Start`, is below 2 KiB; the rest is for long paths.
pub(crate) const MAX_FRAME_BYTES: usize = 16 * 1024;

/// Why a message could not be received or sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// The peer has closed, or the system failed. The channel is unusable.
    #[error("the control channel broke: {0}")]
    Io(#[from] std::io::Error),
    /// The channel is unusable: where the next line begins is not known.
    #[error("a control message is longer than {MAX_FRAME_BYTES} bytes")]
    TooLong,
    /// The line is no message of this direction. The next one may be.
    #[error("a control message was not understood: {0}")]
    Malformed(#[from] serde_json::Error),
}

/// Receives the next message; `None` once the peer has closed. Cancel safe: `buffer` keeps part of it.
///
/// # Errors
/// [`FrameError::Malformed`] leaves the stream usable, the others do not.
pub(super) async fn read<T: DeserializeOwned>(
    reader: &mut (impl AsyncBufRead + Unpin),
    buffer: &mut Vec<u8>,
) -> Result<Option<T>, FrameError> {
    match line_reader::read_line(reader, buffer, MAX_FRAME_BYTES).await? {
        LineEnd::Newline => {
            let message = parse(buffer);
            buffer.clear();
            Ok(Some(message?))
        }
        LineEnd::Bound => Err(FrameError::TooLong),
        // The sender died before it finished the line.
        LineEnd::Eof => Ok(None),
    }
}

/// Sends one message in one piece. Not cancel safe.
pub(super) async fn write(
    writer: &mut (impl AsyncWrite + Unpin),
    message: &impl Serialize,
) -> Result<(), FrameError> {
    Ok(writer.write_all(&encode(message)?).await?)
}

/// The bytes of one message, with its line feed. Fails beyond [`MAX_FRAME_BYTES`].
pub(super) fn encode(message: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    // Escaped for a terminal, because people read `control.sock` with `socat`.
    let mut line = terminal::try_json_line(message)?.into_bytes();
    line.push(b'\n');
    if line.len() > MAX_FRAME_BYTES { Err(FrameError::TooLong) } else { Ok(line) }
}

/// Receives one message from a stream that blocks; `None` if the line is no message.
pub(super) fn read_blocking<T: DeserializeOwned>(stream: impl std::io::Read) -> Option<T> {
    let mut line = Vec::new();
    let mut reader = std::io::BufReader::new(stream);
    line_reader::read_line_blocking(&mut reader, &mut line, MAX_FRAME_BYTES).ok()?;
    parse(&line).ok()
}

/// Takes the first line from what was received, with nothing of it left there; `None` if it has not arrived
/// as a whole.
pub(super) fn take_line(received: &mut Vec<u8>) -> Result<Option<Vec<u8>>, FrameError> {
    match received.iter().position(|byte| *byte == b'\n') {
        Some(end) if end < MAX_FRAME_BYTES => {
            let rest = received.split_off(end + 1);
            Ok(Some(std::mem::replace(received, rest)))
        }
        None if received.len() < MAX_FRAME_BYTES => Ok(None),
        Some(_) | None => Err(FrameError::TooLong),
    }
}

/// Parses one message. serde also accepts a number as `type`: `{"id":1,"type":2}` would end a session.
pub(super) fn parse<T: DeserializeOwned>(line: &[u8]) -> serde_json::Result<T> {
    #[derive(serde::Deserialize)]
    struct TypeField {
        #[serde(rename = "type")]
        _name: String,
    }
    serde_json::from_slice::<TypeField>(line)?;
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
        let endless = vec![b'x'; MAX_FRAME_BYTES * 2];
        assert!(matches!(read_first(&endless).await, Err(FrameError::TooLong)));
    }

    /// Found by `tests/hostile`.
    #[tokio::test]
    async fn a_type_is_a_string_and_no_number() {
        for value in ["4", "0", "null", "[\"drained\"]", "{\"drained\":null}", "true", "4.0"] {
            let line = format!("{{\"type\":{value}}}\n");
            let read = read_first(line.as_bytes()).await;
            assert!(matches!(read, Err(FrameError::Malformed(_))), "{value}: {read:?}");
        }
    }

    #[tokio::test]
    async fn garbage_is_an_error_and_the_next_line_is_read() {
        let mut lines: &[u8] = b"{\"type\":\"dance\"}\n{\"type\":\"drained\"}\n";
        let mut buffer = Vec::new();
        let garbage = read::<FromServe>(&mut lines, &mut buffer).await;
        assert!(matches!(garbage, Err(FrameError::Malformed(_))));
        assert_eq!(read(&mut lines, &mut buffer).await.unwrap(), Some(FromServe::Drained));
        assert_eq!(read::<FromServe>(&mut lines, &mut buffer).await.unwrap(), None);
    }

    #[test]
    fn a_line_is_taken_whole_and_nothing_of_it_stays() {
        let mut received = b"one\ntwo\nthr".to_vec();
        assert_eq!(take_line(&mut received).unwrap(), Some(b"one\n".to_vec()));
        assert_eq!(take_line(&mut received).unwrap(), Some(b"two\n".to_vec()));
        assert_eq!(take_line(&mut received).unwrap(), None);
        assert_eq!(received, b"thr");
        let mut all = b"all\n".to_vec();
        assert_eq!(take_line(&mut all).unwrap(), Some(b"all\n".to_vec()));
        assert_eq!(all.capacity(), 0);
        for (length, fits) in [(MAX_FRAME_BYTES, true), (MAX_FRAME_BYTES + 1, false)] {
            let mut line = vec![b'x'; length - 1];
            assert_eq!(take_line(&mut line).is_ok(), fits);
            line.push(b'\n');
            assert_eq!(take_line(&mut line).is_ok(), fits);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(read_first(&bytes));
        }
    }
}
