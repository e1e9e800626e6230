//! `chattrace --check`: what a session needs, tried without one. Creates nothing, and starts nothing that
//! outlives it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Serialize;

use super::archive;
use super::checks::{self, Check, failure, note};
use super::children::Programs;
use crate::config::{Config, ConfinementPolicy, Provider};
use crate::control::{Protection, VERSION};
use crate::exit::Exit;
use crate::paths;
use crate::process;
use crate::terminal::{self, Severity, sanitize_line};

/// Most bytes of another program's answer: of more, the rest is not looked at.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// One line of `--check --json`.
#[derive(Serialize)]
struct CheckEvent<'a> {
    event: &'static str,
    name: &'a str,
    state: &'static str,
    text: &'a str,
}

/// Prints each check in a line on stdout, and says whether a session could begin. `file` is the configuration
/// file that was named.
pub(super) fn run(config: &Config, file: Option<&Path>, as_json: bool) -> Exit {
    let checks = checks(config, file);
    let lines: Vec<String> = checks.iter().map(|check| line(check, as_json)).collect();
    let exit = terminal::print_result("chattrace", &lines.join("\n"));
    let something_is_missing = checks.iter().any(|check| check.severity == Severity::Error);
    if exit == Exit::Ended && something_is_missing { Exit::Unavailable } else { exit }
}

fn line(check: &Check, as_json: bool) -> String {
    let state = match check.severity {
        Severity::Ok | Severity::Info => "ok",
        Severity::Warning => "warning",
        Severity::Error => "missing",
    };
    if as_json {
        let (name, text) = (check.name, check.fact.as_str());
        return terminal::json_line(&CheckEvent { event: "check", name, state, text });
    }
    format!("{state:<8} {:<15} {}", check.name, check.fact)
}

/// All checks of a start, in its order.
fn checks(config: &Config, file: Option<&Path>) -> Vec<Check> {
    let mut found = vec![system_calls()];
    match Programs::find() {
        Err(error) => found.push(failure("programs", error.to_string())),
        Ok(programs) => found.extend(run_programs(config, file, &programs)),
    }
    found.push(event_log(config));
    found.push(port(config));
    found.extend(checks::listen_address(config.listen, config.room.mode));
    found.push(match paths::find_runtime_base() {
        Ok(base) => checks::runtime_folder(&base),
        Err(error) => failure("runtime folder", error.to_string()),
    });
    found.extend(checks::memory());
    found.extend(checks::orphans(process::become_subreaper(), process::can_signal_by_pidfd()));
    found
}

fn system_calls() -> Check {
    let tried = process::require_service_calls().and_then(|()| process::require_threads());
    match tried {
        Ok(()) => note("system calls", "all that are needed"),
        Err(error) => failure("system calls", error.to_string()),
    }
}

fn event_log(config: &Config) -> Check {
    match archive::check(config, true) {
        Ok(None) => note("event log", "could be saved, or need not be"),
        Ok(Some(warning)) => warning,
        Err(error) => failure("event log", error.to_string()),
    }
}

fn port(config: &Config) -> Check {
    match process::listen(config.listen) {
        Ok(_) => note("port", format!("{} is free", config.listen)),
        Err(error) => failure("port", error.to_string()),
    }
}

/// What the programs themselves find out: their version, the room's sandbox, cloudflared.
fn run_programs(config: &Config, file: Option<&Path>, programs: &Programs) -> Vec<Check> {
    let mut found = vec![versions(programs)];
    let named = |program: &Path| {
        let mut command = Command::new(program);
        command.args(file.iter().flat_map(|file| [OsStr::new("--config"), file.as_os_str()]));
        command
    };
    found.extend(sandbox(config, named(programs.serve())));
    if config.tunnel.provider != Provider::None {
        found.push(cloudflared(config, named(programs.tunnel())));
    }
    found
}

fn versions(programs: &Programs) -> Check {
    for (name, path) in programs.all() {
        let answer = answer_of(Command::new(path).arg("--version"));
        let version = answer.as_ref().map(|text| text.rsplit(' ').next().unwrap_or_default());
        match version {
            Ok(VERSION) => {}
            Ok(version) => {
                let version = sanitize_line(version);
                return failure(
                    "programs",
                    format!(
                        "{name} is version {version}, but chattrace is version {VERSION}; build or \
                         install all four programs together"
                    ),
                );
            }
            Err(why) => return failure("programs", format!("{name}: {why}")),
        }
    }
    note("programs", format!("all of version {VERSION}"))
}

fn sandbox(config: &Config, mut serve: Command) -> Vec<Check> {
    // An address of its own: whether the room's is free is another check.
    serve.args(["--self-test", "--json", "--open", "--listen", "127.0.0.1:0"]);
    let protection = answer_of(&mut serve).and_then(|answer| {
        serde_json::from_str::<Protection>(&answer).map_err(|error| error.to_string())
    });
    match protection {
        Ok(protection) => {
            let mut checks = checks::protection(&protection);
            let required = config.confinement == ConfinementPolicy::Required;
            if required && !protection.confinement.is_complete() {
                checks[0].severity = Severity::Error;
            }
            checks.into()
        }
        Err(why) => vec![failure("sandbox", format!("chattrace-serve: {why}"))],
    }
}

/// Without it, a session is local, unless it must not be.
fn cloudflared(config: &Config, mut tunnel: Command) -> Check {
    tunnel.arg("--find");
    if let Some(path) = &config.tunnel.cloudflared {
        tunnel.arg("--cloudflared").arg(path);
    }
    match answer_of(&mut tunnel) {
        Ok(fact) => note("cloudflared", sanitize_line(&fact)),
        Err(why) if config.tunnel.provider == Provider::Cloudflared => failure("cloudflared", why),
        Err(why) => checks::warning("cloudflared", why),
    }
}

/// What `command` prints, or why it fails, as it says itself.
fn answer_of(command: &mut Command) -> Result<String, String> {
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| terminal::io_reason(&error))?;
    let text = |bytes: &[u8]| {
        let bytes = bytes.get(..MAX_ANSWER_BYTES).unwrap_or(bytes);
        String::from_utf8_lossy(bytes).trim_end().to_owned()
    };
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    match text(&output.stderr).lines().last() {
        Some(last) => Err(sanitize_line(last)),
        None => Err(format!("it ended with {}", output.status)),
    }
}
