//! Reads a stream of cloudflared to its end: cloudflared ignores even SIGTERM while a pipe is full.
//! Its lines are parsed and never passed on.

use tokio::io::{AsyncRead, BufReader};
use tokio::sync::mpsc;

use super::attempt::OutputLine;
use crate::line_reader::read_truncated_line;

/// A longer line is cut. The longest that means something here has fewer than 300 bytes.
const MAX_LINE_BYTES: usize = 8 * 1024;

/// Reads until the end of the stream, even when the receiver is dropped. Of all [`OutputLine::Noise`]
/// only the first is sent, so that a flood of it fills no queue: it proves that cloudflared runs.
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
