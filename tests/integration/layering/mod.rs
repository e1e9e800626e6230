//! One package has no crate boundaries, so these tests draw them: which module may import which,
//! which file may import which inside a program, which crate and which call belong where. The rules
//! are tables, in `rules`; a resolver finds for each path the file that defines what it names.

mod checks;
mod modules;
mod planted;
mod resolve;
mod rules;
mod tokens;

use std::fs;
use std::path::Path;

use modules::{File, Tests};

/// Every source file of the library.
fn library() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
                files.push((name.to_owned(), text));
            }
        }
    }
    files
}

#[test]
fn the_library_keeps_every_rule() {
    let breaches = checks::breaches(&library());
    assert!(breaches.is_empty(), "{} breaches:\n{}", breaches.len(), breaches.join("\n"));
}

#[test]
fn the_table_of_modules_keeps_to_its_tiers() {
    assert_eq!(checks::tiers(rules::MODULES), Vec::<String>::new());
}

/// A file that no `mod` leads to would be checked by none of the rules.
#[test]
fn every_file_is_a_module() {
    let library = library();
    let modules = modules::read(&library, Tests::Read);
    let read = |name: &String| modules.values().any(|module| module.file == *name);
    let forgotten: Vec<&String> =
        library.iter().map(|(name, _)| name).filter(|name| !read(name)).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
}

/// The table at the beginning of lib.rs, which newcomers read first.
#[test]
fn every_module_is_on_the_map_of_the_library() {
    let library = library();
    let (_, text) = library.iter().find(|(name, _)| name == "lib.rs").unwrap();
    let rows = text.lines().filter(|line| line.starts_with("//! |"));
    let map: Vec<&str> = rows.flat_map(|row| row.split('`').skip(1).step_by(2)).collect();
    let root = &modules::read(&library, Tests::Skipped)[""];
    let listed: Vec<&str> = root.children.iter().map(String::as_str).collect();
    let missing: Vec<&&str> = listed.iter().filter(|module| !map.contains(module)).collect();
    let gone: Vec<&&str> = map.iter().filter(|name| !listed.contains(name)).collect();
    assert!(missing.is_empty() && gone.is_empty(), "missing: {missing:?}, gone: {gone:?}");
}
