//! `control.sock` of a session without a tunnel: invalid requests, floods, incomplete lines, many
//! clients.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use serde_json::Value;

use crate::bystanders::Bystanders;
use crate::campaign::{Campaign, Failure};
use crate::connection::{StreamEnd, write_and_read};
use crate::harness::rng::Rng;
use crate::harness::{CHATTRACE, Stream, TestEnv};
use crate::monitor::Monitored;
use crate::mutate;
use crate::resources::Resources;
use crate::room::Link;

/// Bound of the supervisor's memory, in KiB. Its log has at most 10 000 entries, each with a name
/// of at most 64 bytes.
pub(crate) const MAX_SUPERVISOR_MEMORY: u64 = 64 * 1024;

/// Clients that stay connected after half a line: the socket accepts 8, and may not have noticed yet that
/// one or two have gone.
const MAX_SILENT: usize = 5;

/// The longest request.
const MAX_LINE_BYTES: usize = 16 * 1024;

const TEMPLATES: [&str; 6] = [
    r#"{"id":1,"type":"ping"}"#,
    r#"{"id":2,"type":"status"}"#,
    r#"{"id":3,"type":"stop"}"#,
    r#"{"type":"ping","id":18446744073709551615}"#,
    r#"{"id":4,"type":"do","command":"mute 3 10m"}"#,
    r#"{"id":5,"type":"who"}"#,
];

pub(crate) fn run(campaign: &mut Campaign) {
    let env = TestEnv::new();
    let config = env.root().join("config.json");
    let text = r#"{"logs":"delete","room":{"rate":{"per_second":20,"burst":20}}}"#;
    std::fs::write(&config, text).unwrap();
    let mut command = env.command(CHATTRACE);
    command.arg("--config").arg(config).args(["--tunnel", "none", "--json"]);
    let mut session = Monitored::spawn(command);
    let Some(link) = await_link(&mut session) else {
        return campaign.report(Failure::Exit, 0, format!("no link: {:?}", session.stderr));
    };
    let socket = socket(&env);
    let bystanders = Bystanders::join(&link);
    attack(campaign, &mut session, &socket);
    let (latencies, errors) = bystanders.take_results();
    campaign.latencies = latencies;
    for error in errors {
        campaign.report(Failure::Violation, 0, format!("bystanders: {error}"));
    }
    drop(bystanders);
    session.signal("TERM");
    let status = session.wait(|_, _| ());
    campaign.report_panics(0, &mut session.panics);
    if status.as_ref().map(std::process::ExitStatus::code) != Ok(Some(0)) {
        campaign.report(
            Failure::Exit,
            0,
            format!("the session exited with {status:?}: {:?}", session.stderr),
        );
    }
}

/// Waits for the event with the link.
fn await_link(session: &mut Monitored) -> Option<Link> {
    let mut link = None;
    session.read_until(|from, line| {
        let event: Option<Value> = serde_json::from_slice(line).ok();
        link = event.and_then(|event| Some(event["url"].as_str()?.to_owned()));
        from == Stream::Stdout && link.is_some()
    });
    Some(Link::parse(&link?))
}

fn socket(env: &TestEnv) -> PathBuf {
    let found = env.tree().into_iter().find(|path| path.ends_with("control.sock"));
    found.expect("a session has a control socket")
}

fn attack(campaign: &mut Campaign, session: &mut Monitored, socket: &PathBuf) {
    let before = Resources::of(session.pid());
    let mut silent: Vec<UnixStream> = Vec::new();
    while let Some((batch, mut rng)) = campaign.next_batch() {
        let rng = &mut rng;
        if silent.len() == MAX_SILENT {
            silent.remove(rng.below(MAX_SILENT));
        }
        let Ok(mut client) = UnixStream::connect(socket) else {
            return campaign.report(
                Failure::Exit,
                batch,
                "the session exited after the previous batch".to_owned(),
            );
        };
        let _ = client.write_all(&TEMPLATES[0].as_bytes()[..rng.below(20)]);
        silent.push(client);
        let count = campaign.surface.batch_inputs();
        match send_requests(rng, socket, count, batch) {
            Ok(()) => campaign.inputs += count as u64,
            Err(end) => campaign.report(
                Failure::Violation,
                batch,
                format!("invalid requests ended the connection: {end:?}"),
            ),
        }
        session.drain();
        campaign.report_panics(batch, &mut session.panics);
        campaign.record_memory(batch, session.peak, MAX_SUPERVISOR_MEMORY);
        if let Some(status) = session.try_wait() {
            return campaign.report(
                Failure::Exit,
                batch,
                format!("the session exited with {status}"),
            );
        }
    }
    drop(silent);
    let after = Resources::after_disconnects(session.pid(), before);
    if after.descriptors > before.descriptors {
        campaign.report(Failure::Violation, 0, format!("{after:?}, {before:?} before"));
    }
    campaign.resources = Some((before, after));
}

/// Sends mutated requests, and a valid one: its answer shows that all of them were processed.
fn send_requests(
    rng: &mut Rng,
    socket: &PathBuf,
    count: usize,
    batch: u64,
) -> Result<(), StreamEnd> {
    let mut stream = UnixStream::connect(socket).map_err(|_| StreamEnd::Eof)?;
    stream.set_nonblocking(true).unwrap();
    let mut bytes = Vec::new();
    for _ in 1..count {
        let mut line = mutate::line(rng, &TEMPLATES, false, MAX_LINE_BYTES - 1);
        if mutate::has_kind(&line, "type", "stop") {
            line = b"{\"type\":\"stop\"}".to_vec();
        }
        bytes.extend(line);
        bytes.push(b'\n');
    }
    // Above every id in the batch, and below 2^53, the largest integer that every JSON parser
    // keeps.
    let id = (1 << 52) + batch;
    bytes.extend(format!("{{\"id\":{id},\"type\":\"ping\"}}\n").into_bytes());
    let last = format!("{{\"id\":{id},\"type\":\"pong\"");
    let mut answers = Vec::new();
    write_and_read(&mut stream, &bytes, |more| {
        answers.extend_from_slice(more);
        let end = answers.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut found = None;
        for line in answers[..end].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            serde_json::from_slice::<serde::de::IgnoredAny>(line).map_err(|error| {
                StreamEnd::Violation(format!("{error}: {:?}", String::from_utf8_lossy(line)))
            })?;
            if line.starts_with(last.as_bytes()) {
                found = Some(());
            }
        }
        answers.drain(..end);
        Ok(found)
    })?;
    if rng.one_in(4) {
        // A line that is too long, or EOF in the middle of a line.
        stream.set_nonblocking(false).unwrap();
        let _ = stream.write_all(&vec![b'x'; rng.below(2 * MAX_LINE_BYTES)]);
    }
    Ok(())
}
