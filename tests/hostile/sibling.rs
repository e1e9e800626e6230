//! A hostile program in the place of `chattrace-serve` or `chattrace-tunnel`: it greets as it should,
//! and then says what no program of ours says, over the lifeline on its standard input.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

use crate::dice::Dice;
use crate::mutate;

/// Which program it stands in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Serve,
    Tunnel,
}

/// The file beside it with its orders: seed, batch, and how many messages; and the one in which it
/// notes how many were taken.
pub(crate) const ORDERS: &str = "orders";
pub(crate) const TAKEN: &str = "taken";

/// The name in the last message.
pub(crate) const LAST: &str = "the-last-one";

/// One of so many batches is of a program that does not end when it is told to.
const DEAF: u64 = 16;

/// Longest message that is read at all.
const MESSAGE_BYTES: usize = 16 * 1024;

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

impl Role {
    /// By the name under which it was started.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "chattrace-serve" => Some(Self::Serve),
            "chattrace-tunnel" => Some(Self::Tunnel),
            _ => None,
        }
    }
}

/// Does what the file beside it orders, until nobody listens.
pub(crate) fn act(role: Role, own: &str) -> ExitCode {
    let folder = Path::new(own).parent().unwrap_or(Path::new("."));
    let orders = std::fs::read_to_string(folder.join(ORDERS)).unwrap_or_default();
    let numbers: Vec<u64> =
        orders.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [seed, batch, count] = numbers[..] else { return ExitCode::from(3) };
    let Ok(stdin) = std::io::stdin().as_fd().try_clone_to_owned() else { return ExitCode::from(3) };
    let mut lifeline = UnixStream::from(stdin);
    let taken = File::create(folder.join(TAKEN));
    let Ok(mut taken) = taken else { return ExitCode::from(3) };
    let mut dice = Dice::of(seed, 100, batch);
    let hello = format!("{{\"type\":\"hello\",\"version\":\"{}\"}}\n", env!("CARGO_PKG_VERSION"));
    let mut bytes = hello.into_bytes();
    if role == Role::Serve {
        bytes.extend(FROM_SERVE[2].as_bytes());
        bytes.push(b'\n');
    }
    for number in 1..=count {
        bytes.extend(message(&mut dice, role));
        bytes.push(b'\n');
        // Before it is said: a supervisor that has had enough kills us.
        let _ = writeln!(taken, "{number}");
        // What is said after that goes nowhere.
        if lifeline.write_all(&bytes).is_err() {
            return ExitCode::from(4);
        }
        bytes.clear();
    }
    bytes.extend(last(role).into_bytes());
    let _ = lifeline.write_all(&bytes);
    obey(&lifeline, batch);
    ExitCode::SUCCESS
}

/// Reads its orders until there are none. Mostly it ends when it is told to, so that a bench has time
/// for more sessions; sometimes it does not, and is ended.
fn obey(lifeline: &UnixStream, batch: u64) {
    let mut orders = BufReader::new(lifeline).lines();
    while let Some(Ok(order)) = orders.next() {
        let answer: &[u8] = match order.as_str() {
            _ if batch.is_multiple_of(DEAF) => continue,
            r#"{"type":"drain"}"# => b"{\"type\":\"drained\"}\n",
            r#"{"type":"close"}"# => b"{\"type\":\"closed\"}\n",
            _ => continue,
        };
        let mut lifeline = lifeline;
        let _ = lifeline.write_all(answer);
        return;
    }
}

fn last(role: Role) -> String {
    match role {
        Role::Serve => format!(
            "{{\"type\":\"joined\",\"participant\":{{\"number\":1,\"name\":\"{LAST}\",\"tag\":\"abc\"}},\"present\":1}}\n"
        ),
        Role::Tunnel => format!("{{\"type\":\"lost\",\"why\":\"{LAST}\",\"retry_after\":null}}\n"),
    }
}

/// A message that does not end the session by its meaning; half of them with something wrong.
fn message(dice: &mut Dice, role: Role) -> Vec<u8> {
    let templates: &[&str] = match role {
        Role::Serve => &FROM_SERVE,
        Role::Tunnel => &FROM_TUNNEL,
    };
    if dice.once_in(8) {
        return long(dice, role);
    }
    let line = mutate::line(dice, templates, false, MESSAGE_BYTES - 1);
    // Said again, the first word is another one, and a stranger's.
    let greets = mutate::ends(&line, "type", "hello") || mutate::ends(&line, "type", "lost");
    if greets || mutate::ends(&line, "type", "drained") || mutate::ends(&line, "type", "closed") {
        return b"{\"type\":\"dance\"}".to_vec();
    }
    line
}

/// As it should be, with a text as long as a message can hold, of letters that a terminal would obey.
fn long(dice: &mut Dice, role: Role) -> Vec<u8> {
    const SIGNS: [&str; 8] =
        ["x", "\u{202e}", "\u{7f}", "\u{9b}31m", "\\u001b[2J", " ", "\\r", "\u{2066}é"];
    let sign = dice.pick(&SIGNS);
    let longest = if dice.once_in(8) { MESSAGE_BYTES - 200 } else { 100 };
    let text = sign.repeat(1 + dice.below(longest / sign.len()));
    match role {
        Role::Serve => format!(
            "{{\"type\":\"joined\",\"participant\":{{\"number\":{},\"name\":\"{text}\",\"tag\":\"{sign}\"}},\"present\":1}}",
            dice.below(1000)
        ),
        Role::Tunnel => format!("{{\"type\":\"unconfined\",\"what\":\"{text}\"}}"),
    }
    .into_bytes()
}
