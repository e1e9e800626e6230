//! From a command of the operator to its answer, and until the last participant has its effect.

use std::time::Duration;

use super::Bench;
use super::order::{give, pause};
use crate::load::{Arrival, Effect, Latency, Load};
use crate::report::{Table, figure, progress};
use crate::servers::{ControlSocket, Mode, Server};

/// People in the room, all of whom have to learn of an order that concerns all.
const PARTICIPANTS: usize = 100;

/// Places for those who are admitted and removed.
const SPARE_PARTICIPANTS: usize = 2 * GUESTS;

/// Those who wait in the lobby, and those who are removed, in a round: more than the room would take in at
/// this pace by its own rules, if it is sealed.
const GUESTS: usize = 30;

/// Those of them who are refused, and those who are admitted together.
const REFUSED: usize = 5;
const TOGETHER: usize = 5;

/// Between two commands: the control socket takes a hundred in a second.
const SPACING: Duration = Duration::from_millis(12);

/// The rows, in the order of the table.
const ROWS: [&str; 16] = [
    "say",
    "mute",
    "unmute",
    "slow",
    "lock",
    "unlock",
    "lobby",
    "fade",
    "clear",
    "end in, stay",
    "invite, revoke",
    "admit",
    "admit all",
    "refuse",
    "kick",
    "relink",
];

/// The times of one kind of command, in nanoseconds.
#[derive(Clone, Debug, Default)]
struct Times {
    answers: Vec<u64>,
    effects: Vec<u64>,
}

/// A session with participants, and its control socket.
struct Stage<'a> {
    mode: Mode,
    control: ControlSocket,
    /// Those who are in the room all the time, and then those who come later.
    loads: Vec<Load>,
    /// By row.
    times: &'a mut [Times],
}

impl Bench {
    pub(super) fn operator(&mut self) {
        let title = format!(
            "operator: ms from a command on the control socket to its answer, and until the last of \
             {PARTICIPANTS} participants has its effect"
        );
        let columns =
            &["command", "room", "times", "answer p50", "p99", "max", "effect p50", "p99", "max"];
        let mut table = Table::new(&title, 2, columns);
        let modes = [("open", Mode::Open), ("sealed", Mode::Sealed)];
        let mut times = vec![vec![Times::default(); ROWS.len()]; modes.len()];
        for round in 0..self.rounds() {
            for (number, (name, mode)) in modes.into_iter().enumerate() {
                progress(&format!("operator, {name}: {round}"));
                let places = PARTICIPANTS + SPARE_PARTICIPANTS;
                let server = self.session(&format!("chattrace, {name}"), mode, places);
                if let Err(why) = self.give_commands(&server, mode, &mut times[number]) {
                    self.record_failure(&server, "operator", &why, &mut table);
                }
            }
        }
        for (row, command) in ROWS.into_iter().enumerate() {
            for ((name, _), times) in modes.iter().zip(&times) {
                let Times { answers, effects } = times[row].clone();
                let mut cells =
                    vec![command.to_owned(), (*name).to_owned(), answers.len().to_string()];
                cells.extend(cells_of(answers));
                cells.extend(cells_of(effects));
                table.row(cells);
            }
        }
        table.print();
    }

    /// Gives each command so many times, in a session of its own.
    fn give_commands(
        &self,
        server: &Server,
        mode: Mode,
        times: &mut [Times],
    ) -> Result<(), String> {
        let process = server.start(self.cores)?;
        let room = Load::connect(&process.target, PARTICIPANTS, Arrival::InWaves)?;
        let control = process.control()?;
        let mut stage = Stage { mode, control, loads: vec![room], times };
        for number in 0..if self.options.quick { 2 } else { 40 } {
            stage.give_to_room(number)?;
            stage.give_to_one(number)?;
        }
        let guests = |letter: char| (0..GUESTS).map(|number| format!("{letter}{number}")).collect();
        stage.give("lobby", "lobby on")?;
        stage.loads.push(Load::connect_as(&process.target, guests('W'), Arrival::Knocking)?);
        stage.decide_on_guests()?;
        stage.give("lobby", "lobby off")?;
        stage.loads.push(Load::connect_as(&process.target, guests('V'), Arrival::InWaves)?);
        stage.remove_guests()?;
        stage.relink()
    }
}

