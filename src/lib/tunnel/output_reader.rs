//! Reads stdout or stderr of cloudflared to its end: cloudflared ignores even SIGTERM while a pipe is
//! full. Lines are parsed; they are never printed as they are.

use tokio::io::{AsyncRead, BufReader};
use tokio::sync::mpsc;

use super::attempt::OutputLine;
use crate::line_reader::read_truncated_line;

/// Bound for a line; a longer one is cut. The longest that is recognised has fewer than 300 bytes.
const MAX_LINE_BYTES: usize = 8 * 1024;

/// Reads to the end of the stream, even if the receiver is dropped. The first [`OutputLine::Noise`] is
/// sent, as proof that cloudflared runs; a flood of others does not fill the queue.
pub(super) async fn drain(stream: impl AsyncRead + Unpin, lines: mpsc::Sender<OutputLine>) {
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    let mut sent_noise = false;
    while let Ok(true) = read_truncated_line(&mut reader, &mut bytes, MAX_LINE_BYTES).await {
        let line = OutputLine::parse(&String::from_utf8_lossy(&bytes));
        if line == OutputLine::Noise && std::mem::replace(&mut sent_noise, true) {
            continue;
        }
        let _ = lines.send(line).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flood_of_noise_is_sent_once() {
        let (sender, mut lines) = mpsc::channel(1);
        let flood = b"noise\n".repeat(100_000);
        drain(&*flood, sender).await;
        assert_eq!(lines.recv().await, Some(OutputLine::Noise));
        assert_eq!(lines.recv().await, None);
    }
}
