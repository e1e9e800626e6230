//! `chattrace-tunnel` as a process, with a stand-in for cloudflared.

mod announce;
pub(crate) mod command;
mod command_line;
mod confined;
mod failures;
pub(crate) mod install;
mod loopback;
mod shutdown;
mod supervised;
mod system_calls;
mod tls_server;
mod trust;
