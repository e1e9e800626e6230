//! What faces an attacker, and how much of the inputs each gets.

use crate::dice::Dice;

/// Where hostile inputs come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    /// WebSocket frames, before the join and after it.
    Frames,
    /// Lines of JSON in whole frames.
    Lines,
    /// Requests over HTTP.
    Http,
    /// Long polls.
    Polls,
    /// Names of newcomers.
    Names,
    /// `control.sock` of a session.
    Control,
    /// Messages of the room's and the tunnel's process to the supervisor.
    Services,
    /// What cloudflared prints.
    Cloudflared,
    /// What cloudflared's metrics port answers.
    Metrics,
    /// Configuration files, options, environment.
    Configuration,
}

/// Inputs that are sent as one piece, or over one connection, or to one process; the unit that is
/// repeated by its number.
const BATCHES: [(Surface, u64, u64); 10] = [
    // The surface, inputs in a batch, and one of how many inputs in all is its share. Where one
    // write carries thousands, there are many; where each costs a connection or a process, few.
    (Surface::Frames, 2_000, 4),
    (Surface::Lines, 4_000, 4),
    (Surface::Http, 100, 200),
    (Surface::Polls, 100, 200),
    (Surface::Names, 100, 200),
    (Surface::Control, 1_000, 20),
    // A session ends with the first message that is wrong.
    (Surface::Services, 20, 1_000),
    (Surface::Cloudflared, 100_000, 3),
    (Surface::Metrics, 100, 2_000),
    (Surface::Configuration, 10, 10_000),
];

impl Surface {
    /// All, in the order in which they are tried.
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

    /// As it is asked for and reported.
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

    /// The dice of one of its batches.
    pub(crate) fn dice(self, seed: u64, batch: u64) -> Dice {
        Dice::of(seed, self as u64, batch)
    }

    /// Inputs in one batch.
    pub(crate) fn batch(self) -> usize {
        usize::try_from(self.row().1).expect("a batch is small")
    }

    /// Batches out of so many inputs in all: at least two, so that a small run meets every kind.
    pub(crate) fn batches(self, inputs: u64) -> u64 {
        let (_, batch, share) = self.row();
        inputs.div_ceil(share * batch).max(2)
    }

    fn row(self) -> (Self, u64, u64) {
        let row = BATCHES.into_iter().find(|(surface, ..)| *surface == self);
        row.expect("every surface has a row")
    }
}
