//! The signals that ask a program to end, as one stream.

use std::pin::Pin;
use std::task::{Context, Poll};

use nix::sys::signal::{SigSet, Signal as NixSignal};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signal of Ctrl+Z.
pub(crate) const SUSPEND_SIGNAL: i32 = NixSignal::SIGTSTP as i32;

/// Which signal asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TerminationSignal {
    /// Ctrl+C.
    Interrupt,
    /// `kill`.
    Terminate,
    /// The terminal was closed.
    Hangup,
    /// Ctrl+\.
    Quit,
}

/// What began the end of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShutdownCause {
    /// One of these signals.
    Signal,
    /// A stream whose other side is gone.
    ClosedStream,
}

/// All of them, caught from the moment this is made.
#[derive(Debug)]
pub(crate) struct TerminationSignals([(TerminationSignal, Signal); 4]);

impl TerminationSignals {
    /// Starts to catch them, and keeps the kernel from stopping this thread and those it starts for
    /// touching the terminal from the background: frozen, nobody here could end anything.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub(crate) fn catch() -> std::io::Result<Self> {
        // Blocked, the terminal is written to and what is read from it is an error (termios(3)).
        SigSet::from_iter([NixSignal::SIGTTIN, NixSignal::SIGTTOU]).thread_block()?;
        let caught = |kind| signal(kind);
        Ok(Self([
            (TerminationSignal::Interrupt, caught(SignalKind::interrupt())?),
            (TerminationSignal::Terminate, caught(SignalKind::terminate())?),
            (TerminationSignal::Hangup, caught(SignalKind::hangup())?),
            (TerminationSignal::Quit, caught(SignalKind::quit())?),
        ]))
    }

    /// The next one. Safe to cancel.
    pub(crate) async fn recv(&mut self) -> TerminationSignal {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// Returns when somebody is impatient with an end that has begun: at the next Ctrl+C if a signal
    /// began it, else at the one after. In a pipeline one Ctrl+C reaches all, and what it did to
    /// the neighbours often arrives before it does. Only Ctrl+C is impatience: TERM may come twice
    /// from one supervisor, HUP with every terminal. Safe to cancel.
    pub(crate) async fn second_interrupt(&mut self, began: ShutdownCause) {
        let mut more = match began {
            ShutdownCause::Signal => 1,
            ShutdownCause::ClosedStream => 2,
        };
        while more > 0 {
            if self.recv().await == TerminationSignal::Interrupt {
                more -= 1;
            }
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<TerminationSignal> {
        for (which, stream) in &mut self.0 {
            if Pin::new(stream).poll_recv(cx).is_ready() {
                return Poll::Ready(*which);
            }
        }
        Poll::Pending
    }
}
