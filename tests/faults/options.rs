//! The options of the fault tests.

use crate::harness::command_line;
use crate::workers::WORKER_FLAG;

/// What to run.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) matrix: bool,
    pub(crate) random: bool,
    /// Number of random trials.
    pub(crate) trials: u64,
    pub(crate) seed: u64,
    /// Trials that run at the same time.
    pub(crate) jobs: usize,
    /// Runs this random trial alone, and prints its whole transcript.
    pub(crate) trial: Option<u64>,
    /// Runs only those cells of the matrix whose name contains all of these.
    pub(crate) filters: Vec<String>,
    pub(crate) is_worker: bool,
}

const USAGE: &str = "\
usage: cargo test --test faults -- [WORD...] [--matrix] [--random] [--trials N] [--seed N]
                                   [--jobs N] [--trial N]
  WORD        run the cells of the matrix whose name contains it; no random trials
  --matrix    run the matrix only          --random    run random trials only
  --trials N  number of random trials [100]
  --seed N    repeat the random trials of this seed
  --jobs N    trials at the same time [twice the number of processors]
  --trial N   run one random trial, and print its transcript";

impl Options {
    /// # Errors
    /// The argument that is wrong, and the usage.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Self, String> {
        Self::try_parse(words).map_err(|error| format!("{error}\n{USAGE}"))
    }

    fn try_parse(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut matrix, mut random, mut seed) = (false, false, None);
        let mut options = Self {
            matrix: true,
            random: true,
            trials: 100,
            seed: 0,
            // A trial waits for half of its time.
            jobs: 2 * std::thread::available_parallelism().map_or(1, usize::from),
            trial: None,
            filters: Vec::new(),
            is_worker: false,
        };
        command_line::parse(words, |name, value| {
            match name {
                "--matrix" => matrix = true,
                "--random" => random = true,
                "--trials" => options.trials = value.number()?,
                "--seed" => seed = Some(value.number()?),
                "--jobs" => options.jobs = value.number::<usize>()?.max(1),
                "--trial" => options.trial = Some(value.number()?),
                WORKER_FLAG => options.is_worker = true,
                _ if name.starts_with('-') => return Ok(false),
                _ => options.filters.push(name.to_owned()),
            }
            Ok(true)
        })?;
        if matrix != random {
            (options.matrix, options.random) = (matrix, random);
        }
        options.random &= options.filters.is_empty();
        if options.trial.is_some() && seed.is_none() {
            return Err("--trial needs the --seed of its run".to_owned());
        }
        options.seed = seed.map_or_else(random_seed, Ok)?;
        Ok(options)
    }
}

/// 32 bits: short enough to be typed again.
fn random_seed() -> Result<u64, String> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(u64::from(u32::from_le_bytes(bytes)))
}
