//! One package has no crate boundaries, so this test draws them: which module may import which,
//! and which crate may be named where.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A module of the library, and what it may import from it.
const MODULES: &[(&str, &[&str])] = &[
    (
        "supervisor",
        &[
            "config",
            "control",
            "exit",
            "log",
            "memory",
            "paths",
            "process",
            "rate_limit",
            "terminal",
            "token",
        ],
    ),
    (
        "serve",
        &[
            "chat",
            "config",
            "control",
            "exit",
            "identity",
            "memory",
            "process",
            "rate_limit",
            "terminal",
            "token",
            "wire",
        ],
    ),
    ("tunnel", &["config", "control", "exit", "paths", "process", "terminal"]),
    ("clean", &["config", "control", "exit", "paths", "process", "terminal"]),
    // What it carries.
    ("control", &["config", "identity", "memory", "process", "terminal", "token"]),
    ("log", &["paths"]),
    ("config", &["exit", "paths"]),
    ("chat", &["identity", "invisible", "rate_limit", "token"]),
    ("wire", &["chat", "config", "token"]),
    ("exit", &[]),
    ("identity", &[]),
    ("invisible", &[]),
    ("memory", &[]),
    ("paths", &[]),
    ("process", &["memory", "paths"]),
    ("rate_limit", &[]),
    ("terminal", &["invisible"]),
    ("token", &[]),
];

/// A crate, and the files (or folders) that may name it.
const CRATES: &[(&str, &[&str])] = &[
    ("axum", &["serve/web"]),
    ("handlebars", &["serve/web"]),
    ("hyper", &["serve/web"]),
    ("interprocess", &["control/listener.rs"]),
    ("nix", &["process", "clean", "paths", "terminal", "memory"]),
    (
        "clap",
        &[
            "supervisor/cli.rs",
            "serve/cli.rs",
            "tunnel/cli.rs",
            "clean/cli.rs",
            "config/check.rs",
            "config/flags.rs",
            "tunnel/shim.rs",
            "terminal/usage.rs",
        ],
    ),
    ("directories", &["paths"]),
    ("landlock", &["process/confine"]),
    ("rustix", &["process", "memory"]),
    ("seccompiler", &["process/confine"]),
    ("subtle", &["token.rs"]),
    ("talc", &["memory"]),
    ("tungstenite", &["serve/web/socket"]),
    ("ureq", &["tunnel/install"]),
    ("zeroize", &["serve/web/socket", "token.rs"]),
];

/// A call that reaches a file by its name, and the files (or folders) that may make it: everything
/// else is opened and removed by `paths`, which cannot be kept waiting and touches nothing of others.
const CALLS: &[(&str, &[&str])] = &[
    ("remove_dir", &["paths"]),
    ("remove_file", &["paths", "process/confine/trials.rs"]),
    ("unlinkat(", &["paths"]),
    ("File::open", &["paths", "process/confine/trials.rs"]),
    ("File::create", &["paths", "process/confine/trials.rs"]),
    ("OpenOptions", &["paths", "process/confine/trials.rs"]),
    // Of processes that it has opened before.
    ("fs::read(", &["paths", "process/session_process.rs"]),
    ("fs::read_to_string(", &["paths"]),
    ("fs::write(", &["paths"]),
];

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path.strip_prefix(&root).unwrap().to_owned(), text));
            }
        }
    }
    files
}

/// The words that follow `prefix` in code, not in comments.
fn named<'a>(text: &'a str, prefix: &str) -> BTreeSet<&'a str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.match_indices(prefix).map(|(at, _)| &line[at + prefix.len()..]))
        .filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next())
        .collect()
}

fn module_breaches(files: &[(PathBuf, String)]) -> Vec<String> {
    let mut breaches = Vec::new();
    for (path, text) in files {
        let module = path.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let Some((_, allowed)) = MODULES.iter().find(|(name, _)| *name == module) else {
            breaches.push(format!("{}: {module} is not in the table", path.display()));
            continue;
        };
        for import in named(text, "crate::") {
            if import != module && !allowed.contains(&import) {
                breaches.push(format!("{}: {module} may not import {import}", path.display()));
            }
        }
    }
    breaches
}

fn crate_breaches(files: &[(PathBuf, String)]) -> Vec<String> {
    let mut breaches = Vec::new();
    for (name, homes) in CRATES {
        for (path, text) in files {
            let at_home = homes.iter().any(|home| path.starts_with(home));
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let named = code.filter(|line| !line.contains("crate::")).any(|line| {
                line.contains(&format!("use {name}::")) || line.contains(&format!(" {name}::"))
            });
            if named && !at_home {
                breaches.push(format!("{}: {name} belongs in {homes:?}", path.display()));
            }
        }
    }
    breaches
}

#[test]
fn arrows_go_down_only() {
    assert_eq!(module_breaches(&sources()), Vec::<String>::new());
}

#[test]
fn crates_stay_in_their_places() {
    assert_eq!(crate_breaches(&sources()), Vec::<String>::new());
}

/// What `text` has before its tests, without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn call_breaches(files: &[(PathBuf, String)]) -> Vec<String> {
    let mut breaches = Vec::new();
    let is_test = |path: &Path| path.file_stem().unwrap().to_str().unwrap().ends_with("tests");
    for (path, text) in files.iter().filter(|(path, _)| !is_test(path)) {
        for (call, homes) in CALLS {
            let at_home = homes.iter().any(|home| path.starts_with(home));
            if !at_home && code(text).any(|line| line.contains(call)) {
                breaches.push(format!("{}: {call} belongs in {homes:?}", path.display()));
            }
        }
    }
    breaches
}

#[test]
fn files_are_opened_and_removed_in_one_place() {
    assert_eq!(call_breaches(&sources()), Vec::<String>::new());
}

#[test]
fn a_planted_breach_is_found() {
    let planted =
        [(PathBuf::from("chat/room.rs"), "use crate::serve::hub;\nuse axum::Router;".into())];
    assert_eq!(module_breaches(&planted).len(), 1);
    assert_eq!(crate_breaches(&planted).len(), 1);
    let planted = [(PathBuf::from("log.rs"), "let file = File::open(path)?;".into())];
    assert_eq!(call_breaches(&planted).len(), 1);
}
