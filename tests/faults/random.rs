//! Random trials: the same seed and number always give the same plan.

use std::time::Duration;

use rustix::process::Signal;

use crate::harness::rng::Rng;
use crate::plan::{
    Behaviour, Exit, Mode, Phase, Plan, Step, Trigger, Victim, hanging, registering,
};

/// The fault.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Kill,
    Abort,
    /// The victims are stopped, then the supervisor is killed.
    StopThenKill,
    /// The victims are stopped, then the operator gives the command `panic`.
    StopThenPanic,
    /// The operator gives the command `panic`, and the victims are killed while it is carried out.
    PanicThenKill,
}

/// The tunnel of the session.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tunnel {
    None,
    Registers(Behaviour),
    /// cloudflared hangs after this many of its steps.
    HangsAfter(usize),
    /// cloudflared hangs when it is asked for its version.
    VersionHangs,
}

/// The plan of the trial of this number.
pub(crate) fn plan(seed: u64, number: u64) -> Plan {
    let mut rng = Rng::new(seed, 0, number);
    let occupied = rng.one_in(10);
    let in_shutdown = rng.one_in(2);
    let tunnel = tunnel(&mut rng, occupied);
    let mut victims = victims(&mut rng, tunnel, in_shutdown);
    let fault = match rng.below(10) {
        0 => Fault::Abort,
        1 | 2 => Fault::StopThenKill,
        3 => Fault::StopThenPanic,
        4 | 5 => Fault::PanicThenKill,
        _ => Fault::Kill,
    };
    if fault == Fault::StopThenPanic {
        // It would not read the command.
        victims.retain(|victim| *victim != Victim::Supervisor);
    }
    let phase = match tunnel {
        Tunnel::None | Tunnel::Registers(_) => Phase::Open,
        Tunnel::HangsAfter(steps) if steps > 1 => Phase::Opening,
        Tunnel::HangsAfter(_) | Tunnel::VersionHangs => Phase::Preparing,
    };
    let trigger = if in_shutdown {
        Trigger::AfterTerm(phase, duration(&mut rng, shutdown_ms(tunnel, occupied)))
    } else if occupied {
        Trigger::InPhase(phase)
    } else {
        // The cleaner exits within milliseconds.
        let early = rng.one_in(3) || victims.contains(&Victim::Cleaner);
        Trigger::AfterStart(duration(&mut rng, if early { 30 } else { 300 }))
    };
    let second_term = rng.one_in(4);
    let pause = duration(&mut rng, 100);
    let in_panic = duration(&mut rng, PANIC_MS);
    let names: Vec<&str> = victims.iter().map(|victim| victim.name()).collect();
    let circumstances = circumstances(trigger, tunnel, occupied);
    let mode = if rng.one_in(2) { Mode::Sealed } else { Mode::Open };
    Plan {
        name: format!("{} {} {circumstances}, {}", fault.name(), names.join("+"), mode.flag()),
        orders: tunnel.orders(),
        version_hangs: tunnel == Tunnel::VersionHangs,
        on_terminal: false,
        mode,
        occupied,
        trigger,
        exits: exits(&victims, fault, in_shutdown && second_term),
        steps: steps(victims, fault, in_panic, (!in_shutdown || second_term).then_some(pause)),
        best_effort: true,
        last_line: None,
    }
}

/// The part of a panic in which processes still run, in milliseconds.
const PANIC_MS: usize = 30;

/// Uniform below `max_ms`, to the microsecond.
fn duration(rng: &mut Rng, max_ms: usize) -> Duration {
    Duration::from_micros(rng.below(max_ms * 1000) as u64)
}

/// The part of a shutdown in which processes still run, in milliseconds: about ten, unless the
/// session has to wait for a process or a participant.
fn shutdown_ms(tunnel: Tunnel, occupied: bool) -> usize {
    let ignores_term = matches!(
        tunnel,
        Tunnel::Registers(Behaviour::IgnoresTerm | Behaviour::ForksAndIgnoresTerm)
    );
    if ignores_term || occupied { 250 } else { 12 }
}

fn tunnel(rng: &mut Rng, occupied: bool) -> Tunnel {
    let behaviours = [
        Behaviour::Cooperative,
        Behaviour::IgnoresTerm,
        Behaviour::Forks,
        Behaviour::ForksAndIgnoresTerm,
    ];
    match rng.below(10) {
        0 => Tunnel::None,
        // Participants need a link to join.
        1..=3 if !occupied => Tunnel::HangsAfter(rng.below(4)),
        4 if !occupied => Tunnel::VersionHangs,
        _ => Tunnel::Registers(rng.choose(&behaviours)),
    }
}

