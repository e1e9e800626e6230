//! The documents are short enough to be read, and in plain words.

use super::Document;

/// What a reader finishes in three and a half minutes, or reads aloud in five: tables and commands are counted, too.
const README_LINES: usize = 150;
const README_WORDS: usize = 800;

#[test]
fn a_stranger_reads_the_readme_to_its_end() {
    let readme = Document::read("README.md");
    let lines = readme.text.lines().count();
    let words = readme.text.split_whitespace().filter(|word| word.contains(char::is_alphabetic));
    let words = words.count();
    assert!(lines <= README_LINES && words <= README_WORDS, "{lines} lines, {words} words");
}

#[test]
fn the_readme_leads_to_every_document() {
    let readme = Document::read("README.md");
    for document in Document::all().iter().filter(|document| document.path != "README.md") {
        assert!(readme.text.contains(&format!("({})", document.path)), "{}", document.path);
    }
}

#[test]
fn no_document_hides_its_subject() {
    for document in Document::all() {
        let prose = document.prose().to_lowercase();
        let mut words = prose.split(|c: char| !c.is_alphabetic());
        let vague = words.find(|word| ["whoever", "whatever", "nobody", "somebody"].contains(word));
        assert_eq!(vague, None, "{}", document.path);
    }
}
