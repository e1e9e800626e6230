//! The one HTML document, rendered when the programs are built: with style and script inlined and
//! allowed by their hashes, and a hole for each word that the settings of a room decide.

use std::error::Error;
use std::path::Path;

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

#[derive(Serialize)]
struct Values<'a> {
    style: &'a str,
    script: &'a str,
    max_name: String,
    message_bytes: String,
    /// `None` where newcomers are shown nothing.
    backlog: Option<String>,
    mode: String,
}

/// Writes the page as two strings for `format!`, for rooms with a backlog and without, and tells the
/// compiler what its policy allows.
pub(super) fn render(out: &Path) -> Result<(), Box<dyn Error>> {
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
            mode: hole("mode"),
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
