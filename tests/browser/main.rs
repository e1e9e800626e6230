//! The page in a real Chromium, connected to a real `chattrace-serve`, and in `sealed` to a whole session.
//!
//! Needs chromium and chromedriver, firefox-esr for `firefox`, and axe-core for the accessibility tests:
//! in `target/axe`, or at the path in `AXE_JS`. Every test has its own room, home folder and browser context.
//! The browser resolves no names and connects to loopback addresses only.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod accessibility;
#[path = "../build_programs.rs"]
mod build_programs;
mod changed_links;
mod chat;
mod console;
mod disconnect;
mod end;
mod firefox;
mod harness;
mod hostile;
mod input_methods;
mod invite;
mod layout;
mod link_text;
mod links;
mod log;
mod neighbours;
mod newer_features;
mod old_browsers;
mod operator;
mod pasted_text;
mod privacy;
mod refusals;
mod refused_lines;
mod reload;
mod screenshots;
mod sealed;
