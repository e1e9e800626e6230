//! The documents name what the programs have, and nothing that is not there.

mod configuration;
mod events;
mod links;

use std::fs;
use std::path::{Path, PathBuf};

/// A document for people: a Markdown file at the top of the project, or in `docs/`.
struct Document {
    /// Its path from the top of the project.
    path: PathBuf,
    text: String,
}

impl Document {
    fn read(path: &str) -> Self {
        let text = fs::read_to_string(root().join(path)).unwrap();
        Document { path: path.into(), text }
    }

    /// Every document, ordered by path.
    fn all() -> Vec<Self> {
        let mut paths: Vec<PathBuf> = Vec::new();
        for folder in [root().to_owned(), root().join("docs")] {
            let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            paths.extend(files.filter(|file| file.extension().is_some_and(|end| end == "md")));
        }
        paths.sort();
        let relative =
            |path: &PathBuf| path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        paths.iter().map(|path| Self::read(&relative(path))).collect()
    }

    /// The words in backticks.
    fn quoted(&self) -> impl Iterator<Item = &str> {
        quoted(&self.text)
    }
}

/// The top of the project.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The words in backticks of `text`, without fenced blocks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let outside = text.split("\n```").step_by(2);
    outside.flat_map(|text| text.split('`').skip(1).step_by(2))
}
