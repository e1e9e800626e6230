//! Queries cloudflared's metrics port, which speaks HTTP on loopback. The requests are HTTP/1.0, so
//! that the response ends with the connection and is never chunked.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::attempt::Readiness;

/// Bound for one query, which takes a millisecond over loopback.
const QUERY_TIMEOUT: Duration = Duration::from_secs(2);
/// Bound for a response; both have fewer than 300 bytes with their headers.
const MAX_RESPONSE_BYTES: u64 = 8 * 1024;

#[derive(Deserialize)]
struct QuickTunnelResponse {
    hostname: String,
}

/// The host name of the tunnel, unchecked; `None` without a valid response in time.
pub(super) async fn query_name(address: SocketAddr) -> Option<String> {
    let (status, body) = get(address, "/quicktunnel").await?;
    let parsed: QuickTunnelResponse = serde_json::from_str(&body).ok()?;
    (status == 200).then_some(parsed.hostname)
}

/// Whether the edge knows the tunnel, by the status of `/ready` alone.
pub(super) async fn query_readiness(address: SocketAddr) -> Readiness {
    match get(address, "/ready").await {
        Some((200, _)) => Readiness::Ready,
        Some((503, _)) => Readiness::NotReady,
        Some(_) | None => Readiness::NoAnswer,
    }
}

async fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let response = timeout(QUERY_TIMEOUT, exchange(address, path)).await.ok()?.ok()?;
    let text = String::from_utf8(response).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    Some((status, body.to_owned()))
}

async fn exchange(address: SocketAddr, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut response = Vec::new();
    stream.take(MAX_RESPONSE_BYTES).read_to_end(&mut response).await?;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn serve_once(response: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 512];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(response.as_bytes()).await.unwrap();
        });
        address
    }

    #[tokio::test]
    async fn the_name_is_parsed_and_garbage_is_none() {
        let good = "HTTP/1.0 200 OK\r\nX: y\r\n\r\n{\"hostname\":\"a.trycloudflare.com\"}";
        let found = query_name(serve_once(good).await).await;
        assert_eq!(found.as_deref(), Some("a.trycloudflare.com"));
        for bad in [
            "",
            "garbage",
            "HTTP/1.1 200 OK\r\n\r\n{",
            "HTTP/1.1 404 No\r\n\r\n{\"hostname\":\"x\"}",
        ] {
            assert_eq!(query_name(serve_once(bad).await).await, None, "{bad}");
        }
    }

    #[tokio::test]
    async fn readiness_is_the_status_alone() {
        for (response, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n", Readiness::Ready),
            ("HTTP/1.1 503 Service Unavailable\r\n\r\n{}", Readiness::NotReady),
            ("HTTP/1.1 500 Oh\r\n\r\n", Readiness::NoAnswer),
            ("HTTP/1.", Readiness::NoAnswer),
        ] {
            assert_eq!(query_readiness(serve_once(response).await).await, expected);
        }
    }

    #[tokio::test]
    async fn a_closed_port_does_not_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        assert_eq!(query_readiness(address).await, Readiness::NoAnswer);
    }
}
