//! Renders the page when the programs are built, so that no start waits for it: one HTML document
//! with its style and its script inline, which the Content-Security-Policy allows by their hashes.
//! Placeholders remain for the settings of a room.

use std::error::Error;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use handlebars::Handlebars;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

const TEMPLATE: &str = "templates/page.hbs";
const STYLE: &str = "assets/style.css";
/// The parts of the one script, in the order in which the browser runs them.
const SCRIPT: [&str; 15] = [
    "assets/state.js",
    "assets/address.js",
    "assets/dom.js",
    "assets/links.js",
    "assets/transport.js",
    "assets/log.js",
    "assets/copy.js",
    "assets/events.js",
    "assets/limits.js",
    "assets/compose.js",
    "assets/invite.js",
    "assets/room.js",
    "assets/lifecycle.js",
    "assets/leaving.js",
    // The last: it shows the form, which a browser that cannot run the rest must not show.
    "assets/join.js",
];

/// Stands on both sides of a placeholder's name; no HTML document contains it.
const DELIMITER: char = '\0';

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    render_page(&out)?;
    link_unwinder()
}

#[derive(Serialize)]
struct Values<'a> {
    style: &'a str,
    script: &'a str,
    max_name: String,
    max_people: String,
    /// Who can read along besides the host's computer.
    readers: String,
    message_bytes: String,
    message_lines: String,
    /// `None` in a room that shows no earlier messages.
    backlog: Option<String>,
}

/// Writes the page as two format strings, for rooms with and without a backlog, and passes the hashes
/// of style and script to the compiler.
fn render_page(out: &Path) -> Result<(), Box<dyn Error>> {
    let template = read(TEMPLATE)?;
    let style = minifier::css::minify(&read(STYLE)?)?.to_string();
    let script = minify_script(&SCRIPT.map(read).into_iter().collect::<Result<String, _>>()?);
    let placeholder = |name: &str| format!("{DELIMITER}{name}{DELIMITER}");
    for (file, backlog) in [("page.txt", None), ("page-backlog.txt", Some(placeholder("backlog")))]
    {
        let values = Values {
            style: &style,
            script: &script,
            max_name: placeholder("max_name"),
            max_people: placeholder("max_people"),
            readers: placeholder("readers"),
            message_bytes: placeholder("message_bytes"),
            message_lines: placeholder("message_lines"),
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

/// Removes comments and white space, because a client on a slow connection waits for every byte, and
/// the semicolons of last statements. `const` and `let` do the same in a script that runs at all, and
/// one of them is shorter.
fn minify_script(script: &str) -> String {
    let minified = minifier::js::minify(script).to_string();
    let shorter = [(";}", "}"), ("const ", "let "), ("const{", "let{"), ("const[", "let[")];
    shorter.iter().fold(minified, |script, (long, short)| script.replace(long, short))
}

/// Turns the page into a format string: its own braces are doubled, placeholders get single ones.
fn format_string(html: &str) -> String {
    let part = |(at, part): (usize, &str)| match at % 2 {
        0 => part.replace('{', "{{").replace('}', "}}"),
        _ => format!("{{{part}}}"),
    };
    html.split(DELIMITER).enumerate().map(part).collect()
}

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

/// Links the library that unwinds panics statically. As a shared library it has to be found, mapped
/// and bound at each start, and it asks the processor for its features, which costs more than the
/// rest of the start in a virtual machine.
fn link_unwinder() -> Result<(), Box<dyn Error>> {
    // Other C libraries have another unwinder, or contain it already.
    if std::env::var("CARGO_CFG_TARGET_OS")? == "linux"
        && std::env::var("CARGO_CFG_TARGET_ENV")? == "gnu"
    {
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
    Ok(())
}
