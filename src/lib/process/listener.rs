//! The listening socket: bound by whoever talks to the operator, served by whoever faces the
//! network, so that a wrong port is said before anything starts.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd as _, AsRawFd as _};

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::sockopt::{RcvBuf, SndBuf};
use nix::sys::socket::{self, Backlog};

/// Connections that may wait to be accepted. With the usual 128, a thousand people who open the
/// link at once took twenty times as long to get in.
const ACCEPT_BACKLOG: i32 = 4096;

/// What the kernel may hold of what we say to one visitor, in bytes. It doubles that for its own
/// bookkeeping (socket(7)). Small, because it is memory that we cannot overwrite; still a whole batch
/// for a slow line, and the whole page, which then goes out at once.
pub(crate) const SEND_BUFFER_BYTES: usize = 64 * 1024;

/// The same for what one visitor says to us: two of the longest frames.
pub(crate) const RECEIVE_BUFFER_BYTES: usize = 32 * 1024;

/// Why there is nothing to listen on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    /// Somebody else has the port.
    #[error(
        "{0} is in use by another program; end it, or choose another port with --listen, or 0 for any free one"
    )]
    InUse(SocketAddr),
    /// Ports below 1024 are the system's.
    #[error(
        "you may not listen on {0}; choose a port from 1024 up, or 0 for any free one, with --listen"
    )]
    Forbidden(SocketAddr),
    /// The address is not one of this machine.
    #[error(
        "{0} is not an address of this machine; choose one with --listen, 127.0.0.1:0 always works"
    )]
    NotHere(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {address}: {source}; choose another address with --listen")]
    Refused {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Binds `address`; several thousand connections may wait to be accepted.
///
/// # Errors
/// With what to do about it.
pub(crate) fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        // listen(2) on a listening socket only changes the length of its queue.
        socket::listen(&listener, Backlog::new(ACCEPT_BACKLOG)?)?;
        // Inherited by every connection that is accepted (tcp(7)).
        socket::setsockopt(&listener, SndBuf, &SEND_BUFFER_BYTES)?;
        socket::setsockopt(&listener, RcvBuf, &RECEIVE_BUFFER_BYTES)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    bound.map_err(|source| match source.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EADDRINUSE) => ListenError::InUse(address),
        Some(Errno::EACCES) => ListenError::Forbidden(address),
        Some(Errno::EADDRNOTAVAIL) => ListenError::NotHere(address),
        Some(_) | None => ListenError::Refused { address, source },
    })
}

/// The listener that the supervisor handed us as standard output, which leads to where standard error
/// does from here on: one descriptor is the listener, and no other.
///
/// # Errors
/// When standard output is not one.
pub(crate) fn inherited_listener() -> std::io::Result<TcpListener> {
    let handed = std::io::stdout().as_fd().try_clone_to_owned()?;
    // Asked for its own sake: a socket that does not listen must fail here, not at the first accept.
    let listens = socket::getsockopt(&handed, socket::sockopt::AcceptConn)?;
    if !listens {
        return Err(std::io::Error::other(format!(
            "descriptor {} does not listen",
            handed.as_raw_fd()
        )));
    }
    nix::unistd::dup2_stdout(std::io::stderr())?;
    Ok(TcpListener::from(handed))
}

/// Lets this process have as many open connections as the system allows it: the usual first limit
/// of 1 024 is below what a full room needs.
pub(crate) fn raise_file_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // Refused: the bounds of the room are then reached earlier, nothing else happens.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
