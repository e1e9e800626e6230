//! `chattrace-tunnel` under a supervisor: the messages of the control channel, and the ends that
//! the lifeline brings.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::harness::cloudflared::{HANGS, HAPPY, HOST, TOO_MANY};
use crate::harness::{DEADLINE, Place, StandIn, TUNNEL};

/// The supervisor's side of a tunnel.
struct Supervised {
    child: Child,
    lifeline: UnixStream,
    messages: BufReader<UnixStream>,
    run_dir: std::path::PathBuf,
}

impl Supervised {
    fn start(place: &Place) -> Self {
        Self::start_as(place, place.command(TUNNEL))
    }

    fn start_as(place: &Place, mut command: Command) -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_read_timeout(Some(DEADLINE)).unwrap();
        let child = command
            .args(["--lifeline", &std::process::id().to_string()])
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let run_dir = place.runtime().join("chattrace/session");
        std::fs::create_dir_all(&run_dir).unwrap();
        let base = run_dir.parent().unwrap();
        for dir in [base, &run_dir] {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            std::fs::set_permissions(dir, mode).unwrap();
        }
        let mut supervised = Self {
            child,
            messages: BufReader::new(ours.try_clone().unwrap()),
            lifeline: ours,
            run_dir,
        };
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            supervised.next(),
            json!({ "type": "hello", "version": version })
        );
        supervised
    }

    /// Started, and told to use this stand-in.
    fn with(place: &Place, stand_in: &StandIn) -> Self {
        let mut supervised = Self::start(place);
        supervised.begin(json!(stand_in.path()), Value::Null);
        supervised
    }

    fn begin(&mut self, cloudflared: Value, download_base: Value) {
        let tunnel = json!({
            "provider": "auto",
            "cloudflared": cloudflared,
            "settle_seconds": 0,
            "download_base": download_base,
        });
        let run_dir = self.run_dir.clone();
        self.send(&json!({ "type": "start", "tunnel": tunnel, "run_dir": run_dir }));
    }

    fn open(&mut self) {
        self.send(&json!({ "type": "open", "origin": "127.0.0.1:8080" }));
    }

    fn send(&mut self, message: &Value) {
        self.lifeline
            .write_all(format!("{message}\n").as_bytes())
            .unwrap();
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.messages.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn expect(&mut self, kind: &str) -> Value {
        let message = self.next();
        assert_eq!(message["type"], kind, "{message}");
        message
    }

    /// Announced.
    fn up(&mut self) {
        self.expect("found");
        self.open();
        for kind in ["starting", "url", "registered", "up"] {
            let message = self.expect(kind);
            let named = matches!(kind, "url" | "registered" | "up");
            assert_eq!(
                message.get("url"),
                named.then(|| json!(format!("https://{HOST}"))).as_ref()
            );
        }
    }

    /// Waits for the end: of everything that holds stdout, on which nothing may have been written.
    fn ended(mut self) -> Option<i32> {
        let stdout = self.child.stdout.take().unwrap();
        assert_eq!(std::io::read_to_string(stdout).unwrap(), "");
        self.child.wait().unwrap().code()
    }
}

#[test]
fn found_opened_and_closed_when_told() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, HAPPY);
    stand_in.version("2026.9.3");
    let mut tunnel = Supervised::start(&place);
    tunnel.begin(json!(stand_in.path()), Value::Null);
    let found = tunnel.expect("found");
    assert_eq!(found["path"], json!(stand_in.path()));
    assert_eq!(
        (&found["version"], &found["source"]),
        (&json!("2026.9.3"), &json!("chosen"))
    );
    assert_eq!(found["digest"].as_str().unwrap().len(), 64);
    tunnel.open();
    for kind in ["starting", "url", "registered", "up"] {
        tunnel.expect(kind);
    }
    let env = &stand_in.records()[0]["env"];
    assert_eq!(env["HOME"], json!(tunnel.run_dir.join("home")));
    tunnel.send(&json!({ "type": "close" }));
    tunnel.expect("closed");
    assert!(stand_in.ended_by_term());
    assert_eq!(tunnel.ended(), Some(0));
}

#[test]
fn close_is_obeyed_at_every_point() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, HANGS);
    let close = json!({ "type": "close" });

    let mut tunnel = Supervised::start(&place);
    tunnel.send(&close);
    assert_eq!(tunnel.ended(), Some(0));

    let mut tunnel = Supervised::with(&place, &stand_in);
    tunnel.expect("found");
    tunnel.send(&close);
    tunnel.expect("closed");
    assert_eq!(tunnel.ended(), Some(0));

    let mut tunnel = Supervised::with(&place, &stand_in);
    tunnel.expect("found");
    tunnel.open();
    tunnel.expect("starting");
    tunnel.send(&close);
    tunnel.expect("closed");
    assert_eq!(tunnel.ended(), Some(0));
}

