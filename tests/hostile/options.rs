//! The command line.

use std::str::FromStr;

use crate::foreign::{FOREIGN, FOREIGN_VALUES};
use crate::surface::Surface;

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Options {
    /// Inputs in all, shared out among the surfaces.
    pub(crate) inputs: u64,
    pub(crate) seed: u64,
    pub(crate) surfaces: Vec<Surface>,
    /// Only the batch of this number.
    pub(crate) batch: Option<u64>,
}

const USAGE: &str = "\
usage: cargo test --test hostile -- [SURFACE...] [--inputs N] [--seed N] [--batch N]
  SURFACE     only these: frames lines http polls names control services cloudflared metrics
              configuration
  --inputs N  so many in all [1250000]    --seed N   the same ones again [1]
  --batch N   this batch of one SURFACE alone";

/// A small run, for every change: below a minute in a build without optimisation. More than a million are
/// taken; the rest is sent to sockets that are closed before it, as those that do not join are.
const INPUTS: u64 = 1_250_000;

/// The same inputs in every run without arguments: a change that fails has failed by itself.
const SEED: u64 = 1;

impl Options {
    /// Reads `words`.
    ///
    /// # Errors
    /// With what is wrong, and the usage.
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { inputs: INPUTS, seed: SEED, surfaces: Vec::new(), batch: None };
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let mut number = |value: Option<String>| value.or_else(|| words.next());
            match name {
                "--inputs" => options.inputs = parsed(name, number(value))?,
                "--seed" => options.seed = parsed(name, number(value))?,
                "--batch" => options.batch = Some(parsed(name, number(value))?),
                _ if FOREIGN.contains(&name) => {}
                _ if FOREIGN_VALUES.contains(&name) => drop(number(value)),
                _ => {
                    let known = Surface::ALL.into_iter().find(|surface| surface.name() == name);
                    options.surfaces.push(known.ok_or_else(|| format!("{word}?\n{USAGE}"))?);
                }
            }
        }
        if options.batch.is_some() && options.surfaces.len() != 1 {
            return Err(format!("--batch needs the one SURFACE that it is of\n{USAGE}"));
        }
        if options.surfaces.is_empty() {
            options.surfaces = Surface::ALL.to_vec();
        }
        Ok(options)
    }
}

fn parsed<T: FromStr>(name: &str, value: Option<String>) -> Result<T, String> {
    let value = value.ok_or_else(|| format!("{name} needs a number\n{USAGE}"))?;
    value.parse().map_err(|_| format!("{name} {value}: not a number\n{USAGE}"))
}
