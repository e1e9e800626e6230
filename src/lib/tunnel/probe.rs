//! Questions to cloudflared's metrics port, which listens on loopback and speaks plain HTTP.
//! Asked over HTTP/1.0, so that the answer ends with the connection and is never chunked.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::attempt::Readiness;

/// Loopback answers within a millisecond; a program that needs two seconds is stuck.
const PATIENCE: Duration = Duration::from_secs(2);
/// Both answers are below 300 bytes with their headers.
const ANSWER_BYTES: u64 = 8 * 1024;

#[derive(Deserialize)]
struct QuickTunnel {
    hostname: String,
}

/// The host name that cloudflared believes it has; `None` without an understandable answer.
pub(super) async fn name(address: SocketAddr) -> Option<String> {
    let (status, body) = get(address, "/quicktunnel").await?;
    let parsed: QuickTunnel = serde_json::from_str(&body).ok()?;
    (status == 200).then_some(parsed.hostname)
}

/// Whether the edge knows the tunnel.
pub(super) async fn readiness(address: SocketAddr) -> Readiness {
    match get(address, "/ready").await {
        Some((200, _)) => Readiness::Yes,
        Some((503, _)) => Readiness::No,
        Some(_) | None => Readiness::Unanswered,
    }
}

async fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let answer = timeout(PATIENCE, exchange(address, path)).await.ok()?.ok()?;
    let text = String::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    Some((status, body.to_owned()))
}

async fn exchange(address: SocketAddr, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES).read_to_end(&mut answer).await?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn answering(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 512];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        address
    }

    #[tokio::test]
    async fn the_name_is_read_and_garbage_is_no_name() {
        let good = "HTTP/1.0 200 OK\r\nX: y\r\n\r\n{\"hostname\":\"a.trycloudflare.com\"}";
        let found = name(answering(good).await).await;
        assert_eq!(found.as_deref(), Some("a.trycloudflare.com"));
        for bad in [
            "",
            "garbage",
            "HTTP/1.1 200 OK\r\n\r\n{",
            "HTTP/1.1 404 No\r\n\r\n{\"hostname\":\"x\"}",
        ] {
            assert_eq!(name(answering(bad).await).await, None, "{bad}");
        }
    }

    #[tokio::test]
    async fn readiness_is_the_status_alone() {
        for (answer, means) in [
            ("HTTP/1.1 200 OK\r\n\r\n", Readiness::Yes),
            ("HTTP/1.1 503 Service Unavailable\r\n\r\n{}", Readiness::No),
            ("HTTP/1.1 500 Oh\r\n\r\n", Readiness::Unanswered),
            ("HTTP/1.", Readiness::Unanswered),
        ] {
            assert_eq!(readiness(answering(answer).await).await, means);
        }
    }

    #[tokio::test]
    async fn a_closed_port_is_unanswered() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        assert_eq!(readiness(address).await, Readiness::Unanswered);
    }
}
