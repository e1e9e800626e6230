//! What is known when the programs are built, and need not be found out at every start: the one HTML
//! document, with style and script inlined and allowed by their hashes, and a hole for each word that
//! the settings of a room decide.

use std::error::Error;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use handlebars::Handlebars;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

const TEMPLATE: &str = "templates/page.hbs";
const STYLE: &str = "assets/style.css";
/// One script in two files: how the page reaches the room, and what it shows of it.
const SCRIPT: [&str; 2] = ["assets/way.js", "assets/room.js"];

/// Around the name of what belongs in a hole. No HTML has it.
const EDGE: char = '\0';

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    render(&out)?;
    unwinder()
}

#[derive(Serialize)]
struct Values<'a> {
    style: &'a str,
    script: &'a str,
    max_name: String,
    message_bytes: String,
    /// `None` where newcomers are shown nothing.
    backlog: Option<String>,
}

/// Writes the page as two strings for `format!`, for rooms with a backlog and without, and tells the
/// compiler what its policy allows.
fn render(out: &Path) -> Result<(), Box<dyn Error>> {
    let template = read(TEMPLATE)?;
    let style = read(STYLE)?;
    let script = without_comments(&SCRIPT.map(read).into_iter().collect::<Result<String, _>>()?);
    let hole = |name: &str| format!("{EDGE}{name}{EDGE}");
    for (file, backlog) in [("page.txt", None), ("page-backlog.txt", Some(hole("backlog")))] {
        let values = Values {
            style: &style,
            script: &script,
            max_name: hole("max_name"),
            message_bytes: hole("message_bytes"),
            backlog,
        };
        let mut handlebars = Handlebars::new();
        handlebars.set_strict_mode(true);
        let html = handlebars.render_template(&template, &values)?;
        std::fs::write(out.join(file), format_string(&html))?;
    }
    println!("cargo::rustc-env=PAGE_SCRIPT={}", hash(&script));
    println!("cargo::rustc-env=PAGE_STYLE={}", hash(&style));
    Ok(())
}

fn read(path: &str) -> std::io::Result<String> {
    println!("cargo::rerun-if-changed={path}");
    std::fs::read_to_string(path)
}

/// The script without its comment lines: they are for who reads the source, and a visitor on a thin
/// line waits for every byte.
fn without_comments(script: &str) -> String {
    let comment = |line: &str| line.starts_with("//") || line.starts_with("/**");
    let code = script.lines().filter(|line| !comment(line.trim_start()));
    code.flat_map(|line| [line, "\n"]).collect()
}

/// The page as `format!` reads it: its own braces twice, the holes in braces.
fn format_string(html: &str) -> String {
    let part = |(at, part): (usize, &str)| match at % 2 {
        0 => part.replace('{', "{{").replace('}', "}}"),
        _ => format!("{{{part}}}"),
    };
    html.split(EDGE).enumerate().map(part).collect()
}

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

/// What unwinds panics becomes a part of each program. As a library of its own it has to be found,
/// mapped and bound at each start, and asks the processor for its features, which in a virtual
/// machine costs more than all the rest.
fn unwinder() -> Result<(), Box<dyn Error>> {
    // Other C libraries come with another one, or have it in themselves already.
    if std::env::var("CARGO_CFG_TARGET_OS")? == "linux"
        && std::env::var("CARGO_CFG_TARGET_ENV")? == "gnu"
    {
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
    Ok(())
}
