//! Reads a stream of cloudflared to its end: cloudflared ignores even SIGTERM while a pipe is full.
//! Its lines are parsed and never passed on.

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::sync::mpsc;

use super::attempt::OutputLine;

/// A longer line is cut. The longest that means something here has fewer than 300 bytes.
const MAX_LINE_BYTES: usize = 8 * 1024;

/// Reads until the end of the stream, even when the receiver is dropped. Of all [`OutputLine::Noise`]
/// only the first is sent, so that a flood of it fills no queue: it proves that cloudflared runs.
pub(super) async fn drain(stream: impl AsyncRead + Unpin, lines: mpsc::Sender<OutputLine>) {
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    let mut sent_noise = false;
    while let Ok(true) = read_truncated_line(&mut reader, &mut bytes).await {
        let line = OutputLine::parse(&String::from_utf8_lossy(&bytes));
        if line == OutputLine::Noise && std::mem::replace(&mut sent_noise, true) {
            continue;
        }
        let _ = lines.send(line).await;
    }
}

/// Reads the next line into `line`, cut to [`MAX_LINE_BYTES`]; false at the end.
async fn read_truncated_line(
    reader: &mut (impl AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
) -> std::io::Result<bool> {
    line.clear();
    let mut any = false;
    loop {
        let chunk = reader.fill_buf().await?;
        if chunk.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        let free = MAX_LINE_BYTES - line.len();
        line.extend_from_slice(&part[..part.len().min(free)]);
        let used = end.map_or(chunk.len(), |at| at + 1);
        reader.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lengths(bytes: &[u8]) -> Vec<usize> {
        let mut reader = BufReader::new(bytes);
        let (mut line, mut lengths) = (Vec::new(), Vec::new());
        while read_truncated_line(&mut reader, &mut line).await.unwrap() {
            lengths.push(line.len());
        }
        lengths
    }

    #[tokio::test]
    async fn a_line_past_the_bound_is_cut_and_the_next_one_is_whole() {
        let mut bytes = vec![b'x'; 100_000];
        bytes.extend_from_slice(b"\nabc\n\nlast");
        assert_eq!(lengths(&bytes).await, [MAX_LINE_BYTES, 3, 0, 4]);
        assert_eq!(lengths(b"").await, [0; 0]);
    }

    #[tokio::test]
    async fn a_flood_of_noise_is_sent_once() {
        let (sender, mut lines) = mpsc::channel(1);
        let flood = b"noise\n".repeat(100_000);
        drain(&*flood, sender).await;
        assert_eq!(lines.recv().await, Some(OutputLine::Noise));
        assert_eq!(lines.recv().await, None);
    }
}
