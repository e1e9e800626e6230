//! What the operator types while a session runs: key by key on a terminal that can draw a prompt, else
//! line by line. Read without a thread, because a thread in read(2) cannot be cancelled.

use super::keyboard::Keyboard;
use super::typed::Typed;
use crate::terminal::screen_writer::Footer;
use crate::terminal::typed_lines::TypedLines;

/// What typed lines are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InputUse {
    /// Commands, at the prompt.
    Commands,
    /// The answer to a question, in line mode.
    Answer,
    /// Nothing is read.
    Nothing,
}

/// The prompt of one terminal. The modes of the terminal are restored when it is dropped.
#[derive(Debug)]
pub(crate) struct Prompt {
    /// `None` where no prompt is drawn.
    keyboard: Option<Keyboard>,
    lines: TypedLines,
    input_use: InputUse,
}

impl Prompt {
    /// A prompt that draws nothing and reads nothing.
    pub(crate) fn none() -> Self {
        Self { keyboard: None, lines: TypedLines::closed(), input_use: InputUse::Nothing }
    }

    /// Must be called inside a runtime. Draws in `footer`, if there is one and stdin and stderr are one
    /// terminal, else reads plain lines; without a terminal, no line ever comes.
    pub(in crate::terminal) fn open(footer: Option<&Footer>) -> Self {
        let keyboard = footer.and_then(Keyboard::open);
        Self { keyboard, lines: TypedLines::open(), input_use: InputUse::Commands }
    }

    /// What was typed next. In the background it waits: what is typed there belongs to the shell. Cancel
    /// safe.
    pub(crate) async fn next(&mut self) -> Typed {
        match (self.input_use, &mut self.keyboard) {
            (InputUse::Nothing, _) => std::future::pending().await,
            (InputUse::Commands, Some(keyboard)) => keyboard.next().await,
            (InputUse::Commands | InputUse::Answer, _) => {
                self.lines.next().await.map_or(Typed::EndOfInput, Typed::Line)
            }
        }
    }

    /// Reads lines for another use. The prompt is on the screen, and its modes are set, for
    /// [`InputUse::Commands`] alone; what was typed at it and not read is dropped.
    pub(crate) fn use_for(&mut self, input_use: InputUse) {
        let previous = std::mem::replace(&mut self.input_use, input_use);
        if previous == InputUse::Commands && input_use != InputUse::Commands {
            self.keyboard.iter_mut().for_each(Keyboard::leave);
        }
    }

    /// Writes `replacement` in place of what is between the byte `start` and the cursor.
    pub(crate) fn complete(&mut self, start: usize, replacement: &str) {
        self.keyboard.iter_mut().for_each(|keyboard| keyboard.complete(start, replacement));
    }
}
