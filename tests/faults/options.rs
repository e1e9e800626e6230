//! The command line.

use std::str::FromStr;

use crate::foreign::{FOREIGN, FOREIGN_VALUES};

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) matrix: bool,
    pub(crate) random: bool,
    pub(crate) trials: u64,
    pub(crate) seed: u64,
    pub(crate) jobs: usize,
    /// Only this one, with its whole story.
    pub(crate) trial: Option<u64>,
    /// Words that the name of a cell must contain.
    pub(crate) words: Vec<String>,
    pub(crate) is_worker: bool,
}

const USAGE: &str = "\
usage: cargo test --test faults -- [WORD...] [--matrix] [--random] [--trials N] [--seed N]
                                   [--jobs N] [--trial N]
  WORD       only cells of the matrix whose name has it; no random trials
  --matrix   the matrix alone        --random   random trials alone
  --trials N so many [100]           --seed N   the same ones again
  --jobs N   at a time [2]           --trial N  this random one alone, with its whole story";

impl Options {
    /// Reads `words`.
    ///
    /// # Errors
    /// With what is wrong, and the usage.
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut matrix, mut random, mut seed) = (false, false, None);
        let mut options = Self {
            matrix: true,
            random: true,
            trials: 100,
            seed: 0,
            jobs: 2,
            trial: None,
            words: Vec::new(),
            is_worker: false,
        };
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let mut number = |value: Option<String>| value.or_else(|| words.next());
            match name {
                "--matrix" => matrix = true,
                "--random" => random = true,
                "--trials" => options.trials = parsed(name, number(value))?,
                "--seed" => seed = Some(parsed(name, number(value))?),
                "--jobs" => options.jobs = parsed::<usize>(name, number(value))?.max(1),
                "--trial" => options.trial = Some(parsed(name, number(value))?),
                crate::workers::WORKER => options.is_worker = true,
                _ if FOREIGN.contains(&name) => {}
                _ if FOREIGN_VALUES.contains(&name) => drop(number(value)),
                _ if name.starts_with('-') => return Err(format!("{word}?\n{USAGE}")),
                _ => options.words.push(word.clone()),
            }
        }
        if matrix != random {
            (options.matrix, options.random) = (matrix, random);
        }
        options.random &= options.words.is_empty();
        if options.trial.is_some() && seed.is_none() {
            return Err(format!("--trial needs the --seed of its run\n{USAGE}"));
        }
        options.seed = seed.map_or_else(drawn, Ok)?;
        Ok(options)
    }
}

fn parsed<T: FromStr>(name: &str, value: Option<String>) -> Result<T, String> {
    let value = value.ok_or_else(|| format!("{name} needs a number\n{USAGE}"))?;
    value.parse().map_err(|_| format!("{name} {value}: not a number\n{USAGE}"))
}

fn drawn() -> Result<u64, String> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    // Short enough to be typed again.
    Ok(u64::from(u32::from_le_bytes(bytes)))
}
