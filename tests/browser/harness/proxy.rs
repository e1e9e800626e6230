//! A TCP proxy between browser and room, which can fail in the ways of a network, or treat HTTP as
//! the tunnel provider does.
//!
//! It listens on 127.0.0.2 with the port of the room, so that the browser's `Host` and `Origin` are
//! correct and no byte has to be changed.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Room;

/// What the proxy does with connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProxyMode {
    /// Forwards all bytes.
    Forward,
    /// Closes all connections, and each new one at once.
    Close,
    /// Keeps connections open and forwards nothing.
    Stall,
    /// Refuses WebSockets. The response to a GET is forwarded when it is complete, the response to a
    /// POST as it arrives.
    HttpOnly,
}

/// A proxy in front of one room; ends when dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    mode: watch::Sender<ProxyMode>,
    link: String,
    accept_task: JoinHandle<()>,
}

impl Proxy {
    /// Listens in front of this room.
    pub(crate) async fn start(room: &Room, mode: ProxyMode) -> Self {
        let port = room.port();
        let listener = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
        let (mode, receiver) = watch::channel(mode);
        let accept_task = tokio::spawn(async move {
            while let Ok((browser, _)) = listener.accept().await {
                tokio::spawn(serve(browser, port, receiver.clone()));
            }
        });
        let link = room.link().replace("127.0.0.1", "127.0.0.2");
        Self { mode, link, accept_task }
    }

    /// The link of the room by way of this proxy.
    pub(crate) fn link(&self) -> &str {
        &self.link
    }

    /// Changes the mode, for open connections as well.
    pub(crate) fn set(&self, mode: ProxyMode) {
        self.mode.send_replace(mode);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accept_task.abort();
    }
}

async fn serve(browser: TcpStream, port: u16, mut mode: watch::Receiver<ProxyMode>) {
    let current = *mode.borrow_and_update();
    // An error closes the connection, which browser and room both notice.
    let _ = match current {
        ProxyMode::Close => Ok(()),
        ProxyMode::HttpOnly => tokio::select! {
            // Also while the room holds a poll.
            _ = mode.wait_for(|mode| *mode == ProxyMode::Close) => Ok(()),
            forwarded = forward_request(browser, port) => forwarded,
        },
        ProxyMode::Forward | ProxyMode::Stall => forward_bytes(browser, port, mode).await,
    };
}

/// Forwards bytes in both directions until the mode closes the connection.
async fn forward_bytes(
    mut browser: TcpStream,
    port: u16,
    mut mode: watch::Receiver<ProxyMode>,
) -> io::Result<()> {
    let mut room = TcpStream::connect(("127.0.0.1", port)).await?;
    let (mut up, mut down) = ([0; 4096], [0; 4096]);
    loop {
        let forwards = match *mode.borrow_and_update() {
            ProxyMode::Forward => true,
            ProxyMode::Stall => false,
            ProxyMode::Close | ProxyMode::HttpOnly => return Ok(()),
        };
        tokio::select! {
            changed = mode.changed() => changed.map_err(io::Error::other)?,
            read = browser.read(&mut up), if forwards => match read? {
                0 => return Ok(()),
                read => room.write_all(&up[..read]).await?,
            },
            read = room.read(&mut down), if forwards => match read? {
                0 => return Ok(()),
                read => browser.write_all(&down[..read]).await?,
            },
        }
    }
}

/// Forwards one request and its response.
async fn forward_request(mut browser: TcpStream, port: u16) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(browser.read_u8().await?);
    }
    let head = String::from_utf8(head).map_err(io::Error::other)?;
    if head.to_ascii_lowercase().contains("\r\nupgrade: websocket") {
        return browser.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n").await;
    }
    let mut room = TcpStream::connect(("127.0.0.1", port)).await?;
    let head = head.replace("Connection: keep-alive", "Connection: close");
    room.write_all(head.as_bytes()).await?;
    if head.starts_with("GET ") {
        let mut response = Vec::new();
        room.read_to_end(&mut response).await?;
        return browser.write_all(&response).await;
    }
    tokio::io::copy_bidirectional(&mut browser, &mut room).await.map(|_| ())
}
