//! `chattrace-serve`, with its own configuration file.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use super::process::TempDir;

/// The limit on messages of one participant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RateLimit {
    Unlimited,
    Limited { per_second: u32, burst: u32 },
}

impl RateLimit {
    /// The default rate, with a burst that is long enough to fill the buffers of a client.
    pub(crate) const LONG_BURST: Self = Self::Limited { per_second: 2, burst: 100 };

    /// The highest limit that can be configured: it is checked and never reached.
    pub(crate) const HIGHEST: Self = Self::Limited { per_second: 10_000, burst: 10_000 };
}

/// How a room is started.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    /// The path of `chattrace-serve`.
    pub(crate) program: PathBuf,
    /// A command in front of the program, such as one that hides a feature of the kernel.
    pub(crate) wrapper: Vec<OsString>,
    pub(crate) rate_limit: RateLimit,
}

impl Room {
    /// The default settings, without a rate limit.
    pub(crate) fn unlimited(program: PathBuf) -> Self {
        Self { program, wrapper: Vec::new(), rate_limit: RateLimit::Unlimited }
    }

    pub(super) fn command(&self, temp_dir: &TempDir) -> Result<Command, String> {
        let (per_second, burst) = match self.rate_limit {
            RateLimit::Unlimited => (0, 10),
            RateLimit::Limited { per_second, burst } => (per_second, burst),
        };
        // The maximum of participants is the highest that can be configured.
        let config = format!(
            "{{\"room\":{{\"max_participants\":10000,\
             \"rate\":{{\"per_second\":{per_second},\"burst\":{burst}}}}}}}"
        );
        let file = temp_dir.write("config.json", &config)?;
        let mut words: Vec<OsString> = self.wrapper.clone();
        words.push(self.program.clone().into());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg("--config").arg(file);
        Ok(command)
    }
}
