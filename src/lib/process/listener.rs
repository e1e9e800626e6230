//! The listening socket. The supervisor binds it, so that a wrong port is reported before any service
//! starts, and hands it to serve.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd as _, AsRawFd as _};

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::sockopt::{RcvBuf, SndBuf};
use nix::sys::socket::{self, Backlog};

/// Connections that may wait to be accepted. With the usual 128, a thousand clients that open the link
/// at once took twenty times as long to connect.
const ACCEPT_BACKLOG: i32 = 4096;

/// Size of the kernel's send buffer of each connection. The kernel doubles it for its own bookkeeping
/// (socket(7)). Small, because we cannot overwrite that memory; large enough for a whole batch, and for
/// the whole page, which is then sent at once.
pub(crate) const SEND_BUFFER_BYTES: usize = 64 * 1024;

/// Size of the receive buffer of each connection: two of the longest frames.
pub(crate) const RECEIVE_BUFFER_BYTES: usize = 32 * 1024;

/// Ports below it need a privilege (ip(7), `ip_unprivileged_port_start`).
const FIRST_UNPRIVILEGED_PORT: u16 = 1024;

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    /// Another socket listens on the port (`EADDRINUSE`).
    #[error(
        "{0} is in use by another program; end it, or choose another port with --listen, or 0 for any free one"
    )]
    InUse(SocketAddr),
    /// The port is below [`FIRST_UNPRIVILEGED_PORT`].
    #[error(
        "you may not listen on {0}; choose a port from 1024 up, or 0 for any free one, with --listen"
    )]
    PermissionDenied(SocketAddr),
    /// No interface has the address (`EADDRNOTAVAIL`).
    #[error(
        "{0} is not an address of this machine; choose one with --listen, 127.0.0.1:0 always works"
    )]
    NotAvailable(SocketAddr),
    /// A call is refused that every listener needs, whichever its address.
    #[error(
        "cannot listen on {address}: {source}; the likely cause is the seccomp profile of a container: \
         allow socket, setsockopt, bind and listen in it, or run outside the container"
    )]
    CallRefused { address: SocketAddr, source: std::io::Error },
    /// The kernel refused for another reason.
    #[error("cannot listen on {address}: {source}; choose another address with --listen")]
    Other { address: SocketAddr, source: std::io::Error },
}

/// Binds `address` and listens on it, non-blocking. An error names the next step.
pub(crate) fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        // A second listen(2) only changes the length of the queue.
        socket::listen(&listener, Backlog::new(ACCEPT_BACKLOG)?)?;
        // Accepted connections inherit both (tcp(7)).
        socket::setsockopt(&listener, SndBuf, &SEND_BUFFER_BYTES)?;
        socket::setsockopt(&listener, RcvBuf, &RECEIVE_BUFFER_BYTES)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    bound.map_err(|source| match source.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EADDRINUSE) => ListenError::InUse(address),
        Some(Errno::EACCES) if (1..FIRST_UNPRIVILEGED_PORT).contains(&address.port()) => {
            ListenError::PermissionDenied(address)
        }
        Some(Errno::EPERM | Errno::EACCES | Errno::ENOSYS) => {
            ListenError::CallRefused { address, source }
        }
        Some(Errno::EADDRNOTAVAIL) => ListenError::NotAvailable(address),
        Some(_) | None => ListenError::Other { address, source },
    })
}

/// The listener that the supervisor passed as standard output. From here on, standard output is a copy
/// of standard error, so that one descriptor and no other is the listener.
///
/// # Errors
/// When standard output is no listening socket.
pub(crate) fn inherited_listener() -> std::io::Result<TcpListener> {
    let inherited = std::io::stdout().as_fd().try_clone_to_owned()?;
    // Checked here, so that it does not fail at the first accept.
    let listens = socket::getsockopt(&inherited, socket::sockopt::AcceptConn)?;
    if !listens {
        return Err(std::io::Error::other(format!(
            "descriptor {} does not listen",
            inherited.as_raw_fd()
        )));
    }
    nix::unistd::dup2_stdout(std::io::stderr())?;
    Ok(TcpListener::from(inherited))
}

/// Raises the limit on open descriptors to the hard one: a full room needs more than the usual 1024.
pub(crate) fn raise_file_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // If the kernel refuses, accept(2) fails earlier and connections wait.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
