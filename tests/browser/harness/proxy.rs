//! The way between browser and room, as a test wishes it: it can be cut, hold everything back, or
//! do to HTTP what the tunnel provider does.
//!
//! It listens on 127.0.0.2 with the port of the room, so that the browser's `Host` and `Origin`
//! are right without a byte being changed.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Room;

/// What becomes of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Everything passes.
    Open,
    /// Connections are closed, and new ones at once.
    Cut,
    /// Connections stay, and nothing moves on them.
    Held,
    /// No WebSocket; the answer to a GET comes when it is complete, the answer to a POST as it
    /// is made.
    HttpOnly,
}

/// A TCP relay in front of a room.
#[derive(Debug)]
pub(crate) struct Path {
    way: watch::Sender<Way>,
    link: String,
    accepting: JoinHandle<()>,
}

impl Path {
    /// Listens in front of this room.
    pub(crate) async fn to(room: &Room, way: Way) -> Self {
        let port = room.port();
        let listener = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
        let (way, watched) = watch::channel(way);
        let accepting = tokio::spawn(async move {
            while let Ok((browser, _)) = listener.accept().await {
                tokio::spawn(carry(browser, port, watched.clone()));
            }
        });
        let link = room.link().replace("127.0.0.1", "127.0.0.2");
        Self { way, link, accepting }
    }

    /// The link that leads along here.
    pub(crate) fn link(&self) -> &str {
        &self.link
    }

    /// From now on.
    pub(crate) fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(browser: TcpStream, port: u16, mut way: watch::Receiver<Way>) {
    let now = *way.borrow_and_update();
    // Errors are ends of connections, which both sides see for themselves.
    let _ = match now {
        Way::Cut => Ok(()),
        Way::HttpOnly => exchange(browser, port).await,
        Way::Open | Way::Held => relay(browser, port, way).await,
    };
}

/// Bytes both ways, as long as the way is open.
async fn relay(mut browser: TcpStream, port: u16, mut way: watch::Receiver<Way>) -> io::Result<()> {
    let mut room = TcpStream::connect(("127.0.0.1", port)).await?;
    let (mut up, mut down) = ([0; 4096], [0; 4096]);
    loop {
        let open = match *way.borrow_and_update() {
            Way::Open => true,
            Way::Held => false,
            Way::Cut | Way::HttpOnly => return Ok(()),
        };
        tokio::select! {
            changed = way.changed() => changed.map_err(io::Error::other)?,
            read = browser.read(&mut up), if open => match read? {
                0 => return Ok(()),
                read => room.write_all(&up[..read]).await?,
            },
            read = room.read(&mut down), if open => match read? {
                0 => return Ok(()),
                read => browser.write_all(&down[..read]).await?,
            },
        }
    }
}

/// One request and its answer.
async fn exchange(mut browser: TcpStream, port: u16) -> io::Result<()> {
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
        let mut answer = Vec::new();
        room.read_to_end(&mut answer).await?;
        return browser.write_all(&answer).await;
    }
    tokio::io::copy_bidirectional(&mut browser, &mut room).await.map(|_| ())
}
