//! Reads lines from streams that another process writes, with a bound on the length of one line.

use std::io::{self, BufRead, Read as _};

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// Why [`read_line`] stopped reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineEnd {
    /// At a line feed, the last byte of the buffer.
    Newline,
    /// At the bound: the rest of the line has not been read yet.
    Bound,
    /// At the end of the stream. The buffer holds what followed the last line feed.
    Eof,
}

impl LineEnd {
    fn of(buffer: &[u8], max_bytes: usize) -> Self {
        match buffer.last() {
            Some(b'\n') => Self::Newline,
            _ if buffer.len() >= max_bytes => Self::Bound,
            _ => Self::Eof,
        }
    }
}

/// Appends to `buffer` up to and with the next line feed, but fills it to `max_bytes` at most.
///
/// Cancel safe: `buffer` keeps what was read, and the next call goes on from there.
///
/// # Errors
/// When the stream fails; `buffer` keeps what was read.
pub(crate) async fn read_line(
    reader: &mut (impl AsyncBufRead + Unpin),
    buffer: &mut Vec<u8>,
    max_bytes: usize,
) -> io::Result<LineEnd> {
    let free = max_bytes.saturating_sub(buffer.len()) as u64;
    reader.take(free).read_until(b'\n', buffer).await?;
    Ok(LineEnd::of(buffer, max_bytes))
}

/// [`read_line`] for a stream that blocks, with the same bound and errors.
pub(crate) fn read_line_blocking(
    reader: &mut impl BufRead,
    buffer: &mut Vec<u8>,
    max_bytes: usize,
) -> io::Result<LineEnd> {
    let free = max_bytes.saturating_sub(buffer.len()) as u64;
    reader.take(free).read_until(b'\n', buffer)?;
    Ok(LineEnd::of(buffer, max_bytes))
}

/// Replaces `line` by the next one without its line feed, cut to `max_bytes`; false at the end.
///
/// The rest of a longer line is discarded. Returned as a line of its own, it would let the writer of
/// a long line choose what the next one begins with. Not cancel safe: `line` is cleared first.
pub(crate) async fn read_truncated_line(
    reader: &mut (impl AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
    max_bytes: usize,
) -> io::Result<bool> {
    line.clear();
    match read_line(reader, line, max_bytes).await? {
        LineEnd::Newline => {
            line.pop();
            Ok(true)
        }
        LineEnd::Bound => {
            skip_line(reader).await?;
            Ok(true)
        }
        LineEnd::Eof => Ok(!line.is_empty()),
    }
}

/// Discards bytes up to and with the next line feed.
async fn skip_line(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<()> {
    loop {
        let chunk = reader.fill_buf().await?;
        let newline = chunk.iter().position(|byte| *byte == b'\n');
        let (used, done) = newline.map_or((chunk.len(), chunk.is_empty()), |at| (at + 1, true));
        reader.consume(used);
        if done {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_stops_at_its_line_feed_the_bound_or_the_end() {
        let mut stream: &[u8] = b"one\nfourfive\nend";
        let mut lines = Vec::new();
        loop {
            let mut line = Vec::new();
            let end = read_line(&mut stream, &mut line, 4).await.unwrap();
            lines.push((String::from_utf8(line).unwrap(), end));
            if end == LineEnd::Eof {
                break;
            }
        }
        let expected = [
            ("one\n", LineEnd::Newline),
            ("four", LineEnd::Bound),
            ("five", LineEnd::Bound),
            ("\n", LineEnd::Newline),
            ("end", LineEnd::Eof),
        ];
        assert_eq!(lines, expected.map(|(line, end)| (line.to_owned(), end)));
    }

    #[tokio::test]
    async fn a_buffer_that_holds_the_beginning_of_a_line_is_completed() {
        let mut buffer = b"be".to_vec();
        let mut stream: &[u8] = b"gin\nnext";
        let end = read_line(&mut stream, &mut buffer, 16).await.unwrap();
        assert_eq!((buffer.as_slice(), end), (&b"begin\n"[..], LineEnd::Newline));
        let mut blocking: &[u8] = b"gin\nnext";
        let mut buffer = b"be".to_vec();
        let end = read_line_blocking(&mut blocking, &mut buffer, 16).unwrap();
        assert_eq!((buffer.as_slice(), end), (&b"begin\n"[..], LineEnd::Newline));
    }

    async fn truncated_lengths(mut bytes: &[u8], max_bytes: usize) -> Vec<usize> {
        let (mut line, mut lengths) = (Vec::new(), Vec::new());
        while read_truncated_line(&mut bytes, &mut line, max_bytes).await.unwrap() {
            lengths.push(line.len());
        }
        lengths
    }

    #[tokio::test]
    async fn a_line_past_the_bound_is_cut_and_the_next_one_is_whole() {
        let mut bytes = vec![b'x'; 100_000];
        bytes.extend_from_slice(b"\nabc\n\nlast");
        assert_eq!(truncated_lengths(&bytes, 8192).await, [8192, 3, 0, 4]);
        assert_eq!(
            truncated_lengths(&[b"x".repeat(8192), b"\ny".to_vec()].concat(), 8192).await,
            [8192, 1]
        );
        assert_eq!(truncated_lengths(b"", 8192).await, [0; 0]);
    }
}
