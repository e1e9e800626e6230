//! Links and paths in the documents lead to what is there.

use super::{Document, quoted, read, root};

/// Whether a word in backticks is a path of the project.
fn is_path(word: &str) -> bool {
    let folders =
        [".ci/", "assets/", "benches/", "docs/", "packaging/", "src/", "templates/", "tests/"];
    folders.iter().any(|folder| word.starts_with(folder))
}

#[test]
fn paths_that_the_documents_name_are_there() {
    let mut paths = 0;
    for document in Document::all() {
        let prose = document.prose();
        for command in quoted(&prose).filter(|word| is_path(word)) {
            paths += 1;
            let path = command.split(' ').next().unwrap_or_default();
            assert!(root().join(path).exists(), "{}: {path}", document.path);
        }
    }
    assert!(paths > 100, "{paths} paths");
}

/// The pairs of a file and a name in it: "`file`: `name`" and "`name` in `file`".
fn names_in_files(prose: &str) -> Vec<(&str, &str)> {
    let parts: Vec<&str> = prose.split('`').collect();
    let mut pairs = Vec::new();
    for place in (1..parts.len().saturating_sub(2)).step_by(2) {
        let (first, between, second) = (parts[place], parts[place + 1].trim(), parts[place + 2]);
        match between {
            ":" if is_path(first) => pairs.push((first, second)),
            "in" if is_path(second) => pairs.push((second, first)),
            _ => {}
        }
    }
    pairs
}

#[test]
fn functions_that_the_walks_name_are_in_their_files() {
    let documents = Document::all();
    let mut walked = 0;
    for document in &documents {
        let prose = document.prose();
        for (file, name) in names_in_files(&prose) {
            if root().join(file).is_dir() {
                continue;
            }
            walked += 1;
            let text = read(file);
            let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
            assert!(words.any(|word| word == name), "{}: {name} in {file}", document.path);
        }
    }
    assert!(walked >= 30, "{walked} names");
}

/// The targets of the links in a document, as `docs/security.md#the-limits`.
fn targets(prose: &str) -> impl Iterator<Item = &str> {
    prose.split("](").skip(1).map(|rest| rest.split(')').next().unwrap())
}

/// The anchor that a heading gets, as on GitHub: lower case, spaces as hyphens, other signs dropped.
fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(prose: &str) -> Vec<String> {
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

#[test]
fn every_link_between_documents_leads_to_a_file_and_a_heading() {
    for document in Document::all() {
        for target in targets(&document.prose()).filter(|target| !target.contains("://")) {
            let place = format!("{}: {target}", document.path);
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let folder = document.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let path = match file {
                "" => document.path.clone(),
                file => format!("{folder}/{file}").trim_start_matches('/').to_owned(),
            };
            assert!(root().join(&path).exists(), "{place}");
            if !heading.is_empty() {
                let anchors = anchors(&Document::read(&path).prose());
                assert!(anchors.iter().any(|anchor| anchor == heading), "{place}");
            }
        }
    }
}
