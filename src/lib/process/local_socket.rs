//! Connections to a local socket, for programs without a runtime.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

/// Connects to the socket `path`. Each read and write on the connection takes at most `limit`.
///
/// Never waits for the connection itself, as connect(2) would while the queue of a stopped program is full.
///
/// # Errors
/// Those of connect(2); [`io::ErrorKind::WouldBlock`] when the queue is full.
pub(crate) fn connect_local(path: &Path, limit: Duration) -> io::Result<UnixStream> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    Ok(stream)
}