impl Stage<'_> {
    /// What everyone learns of.
    fn give_to_room(&mut self, number: usize) -> Result<(), String> {
        let text = format!("announcement {number}");
        let body = match self.mode {
            Mode::Open => format!("\"body\":\"{text}\""),
            Mode::Sealed => "\"body\":\"".to_owned(),
        };
        self.expect_all(&Effect::new("announced", body));
        self.give("say", &format!("say {text}"))?;
        let rules = [
            ("slow", "slow 5s", "\"slow\":5,"),
            ("slow", "slow off", "\"slow\":0,"),
            ("lock", "lock", "\"locked\":true"),
            ("unlock", "unlock", "\"locked\":false"),
            ("lobby", "lobby on", "\"lobby\":true"),
            ("lobby", "lobby off", "\"lobby\":false"),
            ("fade", "fade 10m", "\"fade\":600,"),
            ("fade", "fade off", "\"fade\":0,"),
            ("end in, stay", "end in 10m", "\"ends_at\":1"),
            ("end in, stay", "stay", "\"ends_at\":null"),
        ];
        for (row, command, part) in rules {
            self.expect_all(&Effect::new("rules", part));
            self.give(row, command)?;
        }
        // There has to be something to forget.
        self.loads[0].say_all();
        self.expect_all(&Effect::new("cleared", ""));
        self.give("clear", "clear")
    }

    /// What one participant learns of, or none.
    fn give_to_one(&mut self, number: usize) -> Result<(), String> {
        let who = number % PARTICIPANTS;
        self.loads[0].expect_one(who, Effect::new("refused", "\"why\":\"muted\""));
        self.give("mute", &format!("mute P{who}"))?;
        self.loads[0].expect_one(who, Effect::new("unmuted", ""));
        self.give("unmute", &format!("unmute P{who}"))?;
        self.give("invite, revoke", "invite 3 10m")?;
        self.give("invite, revoke", &format!("revoke {}", number + 1))
    }

    /// Refuses some of those who wait, admits most one by one, and the rest together.
    fn decide_on_guests(&mut self) -> Result<(), String> {
        for guest in 0..REFUSED {
            self.guests().expect_one(guest, Effect::new("refused", ""));
            self.give("refuse", &format!("refuse W{guest}"))?;
        }
        let last = GUESTS - TOGETHER;
        for guest in REFUSED..last {
            self.expect_all(&self.newcomer(guest));
            self.guests().expect_one(guest, Effect::new("welcome", ""));
            self.give("admit", &format!("admit W{guest}"))?;
        }
        self.expect_all(&self.newcomer(GUESTS - 1));
        for guest in last..GUESTS {
            self.guests().expect_one(guest, Effect::new("welcome", ""));
        }
        self.give("admit all", "admit all")
    }

    /// How those inside learn of a guest who was admitted.
    fn newcomer(&self, guest: usize) -> Effect {
        match self.mode {
            Mode::Open => Effect::new("joined", format!("\"name\":\"W{guest}\"")),
            Mode::Sealed => Effect::new("keys", "\"went\":[]"),
        }
    }

    fn remove_guests(&mut self) -> Result<(), String> {
        for guest in 0..GUESTS {
            let n = self.guests().number_of(guest);
            let effect = match self.mode {
                Mode::Open => Effect::new("left", format!("\"n\":{n}}}")),
                Mode::Sealed => Effect::new("keys", format!("\"went\":[{n}]")),
            };
            self.expect_all(&effect);
            self.guests().expect_removal(guest, Effect::new("removed", ""));
            self.give("kick", &format!("kick V{guest}"))?;
        }
        Ok(())
    }

    fn relink(&mut self) -> Result<(), String> {
        for _ in 0..GUESTS {
            self.expect_all(&Effect::new("moved", ""));
            self.give("relink", "relink")?;
        }
        Ok(())
    }

    /// Those who came last.
    fn guests(&mut self) -> &mut Load {
        let last = self.loads.len() - 1;
        &mut self.loads[last]
    }

    /// Everyone who is in the room all the time has to receive this line.
    fn expect_all(&mut self, effect: &Effect) {
        self.loads[0].expect_all(effect);
    }

    /// Gives a command, waits for its answer and its effect, and records both times.
    fn give(&mut self, row: &str, command: &str) -> Result<(), String> {
        let mut loads: Vec<&mut Load> = self.loads.iter_mut().collect();
        pause(&mut loads, SPACING)?;
        let done = give(&mut self.control, &mut loads, command)?;
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        if let Some(at) = ROWS.iter().position(|name| *name == row) {
            self.times[at].answers.push(nanos(done.answered));
            self.times[at].effects.extend(done.effective.map(nanos));
        }
        Ok(())
    }
}

/// Median, 99th percentile and maximum in milliseconds.
fn cells_of(nanos: Vec<u64>) -> [String; 3] {
    let latency = Latency::of(nanos);
    let cell =
        |value: fn(&Latency) -> f64| figure(latency.as_ref().map(|it| value(it) / 1000.0), 2);
    [cell(|it| it.p50), cell(|it| it.p99), cell(|it| it.max)]
}
