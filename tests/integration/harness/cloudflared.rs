//! The stand-in for cloudflared. Its orders are the lines of a file beside it;
//! `tests/fixtures/cloudflared/main.rs` documents them.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::file_proxy::FileProxy;
use super::{TestEnv, stand_in};

/// The host name in most orders.
pub(crate) const HOST: &str = "some-random-words-here.trycloudflare.com";

/// Address, metrics port, registration.
pub(crate) const HAPPY: &str =
    "greet\nbox some-random-words-here.trycloudflare.com\nmetrics\nregister\n";
/// Prints nothing, and never exits.
pub(crate) const SILENT: &str = "hang\n";
/// Meaningless bytes on both streams, then exit 3.
pub(crate) const GARBAGE: &str =
    "err \\b\\b\\b\nout \\b|\nerr {\"level\":\nerr | https:// |\nexit 3\n";
/// Hangs after its banner.
pub(crate) const HANGS: &str = "greet\ntouch here\nhang\n";
/// The API answers 429 in plain text.
pub(crate) const TOO_MANY: &str = "greet\nerr 2026-11-23T04:54:58Z ERR Error unmarshaling QuickTunnel response: error code: 1015 error=\"invalid character 'e' looking for beginning of value\" status_code=\"429 Too Many Requests\"\nerr failed to unmarshal quick Tunnel: invalid character 'e' looking for beginning of value\nexit 1\n";
/// The API answers 429 in JSON, which cloudflared reports without the status.
pub(crate) const TOO_MANY_JSON: &str =
    "greet\nerr failed to parse quick Tunnel ID: invalid UUID length: 0\nexit 1\n";
/// The API answers 500 with a page that contains a URL like that of a tunnel.
pub(crate) const ERROR_PAGE: &str = "greet\nerr 2026-11-23T04:54:59Z ERR Error unmarshaling QuickTunnel response: <!DOCTYPE html>\nerr <html><head><title>Internal Server Error</title></head><body>https://not-a-tunnel.trycloudflare.com</body></html>\nerr  error=\"invalid character '<' looking for beginning of value\" status_code=\"500 Internal Server Error\"\nerr failed to unmarshal quick Tunnel: invalid character '<' looking for beginning of value\nexit 1\n";
/// The host name of the API cannot be resolved.
pub(crate) const NO_DNS: &str = "greet\nerr failed to request quick Tunnel: Post \"https://api.trycloudflare.com/tunnel\": dial tcp: lookup api.trycloudflare.com on 127.0.0.1:53: no such host\nexit 1\n";
/// The API refuses the connection.
pub(crate) const REFUSED: &str = "greet\nerr failed to request quick Tunnel: Post \"https://api.trycloudflare.com/tunnel\": dial tcp 127.0.0.1:1: connect: connection refused\nexit 1\n";
/// An unknown option: usage on stdout, exit 0.
pub(crate) const UNKNOWN_FLAG: &str = "out Incorrect Usage. flag provided but not defined: -metrics\nout \nout NAME:\nout    cloudflared tunnel - Use Cloudflare Tunnel\nexit 0\n";
/// Three failed connections over QUIC; over HTTP/2 it registers.
pub(crate) const ONLY_HTTP2: &str = "greet\nquic: box quic-words.trycloudflare.com\nhttp2: box some-random-words-here.trycloudflare.com\nmetrics\nquic: err 2026-11-23T05:09:19Z ERR Failed to dial a quic connection error=\"failed to dial to edge with quic: timeout: no recent network activity\" connIndex=0 event=0 ip=127.0.1.1\nquic: err 2026-11-23T05:09:25Z ERR Failed to dial a quic connection error=\"failed to dial to edge with quic: timeout: no recent network activity\" connIndex=0 event=0 ip=127.0.1.2\nquic: err 2026-11-23T05:09:33Z ERR Failed to dial a quic connection error=\"failed to dial to edge with quic: timeout: no recent network activity\" connIndex=0 event=0 ip=127.0.1.1\nquic: hang\nregister\n";

