//! A program in the place of `chattrace-serve` or `chattrace-tunnel` that an attacker has taken
//! over: it sends a valid `hello`, and then messages that the real one never sends, over the
//! control channel on its stdin.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

use crate::harness::rng::Rng;
use crate::mutate;

/// The program whose place it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Serve,
    Tunnel,
}

/// A file beside the program: seed, batch, number of messages.
pub(crate) const ORDERS: &str = "orders";
/// A file beside the program, to which it writes the number of each message before it sends it.
pub(crate) const SENT: &str = "sent";

/// A text in the last message, by which the test recognises it.
pub(crate) const LAST: &str = "the-last-one";

/// In one of this many batches the program ignores the request to end, and the supervisor has to
/// kill it. In the others it exits, which leaves time for more sessions.
const IGNORE_ORDERS_EVERY: u64 = 16;

/// The longest message that the supervisor reads.
const MAX_MESSAGE_BYTES: usize = 16 * 1024;

const FROM_SERVE: [&str; 4] = [
    r#"{"type":"joined","participant":{"number":7,"name":"Foe","tag":"k7q"},"present":3}"#,
    r#"{"type":"left","participant":{"number":7,"name":"Foe","tag":"k7q"},"present":2}"#,
    r#"{"type":"ready","protection":{"confinement":{"missing":[]},"locked":"everything"}}"#,
    r#"{"type":"joined","participant":{"number":18446744073709551615,"name":"  ","tag":"\u001b[2J"},"present":18446744073709551615}"#,
];
const FROM_TUNNEL: [&str; 9] = [
    r#"{"type":"starting"}"#,
    r#"{"type":"url","url":"https://a-b.trycloudflare.com"}"#,
    r#"{"type":"settling","url":"https://a-b.trycloudflare.com","settle_seconds":18446744073709551615}"#,
    r#"{"type":"registered","url":"https://a-b.trycloudflare.com"}"#,
    r#"{"type":"reconnecting"}"#,
    r#"{"type":"fetching","version":"1","from":"https://x","size":5,"resumed_at":9,"to":"/x"}"#,
    r#"{"type":"fetched","bytes":18446744073709551615}"#,
    r#"{"type":"found","path":"/x","version":"1","digest":"abc","source":"path"}"#,
    r#"{"type":"unconfined","what":"may do everything"}"#,
];

impl Service {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "chattrace-serve" => Some(Self::Serve),
            "chattrace-tunnel" => Some(Self::Tunnel),
            _ => None,
        }
    }
}

/// Sends the ordered messages, until the supervisor closes the channel.
pub(crate) fn main(service: Service, own: &str) -> ExitCode {
    let folder = Path::new(own).parent().unwrap_or(Path::new("."));
    let orders = std::fs::read_to_string(folder.join(ORDERS)).unwrap_or_default();
    let numbers: Vec<u64> =
        orders.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [seed, batch, count] = numbers[..] else { return ExitCode::from(3) };
    let Ok(stdin) = std::io::stdin().as_fd().try_clone_to_owned() else { return ExitCode::from(3) };
    let mut lifeline = UnixStream::from(stdin);
    let sent = File::create(folder.join(SENT));
    let Ok(mut sent) = sent else { return ExitCode::from(3) };
    let mut rng = Rng::new(seed, 100, batch);
    let hello = format!("{{\"type\":\"hello\",\"version\":\"{}\"}}\n", env!("CARGO_PKG_VERSION"));
    let mut bytes = hello.into_bytes();
    if service == Service::Serve {
        bytes.extend(FROM_SERVE[2].as_bytes());
        bytes.push(b'\n');
    }
    for number in 1..=count {
        bytes.extend(message(&mut rng, service));
        bytes.push(b'\n');
        // Before the message is sent: the supervisor kills this process when it rejects one.
        let _ = writeln!(sent, "{number}");

        if lifeline.write_all(&bytes).is_err() {
            return ExitCode::from(4);
        }
        bytes.clear();
    }
    bytes.extend(last(service).into_bytes());
    let _ = lifeline.write_all(&bytes);
    await_end(&lifeline, batch);
    ExitCode::SUCCESS
}

/// Answers the request to end, or waits to be killed.
fn await_end(lifeline: &UnixStream, batch: u64) {
    let mut orders = BufReader::new(lifeline).lines();
    while let Some(Ok(order)) = orders.next() {
        let answer: &[u8] = match order.as_str() {
            _ if batch.is_multiple_of(IGNORE_ORDERS_EVERY) => continue,
            r#"{"type":"drain"}"# => b"{\"type\":\"drained\"}\n",
            r#"{"type":"close"}"# => b"{\"type\":\"closed\"}\n",
            _ => continue,
        };
        let mut lifeline = lifeline;
        let _ = lifeline.write_all(answer);
        return;
    }
}

fn last(service: Service) -> String {
    match service {
        Service::Serve => format!(
            "{{\"type\":\"joined\",\"participant\":{{\"number\":1,\"name\":\"{LAST}\",\"tag\":\"abc\"}},\"present\":1}}\n"
        ),
        Service::Tunnel => {
            format!("{{\"type\":\"lost\",\"why\":\"{LAST}\",\"retry_after\":null}}\n")
        }
    }
}

/// A message that does not end the session by its meaning; most have an error.
fn message(rng: &mut Rng, service: Service) -> Vec<u8> {
    let templates: &[&str] = match service {
        Service::Serve => &FROM_SERVE,
        Service::Tunnel => &FROM_TUNNEL,
    };
    if rng.one_in(8) {
        return long(rng, service);
    }
    let line = mutate::line(rng, templates, false, MAX_MESSAGE_BYTES - 1);
    let is_final = ["hello", "lost", "drained", "unregistered", "closed"]
        .iter()
        .any(|kind| mutate::has_kind(&line, "type", kind));
    if is_final { b"{\"type\":\"dance\"}".to_vec() } else { line }
}

/// A valid message with a long text of characters that a terminal acts on.
fn long(rng: &mut Rng, service: Service) -> Vec<u8> {
    const CHARS: [&str; 8] =
        ["x", "\u{202e}", "\u{7f}", "\u{9b}31m", "\\u001b[2J", " ", "\\r", "\u{2066}é"];
    let c = rng.choose(&CHARS);
    let max_bytes = if rng.one_in(8) { MAX_MESSAGE_BYTES - 200 } else { 100 };
    let text = c.repeat(1 + rng.below(max_bytes / c.len()));
    match service {
        Service::Serve => format!(
            "{{\"type\":\"joined\",\"participant\":{{\"number\":{},\"name\":\"{text}\",\"tag\":\"{c}\"}},\"present\":1}}",
            rng.below(1000)
        ),
        Service::Tunnel => format!("{{\"type\":\"unconfined\",\"what\":\"{text}\"}}"),
    }
    .into_bytes()
}
