//! What a fault does to the session: the steps that it still needs to end, and the exits that are
//! allowed.

use rustix::process::Signal;

use crate::plan::{Exit, Phase, Step, Victim};

use Phase::{Closing, Open, Opening, Question};

/// What a fault does to the session.
#[derive(Clone, Copy)]
pub(crate) enum Effect {
    /// This signal kills the supervisor.
    Fatal(Signal),
    /// The room is gone, and the session ends.
    RoomLost,
    /// The public address is gone; the session goes on.
    TunnelLost,
    /// The session goes on as before.
    None,
    /// A request to end; a repeated one changes nothing.
    Shutdown,
    /// A request from the keyboard; a repeated one forces the end.
    Interrupt,
    /// Two requests from the keyboard.
    Forced,
    /// `panic`, and the session's last line says that nothing remains.
    Panic,
    /// `panic` beside another end: either may come first.
    PanicBeside(Other),
}

/// An end beside `panic`.
#[derive(Clone, Copy)]
pub(crate) enum Other {
    /// This signal kills the supervisor.
    Fatal(Signal),
    /// The room is gone.
    RoomLost,
    /// A request to end.
    Shutdown,
    /// A request from the keyboard, which may be the second one.
    Interrupt,
}

impl Effect {
    /// Steps after the fault that end the session, where the fault does not.
    pub(crate) fn more_steps(self, phase: Phase) -> Vec<Step> {
        let term = Step::Signal(vec![Victim::Supervisor], Signal::TERM);
        match (self, phase) {
            (
                Effect::Fatal(_)
                | Effect::RoomLost
                | Effect::Shutdown
                | Effect::Interrupt
                | Effect::Forced
                | Effect::Panic
                | Effect::PanicBeside(_),
                _,
            )
            | (Effect::TunnelLost | Effect::None, Closing) => Vec::new(),
            (Effect::TunnelLost, Open) => vec![Step::AwaitEvent("tunnel", Some("lost")), term],
            // The session goes on with the local link.
            (Effect::TunnelLost, _) => vec![Step::AwaitEvent("link", None), term],
            (Effect::None, Question) => vec![Step::TypeKeys("\r")],
            (Effect::None, _) => vec![term],
        }
    }

    pub(crate) fn exits(self, phase: Phase) -> Vec<Exit> {
        match (self, phase) {
            (Effect::Fatal(signal), _) => vec![Exit::Signal(signal.as_raw())],
            (Effect::RoomLost, Opening | Open) => vec![Exit::Code(70)],
            // The phase itself began with a request to end, so this is the second one.
            (Effect::Interrupt | Effect::PanicBeside(Other::Interrupt), Closing | Question)
            | (Effect::Forced, _) => {
                vec![Exit::Code(0), Exit::Code(130)]
            }
            (Effect::PanicBeside(Other::Fatal(signal)), _) => {
                vec![Exit::Code(0), Exit::Signal(signal.as_raw())]
            }
            (Effect::PanicBeside(Other::RoomLost), Opening | Open) => {
                vec![Exit::Code(0), Exit::Code(70)]
            }
            (
                Effect::RoomLost
                | Effect::TunnelLost
                | Effect::None
                | Effect::Shutdown
                | Effect::Interrupt
                | Effect::Panic
                | Effect::PanicBeside(_),
                _,
            ) => vec![Exit::Code(0)],
        }
    }

    /// The last line of the session, where it is certain.
    pub(crate) fn last_line(self) -> Option<&'static str> {
        matches!(self, Effect::Panic).then_some("panic: nothing remains")
    }
}
