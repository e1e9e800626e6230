//! What a hostile cloudflared is: it says where its metrics port is and what its name is, as a real one
//! does, and then prints and answers what no cloudflared would. Its orders are its name, because it
//! may open no file.

use std::io::{BufRead as _, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;

use crate::dice::Dice;
use crate::metrics;

/// The code with which it ends when it has said everything.
pub(crate) const DONE: u8 = 43;

/// The code with which it ends when it was not asked what it waited to be asked.
pub(crate) const UNASKED: u8 = 44;

/// The name of its tunnel.
pub(crate) const HOST: &str = "a-calm-name.trycloudflare.com";

/// Longest line that it prints.
const LINE_BYTES: usize = 20_000;

/// What it is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Lines that do not end the attempt, by the hundred thousand.
    Flood,
    /// Lines that may mean anything, from the first.
    Anything,
    /// Answers of the metrics port.
    Metrics,
}

/// All that it needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    pub(crate) part: Part,
    pub(crate) seed: u64,
    pub(crate) batch: u64,
    pub(crate) count: usize,
}

/// Lines of real runs; see `tests/fixtures/transcripts`.
const TRANSCRIPTS: [&str; 10] = [
    include_str!("../fixtures/transcripts/01-happy-default-quic.txt"),
    include_str!("../fixtures/transcripts/10-api-429.txt"),
    include_str!("../fixtures/transcripts/10-api-500html.txt"),
    include_str!("../fixtures/transcripts/10-api-nohost.txt"),
    include_str!("../fixtures/transcripts/11-api-badcert.txt"),
    include_str!("../fixtures/transcripts/20-reg-refuse-quic.txt"),
    include_str!("../fixtures/transcripts/21-edge-down-at-start-http2.txt"),
    include_str!("../fixtures/transcripts/22-drop-quic.txt"),
    include_str!("../fixtures/transcripts/50-metrics-port-in-use.txt"),
    include_str!("../fixtures/transcripts/52-unknown-flag.txt"),
];

impl Orders {
    /// The name that a program with these orders has.
    pub(crate) fn name(&self) -> String {
        let Self { part, seed, batch, count } = self;
        format!("cloudflared-{}-{seed}-{batch}-{count}", *part as u8)
    }

    /// From the name under which it was started.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let words: Vec<&str> = name.strip_prefix("cloudflared-")?.split('-').collect();
        let [part, seed, batch, count] = words[..] else { return None };
        let part = match part {
            "0" => Part::Flood,
            "1" => Part::Anything,
            _ => Part::Metrics,
        };
        Some(Self {
            part,
            seed: seed.parse().ok()?,
            batch: batch.parse().ok()?,
            count: count.parse().ok()?,
        })
    }
}

/// A cloudflared that runs.
pub(crate) struct Printing {
    pub(crate) dice: Dice,
    pub(crate) metrics: TcpListener,
}

/// Does what `orders` say.
pub(crate) fn act(orders: &Orders, mut words: impl Iterator<Item = String>) -> ExitCode {
    if words.next().as_deref() == Some("version") {
        let _ = writeln!(std::io::stdout(), "2026.8.2");
        return ExitCode::SUCCESS;
    }
    let Ok(metrics) = TcpListener::bind("127.0.0.1:0") else { return ExitCode::from(3) };
    let mut printing = Printing { dice: Dice::of(orders.seed, 101, orders.batch), metrics };
    let done = match orders.part {
        Part::Flood => printing.flood(orders.count),
        Part::Anything => printing.anything(orders.count),
        Part::Metrics => metrics::answer(&mut printing, orders.count),
    };
    match done {
        Some(()) => ExitCode::from(DONE),
        None => ExitCode::from(UNASKED),
    }
}

impl Printing {
    /// Prints one line of the log.
    pub(crate) fn log(&self, text: &str) {
        let line = format!("2026-11-23T04:54:27Z INF {text}\n");
        let _ = std::io::stderr().write_all(line.as_bytes());
    }

    /// The box with the name, and the metrics port.
    pub(crate) fn greet(&self) {
        self.log("Requesting new quick Tunnel on trycloudflare.com...");
        self.log(&format!("|  {:<90}|", format!("https://{HOST}")));
        if let Ok(address) = self.metrics.local_addr() {
            self.log(&format!("Starting metrics server on {address}/metrics"));
        }
    }

