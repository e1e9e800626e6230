//! The output of cloudflared: mutated lines of real runs, and random bytes, at full speed.

use std::process::ExitStatus;

use crate::campaign::{Campaign, Failure};
use crate::harness::{Stream, TUNNEL, TestEnv};
use crate::monitor::Monitored;
use crate::output::find_control_char;
use crate::rogue_cloudflared::{EXIT_DONE, EXIT_NOT_QUERIED, Orders, Script};
use crate::services::install;

/// Bound of the memory of `chattrace-tunnel`, in KiB. It keeps one line of at most 8 KiB, and a few
/// facts.
const MAX_TUNNEL_MEMORY: u64 = 64 * 1024;

/// One in this many batches has lines that may end the attempt, and so is short.
const ANYTHING_EVERY: u64 = 4;

/// Lines of such a batch, at most.
const MAX_ANYTHING: usize = 200;

pub(crate) fn run(campaign: &mut Campaign) {
    while let Some((batch, _)) = campaign.next_batch() {
        let whole = campaign.surface.batch_inputs();
        let (script, count) = if batch % ANYTHING_EVERY == 1 {
            (Script::Anything, MAX_ANYTHING)
        } else {
            (Script::Flood, whole)
        };
        let orders = Orders { script, seed: campaign.seed, batch, count };
        let Some(output) = run_tunnel(campaign, &orders) else { continue };
        let done = output.contains(&format!("code {EXIT_DONE}"));
        match script {
            // It still ran when all lines were printed.
            Script::Flood if done => campaign.inputs += count as u64,
            Script::Flood => {
                campaign.report(Failure::Violation, batch, format!("the tunnel gave up: {output}"))
            }
            Script::Anything | Script::Metrics => campaign.inputs += (MAX_ANYTHING / 2) as u64,
        }
    }
}

/// Runs `chattrace-tunnel` with a rogue cloudflared until it exits, and returns its output. `None`,
/// and a finding, if it exits with another code than 69, which means that there is no tunnel.
pub(crate) fn run_tunnel(campaign: &mut Campaign, orders: &Orders) -> Option<String> {
    let batch = orders.batch;
    let env = TestEnv::new();
    let program = env.root().join(orders.file_name());
    install(&std::env::current_exe().unwrap(), &program);
    let config = env.root().join("config.json");
    std::fs::write(&config, r#"{"tunnel":{"settle_seconds":0}}"#).unwrap();
    let mut command = env.command(TUNNEL);
    command.arg("http://127.0.0.1:9").arg("--json").arg("--config").arg(config);
    command.arg("--cloudflared").arg(&program);
    let mut tunnel = Monitored::spawn(command);
    let (mut output, mut violation) = (String::new(), None);
    let status = tunnel.wait(|from, line| {
        let line = String::from_utf8_lossy(line);
        if let Some(c) = find_control_char(&line) {
            violation.get_or_insert(format!("{c:?} in a line of {from:?}: {line:?}"));
        }
        if from == Stream::Stdout && serde_json::from_str::<serde_json::Value>(&line).is_err() {
            violation.get_or_insert(format!("invalid JSON: {line:?}"));
        }
        if output.len() < 4_000 || line.contains("code ") {
            output += &format!("{line}\n");
        }
    });
    campaign.report_panics(batch, &mut tunnel.panics);
    campaign.record_memory(batch, tunnel.peak, MAX_TUNNEL_MEMORY);
    if let Some(what) = violation {
        campaign.report(Failure::Violation, batch, what);
    }
    if output.contains(&format!("code {EXIT_NOT_QUERIED}")) {
        campaign.report(
            Failure::Violation,
            batch,
            format!("the tunnel stopped its queries: {output}"),
        );
    }
    match status.as_ref().map(ExitStatus::code) {
        Ok(Some(69)) => Some(output),
        other => {
            campaign.report(Failure::Exit, batch, format!("{other:?}: {output}"));
            None
        }
    }
}
