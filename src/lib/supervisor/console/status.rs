//! The status line: where the room can be reached, who is there, and when the session ends. It is whole in
//! a window of 40 columns.

use super::time_left::TimeLeft;

/// Where the room can be reached, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// There is no link yet.
    Opening,
    /// From everywhere.
    Public,
    /// From other computers of the network.
    Network,
    /// From this computer.
    LocalOnly,
    /// The public address has lost its connection.
    Reconnecting,
}

impl Address {
    fn text(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Public => "public",
            Self::Network => "network",
            Self::LocalOnly => "local only",
            Self::Reconnecting => "reconnecting",
        }
    }

    fn short_text(self) -> &'static str {
        match self {
            Self::LocalOnly => "local",
            Self::Reconnecting => "offline",
            Self::Opening | Self::Public | Self::Network => self.text(),
        }
    }
}

/// What is left out or shortened in a window that is too narrow. Each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shortened {
    Nothing,
    Code,
    Presence,
    Hint,
    Address,
    NoHint,
    NoAddress,
    TimeLeft,
}

const STEPS: [Shortened; 8] = [
    Shortened::Nothing,
    Shortened::Code,
    Shortened::Presence,
    Shortened::Hint,
    Shortened::Address,
    Shortened::NoHint,
    Shortened::NoAddress,
    Shortened::TimeLeft,
];

/// What the status line says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Status {
    pub(super) address: Address,
    /// How many participants are in the room.
    pub(super) present: usize,
    /// How many wait in the lobby.
    pub(super) waiting: usize,
    /// Until the end that was set.
    pub(super) time_left: Option<TimeLeft>,
    /// Whether `link` shows a QR code.
    pub(super) offers_code: bool,
}

impl Status {
    /// The line in each of its lengths, the longest first.
    pub(super) fn lengths(&self) -> impl Iterator<Item = String> {
        STEPS.into_iter().map(|shortened| self.line(shortened))
    }

    fn line(&self, shortened: Shortened) -> String {
        let waiting = (self.waiting > 0).then(|| format!("{} waiting", self.waiting));
        let offers_code = self.offers_code && shortened < Shortened::Code;
        let parts = [
            self.address(shortened).map(str::to_owned),
            Some(self.presence(shortened)),
            waiting,
            self.time_left.map(|left| time_left(left, shortened)),
            hint(shortened).map(str::to_owned),
            offers_code.then(|| "type link for the QR code".to_owned()),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("  ● {}", parts.join(" · "))
    }

    fn address(&self, shortened: Shortened) -> Option<&'static str> {
        if shortened < Shortened::Address {
            Some(self.address.text())
        } else {
            (shortened < Shortened::NoAddress).then(|| self.address.short_text())
        }
    }

    fn presence(&self, shortened: Shortened) -> String {
        if shortened < Shortened::Presence {
            presence(self.present)
        } else {
            format!("{} here", self.present)
        }
    }
}

fn time_left(left: TimeLeft, shortened: Shortened) -> String {
    if shortened < Shortened::NoAddress {
        format!("ends in {left}")
    } else if shortened < Shortened::TimeLeft {
        format!("{left} left")
    } else {
        left.to_string()
    }
}

fn hint(shortened: Shortened) -> Option<&'static str> {
    if shortened < Shortened::Hint {
        Some("Ctrl+C ends it")
    } else {
        (shortened < Shortened::NoHint).then_some("Ctrl+C ends")
    }
}

/// How many participants are in the room, for the operator.
pub(super) fn presence(present: usize) -> String {
    match present {
        0 => "no one here".to_owned(),
        present => format!("{present} here"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The narrowest window that shows everything whole, without the columns that stay free.
    const TEXT_COLUMNS: usize = 40 - 3;

    const ADDRESSES: [Address; 5] = [
        Address::Opening,
        Address::Public,
        Address::Network,
        Address::LocalOnly,
        Address::Reconnecting,
    ];

    fn status(address: Address, present: usize) -> Status {
        Status { address, present, waiting: 0, time_left: None, offers_code: false }
    }

    fn in_40_columns(status: &Status) -> String {
        let has_room = |line: &String| line.chars().count() <= TEXT_COLUMNS;
        status.lengths().find(has_room).unwrap_or_else(|| panic!("{status:?}"))
    }

    #[test]
    fn each_status_is_whole_in_40_columns() {
        let seconds =
            [8760 * 3600, 7200, 60, 1].map(|left| TimeLeft::of(Duration::from_secs(left)));
        let ends = [None].into_iter().chain(seconds.map(Some));
        for time_left in ends {
            for address in ADDRESSES {
                for (present, waiting) in [(0, 0), (0, 32), (9, 1), (100, 9), (10_000, 32)] {
                    for offers_code in [false, true] {
                        let status = Status { address, present, waiting, time_left, offers_code };
                        let line = in_40_columns(&status);
                        assert!(line.contains(&format!("{present} here")), "{line}");
                        assert_eq!(line.contains("waiting"), waiting > 0, "{line}");
                        let has_end = time_left.is_none_or(|left| line.contains(&left.to_string()));
                        assert!(has_end, "{line}");
                    }
                }
            }
        }
    }

    /// As long as no one waits and no end is set, it says how the session ends, too.
    #[test]
    fn the_hint_stays_in_40_columns() {
        for address in ADDRESSES {
            for present in [0, 1, 99, 999] {
                let line = in_40_columns(&status(address, present));
                assert!(line.contains(" here · Ctrl+C ends"), "{line}");
            }
        }
        let line = in_40_columns(&status(Address::LocalOnly, 0));
        assert_eq!(line, "  ● local only · 0 here · Ctrl+C ends");
    }

    #[test]
    fn what_is_needed_least_goes_first() {
        let time_left = Some(TimeLeft::of(Duration::from_secs(600)));
        let all =
            Status { waiting: 2, time_left, offers_code: true, ..status(Address::LocalOnly, 0) };
        let lines: Vec<String> = all.lengths().collect();
        assert_eq!(
            lines,
            [
                "  ● local only · no one here · 2 waiting · ends in 10 min · Ctrl+C ends it · type link for the QR code",
                "  ● local only · no one here · 2 waiting · ends in 10 min · Ctrl+C ends it",
                "  ● local only · 0 here · 2 waiting · ends in 10 min · Ctrl+C ends it",
                "  ● local only · 0 here · 2 waiting · ends in 10 min · Ctrl+C ends",
                "  ● local · 0 here · 2 waiting · ends in 10 min · Ctrl+C ends",
                "  ● local · 0 here · 2 waiting · ends in 10 min",
                "  ● 0 here · 2 waiting · 10 min left",
                "  ● 0 here · 2 waiting · 10 min",
            ]
        );
    }
}
