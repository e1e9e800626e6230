//! Trials that are drawn: the same seed and number always give the same plan.

use std::time::Duration;

use rustix::process::Signal;

use crate::plan::{Exit, Moment, Phase, Plan, Step, Temper, Victim, hanging, orders};

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Draw(u64);

/// How somebody dies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Kill,
    Abort,
    /// Stopped, and then the supervisor is killed.
    Frozen,
}

/// How far the stand-in gets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    NoTunnel,
    Whole(Temper),
    /// It says nothing after one of its steps.
    Hangs(usize),
    /// It does not even say its version.
    Speechless,
}

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let at = usize::try_from(self.below(from.len() as u64)).expect("an index fits");
        from[at]
    }

    /// Uniform, to the microsecond.
    fn within(&mut self, milliseconds: u64) -> Duration {
        Duration::from_micros(self.below(milliseconds * 1000))
    }
}

/// The trial of this number.
pub(crate) fn plan(seed: u64, number: u64) -> Plan {
    let mut draw = Draw(seed ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03));
    let crowded = draw.one_in(10);
    let in_shutdown = draw.one_in(2);
    let way = way(&mut draw, crowded);
    let victims = victims(&mut draw, way, in_shutdown);
    let how = match draw.below(10) {
        0 => How::Abort,
        1 | 2 => How::Frozen,
        _ => How::Kill,
    };
    let phase = match way {
        Way::NoTunnel | Way::Whole(_) => Phase::Open,
        Way::Hangs(steps) if steps > 1 => Phase::Opening,
        Way::Hangs(_) | Way::Speechless => Phase::Preparing,
    };
    let moment = if in_shutdown {
        Moment::Ending(phase, draw.within(shutdown(way, crowded)))
    } else if crowded {
        Moment::In(phase)
    } else {
        let span = if draw.one_in(3) { 30 } else { 300 };
        Moment::After(draw.within(span))
    };
    let impatient = draw.one_in(4);
    let patience = draw.within(100);
    let names: Vec<&str> = victims.iter().map(|victim| victim.name()).collect();
    let name = format!("{} {} {}", how.name(), names.join("+"), told(moment, way, crowded));
    Plan {
        name,
        orders: way.orders(),
        search_hangs: way == Way::Speechless,
        on_terminal: false,
        crowded,
        moment,
        exits: exits(&victims, how, in_shutdown && impatient),
        steps: steps(victims, how, (!in_shutdown || impatient).then_some(patience)),
        lenient: true,
    }
}

/// How many milliseconds an end is worth hitting. Where nobody has to be waited for, it takes
/// about ten, and later there is nobody left to be hit.
fn shutdown(way: Way, crowded: bool) -> u64 {
    let waits = matches!(way, Way::Whole(Temper::Deaf | Temper::Stubborn));
    if waits || crowded { 250 } else { 12 }
}

fn way(draw: &mut Draw, crowded: bool) -> Way {
    let tempers = [Temper::Normal, Temper::Deaf, Temper::Forking, Temper::Stubborn];
    match draw.below(10) {
        0 => Way::NoTunnel,
        // A crowd needs a link.
        1..=3 if !crowded => Way::Hangs(usize::try_from(draw.below(4)).expect("four fits")),
        4 if !crowded => Way::Speechless,
        _ => Way::Whole(draw.pick(&tempers)),
    }
}

/// One or two of those that such a session can have.
fn victims(draw: &mut Draw, way: Way, in_shutdown: bool) -> Vec<Victim> {
    use Victim::{Cleaner, Cloudflared, Guard, Serve, Supervisor, Tunnel};
    let mut candidates = vec![Supervisor, Guard, Serve];
    if way != Way::NoTunnel {
        candidates.extend([Tunnel, Cloudflared]);
    }
    if !in_shutdown {
        candidates.push(Cleaner);
    }
    let first = draw.pick(&candidates);
    let mut victims = vec![first];
    if draw.one_in(5) {
        candidates.retain(|victim| *victim != first);
        victims.push(draw.pick(&candidates));
    }
    victims
}

/// TERM follows after `patience`, if any.
fn steps(victims: Vec<Victim>, how: How, patience: Option<Duration>) -> Vec<Step> {
    let mut steps = match how {
        How::Kill => vec![Step::Strike(victims, Signal::KILL)],
        How::Abort => vec![Step::Strike(victims, Signal::ABORT)],
        How::Frozen => {
            let supervisor = Step::Strike(vec![Victim::Supervisor], Signal::KILL);
            vec![Step::Strike(victims, Signal::STOP), supervisor]
        }
    };
    steps.extend(patience.map(Step::EndAfter));
    steps
}

fn exits(victims: &[Victim], how: How, insisted: bool) -> Vec<Exit> {
    let mut exits = vec![Exit::Code(0)];
    if how == How::Frozen || victims.contains(&Victim::Supervisor) {
        let signal = if how == How::Abort { Signal::ABORT } else { Signal::KILL };
        exits.push(Exit::Signal(signal.as_raw()));
    }
    if victims.contains(&Victim::Serve) {
        // TERM on top of an end that has begun is impatience.
        exits.extend([Exit::Code(70), Exit::Code(130)]);
    }
    if insisted {
        exits.push(Exit::Code(130));
    }
    exits
}

fn told(moment: Moment, way: Way, crowded: bool) -> String {
    let when = match moment {
        Moment::After(age) => format!("{:.1} ms after the start", age.as_secs_f64() * 1000.0),
        Moment::In(phase) => format!("in phase {}", phase.name()),
        Moment::Ending(phase, pause) => {
            let pause = pause.as_secs_f64() * 1000.0;
            format!("{pause:.1} ms after TERM in phase {}", phase.name())
        }
    };
    let crowd = if crowded { ", fifty in the room" } else { "" };
    let way = match way {
        Way::NoTunnel => "no tunnel".to_owned(),
        Way::Whole(temper) => format!("{temper:?} cloudflared").to_lowercase(),
        Way::Hangs(step) => format!("cloudflared hangs after {step} steps"),
        Way::Speechless => "cloudflared without a version".to_owned(),
    };
    format!("{when}, {way}{crowd}")
}

impl How {
    fn name(self) -> &'static str {
        match self {
            How::Kill => "KILL",
            How::Abort => "ABRT",
            How::Frozen => "STOP, then KILL supervisor,",
        }
    }
}

impl Way {
    fn orders(self) -> Option<String> {
        let whole = orders(Temper::Normal);
        match self {
            Way::NoTunnel => None,
            Way::Whole(temper) => Some(orders(temper)),
            Way::Speechless => Some(whole),
            Way::Hangs(0) => Some("hang\n".to_owned()),
            Way::Hangs(2) => Some(hanging(Temper::Normal)),
            Way::Hangs(steps) => {
                let told: Vec<&str> = whole.lines().take(steps).chain(["hang"]).collect();
                Some(told.join("\n"))
            }
        }
    }
}
