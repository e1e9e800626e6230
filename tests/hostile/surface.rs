//! The attack surfaces, and the share of all inputs that each gets.

use crate::harness::rng::Rng;

/// A place at which the programs receive input from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    /// WebSocket frames, before and after the join.
    Frames,
    /// Lines of JSON in valid frames.
    Lines,
    /// HTTP requests.
    Http,
    /// Long polls.
    Polls,
    /// Names in join requests.
    Names,
    /// Requests to `control.sock`.
    Control,
    /// Messages of `chattrace-serve` and `chattrace-tunnel` to the supervisor.
    Services,
    /// The output of cloudflared.
    Cloudflared,
    /// Answers of cloudflared's metrics port.
    Metrics,
    /// Configuration files, options, environment.
    Configuration,
}

/// For each surface the inputs in a batch, and its share of all inputs as one in how many. A batch
/// is sent in one write, over one connection or to one process, and can be repeated alone. Where
/// one write carries thousands of inputs, a surface gets many; where each takes a connection or a
/// process, few.
const BATCHES: [(Surface, u64, u64); 10] = [
    (Surface::Frames, 2_000, 4),
    (Surface::Lines, 4_000, 4),
    (Surface::Http, 100, 200),
    (Surface::Polls, 100, 200),
    (Surface::Names, 100, 200),
    // What a connection may send at once. Beyond it the session slows it down.
    (Surface::Control, 200, 20),
    // A session ends with the first invalid message.
    (Surface::Services, 20, 1_000),
    (Surface::Cloudflared, 100_000, 3),
    (Surface::Metrics, 100, 2_000),
    (Surface::Configuration, 10, 10_000),
];

impl Surface {
    /// All surfaces, in the order in which they are attacked.
    pub(crate) const ALL: [Self; 10] = [
        Self::Frames,
        Self::Lines,
        Self::Http,
        Self::Polls,
        Self::Names,
        Self::Control,
        Self::Services,
        Self::Cloudflared,
        Self::Metrics,
        Self::Configuration,
    ];

    /// The name on the command line and in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Frames => "frames",
            Self::Lines => "lines",
            Self::Http => "http",
            Self::Polls => "polls",
            Self::Names => "names",
            Self::Control => "control",
            Self::Services => "services",
            Self::Cloudflared => "cloudflared",
            Self::Metrics => "metrics",
            Self::Configuration => "configuration",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|surface| surface.name() == name)
    }

    pub(crate) fn rng(self, seed: u64, batch: u64) -> Rng {
        Rng::new(seed, self as u64, batch)
    }

    /// Inputs in one batch.
    pub(crate) fn batch_inputs(self) -> usize {
        usize::try_from(self.row().1).expect("a batch is small")
    }

    /// Batches if there are `inputs` in all; at least two, so that a small run tries each kind of
    /// batch.
    pub(crate) fn batches(self, inputs: u64) -> u64 {
        let (_, batch, share) = self.row();
        inputs.div_ceil(share * batch).max(2)
    }

    fn row(self) -> (Self, u64, u64) {
        let row = BATCHES.into_iter().find(|(surface, ..)| *surface == self);
        row.expect("every surface has a row")
    }
}
