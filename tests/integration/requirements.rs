//! `docs/requirements.md` and the tests name the same requirements.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const DOCUMENT: &str = include_str!("../../docs/requirements.md");

/// The numbers of requirements that stand in `text`: `V-` and two digits, as a word.
fn numbers(text: &str) -> BTreeSet<&str> {
    let begins = text.match_indices("V-").map(|(at, _)| at);
    let is_word = |at: &usize| !text[..*at].ends_with(|c: char| c.is_alphanumeric());
    let number = |at: usize| {
        let end = at + 2 + text[at + 2..].bytes().take_while(u8::is_ascii_digit).count();
        (end == at + 4).then(|| &text[at..end])
    };
    begins.filter(is_word).filter_map(number).collect()
}

fn rust_files(folder: PathBuf, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every number in `src` and `tests`, with the files that name it.
fn named() -> BTreeMap<String, BTreeSet<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        rust_files(root.join(folder), &mut files);
    }
    let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let path = file.strip_prefix(root).unwrap().to_str().unwrap();
        for number in numbers(&text) {
            named.entry(number.to_owned()).or_default().insert(path.to_owned());
        }
    }
    named
}

/// The rows of the document: number, and the files of the last column.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| V-"));
    let row = |line: &str| {
        let columns: Vec<&str> = line.split(" | ").collect();
        let number = columns[0].trim_start_matches("| ").to_owned();
        let files = columns.last().unwrap().split('`').skip(1).step_by(2);
        (number, files.map(str::to_owned).collect())
    };
    rows.map(row).collect()
}

#[test]
fn the_document_and_the_tests_name_the_same_requirements() {
    let (named, documented) = (named(), documented());
    let mut differences = Vec::new();
    for (number, files) in &named {
        if documented.get(number) != Some(files) {
            let files: Vec<String> = files.iter().map(|file| format!("`{file}`")).collect();
            differences.push(format!("{number} is named in: {}", files.join(" · ")));
        }
    }
    let unnamed = documented.keys().filter(|number| !named.contains_key(*number));
    differences.extend(unnamed.map(|number| format!("{number} is named in no test")));
    assert!(differences.is_empty(), "docs/requirements.md:\n{}", differences.join("\n"));
}

#[test]
fn a_number_is_a_word_of_its_own() {
    let text = concat!("FN", "V-1a, XV", "-03, V", "-041; (V", "-02, V", "-17).");
    assert_eq!(numbers(text), BTreeSet::from([concat!("V", "-02"), concat!("V", "-17")]));
}
