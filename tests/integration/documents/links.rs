//! Links and paths in the documents lead to what is there.

use super::{Document, root};

#[test]
fn paths_that_the_documents_name_are_there() {
    let folders = [".ci/", "assets/", "benches/", "docs/", "src/", "templates/", "tests/"];
    for document in Document::all() {
        let is_path = |word: &&str| folders.iter().any(|folder| word.starts_with(folder));
        for path in document.quoted().filter(is_path) {
            assert!(root().join(path).exists(), "{}: {path}", document.path.display());
        }
    }
}

/// The targets of the links in a document, as `docs/security.md#the-limits`.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap())
}

/// The anchor that a heading gets, as on GitHub: lower case, spaces as hyphens, other signs dropped.
fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The anchors of all headings outside fenced blocks.
fn anchors(text: &str) -> Vec<String> {
    let outside = text.split("\n```").step_by(2);
    let headings = outside.flat_map(str::lines).filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

#[test]
fn every_link_between_documents_leads_to_a_file_and_a_heading() {
    for document in Document::all() {
        let place = document.path.display();
        for target in targets(&document.text).filter(|target| !target.contains("://")) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = match file {
                "" => root().join(&document.path),
                file => root().join(&document.path).parent().unwrap().join(file),
            };
            assert!(file.exists(), "{place}: {target}");
            if !heading.is_empty() {
                let anchors = anchors(&std::fs::read_to_string(file).unwrap());
                assert!(anchors.iter().any(|anchor| anchor == heading), "{place}: {target}");
            }
        }
    }
}
