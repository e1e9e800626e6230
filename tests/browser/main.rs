//! The page in a real Chromium, talking to a real `chattrace-serve`.
//!
//! Needs chromium and chromedriver, and for the accessibility tests axe-core: in `target/axe`, or
//! where `AXE_JS` says. Every test has a room, a browser and a home folder of its own. Nothing but loopback is
//! ever asked for; the browser resolves no name.

mod access;
mod cut;
mod end;
mod hostile;
mod links;
mod look;
mod privacy;
mod refused;
mod stage;
mod talk;