/// The edge refuses the registration over QUIC, three times; then over HTTP/2, and leaves the
/// connection open, so that cloudflared stays and prints no more.
pub(crate) fn edge_refuses(reason: &str) -> String {
    let refusal = "quic: err 2026-11-23T04:57:06Z ERR failed to serve tunnel connection error=\"control stream encountered a failure while serving\" connIndex=0 event=0 ip=127.0.2.2\n".repeat(3);
    format!(
        "greet\nbox {HOST}\nmetrics\n{refusal}quic: hang\nerr 2026-11-23T05:02:55Z ERR failed to serve incoming request error={reason}\n"
    )
}

/// An installed stand-in. The tunnel confines it as it does cloudflared, so its file access goes
/// through a [`FileProxy`].
#[derive(Debug)]
pub(crate) struct StandIn {
    path: PathBuf,
    _proxy: FileProxy,
}

impl StandIn {
    /// Installs it at `bin/cloudflared` in `env`.
    pub(crate) fn install(env: &TestEnv, orders: &str) -> Self {
        Self::install_as(&env.root().join("bin/cloudflared"), orders)
    }

    /// Installs it at `path`, so that several can share an environment.
    pub(crate) fn install_as(path: &Path, orders: &str) -> Self {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let original = stand_in("stand-in-cloudflared");
        // A hard link. On another file system a copy by `cp`: while a thread of this process holds
        // the file open for writing, a fork of another thread inherits that descriptor, and exec
        // fails (ETXTBSY).
        if std::fs::hard_link(&original, path).is_err() {
            let copied = Command::new("cp").arg(&original).arg(path).status();
            assert!(copied.unwrap().success());
        }
        let path = std::fs::canonicalize(path).unwrap();
        for ending in [".orders", ".version", ".starts", ".released"] {
            std::fs::write(beside(&path, ending), "").unwrap();
        }
        let placed = Self { _proxy: FileProxy::start(&path), path };
        placed.order(orders);
        placed
    }

    /// Replaces its orders, from its next start on.
    pub(crate) fn order(&self, orders: &str) {
        std::fs::write(self.beside(".orders"), orders).unwrap();
    }

    /// Sets what it answers to `version --short`.
    pub(crate) fn version(&self, version: &str) {
        std::fs::write(self.beside(".version"), format!("{version}\n")).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file beside it, for the orders `touch` and `wait`.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }

    /// Completes the order `wait NAME`.
    pub(crate) fn release(&self, name: &str) {
        let mut file =
            std::fs::File::options().append(true).open(self.beside(".released")).unwrap();
        std::io::Write::write_all(&mut file, format!("{name}\n").as_bytes()).unwrap();
    }

    /// The lines that it recorded: one for each start, with `argv`, `env` and `home`, and one for
    /// each exit by TERM.
    pub(crate) fn records(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.beside(".starts")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The `127.0.0.1:PORT` that it had to forward to at its first start; `None` before that.
    pub(crate) fn origin(&self) -> Option<String> {
        let record = self.records().into_iter().next()?;
        let words = record["argv"].as_array()?.iter().filter_map(|word| word.as_str());
        words.filter_map(|word| word.strip_prefix("http://")).map(str::to_owned).next()
    }

    /// Where it carries connections to its origin, after the order `carry`.
    pub(crate) fn carries(&self) -> Option<String> {
        let records = self.records();
        records.iter().find_map(|record| record["carries"].as_str()).map(str::to_owned)
    }

    /// The number of its starts for a tunnel; version queries are not recorded.
    pub(crate) fn starts(&self) -> usize {
        let is_start = |record: &&serde_json::Value| record.get("argv").is_some();
        self.records().iter().filter(is_start).count()
    }

    /// Whether it handled TERM as its last act.
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
