//! Gives one command of the operator, and waits for its answer and its effect.

use std::time::{Duration, Instant};

use crate::load::Load;
use crate::servers::ControlSocket;

/// For the answer, and for the effect.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A command that was carried out.
#[derive(Debug)]
pub(super) struct Done {
    /// The answer.
    pub(super) text: String,
    /// From the command to the answer.
    pub(super) answered: Duration,
    /// From the command until the last client has the line that it looks for; `None` if none looks for one.
    pub(super) effective: Option<Duration>,
}

/// Gives `command`, and waits until it is answered and every client of `loads` has the line that it looks for.
///
/// # Errors
/// When one of these does not happen, or the command is refused.
pub(super) fn give(
    control: &mut ControlSocket,
    loads: &mut [&mut Load],
    command: &str,
) -> Result<Done, String> {
    let is_expecting = |loads: &[&mut Load]| loads.iter().any(|load| load.is_expecting());
    let has_effect = is_expecting(loads);
    let started = Instant::now();
    control.give(command)?;
    let (mut answer, mut effective) = (None, None);
    while started.elapsed() < TIMEOUT {
        turn(loads)?;
        if effective.is_none() && !is_expecting(loads) {
            effective = Some(started.elapsed());
        }
        if answer.is_none() {
            answer = control.try_recv()?.map(|answer| (answer, started.elapsed()));
        }
        if let (Some((answer, answered)), Some(effective)) = (&answer, effective) {
            let effective = has_effect.then_some(effective);
            return Ok(Done { text: answer.done()?, answered: *answered, effective });
        }
    }
    let missing: usize = loads.iter().map(|load| load.expecting()).sum();
    Err(format!("{command}: answered: {}, without effect on {missing}", answer.is_some()))
}

/// Handles what arrives for so long, without sleeping.
///
/// # Errors
/// When a client is disconnected that may not be.
pub(super) fn pause(loads: &mut [&mut Load], duration: Duration) -> Result<(), String> {
    let started = Instant::now();
    while started.elapsed() < duration {
        turn(loads)?;
    }
    Ok(())
}

fn turn(loads: &mut [&mut Load]) -> Result<(), String> {
    loads.iter_mut().try_for_each(|load| load.turn())
}
