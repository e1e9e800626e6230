//! System calls on sockets that are known to be ready, without tokio around each: its own check of
//! readiness costs the fan-out a fifth of its time.
//!
//! They are read(2) and write(2), which have neither flags nor address. The seccomp filter allows them
//! by number alone, and since Linux 5.11 the kernel does not even run it for such calls (seccomp(2)).
//! For send(2), whose arguments the filter checks, running it costs a sixth of the fan-out's time.

use std::io;
use std::os::fd::AsFd;

use rustix::net::Shutdown;

/// Writes what a non-blocking socket accepts. A closed peer is an error: std ignores SIGPIPE.
///
/// # Errors
/// Those of write(2); [`io::ErrorKind::WouldBlock`] if the send buffer is full.
pub(crate) fn send(socket: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::io::write(socket, bytes)?)
}

/// Reads what has arrived at a non-blocking socket; 0 at the end of the stream.
///
/// # Errors
/// Those of read(2); [`io::ErrorKind::WouldBlock`] if nothing has arrived.
pub(crate) fn recv(socket: impl AsFd, space: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(socket, space)?)
}

/// Closes the write half. What the peer sends can still be read.
///
/// # Errors
/// Those of shutdown(2): when the connection is closed.
pub(crate) fn shutdown_write(socket: impl AsFd) -> io::Result<()> {
    Ok(rustix::net::shutdown(socket, Shutdown::Write)?)
}
