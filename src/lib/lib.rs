//! chattrace: an anonymous chat that lives exactly as long as your terminal.
//!
//! Four programs share this library. Folders are programs first, subjects next, ground last;
//! arrows go down only, programs never import each other, and `tests/integration/layering.rs`
//! holds them to it.
//!
//! | | |
//! |---|---|
//! | programs | [`supervisor`] (the session) · [`serve`] (HTTP and the room) · [`tunnel`] (cloudflared) · [`clean`] |
//! | subjects | [`chat`]: the room and its rules, without I/O and without a clock |
//! | ground | [`control`] · [`process`] · [`config`] · [`terminal`] · [`paths`] · [`shutdown`] · [`token`] · [`exit`] |

mod clean;
mod config;
mod control;
mod exit;
mod paths;
mod process;
mod serve;
mod shutdown;
mod supervisor;
mod terminal;
mod token;
mod tunnel;

pub use clean::main as clean_main;
pub use serve::main as serve_main;
pub use supervisor::main as supervisor_main;
pub use tunnel::main as tunnel_main;
