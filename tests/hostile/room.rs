//! The room under attack: its process, its link, and a participant for the attacker.

use std::net::SocketAddr;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use serde_json::Value;

use crate::campaign::{Campaign, Failure};
use crate::connection::{StreamEnd, WebSocket, write_frame};
use crate::harness::strict_reader::Frame;
use crate::harness::{Program, SERVE, Stream, TestEnv};
use crate::monitor::Monitored;
use crate::resources::Resources;

/// A rate limit that the bystanders stay below and every flood exceeds.
const CONFIG: &str = r#"{"room":{"max_participants":200,"rate":{"per_second":20,"burst":20}}}"#;

/// Joins are limited by rate, and the server does not announce when the next one is accepted: the
/// attacker tries again, for 30 s.
const MAX_JOIN_ATTEMPTS: usize = 3_000;
const RETRY_INTERVAL: Duration = Duration::from_millis(10);

/// A running `chattrace-serve`.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) program: Monitored,
    env: TestEnv,
    /// The memory that it promises not to exceed (`--explain-limits`), in KiB.
    max_memory: u64,
    pub(crate) link: Link,
    /// Names that were used, so that each is new.
    names_used: u64,
}

/// The two parts of a link.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) address: SocketAddr,
    pub(crate) ticket: String,
}

/// A participant of the attacker.
#[derive(Debug)]
pub(crate) struct Participant {
    pub(crate) socket: WebSocket,
    /// The resume token.
    pub(crate) resume: String,
}

impl Link {
    /// Parses a link such as `http://127.0.0.1:8080/t/TICKET`.
    pub(crate) fn parse(link: &str) -> Self {
        let (address, ticket) =
            link.trim_start_matches("http://").split_once("/t/").expect("a link has a ticket");
        let address = address.parse().expect("a link has an address");
        Self { address, ticket: ticket.to_owned() }
    }

    /// Joins under this name.
    ///
    /// # Errors
    /// The end of the connection, if the server refuses.
    pub(crate) fn join(&self, name: &str) -> Result<Participant, StreamEnd> {
        let mut socket = WebSocket::open(self.address)?;
        let line = serde_json::json!({"t": "join", "name": name, "ticket": self.ticket});
        let mut bytes = Vec::new();
        write_frame(&mut bytes, 0x81, [1, 2, 3, 4], line.to_string().as_bytes());
        let welcome: Value = socket.send_until(&bytes, |frame| match frame {
            Frame::Text(text) => serde_json::from_str(text.lines().next()?).ok(),
            Frame::Ping(_) | Frame::Pong(_) | Frame::Close(_) => None,
        })?;
        match welcome["resume"].as_str() {
            Some(resume) => Ok(Participant { socket, resume: resume.to_owned() }),
            None => Err(socket.read_to_end()),
        }
    }
}

impl Room {
    pub(crate) fn start() -> Self {
        let env = TestEnv::new();
        let config = env.root().join("config.json");
        std::fs::write(&config, CONFIG).unwrap();
        let serve = || -> Command {
            let mut command = env.command(SERVE);
            command.arg("--config").arg(&config);
            command
        };
        let mut explain = serve();
        explain.arg("--explain-limits");
        let explained = Program::run(explain).expect_code(0).stdout;
        let bytes = explained.split_once('(').unwrap().1.split_once(" bytes)").unwrap().0;
        let max_memory = bytes.parse::<u64>().unwrap() / 1024;
        let mut command = serve();
        command.arg("--json");
        let mut program = Monitored::spawn(command);
        let mut link = None;
        program.read_until(|from, line| {
            let event: Option<Value> = serde_json::from_slice(line).ok();
            link = event.and_then(|event| Some(event["link"].as_str()?.to_owned()));
            from == Stream::Stdout
        });
        let link = link.unwrap_or_else(|| panic!("no link: {:?}", program.stderr));
        let link = Link::parse(&link);
        Self { program, env, max_memory, link, names_used: 0 }
    }

    pub(crate) fn resources(&self) -> Resources {
        Resources::of(self.program.pid())
    }

    /// Checks the process between two batches; false if it has exited.
    pub(crate) fn check(&mut self, campaign: &mut Campaign, batch: u64) -> bool {
        self.program.drain();
        campaign.report_panics(batch, &mut self.program.panics);
        campaign.record_memory(batch, self.program.peak, self.max_memory);
        match self.program.try_wait() {
            None => true,
            Some(status) => {
                let stderr = self.program.stderr.join("\n");
                let what = format!("the room exited with {status}: {stderr}");
                campaign.report(Failure::Exit, batch, what);
                false
            }
        }
    }

    /// Checks that the descriptors of the attacker's connections are closed.
    pub(crate) fn check_resources(&self, campaign: &mut Campaign, before: Resources) {
        let after = Resources::after_disconnects(self.program.pid(), before);
        if after.descriptors > before.descriptors {
            let what = format!("{} descriptors, {} before", after.descriptors, before.descriptors);
            campaign.report(Failure::Violation, 0, what);
        }
        campaign.resources = Some((before, after));
    }

    /// Joins as the attacker, under a new name. `None`, and a finding, if every attempt is refused.
    pub(crate) fn join(&mut self, campaign: &mut Campaign, batch: u64) -> Option<Participant> {
        let mut last = StreamEnd::Eof;
        for _ in 0..MAX_JOIN_ATTEMPTS {
            self.program.drain();
            self.names_used += 1;
            match self.link.join(&unique_name(self.names_used)) {
                Ok(participant) => return Some(participant),
                Err(end) => last = end,
            }
            std::thread::sleep(RETRY_INTERVAL);
        }
        campaign.report(Failure::Violation, batch, format!("every join was refused: {last:?}"));
        None
    }

    /// Sends TERM and waits for the exit; checks it if there is a campaign to report it.
    pub(crate) fn shut_down(mut self, campaign: Option<&mut Campaign>) {
        self.program.signal("TERM");
        let status = self.program.wait(|_, _| ());
        let Some(campaign) = campaign else { return };
        campaign.report_panics(0, &mut self.program.panics);
        if !status.as_ref().is_ok_and(ExitStatus::success) {
            campaign.report(Failure::Exit, 0, format!("the room exited with {status:?}"));
        }
        drop(self.env);
    }
}

/// A name that differs from the name of every other number, look-alikes included.
fn unique_name(number: u64) -> String {
    const LETTERS: &[u8; 16] = b"abcdefghkpstuvxz";
    let letter = |at: u32| char::from(LETTERS[(number >> (4 * at)) as usize % 16]);
    (0..8).map(letter).collect()
}
