//! The termination signals of a program, as one stream.

use std::pin::Pin;
use std::task::{Context, Poll};

use nix::sys::signal::{SigSet, Signal as NixSignal};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTSTP, which Ctrl+Z sends to the foreground process group of a terminal.
pub(crate) const SUSPEND_SIGNAL: i32 = NixSignal::SIGTSTP as i32;

/// A signal that asks a program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TerminationSignal {
    /// Ctrl+C.
    Interrupt,
    /// The default of kill(1); also the soft limit on processor time (setrlimit(2)), the first warning
    /// before the hard one kills.
    Terminate,
    /// The terminal was closed.
    Hangup,
    /// Ctrl+\.
    Quit,
}

/// What began the shutdown of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShutdownCause {
    /// One of [`TerminationSignal`].
    Signal,
    /// The peer of standard input or output has closed it.
    ClosedStream,
}

/// Handlers for all of [`TerminationSignal`].
#[derive(Debug)]
pub(crate) struct TerminationSignals([(TerminationSignal, Signal); 5]);

impl TerminationSignals {
    /// Installs the handlers. Also blocks the signals that stop a background process for using the
    /// terminal, in this thread and those that it starts: a stopped process could not shut down.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub(crate) fn catch() -> std::io::Result<Self> {
        // With both blocked, writes to the terminal succeed and reads fail (termios(3)).
        SigSet::from_iter([NixSignal::SIGTTIN, NixSignal::SIGTTOU]).thread_block()?;
        let caught = |kind| signal(kind);
        Ok(Self([
            (TerminationSignal::Interrupt, caught(SignalKind::interrupt())?),
            (TerminationSignal::Terminate, caught(SignalKind::terminate())?),
            (
                TerminationSignal::Terminate,
                caught(SignalKind::from_raw(NixSignal::SIGXCPU as i32))?,
            ),
            (TerminationSignal::Hangup, caught(SignalKind::hangup())?),
            (TerminationSignal::Quit, caught(SignalKind::quit())?),
        ]))
    }

    /// Waits for the next signal. Cancel safe.
    pub(crate) async fn recv(&mut self) -> TerminationSignal {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// Waits for the Ctrl+C that cuts a shutdown short: the next one if a signal began it, otherwise
    /// the second. In a pipeline one Ctrl+C reaches every process, and a neighbour's exit often closes
    /// a stream before the signal itself arrives. Other signals do not count: a service manager may
    /// send TERM twice, and every terminal sends HUP. Cancel safe.
    pub(crate) async fn second_interrupt(&mut self, began: ShutdownCause) {
        let mut interrupts = match began {
            ShutdownCause::Signal => 1,
            ShutdownCause::ClosedStream => 2,
        };
        while interrupts > 0 {
            if self.recv().await == TerminationSignal::Interrupt {
                interrupts -= 1;
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
