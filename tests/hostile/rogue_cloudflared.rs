//! A hostile cloudflared: it prints its metrics port and its address as a real one does, and then
//! prints and answers what no cloudflared would. It finds its orders in its name, because it may
//! open no file.

use std::io::{BufRead as _, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;

use crate::harness::rng::Rng;
use crate::metrics;

/// Its exit code when it has carried out its orders.
pub(crate) const EXIT_DONE: u8 = 43;

/// Its exit code when its metrics port was not queried as often as its orders need.
pub(crate) const EXIT_NOT_QUERIED: u8 = 44;

/// The host name of its tunnel.
pub(crate) const HOST: &str = "a-rogue-name.trycloudflare.com";

const MAX_LINE_BYTES: usize = 20_000;

/// What it does after its registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// Prints lines that do not end the attempt.
    Flood,
    /// Prints lines of any meaning, from the first.
    Anything,
    /// Answers the queries of its metrics port.
    Metrics,
}

/// Everything that it needs to repeat a batch.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    pub(crate) script: Script,
    pub(crate) seed: u64,
    pub(crate) batch: u64,
    pub(crate) count: usize,
}

/// The output of real runs.
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
    /// The file name that carries these orders.
    pub(crate) fn file_name(&self) -> String {
        let Self { script, seed, batch, count } = self;
        format!("cloudflared-{}-{seed}-{batch}-{count}", *script as u8)
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let words: Vec<&str> = name.strip_prefix("cloudflared-")?.split('-').collect();
        let [script, seed, batch, count] = words[..] else { return None };
        let script = match script {
            "0" => Script::Flood,
            "1" => Script::Anything,
            _ => Script::Metrics,
        };
        Some(Self {
            script,
            seed: seed.parse().ok()?,
            batch: batch.parse().ok()?,
            count: count.parse().ok()?,
        })
    }
}

/// The state of the running program.
pub(crate) struct RogueCloudflared {
    pub(crate) rng: Rng,
    pub(crate) metrics: TcpListener,
}

/// Carries out `orders`.
pub(crate) fn main(orders: &Orders, mut words: impl Iterator<Item = String>) -> ExitCode {
    if words.next().as_deref() == Some("version") {
        let _ = writeln!(std::io::stdout(), "2026.8.2");
        return ExitCode::SUCCESS;
    }
    let Ok(metrics) = TcpListener::bind("127.0.0.1:0") else { return ExitCode::from(3) };
    let mut cloudflared =
        RogueCloudflared { rng: Rng::new(orders.seed, 101, orders.batch), metrics };
    let done = match orders.script {
        Script::Flood => cloudflared.flood(orders.count),
        Script::Anything => cloudflared.anything(orders.count),
        Script::Metrics => metrics::answer(&mut cloudflared, orders.count),
    };
    match done {
        Some(()) => ExitCode::from(EXIT_DONE),
        None => ExitCode::from(EXIT_NOT_QUERIED),
    }
}

impl RogueCloudflared {
    /// Prints one line of the log.
    pub(crate) fn log(&self, text: &str) {
        let line = format!("2026-11-23T04:54:27Z INF {text}\n");
        let _ = std::io::stderr().write_all(line.as_bytes());
    }

    /// Prints the box with the address, and the metrics port.
    pub(crate) fn print_banner(&self) {
        self.log("Requesting new quick Tunnel on trycloudflare.com...");
        self.log(&format!("|  {:<90}|", format!("https://{HOST}")));
        if let Ok(address) = self.metrics.local_addr() {
            self.log(&format!("Starting metrics server on {address}/metrics"));
        }
    }

    /// Waits for the next query of the metrics port, and returns its path. `None` after an error.
    pub(crate) fn accept_query(&self) -> Option<(TcpStream, String)> {
        let (stream, _) = self.metrics.accept().ok()?;
        let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
        let path = lines.next()?.ok()?.split(' ').nth(1)?.to_owned();
        while !lines.next()?.ok()?.is_empty() {}
        Some((stream, path))
    }

    /// Answers as a real one does, until `/ready` was queried twice: by then the first answer has
    /// arrived.
    pub(crate) fn register(&self) -> Option<()> {
        self.print_banner();
        self.log("Registered tunnel connection connIndex=0");
        let mut ready = 0;
        while ready < 2 {
            let (mut stream, path) = self.accept_query()?;
            let body = format!("{{\"hostname\":\"{HOST}\"}}");
            let _ = write!(stream, "HTTP/1.0 200 OK\r\n\r\n{body}");
            drop(stream);
            ready += u8::from(path == "/ready");
            self.log("Registered tunnel connection connIndex=0");
        }
        Some(())
    }

    fn flood(&mut self, count: usize) -> Option<()> {
        self.register()?;
        let lines = lines();
        let mut bytes = Vec::new();
        let answering = self.metrics.try_clone().ok()?;
        // The tunnel may query at any time. The thread ends with the process.
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
            push_line(&mut self.rng, &lines, &mut bytes);
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
        if self.rng.one_in(2) {
            self.print_banner();
        }
        let lines = lines();
        let mut bytes = Vec::new();
        for _ in 0..self.rng.below(count) {
            push_line(&mut self.rng, &lines, &mut bytes);
        }
        std::io::stderr().write_all(&bytes).ok()
    }
}

/// The lines that real runs printed on stdout or stderr.
fn lines() -> Vec<&'static str> {
    let all = TRANSCRIPTS.iter().flat_map(|transcript| transcript.lines());
    all.filter_map(|line| Some(line.split_once("err| ").or(line.split_once("out| "))?.1)).collect()
}

/// Appends one mutated line of a real run, or random bytes.
fn push_line(rng: &mut Rng, lines: &[&str], to: &mut Vec<u8>) {
    let begin = to.len();
    match rng.below(16) {
        0 => {
            let max = if rng.one_in(1_000) { MAX_LINE_BYTES } else { 60 };
            let count = rng.below(max);
            rng.fill(to, count);
        }
        _ => to.extend(rng.choose(lines).as_bytes()),
    }
    for _ in 0..rng.below(4) {
        if to.len() == begin {
            break;
        }
        let at = begin + rng.below(to.len() - begin);
        match rng.below(5) {
            0 => to[at] = rng.byte(),
            1 => to[at] ^= 1 << rng.below(8),
            2 => to.truncate(at),
            3 => {
                let other = rng.choose(lines).as_bytes();
                to.truncate(at);
                to.extend(&other[rng.below(other.len().max(1)).min(other.len())..]);
            }
            _ => to.extend([b"|" as &[u8], b"\r", b"\x1b[2J", "\u{202e}".as_bytes()][rng.below(4)]),
        }
    }
    to.push(b'\n');
}

/// Whether one of `lines` may end a registered attempt: another address, another metrics port, or a
/// line that only `chattrace-tunnel` prints.
fn is_final(lines: &[u8]) -> bool {
    // A mutation may have made a newline.
    lines.split(|byte| *byte == b'\n').any(|line| {
        let has = |script: &[u8]| line.windows(script.len()).any(|window| window == script);
        (line.ends_with(b"|") && has(b"https://"))
            || has(b"etrics server on ")
            || has(b"chattrace-tunnel: ")
    })
}
