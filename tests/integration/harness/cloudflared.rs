//! The stand-in for cloudflared in a test's place, with its orders: see the module documentation of
//! `tests/fixtures/cloudflared/main.rs` for the steps.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::edge::Edge;
use super::{Place, stand_in};

/// The host name that the stand-in gets unless told otherwise.
pub(crate) const HOST: &str = "some-random-words-here.trycloudflare.com";

/// The whole way: address, metrics port, registration.
pub(crate) const HAPPY: &str =
    "greet\nbox some-random-words-here.trycloudflare.com\nmetrics\nregister\n";
/// Not a word, for ever.
pub(crate) const SILENT: &str = "hang\n";
/// Bytes that mean nothing, on both streams, and then the end.
pub(crate) const GARBAGE: &str =
    "err \\b\\b\\b\nout \\b|\nerr {\"level\":\nerr | https:// |\nexit 3\n";
/// The greeting, and then no answer.
pub(crate) const HANGS: &str = "greet\ntouch here\nhang\n";
/// 429 with the text of a plain page.
pub(crate) const TOO_MANY: &str = "greet\nerr 2026-11-23T04:54:58Z ERR Error unmarshaling QuickTunnel response: error code: 1015 error=\"invalid character 'e' looking for beginning of value\" status_code=\"429 Too Many Requests\"\nerr failed to unmarshal quick Tunnel: invalid character 'e' looking for beginning of value\nexit 1\n";
/// 429 as JSON, which cloudflared reports without its status.
pub(crate) const TOO_MANY_JSON: &str =
    "greet\nerr failed to parse quick Tunnel ID: invalid UUID length: 0\nexit 1\n";
/// 500 with a page that holds something like an address.
pub(crate) const ERROR_PAGE: &str = "greet\nerr 2026-11-23T04:54:59Z ERR Error unmarshaling QuickTunnel response: <!DOCTYPE html>\nerr <html><head><title>Internal Server Error</title></head><body>https://not-a-tunnel.trycloudflare.com</body></html>\nerr  error=\"invalid character '<' looking for beginning of value\" status_code=\"500 Internal Server Error\"\nerr failed to unmarshal quick Tunnel: invalid character '<' looking for beginning of value\nexit 1\n";
/// The API's name is unknown.
pub(crate) const NO_DNS: &str = "greet\nerr failed to request quick Tunnel: Post \"https://api.trycloudflare.com/tunnel\": dial tcp: lookup api.trycloudflare.com on 127.0.0.1:53: no such host\nexit 1\n";
/// The API cannot be reached.
pub(crate) const REFUSED: &str = "greet\nerr failed to request quick Tunnel: Post \"https://api.trycloudflare.com/tunnel\": dial tcp 127.0.0.1:1: connect: connection refused\nexit 1\n";
/// An option it does not know: usage on stdout, code 0.
pub(crate) const UNKNOWN_FLAG: &str = "out Incorrect Usage. flag provided but not defined: -metrics\nout \nout NAME:\nout    cloudflared tunnel - Use Cloudflare Tunnel\nexit 0\n";
/// Three failed dials over QUIC, the whole way over HTTP/2.
pub(crate) const ONLY_HTTP2: &str = "greet\nquic: box quic-words.trycloudflare.com\nhttp2: box some-random-words-here.trycloudflare.com\nmetrics\nquic: err 2026-11-23T05:09:19Z ERR Failed to dial a quic connection error=\"failed to dial to edge with quic: timeout: no recent network activity\" connIndex=0 event=0 ip=127.0.1.1\nquic: err 2026-11-23T05:09:25Z ERR Failed to dial a quic connection error=\"failed to dial to edge with quic: timeout: no recent network activity\" connIndex=0 event=0 ip=127.0.1.2\nquic: err 2026-11-23T05:09:33Z ERR Failed to dial a quic connection error=\"failed to dial to edge with quic: timeout: no recent network activity\" connIndex=0 event=0 ip=127.0.1.1\nquic: hang\nregister\n";

/// A stand-in that was put into a place. It is confined, and can open no file itself: what it reads
/// and writes goes through its [`Edge`].
#[derive(Debug)]
pub(crate) struct StandIn {
    path: PathBuf,
    _edge: Edge,
}

impl StandIn {
    /// Puts it at `bin/cloudflared` in `place`, with these orders. Several may share a place under
    /// names of their own: see [`StandIn::install_as`].
    pub(crate) fn install(place: &Place, orders: &str) -> Self {
        Self::install_as(&place.root().join("bin/cloudflared"), orders)
    }

    /// Puts it at `path`.
    pub(crate) fn install_as(path: &Path, orders: &str) -> Self {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let original = stand_in("stand-in-cloudflared");
        // A link where that works. Else by another process: a file that a thread of ours holds open
        // for writing while another one forks cannot be run (ETXTBSY).
        if std::fs::hard_link(&original, path).is_err() {
            let copied = Command::new("cp").arg(&original).arg(path).status();
            assert!(copied.unwrap().success());
        }
        let path = std::fs::canonicalize(path).unwrap();
        for ending in [".orders", ".version", ".starts", ".released"] {
            std::fs::write(beside(&path, ending), "").unwrap();
        }
        let placed = Self { _edge: Edge::open(&path), path };
        placed.order(orders);
        placed
    }

    /// Gives it other orders for its next start.
    pub(crate) fn order(&self, orders: &str) {
        std::fs::write(self.beside(".orders"), orders).unwrap();
    }

    /// What `version --short` answers.
    pub(crate) fn version(&self, version: &str) {
        std::fs::write(self.beside(".version"), format!("{version}\n")).unwrap();
    }

    /// The program.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A file beside it, for `touch` and `wait`.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }

    /// Lets a `wait NAME` go on.
    pub(crate) fn release(&self, name: &str) {
        let mut file =
            std::fs::File::options().append(true).open(self.beside(".released")).unwrap();
        std::io::Write::write_all(&mut file, format!("{name}\n").as_bytes()).unwrap();
    }

    /// Every line it recorded: its starts, with `argv`, `env` and `home`, and its ends by TERM.
    pub(crate) fn records(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.beside(".starts")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The `127.0.0.1:PORT` that it was first told to open a way to; `None` before it was started.
    pub(crate) fn origin(&self) -> Option<String> {
        let record = self.records().into_iter().next()?;
        let words = record["argv"].as_array()?.iter().filter_map(|word| word.as_str());
        words.filter_map(|word| word.strip_prefix("http://")).map(str::to_owned).next()
    }

    /// How many times it was started for a tunnel.
    pub(crate) fn starts(&self) -> usize {
        let is_start = |record: &&serde_json::Value| record.get("argv").is_some();
        self.records().iter().filter(is_start).count()
    }

    /// Whether its last end was a TERM that it answered.
    pub(crate) fn ended_by_term(&self) -> bool {
        self.records().last().is_some_and(|record| record["ended"] == "term")
    }

    fn beside(&self, ending: &str) -> PathBuf {
        beside(&self.path, ending)
    }
}

pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
