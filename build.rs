//! Renders the page when the programs are built, so that no start waits for it: HTML documents with their
//! style and their script inline, which the Content-Security-Policy allows by their hashes, and each of
//! them compressed. They have no placeholder: what differs between rooms comes with the welcome.

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use handlebars::Handlebars;
use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_compat::EngineTargets;
use oxc_minifier::{CompressOptions, MangleOptions, Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

const TEMPLATE: &str = "templates/page.hbs";
const PAGE: &str = "assets/page";
const STYLE: &str = "style.css";

/// The parts of a script, in the order in which the browser runs them.
const BEGINNING: &[&str] = &["state", "link"];
const SHARED: &[&str] = &[
    "address",
    "dom",
    "room/links",
    "transport/connection",
    "transport/websocket",
    "transport/poll",
    "room/log",
    "room/copy",
    "events",
    "room/rules",
    "room/limits",
    "room/compose",
    "room/invite",
    "room/room",
];
/// The last: the gate shows the form, which a browser that cannot run the rest must not show.
const END: &[&str] = &["lifecycle", "room/leaving", "gate/join"];
/// What only open rooms need, before and after the shared parts.
const OPEN: [&[&str]; 2] = [&["open/link"], &["open/open"]];
/// The same of sealed rooms.
const SEALED: [&[&str]; 2] = [
    &["sealed/link"],
    &[
        "seal/bytes",
        "seal/derive",
        "seal/noise",
        "seal/roster",
        "seal/box",
        "seal/guest",
        "sealed/text",
        "sealed/sealed",
        "gate/needs",
    ],
];

/// The documents. `public` names the tunnel provider among those who can read along in an open room.
const DOCUMENTS: [(&str, Kind); 5] = [
    ("sealed", Kind { sealed: true, public: false, backlog: false }),
    ("open-local", Kind { sealed: false, public: false, backlog: false }),
    ("open-local-backlog", Kind { sealed: false, public: false, backlog: true }),
    ("open-public", Kind { sealed: false, public: true, backlog: false }),
    ("open-public-backlog", Kind { sealed: false, public: true, backlog: true }),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    render_documents(&out)?;
    link_unwinder()
}

/// For what room a document is.
#[derive(Clone, Copy, Serialize)]
struct Kind {
    sealed: bool,
    public: bool,
    backlog: bool,
}

#[derive(Serialize)]
struct Values<'a> {
    style: &'a str,
    script: &'a str,
    #[serde(flatten)]
    kind: Kind,
}

/// Writes the documents, and passes the hashes of style and scripts to the compiler.
fn render_documents(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={TEMPLATE}");
    let template = std::fs::read_to_string(TEMPLATE)?;
    // The minifier keeps the last semicolon of each rule.
    let style = minifier::css::minify(&read(STYLE)?)?.to_string().replace(";}", "}");
    let open = script(&OPEN, Names::Local)?;
    let sealed = script(&SEALED, Names::All)?;
    let mut handlebars = Handlebars::new();
    handlebars.set_strict_mode(true);
    for (name, kind) in DOCUMENTS {
        let script = if kind.sealed { &sealed } else { &open };
        let html =
            handlebars.render_template(&template, &Values { style: &style, script, kind })?;
        write_document(&out.join(name), html.as_bytes())?;
    }
    println!("cargo::rustc-env=PAGE_STYLE={}", hash(&style));
    println!("cargo::rustc-env=PAGE_SCRIPT_OPEN={}", hash(&open));
    println!("cargo::rustc-env=PAGE_SCRIPT_SEALED={}", hash(&sealed));
    Ok(())
}

/// Writes a document as it is, by gzip, and by Brotli.
fn write_document(path: &Path, html: &[u8]) -> Result<(), Box<dyn Error>> {
    std::fs::write(path.with_extension("html"), html)?;
    let mut gzip = Vec::new();
    zopfli::compress(zopfli::Options::default(), zopfli::Format::Gzip, html, &mut gzip)?;
    std::fs::write(path.with_extension("gz"), gzip)?;
    // The best quality, and a window of 64 KiB, which holds the whole document.
    let mut brotli = brotli::CompressorWriter::new(Vec::new(), html.len(), 11, 16);
    brotli.write_all(html)?;
    std::fs::write(path.with_extension("br"), brotli.into_inner())?;
    Ok(())
}

/// Puts the parts of a script together, and makes it short.
fn script([before, after]: &[&[&str]; 2], names: Names) -> Result<String, Box<dyn Error>> {
    let parts = [BEGINNING, before, SHARED, after, END].concat();
    let parts = parts.iter().map(|name| read(&format!("{name}.js")));
    minify_script(&parts.collect::<Result<String, _>>()?, names)
}

fn read(name: &str) -> std::io::Result<String> {
    let path = format!("{PAGE}/{name}");
    println!("cargo::rerun-if-changed={path}");
    std::fs::read_to_string(path)
}

/// Which names of a script are made short.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    /// Those within functions: tests, and everybody who looks at the page, find the others by their names.
    Local,
    /// All of them, without which the document of a sealed room would not fit into one flight.
    All,
}

/// Removes comments and white space and shortens names, because a client on a slow connection waits for
/// every byte. Changes no syntax that a browser of the last five years would not know.
fn minify_script(script: &str, names: Names) -> Result<String, Box<dyn Error>> {
    let allocator = Allocator::default();
    // It is no module, but strict as one. In a module, what the script does not use is left out.
    let kind = if names == Names::All { SourceType::mjs() } else { SourceType::cjs() };
    let mut parsed = Parser::new(&allocator, script, kind).parse();
    let checked = SemanticBuilder::new().with_check_syntax_error(true).build(&parsed.program);
    if let Some(error) = parsed.errors.iter().chain(&checked.errors).next() {
        return Err(format!("the page's script: {error:?}").into());
    }
    let mangle = MangleOptions { top_level: names == Names::All, ..MangleOptions::default() };
    let options = match names {
        Names::Local => CompressOptions::safest(),
        Names::All => CompressOptions::smallest(),
    };
    let compress = CompressOptions { target: EngineTargets::from_target("es2020")?, ..options };
    let options = MinifierOptions { mangle: Some(mangle), compress: Some(compress) };
    let minified = Minifier::new(options).minify(&allocator, &mut parsed.program);
    let code = Codegen::new().with_options(CodegenOptions::minify()).with_scoping(minified.scoping);
    let code = code.build(&parsed.program).code;
    Ok(if names == Names::All { format!("'use strict';{code}") } else { code })
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
