//! What cloudflared prints: lines of real runs with something wrong, and bytes, at full speed.

use std::process::ExitStatus;

use crate::harness::{Place, Stream, TUNNEL};
use crate::printed::{DONE, Orders, Part, UNASKED};
use crate::services::placed;
use crate::turn::{Kind, Turn};
use crate::watch::{Watched, commanding};

/// Kilobytes that the tunnel's program is expected to stay below: one line of 8 KiB, a few meanings.
pub(crate) const TUNNEL_BOUND: u64 = 64 * 1024;

/// One of so many batches is of lines that may end the attempt, and so is short.
const ENDS: u64 = 4;

/// Most lines of such a batch.
const SHORT: usize = 200;

pub(crate) fn run(turn: &mut Turn) {
    while let Some((batch, _)) = turn.next() {
        let whole = turn.surface.batch();
        let (part, count) =
            if batch % ENDS == 1 { (Part::Anything, SHORT) } else { (Part::Flood, whole) };
        let orders = Orders { part, seed: turn.seed, batch, count };
        let Some(said) = tunnel(turn, &orders) else { continue };
        let done = said.contains(&format!("code {DONE}"));
        match part {
            // It was alive when all had been printed.
            Part::Flood if done => turn.inputs += count as u64,
            Part::Flood => turn.found(Kind::Broken, batch, format!("it did not last: {said}")),
            Part::Anything | Part::Metrics => turn.inputs += (SHORT / 2) as u64,
        }
    }
}

/// A tunnel with a hostile cloudflared, from its start to its end; what it said.
pub(crate) fn tunnel(turn: &mut Turn, orders: &Orders) -> Option<String> {
    let batch = orders.batch;
    let place = Place::new();
    let program = place.root().join(orders.name());
    placed(&std::env::current_exe().unwrap(), &program);
    let config = place.root().join("config.json");
    std::fs::write(&config, r#"{"tunnel":{"settle_seconds":0}}"#).unwrap();
    let mut command = place.command(TUNNEL);
    command.arg("http://127.0.0.1:9").arg("--json").arg("--config").arg(config);
    command.arg("--cloudflared").arg(&program);
    let mut tunnel = Watched::start(command);
    let (mut said, mut wrong) = (String::new(), None);
    let status = tunnel.wait(|from, line| {
        let line = String::from_utf8_lossy(line);
        if let Some(sign) = commanding(&line) {
            wrong.get_or_insert(format!("{sign:?} in a line of {from:?}: {line:?}"));
        }
        if from == Stream::Stdout && serde_json::from_str::<serde_json::Value>(&line).is_err() {
            wrong.get_or_insert(format!("no JSON: {line:?}"));
        }
        if said.len() < 4_000 || line.contains("code ") {
            said += &format!("{line}\n");
        }
    });
    turn.panicked(batch, &mut tunnel.panics);
    turn.measured(batch, tunnel.peak, TUNNEL_BOUND);
    if let Some(what) = wrong {
        turn.found(Kind::Broken, batch, what);
    }
    if said.contains(&format!("code {UNASKED}")) {
        turn.found(Kind::Broken, batch, format!("it did not ask any more: {said}"));
    }
    match status.as_ref().map(ExitStatus::code) {
        // Without a tunnel, in whatever way it was lost.
        Ok(Some(69)) => Some(said),
        other => {
            turn.found(Kind::Exit, batch, format!("{other:?}: {said}"));
            None
        }
    }
}