/// V-11: the end of the lifeline, with and without a cloudflared that listens.
#[test]
fn the_end_of_the_lifeline_ends_everything() {
    for orders in [HAPPY.to_owned(), format!("ignore-term\n{HAPPY}")] {
        let place = Place::new();
        let stand_in = StandIn::install(&place, &orders);
        let mut tunnel = Supervised::with(&place, &stand_in);
        tunnel.up();
        let stdout = tunnel.child.stdout.take().unwrap();
        let mut child = tunnel.child;
        drop((tunnel.lifeline, tunnel.messages));
        assert_eq!(std::io::read_to_string(stdout).unwrap(), "");
        child.wait().unwrap();
    }
}

/// V-11.
#[test]
fn killed_it_takes_cloudflared_along() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, HAPPY);
    // Descriptor 9 is inherited by everything below: its end is the end of the last of them.
    let mut shell = place.command("sh");
    shell.args(["-c", "exec 9>&1; exec \"$0\" \"$@\"", TUNNEL]);
    let mut tunnel = Supervised::start_as(&place, shell);
    tunnel.begin(json!(stand_in.path()), Value::Null);
    tunnel.up();
    tunnel.child.kill().unwrap();
    assert_eq!(tunnel.ended(), None);
}

/// One attempt per process: the supervisor starts a new one, later if it must.
#[test]
fn a_loss_is_told_with_its_pause_and_ends_the_process_with_69() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, TOO_MANY);
    let mut tunnel = Supervised::with(&place, &stand_in);
    tunnel.expect("found");
    tunnel.open();
    tunnel.expect("starting");
    let lost = tunnel.expect("lost");
    assert_eq!(lost["retry_after"], 600);
    assert!(lost["why"].as_str().unwrap().contains("too many requests"));
    assert_eq!(tunnel.ended(), Some(69));
    assert!(place.runtime().join("chattrace/cooldown").exists());

    let mut tunnel = Supervised::with(&place, &stand_in);
    tunnel.expect("found");
    tunnel.open();
    let lost = tunnel.expect("lost");
    assert!(
        lost["why"]
            .as_str()
            .unwrap()
            .contains("can be tried in 10 minutes"),
        "{lost}"
    );
    assert_eq!(tunnel.ended(), Some(69));
    assert_eq!(stand_in.starts(), 1);
}

#[test]
fn a_drop_and_a_return_are_told_and_a_death_is_a_loss() {
    let place = Place::new();
    let orders = format!("{HAPPY}wait lose\ndrop\nwait back\nregister\nwait die\nexit 1\n");
    let stand_in = StandIn::install(&place, &orders);
    let mut tunnel = Supervised::with(&place, &stand_in);
    tunnel.up();
    stand_in.release("lose");
    tunnel.expect("reconnecting");
    stand_in.release("back");
    tunnel.expect("up");
    stand_in.release("die");
    assert!(
        tunnel.expect("lost")["why"]
            .as_str()
            .unwrap()
            .contains("ended with code 1")
    );
    assert_eq!(tunnel.ended(), Some(69));
}

#[test]
fn signals_ask_politely_and_garbage_on_the_channel_is_passed_over() {
    let place = Place::new();
    let stand_in = StandIn::install(&place, HAPPY);
    let mut tunnel = Supervised::with(&place, &stand_in);
    tunnel
        .lifeline
        .write_all(b"{\"type\":\"dance\"}\nnonsense\n")
        .unwrap();
    tunnel.up();
    let pid = tunnel.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    tunnel.expect("closed");
    assert!(stand_in.ended_by_term());
    assert_eq!(tunnel.ended(), Some(0));
}

/// V-36: what, from where, how large, to where, before anything is fetched.
#[test]
fn a_download_is_announced_before_it_begins() {
    let place = Place::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut tunnel = {
        let mut command = place.command(TUNNEL);
        command.env("PATH", "/nowhere");
        Supervised::start_as(&place, command)
    };
    tunnel.begin(Value::Null, json!(format!("http://{closed}/mirror")));
    let fetching = tunnel.expect("fetching");
    let from = fetching["from"].as_str().unwrap();
    assert!(
        from.starts_with(&format!(
            "http://{closed}/mirror/2026.9.3/cloudflared-linux-"
        )),
        "{from}"
    );
    assert!(fetching["size"].as_u64().unwrap() > 30_000_000);
    assert!(
        fetching["to"]
            .as_str()
            .unwrap()
            .starts_with(place.home().to_str().unwrap())
    );
    let lost = tunnel.expect("lost");
    assert!(
        lost["why"]
            .as_str()
            .unwrap()
            .contains("cloudflared cannot be fetched from"),
        "{lost}"
    );
    assert_eq!(tunnel.ended(), Some(69));
}
