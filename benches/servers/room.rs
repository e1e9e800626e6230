//! The real `chattrace-serve`, with a configuration file of its own.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use super::Scratch;

/// How fast a participant may speak.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// As fast as it goes.
    Unlimited,
    /// Below a bound that is looked at with every message.
    Limited {
        /// Messages per second.
        per_second: u32,
        /// Messages at once.
        burst: u32,
    },
}

impl Pace {
    /// What is shipped, after a longer burst, in which enough can be said to fill buffers.
    pub(crate) const TALKATIVE: Self = Self::Limited { per_second: 2, burst: 100 };

    /// The widest bound that can be set.
    pub(crate) const WIDEST: Self = Self::Limited { per_second: 10_000, burst: 10_000 };
}

/// A room.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    /// `chattrace-serve`.
    pub(crate) program: PathBuf,
    /// What it is started through.
    pub(crate) through: Vec<OsString>,
    /// Its rate limit.
    pub(crate) pace: Pace,
}

impl Room {
    /// As shipped, but for the rate limit.
    pub(crate) fn of(program: PathBuf) -> Self {
        Self { program, through: Vec::new(), pace: Pace::Unlimited }
    }

    /// How it is started.
    pub(super) fn command(&self, scratch: &Scratch) -> Result<Command, String> {
        let (per_second, burst) = match self.pace {
            Pace::Unlimited => (0, 10),
            Pace::Limited { per_second, burst } => (per_second, burst),
        };
        // As many as a room can take.
        let config = format!(
            "{{\"room\":{{\"max_participants\":10000,\
             \"rate\":{{\"per_second\":{per_second},\"burst\":{burst}}}}}}}"
        );
        let file = scratch.write("config.json", &config)?;
        let mut words: Vec<OsString> = self.through.clone();
        words.push(self.program.clone().into());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg("--config").arg(file);
        Ok(command)
    }
}
