//! Fuzz tests: hostile inputs, by the million, on every attack surface of the programs.
//!
//! `cargo test --test hostile` runs a million inputs, `-- --inputs 100000000` a hundred million. An
//! input is a function of the seed, its surface and its batch, so `-- SURFACE --batch N --seed N`
//! repeats a finding. Meanwhile two well-behaved participants, the [`bystanders`], chat in the room,
//! and each message must reach both. A program must not panic or exit, exceed its documented memory, or
//! keep a descriptor of a client that is gone. Every WebSocket stream is checked by
//! [`harness::strict_reader`].

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on panics, with the env")]
#![allow(clippy::cast_precision_loss, reason = "rates and milliseconds are for reports only")]

mod bystanders;
mod campaign;
mod cloudflared;
mod configuration;
mod connection;
mod control;
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
mod monitor;
mod mutate;
mod names;
mod options;
mod output;
mod polls;
mod report;
mod request;
mod resources;
mod rogue_cloudflared;
mod rogue_service;
mod room;
mod self_test;
mod services;
mod surface;

use std::io::Write as _;
use std::process::ExitCode;

use bystanders::Bystanders;
use campaign::{Campaign, Failure};
use options::Options;
use room::Room;
use surface::Surface;

fn main() -> ExitCode {
    // Under the name of a program that a session starts, this program takes its place.
    let mut words = std::env::args();
    let own = words.next().unwrap_or_default();
    let name = std::path::Path::new(&own).file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    if let Some(service) = rogue_service::Service::from_name(&name) {
        return rogue_service::main(service, &own);
    }
    if let Some(orders) = rogue_cloudflared::Orders::from_name(&name) {
        return rogue_cloudflared::main(&orders, words);
    }
    match Options::parse(words) {
        Ok(options) => run_all(&options),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}

fn run_all(options: &Options) -> ExitCode {
    if let Err(missed) = self_test::run() {
        print(&format!("self-test failed: {missed}\n"));
        return ExitCode::from(2);
    }
    print(&format!("{} hostile inputs, seed {}\n", options.inputs, options.seed));
    print(&report::header());
    let mut room = Room::start();
    let mut bystanders = Bystanders::join(&room.link);
    let mut campaigns: Vec<Campaign> = Vec::new();
    for surface in &options.surfaces {
        let mut campaign = Campaign::new(*surface, options.seed, options.inputs, options.batch);
        attack(&mut campaign, &mut room);
        let (latencies, errors) = bystanders.take_results();
        if campaign.latencies.is_empty() {
            campaign.latencies = latencies;
        }
        for error in &errors {
            campaign.report(Failure::Violation, 0, format!("bystanders: {error}"));
        }
        let is_dead = room.program.try_wait().is_some();
        if is_dead || !errors.is_empty() {
            // The next surface gets a new room and new bystanders.
            drop(bystanders);
            room.shut_down(None);
            room = Room::start();
            bystanders = Bystanders::join(&room.link);
        }
        print(&report::row(&campaign));
        print(&report::findings(&campaign));
        campaigns.push(campaign);
    }
    drop(bystanders);
    room.shut_down(campaigns.last_mut());
    print(&format!("\n{}", report::header()));
    campaigns.iter().for_each(|campaign| print(&report::row(campaign)));
    print(&report::total(&campaigns));
    let findings: usize = campaigns.iter().map(Campaign::total_findings).sum();
    print(&format!("{findings} findings, seed {}\n", options.seed));
    if findings > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn attack(campaign: &mut Campaign, room: &mut Room) {
    match campaign.surface {
        Surface::Frames => in_room(campaign, room, frames::run),
        Surface::Lines => in_room(campaign, room, lines::run),
        Surface::Http => in_room(campaign, room, http::run),
        Surface::Polls => in_room(campaign, room, polls::run),
        Surface::Names => in_room(campaign, room, names::run),
        Surface::Control => control::run(campaign),
        Surface::Services => services::run(campaign),
        Surface::Cloudflared => cloudflared::run(campaign),
        Surface::Metrics => metrics::run(campaign),
        Surface::Configuration => configuration::run(campaign),
    }
}

/// Runs a campaign against the room, and checks that it releases all descriptors afterwards.
fn in_room(campaign: &mut Campaign, room: &mut Room, run: fn(&mut Campaign, &mut Room)) {
    let before = room.resources();
    run(campaign, room);
    if room.program.try_wait().is_none() {
        room.check_resources(campaign, before);
    }
}

/// Writes to stdout; unlike `print!`, it does not panic when the reader has closed the pipe.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
