//! The documents name what the programs have, and nothing that is not there.

mod commands;
mod configuration;
mod events;
mod links;
mod operator;
mod protocol;
mod words;

use std::fs;
use std::path::Path;

use crate::harness::{Program, TestEnv};

/// A document for people: a Markdown file at the top of the project, or in `docs/`.
struct Document {
    /// Its path from the top of the project.
    path: String,
    text: String,
}

impl Document {
    fn read(path: &str) -> Self {
        Document { path: path.to_owned(), text: read(path) }
    }

    /// Every document.
    fn all() -> Vec<Self> {
        let mut documents = Vec::new();
        for folder in ["", "docs/"] {
            for entry in fs::read_dir(root().join(folder)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                if name.ends_with(".md") {
                    documents.push(Self::read(&format!("{folder}{name}")));
                }
            }
        }
        documents
    }

    /// The text without fenced blocks.
    fn prose(&self) -> String {
        self.text.split("\n```").step_by(2).collect()
    }

    /// The lines of the fenced blocks of these languages.
    fn fenced<'a>(&'a self, languages: &[&str]) -> impl Iterator<Item = &'a str> {
        let blocks = self.text.split("\n```").skip(1).step_by(2);
        let (mut found, blocks) = (Vec::new(), blocks.filter_map(|block| block.split_once('\n')));
        for (language, lines) in blocks {
            if languages.contains(&language) {
                found.extend(lines.lines());
            }
        }
        found.into_iter()
    }

    /// The text from this heading to the next one of any level.
    fn section(&self, heading: &str) -> &str {
        let begin = self.text.find(&format!("\n{heading}\n")).unwrap() + 1;
        let rest = &self.text[begin + heading.len()..];
        &rest[..rest.find("\n#").unwrap_or(rest.len())]
    }
}

/// The top of the project.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file of the project.
fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The words in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn help(program: &str) -> String {
    let env = TestEnv::new();
    let mut command = env.command(program);
    command.arg("--help");
    Program::run(command).expect_code(0).stdout
}