/// One or two of the processes that such a session can have.
fn victims(rng: &mut Rng, tunnel: Tunnel, in_shutdown: bool) -> Vec<Victim> {
    use Victim::{Cleaner, Cloudflared, Guard, Serve, Supervisor};
    let mut candidates = vec![Supervisor, Guard, Serve];
    if tunnel != Tunnel::None {
        candidates.extend([Victim::Tunnel, Cloudflared]);
    }
    if !in_shutdown {
        candidates.push(Cleaner);
    }
    let first = rng.choose(&candidates);
    let mut victims = vec![first];
    if rng.one_in(5) {
        candidates.retain(|victim| *victim != first);
        victims.push(rng.choose(&candidates));
    }
    victims
}

/// The fault, and a TERM `pause` after it, if one is given.
fn steps(
    victims: Vec<Victim>,
    fault: Fault,
    in_panic: Duration,
    pause: Option<Duration>,
) -> Vec<Step> {
    let mut steps = match fault {
        Fault::Kill => vec![Step::Signal(victims, Signal::KILL)],
        Fault::Abort => vec![Step::Signal(victims, Signal::ABORT)],
        Fault::StopThenKill => {
            let supervisor = Step::Signal(vec![Victim::Supervisor], Signal::KILL);
            vec![Step::Signal(victims, Signal::STOP), supervisor]
        }
        Fault::StopThenPanic => {
            let stop = (!victims.is_empty()).then_some(Step::Signal(victims, Signal::STOP));
            stop.into_iter().chain([Step::SendPanic { times: 1 }]).collect()
        }
        Fault::PanicThenKill => vec![Step::PanicThenSignal(in_panic, victims, Signal::KILL)],
    };
    steps.extend(pause.map(Step::TermAfter));
    steps
}

fn exits(victims: &[Victim], fault: Fault, forced: bool) -> Vec<Exit> {
    let mut exits = vec![Exit::Code(0)];
    if fault == Fault::StopThenKill || victims.contains(&Victim::Supervisor) {
        let signal = if fault == Fault::Abort { Signal::ABORT } else { Signal::KILL };
        exits.push(Exit::Signal(signal.as_raw()));
    }
    if victims.contains(&Victim::Serve) {
        // The loss of serve begins a shutdown, which a TERM then forces.
        exits.extend([Exit::Code(70), Exit::Code(130)]);
    }
    if forced {
        exits.push(Exit::Code(130));
    }
    exits
}

fn circumstances(trigger: Trigger, tunnel: Tunnel, occupied: bool) -> String {
    let trigger = match trigger {
        Trigger::AfterStart(age) => {
            format!("{:.1} ms after the start", age.as_secs_f64() * 1000.0)
        }
        Trigger::InPhase(phase) => format!("in phase {}", phase.name()),
        Trigger::AfterTerm(phase, pause) => {
            let pause = pause.as_secs_f64() * 1000.0;
            format!("{pause:.1} ms after TERM in phase {}", phase.name())
        }
    };
    let tunnel = match tunnel {
        Tunnel::None => "no tunnel".to_owned(),
        Tunnel::Registers(behaviour) => behaviour.name().to_owned(),
        Tunnel::HangsAfter(step) => format!("cloudflared hangs after {step} steps"),
        Tunnel::VersionHangs => "cloudflared without a version".to_owned(),
    };
    let participants = if occupied { ", 50 participants" } else { "" };
    format!("{trigger}, {tunnel}{participants}")
}

impl Fault {
    fn name(self) -> &'static str {
        match self {
            Fault::Kill => "KILL",
            Fault::Abort => "ABRT",
            Fault::StopThenKill => "STOP, then KILL supervisor,",
            Fault::StopThenPanic => "STOP, then panic,",
            Fault::PanicThenKill => "panic, then KILL",
        }
    }
}

impl Tunnel {
    fn orders(self) -> Option<String> {
        let all = registering(Behaviour::Cooperative);
        match self {
            Tunnel::None => None,
            Tunnel::Registers(behaviour) => Some(registering(behaviour)),
            Tunnel::VersionHangs => Some(all),
            Tunnel::HangsAfter(0) => Some("hang\n".to_owned()),
            Tunnel::HangsAfter(2) => Some(hanging(Behaviour::Cooperative)),
            Tunnel::HangsAfter(steps) => {
                let orders: Vec<&str> = all.lines().take(steps).chain(["hang"]).collect();
                Some(orders.join("\n"))
            }
        }
    }
}
