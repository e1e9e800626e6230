//! The modes of the terminal (termios(3)): those of the prompt, and those that were there before.

use std::os::fd::AsFd;

use nix::sys::termios::{
    ControlFlags, InputFlags, LocalFlags, OutputFlags, SetArg, SpecialCharacterIndices, Termios,
    tcgetattr, tcsetattr,
};
use serde::{Deserialize, Serialize};

use super::print::write_stderr_at_once;
use super::size::has_control_sequences;

/// Control characters in the modes of a terminal (Linux, include/uapi/asm-generic/termbits.h: NCCS).
const CONTROL_CHARACTERS: usize = 32;

/// Tenths of a second between two bytes of one read. With `MIN` 1 it changes nothing, since a read returns
/// as soon as there is a byte; and no shell uses it, so that no modes of another program equal ours.
const FINGERPRINT_TIME: u8 = 1;

/// Lines wrap (DECAWM). A drawing that was cut off may have left that they do not.
const WRAP: &str = "\u{1b}[?7h";

/// The same; a drawing is at its end, pastes are not marked, and the prompt and what is below it is erased
/// (DEC private modes 2026 and 2004; ECMA-48: ED).
const AFTER_PROMPT: &str = "\u{1b}[?2026l\u{1b}[?7h\u{1b}[?2004l\r\u{1b}[J";

/// The modes of a terminal, as they go to the guard, which restores them when the supervisor was killed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TerminalModes {
    input: u32,
    output: u32,
    control: u32,
    local: u32,
    characters: [u8; CONTROL_CHARACTERS],
}

impl TerminalModes {
    /// The present modes of `terminal`.
    ///
    /// # Errors
    /// When it is no terminal, or is closed.
    pub(super) fn of(terminal: impl AsFd) -> nix::Result<Self> {
        let modes = tcgetattr(terminal)?;
        Ok(Self {
            input: modes.input_flags.bits(),
            output: modes.output_flags.bits(),
            control: modes.control_flags.bits(),
            local: modes.local_flags.bits(),
            characters: modes.control_chars,
        })
    }

    /// The present modes of the terminal on stderr, if there is one.
    pub(crate) fn of_stderr() -> Option<Self> {
        Self::of(std::io::stderr()).ok()
    }

    /// Restores these modes on stderr after the process with the prompt was killed, and what it may have
    /// left on the screen, unless another program has set its own modes: then the screen below the cursor
    /// is that of the other program, too.
    pub(crate) fn restore_after_kill(&self) {
        let text = if self.restore(std::io::stderr()) { AFTER_PROMPT } else { WRAP };
        if has_control_sequences() {
            write_stderr_at_once(text);
        }
    }

    /// These modes, changed for the prompt: keys arrive one by one and are not echoed. Signals, flow
    /// control and the translation of line ends stay as they are. A signal keeps what was typed and what
    /// is written: without `NOFLSH`, Ctrl+C throws away both.
    pub(super) fn for_prompt(&self) -> Self {
        let mut modes = self.clone();
        modes.local &= !(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::IEXTEN).bits();
        modes.local |= LocalFlags::NOFLSH.bits();
        modes.characters[SpecialCharacterIndices::VMIN as usize] = 1;
        modes.characters[SpecialCharacterIndices::VTIME as usize] = FINGERPRINT_TIME;
        modes
    }

    /// Sets these modes at once, also while the terminal is stopped (Ctrl+S).
    ///
    /// # Errors
    /// When the terminal is closed.
    pub(super) fn apply(&self, terminal: impl AsFd) -> nix::Result<()> {
        let mut modes = tcgetattr(&terminal)?;
        self.write_to(&mut modes);
        tcsetattr(&terminal, SetArg::TCSANOW, &modes)
    }

    fn write_to(&self, modes: &mut Termios) {
        modes.input_flags = InputFlags::from_bits_retain(self.input);
        modes.output_flags = OutputFlags::from_bits_retain(self.output);
        modes.control_flags = ControlFlags::from_bits_retain(self.control);
        modes.local_flags = LocalFlags::from_bits_retain(self.local);
        modes.control_chars = self.characters;
    }

    /// Sets these modes if the present ones are exactly those that the prompt made of them. False if they
    /// are not: another program has set its own, and nothing is changed.
    pub(super) fn restore(&self, terminal: impl AsFd) -> bool {
        let is_ours = Self::of(&terminal).is_ok_and(|present| present == self.for_prompt());
        is_ours && self.apply(terminal).is_ok()
    }
}

/// Lets output go on that Ctrl+S has stopped: flow control is turned off and on again. A call of
/// tcflow(3) does not (measured).
pub(super) fn resume_output(terminal: impl AsFd) {
    let Ok(mut modes) = tcgetattr(&terminal) else { return };
    if modes.input_flags.contains(InputFlags::IXON) {
        modes.input_flags.remove(InputFlags::IXON);
        // After an error the terminal stays stopped, and the caller has a time limit.
        let _ = tcsetattr(&terminal, SetArg::TCSANOW, &modes);
        modes.input_flags.insert(InputFlags::IXON);
        let _ = tcsetattr(&terminal, SetArg::TCSANOW, &modes);
    }
}
