//! Hostile inputs, by the million, at every place where something comes in from outside.
//!
//! `cargo test --test hostile` tries a million, `-- --inputs 100000000` a hundred million. An input is
//! a function of the seed, its surface and its number, so what was found is seen again with
//! `-- SURFACE --batch N --seed N`. All the while two calm people talk in the room, and must hear
//! each other; the programs must neither panic nor end, nor take more memory than they say, nor keep
//! a descriptor of a client that is gone. Every socket's stream goes through [`strict`].

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on says where")]
#![allow(clippy::cast_precision_loss, reason = "rates and milliseconds are for people")]

mod calm;
mod cloudflared;
mod configuration;
mod control;
mod dice;
#[path = "../faults/foreign.rs"]
mod foreign;
mod frames;
#[allow(
    dead_code,
    unused_imports,
    reason = "shared with the integration tests, which use the rest"
)]
#[path = "../integration/harness/mod.rs"]
mod harness;
mod http;
mod lines;
mod metrics;
mod mutate;
mod names;
mod options;
mod polls;
mod printed;
mod prove;
mod report;
mod request;
mod room;
mod services;
mod sibling;
mod strict;
mod surface;
mod turn;
mod watch;
mod wire;

use std::io::Write as _;
use std::process::ExitCode;

use calm::Calm;
use options::Options;
use room::Room;
use surface::Surface;
use turn::{Kind, Turn};

fn main() -> ExitCode {
    // Under the name of a program that a session starts, this is a hostile stand-in for it.
    let mut words = std::env::args();
    let own = words.next().unwrap_or_default();
    let name = std::path::Path::new(&own).file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    if let Some(role) = sibling::Role::named(&name) {
        return sibling::act(role, &own);
    }
    if let Some(orders) = printed::Orders::named(&name) {
        return printed::act(&orders, words);
    }
    match Options::read(words) {
        Ok(options) => bench(&options),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}

fn bench(options: &Options) -> ExitCode {
    if let Err(blind) = prove::prove() {
        say(&format!("the bench is blind: {blind}\n"));
        return ExitCode::from(2);
    }
    say(&format!("hostile inputs, {} in all, seed {}\n", options.inputs, options.seed));
    say(&report::head());
    let mut room = Room::start();
    let mut calm = Calm::start(&room.way);
    let mut turns: Vec<Turn> = Vec::new();
    for surface in &options.surfaces {
        let mut turn = Turn::new(*surface, options.seed, options.inputs, options.batch);
        attack(&mut turn, &mut room);
        let (delays, complaints) = calm.take();
        if turn.delays.is_empty() {
            turn.delays = delays;
        }
        for complaint in &complaints {
            turn.found(Kind::Broken, 0, format!("the calm pair: {complaint}"));
        }
        let dead = room.program.has_ended().is_some();
        if dead || !complaints.is_empty() {
            // The others have a room and a pair as well.
            drop(calm);
            room.end(None);
            room = Room::start();
            calm = Calm::start(&room.way);
        }
        say(&report::line(&turn));
        say(&report::findings(std::slice::from_ref(&turn)));
        turns.push(turn);
    }
    drop(calm);
    room.end(turns.last_mut());
    say(&format!("\n{}", report::head()));
    turns.iter().for_each(|turn| say(&report::line(turn)));
    say(&report::sum(&turns));
    let found: usize = turns.iter().map(Turn::found_in_all).sum();
    say(&format!("{found} found, seed {}\n", options.seed));
    if found > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn attack(turn: &mut Turn, room: &mut Room) {
    match turn.surface {
        Surface::Frames => in_room(turn, room, frames::run),
        Surface::Lines => in_room(turn, room, lines::run),
        Surface::Http => in_room(turn, room, http::run),
        Surface::Polls => in_room(turn, room, polls::run),
        Surface::Names => in_room(turn, room, names::run),
        Surface::Control => control::run(turn),
        Surface::Services => services::run(turn),
        Surface::Cloudflared => cloudflared::run(turn),
        Surface::Metrics => metrics::run(turn),
        Surface::Configuration => configuration::run(turn),
    }
}

/// A surface of the room: what the room held before is what it holds afterwards.
fn in_room(turn: &mut Turn, room: &mut Room, run: fn(&mut Turn, &mut Room)) {
    let before = room.held();
    run(turn, room);
    if room.program.has_ended().is_none() {
        room.compare(turn, before);
    }
}

/// A reader that is gone is not our fault.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