    /// The next question to the metrics port, and its path; `None` if there is none any more.
    pub(crate) fn asked(&self) -> Option<(TcpStream, String)> {
        let (stream, _) = self.metrics.accept().ok()?;
        let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
        let path = lines.next()?.ok()?.split(' ').nth(1)?.to_owned();
        while !lines.next()?.ok()?.is_empty() {}
        Some((stream, path))
    }

    /// Answers as a real one does, until its tunnel has been ready twice: the first time was heard
    /// then.
    pub(crate) fn rise(&self) -> Option<()> {
        self.greet();
        self.log("Registered tunnel connection connIndex=0");
        let mut ready = 0;
        while ready < 2 {
            let (mut stream, path) = self.asked()?;
            let body = format!("{{\"hostname\":\"{HOST}\"}}");
            let _ = write!(stream, "HTTP/1.0 200 OK\r\n\r\n{body}");
            drop(stream);
            ready += u8::from(path == "/ready");
            self.log("Registered tunnel connection connIndex=0");
        }
        Some(())
    }

    fn flood(&mut self, count: usize) -> Option<()> {
        self.rise()?;
        let lines = lines();
        let mut bytes = Vec::new();
        let answering = self.metrics.try_clone().ok()?;
        // The tunnel may look at any time; the end of this process ends the thread.
        std::thread::spawn(move || {
            for stream in answering.incoming().flatten() {
                let mut stream = stream;
                let mut first = String::new();
                let _ = BufReader::new(&stream).read_line(&mut first);
                let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n{}");
            }
        });
        for number in 0..count {
            let begin = bytes.len();
            print(&mut self.dice, &lines, &mut bytes);
            if is_final(&bytes[begin..]) {
                bytes.truncate(begin);
                bytes.extend(b"2026-11-23T04:54:27Z ERR this would have ended it\n");
            }
            if bytes.len() > 60_000 || number + 1 == count {
                let out = number % 3 == 0;
                if out {
                    std::io::stdout().write_all(&bytes)
                } else {
                    std::io::stderr().write_all(&bytes)
                }
                .ok()?;
                bytes.clear();
            }
        }
        Some(())
    }

    fn anything(&mut self, count: usize) -> Option<()> {
        if self.dice.once_in(2) {
            self.greet();
        }
        let lines = lines();
        let mut bytes = Vec::new();
        for _ in 0..self.dice.below(count) {
            print(&mut self.dice, &lines, &mut bytes);
        }
        std::io::stderr().write_all(&bytes).ok()
    }
}

/// What was printed on either stream of a real run.
fn lines() -> Vec<&'static str> {
    let said = TRANSCRIPTS.iter().flat_map(|transcript| transcript.lines());
    said.filter_map(|line| Some(line.split_once("err| ").or(line.split_once("out| "))?.1)).collect()
}

/// One line of a real run with something wrong in it, or bytes.
fn print(dice: &mut Dice, lines: &[&str], to: &mut Vec<u8>) {
    let begin = to.len();
    match dice.below(16) {
        0 => {
            let most = if dice.once_in(1_000) { LINE_BYTES } else { 60 };
            let count = dice.below(most);
            dice.fill(to, count);
        }
        _ => to.extend(dice.pick(lines).as_bytes()),
    }
    for _ in 0..dice.below(4) {
        if to.len() == begin {
            break;
        }
        let at = begin + dice.below(to.len() - begin);
        match dice.below(5) {
            0 => to[at] = dice.byte(),
            1 => to[at] ^= 1 << dice.below(8),
            2 => to.truncate(at),
            3 => {
                let other = dice.pick(lines).as_bytes();
                to.truncate(at);
                to.extend(&other[dice.below(other.len().max(1)).min(other.len())..]);
            }
            _ => {
                to.extend([b"|" as &[u8], b"\r", b"\x1b[2J", "\u{202e}".as_bytes()][dice.below(4)])
            }
        }
    }
    to.push(b'\n');
}

/// Whether it may mean the end of an attempt that is up: another name, another metrics port, or what
/// only our own program says.
fn is_final(lines: &[u8]) -> bool {
    // A byte that was changed may have become a newline.
    lines.split(|byte| *byte == b'\n').any(|line| {
        let has = |part: &[u8]| line.windows(part.len()).any(|window| window == part);
        (line.ends_with(b"|") && has(b"https://"))
            || has(b"etrics server on ")
            || has(b"chattrace-tunnel: ")
    })
}
