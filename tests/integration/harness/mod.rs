//! What every test starts from: a machine of its own ([`Place`]) and programs that tell everything
//! they said when a wait fails ([`Program`]). Waits are for a line, an end of file or an exit, with
//! one generous deadline; nothing here sleeps to see whether something happens.

pub(crate) mod cloudflared;
mod place;
mod program;
mod supervised;
mod terminal;

pub(crate) use cloudflared::StandIn;
pub(crate) use place::Place;
pub(crate) use program::{Ended, Program, Stream};
pub(crate) use supervised::Supervised;
pub(crate) use terminal::Terminal;

use std::time::Duration;

/// Far beyond anything that works, on the slowest machine; reached only by a failure.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The programs under test.
pub(crate) const CHATTRACE: &str = env!("CARGO_BIN_EXE_chattrace");
pub(crate) const SERVE: &str = env!("CARGO_BIN_EXE_chattrace-serve");
pub(crate) const TUNNEL: &str = env!("CARGO_BIN_EXE_chattrace-tunnel");
pub(crate) const CLEAN: &str = env!("CARGO_BIN_EXE_chattrace-clean");

/// A program of `tests/fixtures`, built by cargo as an example.
pub(crate) fn stand_in(name: &str) -> std::path::PathBuf {
    let path = std::path::Path::new(CHATTRACE).with_file_name("examples").join(name);
    assert!(path.is_file(), "{} is not built; run `cargo test`, which builds it", path.display());
    path
}
