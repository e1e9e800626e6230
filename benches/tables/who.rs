//! What `who` costs those in the room, and how long it takes.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Bench;
use super::latency::PER_SECOND;
use crate::load::{Arrival, Latency, Load, Saturation};
use crate::report::{Table, figure, grouped, median, progress, ratio};
use crate::servers::{ControlSocket, Mode, Server};

/// People in the room.
const SIZES: &[usize] = &[100, 1_000];

/// How often `who` is asked in a second; the first row is what the others are compared with.
const RATES: [u32; 3] = [0, 1, 10];

/// Outstanding messages of each sender at saturation.
const OUTSTANDING: usize = 8;

/// For the whole answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// A program that asks `who` at a rate, and does not wait for the answers.
struct Asker<'a> {
    control: &'a mut ControlSocket,
    /// `None` if it never asks.
    interval: Option<Duration>,
    due: Instant,
    is_waiting: bool,
    answers: usize,
}

/// The figures of one round beside an asker.
struct Figures {
    saturation: Saturation,
    latency: Latency,
}

impl Bench {
    pub(super) fn who(&mut self) {
        self.who_beside_messages();
        self.who_alone();
    }

    fn who_beside_messages(&mut self) {
        let title = "who: deliveries per second at saturation, and µs until each has a message at \
                     50 per second, while a program asks who so often in a second";
        let columns = &[
            "room",
            "participants",
            "who/s",
            "deliveries/s",
            "of none",
            "serve CPU µs each",
            "p50",
            "p99",
            "max",
            "p50 ratio",
            "p99 ratio",
        ];
        let mut table = Table::new(title, 1, columns);
        for size in self.sizes(SIZES, &mut table) {
            for (name, mode) in [("open", Mode::Open), ("sealed", Mode::Sealed)] {
                let server = self.session(&format!("chattrace, {name}"), mode, size);
                let mut figures: [Vec<Figures>; RATES.len()] = Default::default();
                if let Err(why) = self.measure_beside_who(&server, size, &mut figures) {
                    self.record_failure(&server, "who", &why, &mut table);
                }
                let of = |rate: usize, value: fn(&Figures) -> f64| {
                    median(figures[rate].iter().map(value))
                };
                for (number, rate) in RATES.iter().enumerate() {
                    let per_second = of(number, |it| it.saturation.per_second);
                    let (p50, p99) =
                        (of(number, |it| it.latency.p50), of(number, |it| it.latency.p99));
                    table.row(vec![
                        name.to_owned(),
                        size.to_string(),
                        rate.to_string(),
                        grouped(per_second),
                        ratio(per_second, of(0, |it| it.saturation.per_second)),
                        figure(of(number, |it| it.saturation.cpu_micros), 3),
                        figure(p50, 0),
                        figure(p99, 0),
                        figure(of(number, |it| it.latency.max), 0),
                        ratio(p50, of(0, |it| it.latency.p50)),
                        ratio(p99, of(0, |it| it.latency.p99)),
                    ]);
                }
            }
        }
        table.print();
    }

    /// All rates take turns in one session.
    fn measure_beside_who(
        &self,
        server: &Server,
        size: usize,
        figures: &mut [Vec<Figures>],
    ) -> Result<(), String> {
        let process = server.start(self.cores)?;
        let mut load = Load::connect(&process.target, size, Arrival::InWaves)?;
        load.synchronize(&[])?;
        let mut control = process.control()?;
        for round in 0..self.rounds() {
            for (rate, figures) in RATES.into_iter().zip(&mut *figures) {
                progress(&format!("who, {}, {size}, {rate}: {round}", server.name));
                let mut asker = Asker::new(&mut control, rate);
                let saturation = load.saturate_beside(
                    OUTSTANDING,
                    self.phases(size),
                    process.room_pid(),
                    || asker.act(),
                )?;
                let duration = self.duration();
                let latency = load.measure_latency(PER_SECOND, duration, || asker.act())?;
                asker.finish()?;
                figures.push(Figures { saturation, latency });
            }
        }
        Ok(())
    }

