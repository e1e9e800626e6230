//! `chattrace-tunnel` as the tests start it.

use std::process::Command;

use crate::harness::{StandIn, TUNNEL, TestEnv};

/// Nothing listens there: the stand-in opens no connection to it.
pub(crate) const ORIGIN: &str = "http://127.0.0.1:8080";

/// The program with this stand-in and without settling time.
pub(crate) fn tunnel(env: &TestEnv, cloudflared: &StandIn, arguments: &[&str]) -> Command {
    let mut command = tunnel_with_config(env, r#"{"tunnel":{"settle_seconds":0}}"#);
    command.arg("--cloudflared").arg(cloudflared.path()).args(arguments);
    command
}

/// The program with this configuration.
pub(crate) fn tunnel_with_config(env: &TestEnv, config: &str) -> Command {
    let file = env.root().join("config.json");
    std::fs::write(&file, config).unwrap();
    let mut command = env.command(TUNNEL);
    command.arg("--config").arg(file);
    command
}
