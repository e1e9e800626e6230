//! The options of the fuzz tests.

use crate::harness::command_line;
use crate::surface::Surface;

/// What to run.
#[derive(Debug)]
pub(crate) struct Options {
    /// Inputs in all, divided among the surfaces.
    pub(crate) inputs: u64,
    pub(crate) seed: u64,
    pub(crate) surfaces: Vec<Surface>,
    /// Runs this batch alone.
    pub(crate) batch: Option<u64>,
}

const USAGE: &str = "\
usage: cargo test --test hostile -- [SURFACE...] [--inputs N] [--seed N] [--batch N]
  SURFACE     frames, lines, http, polls, names, control, services, cloudflared, metrics or
              configuration [all]
  --inputs N  inputs in all [1250000]
  --seed N    repeat the inputs of this seed [1]
  --batch N   run one batch of one SURFACE";

/// A small run, for every change: below a minute in a build without optimisation. More than a
/// million are processed; the rest is sent to sockets that are closed before, such as those that do
/// not join.
const DEFAULT_INPUTS: u64 = 1_250_000;

/// Fixed, so that a run without arguments fails because of a change, and never by chance.
const DEFAULT_SEED: u64 = 1;

impl Options {
    /// # Errors
    /// The argument that is wrong, and the usage.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Self, String> {
        Self::try_parse(words).map_err(|error| format!("{error}\n{USAGE}"))
    }

    fn try_parse(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options =
            Self { inputs: DEFAULT_INPUTS, seed: DEFAULT_SEED, surfaces: Vec::new(), batch: None };
        command_line::parse(words, |name, value| {
            match name {
                "--inputs" => options.inputs = value.number()?,
                "--seed" => options.seed = value.number()?,
                "--batch" => options.batch = Some(value.number()?),
                _ => match Surface::from_name(name) {
                    Some(surface) => options.surfaces.push(surface),
                    None => return Ok(false),
                },
            }
            Ok(true)
        })?;
        if options.batch.is_some() && options.surfaces.len() != 1 {
            return Err("--batch needs exactly one SURFACE".to_owned());
        }
        if options.surfaces.is_empty() {
            options.surfaces = Surface::ALL.to_vec();
        }
        Ok(options)
    }
}