    fn who_alone(&mut self) {
        let title = "who: ms until the whole answer is there, and processor time for one";
        let columns = &[
            "room",
            "participants",
            "times",
            "p50",
            "p99",
            "max",
            "chattrace CPU ms",
            "serve CPU ms",
        ];
        let mut table = Table::new(title, 1, columns);
        for size in self.sizes(SIZES, &mut table) {
            for (name, mode) in [("open", Mode::Open), ("sealed", Mode::Sealed)] {
                progress(&format!("who, alone, {name}, {size}"));
                let server = self.session(&format!("chattrace, {name}"), mode, size);
                match self.ask_alone(&server, size) {
                    Ok(cells) => {
                        table.row([vec![name.to_owned(), size.to_string()], cells].concat())
                    }
                    Err(why) => self.record_failure(&server, "who", &why, &mut table),
                }
            }
        }
        table.print();
    }

    fn ask_alone(&self, server: &Server, size: usize) -> Result<Vec<String>, String> {
        let process = server.start(self.cores)?;
        let mut load = Load::connect(&process.target, size, Arrival::InWaves)?;
        load.wait_quiet()?;
        let mut control = process.control()?;
        let times = if self.options.quick { 3 } else { 100 };
        let before = process.cpu_times()?;
        let mut nanos = Vec::new();
        for _ in 0..times {
            nanos.push(ask(&mut control, size)?);
        }
        let after = process.cpu_times()?;
        let each = |spent: Duration| figure(Some(spent.as_secs_f64() * 1000.0 / times as f64), 2);
        let latency = Latency::of(nanos);
        let millis = |value: fn(&Latency) -> f64| {
            figure(latency.as_ref().map(|latency| value(latency) / 1000.0), 2)
        };
        Ok(vec![
            times.to_string(),
            millis(|it| it.p50),
            millis(|it| it.p99),
            millis(|it| it.max),
            each(after.host - before.host),
            each(after.room - before.room),
        ])
    }
}

/// Asks once, and waits for the whole answer, which has to list so many people: nanoseconds.
fn ask(control: &mut ControlSocket, size: usize) -> Result<u64, String> {
    let started = Instant::now();
    control.send(&json!({ "id": 1, "type": "who" }))?;
    while started.elapsed() < ANSWER_TIMEOUT {
        if let Some(answer) = control.try_recv()? {
            let nanos = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
            let listed = answer.participants();
            return if listed == size { Ok(nanos) } else { Err(format!("who listed {listed}")) };
        }
    }
    Err("who is not answered".to_owned())
}

impl<'a> Asker<'a> {
    /// Asks so often in a second; 0 is never.
    fn new(control: &'a mut ControlSocket, rate: u32) -> Self {
        let interval = (rate > 0).then(|| Duration::from_secs(1) / rate);
        Self { control, interval, due: Instant::now(), is_waiting: false, answers: 0 }
    }

    /// Asks if it is time, and takes what has arrived.
    fn act(&mut self) -> Result<(), String> {
        let Some(interval) = self.interval else { return Ok(()) };
        if self.is_waiting {
            if self.control.try_recv()?.is_some() {
                (self.is_waiting, self.answers) = (false, self.answers + 1);
            }
        } else if Instant::now() >= self.due {
            self.due += interval;
            self.control.send(&json!({ "id": 1, "type": "who" }))?;
            self.is_waiting = true;
        }
        Ok(())
    }

    /// Waits for the last answer.
    fn finish(mut self) -> Result<(), String> {
        let started = Instant::now();
        while self.is_waiting {
            if started.elapsed() > ANSWER_TIMEOUT {
                return Err("who is not answered".to_owned());
            }
            self.act()?;
        }
        match (self.interval, self.answers) {
            (Some(_), 0) => Err("who was never answered".to_owned()),
            (Some(_) | None, _) => Ok(()),
        }
    }
}
