//! What the manual page of a program says beyond its `--help`. Each program fills in a [`Manual`] from
//! its own definitions; `packaging/` renders them, and no program reads them.

use crate::exit::Exit;
use crate::paths::{self, Artifact};

/// The manual page of one program.
#[derive(Debug)]
pub struct Manual {
    /// The command line, as the program parses it.
    pub command: clap::Command,
    /// The paragraphs of DESCRIPTION.
    pub description: &'static [&'static str],
    /// What follows the line of `--help`, for options that need more than a line; by the id of clap.
    pub details: Vec<(&'static str, &'static str)>,
    /// COMMANDS: what the program takes as its arguments, if it has commands.
    pub commands: Vec<Entry>,
    /// EXIT STATUS: each code that the program ends with.
    pub exit_codes: Vec<Entry>,
    /// FILES: what the program reads, creates and removes.
    pub files: Vec<Entry>,
    /// ENVIRONMENT: variables that are read, besides those of the options.
    pub environment: Vec<Entry>,
}

/// A term and its explanation, in a list of a manual page.
#[derive(Clone, Debug)]
pub struct Entry {
    /// A command, a code, a path or a variable.
    pub term: String,
    /// What it means.
    pub text: String,
}

impl Entry {
    pub(crate) fn new(term: impl Into<String>, text: impl Into<String>) -> Self {
        Self { term: term.into(), text: text.into() }
    }
}

/// The entries of EXIT STATUS.
pub(crate) fn exit_codes(exits: &[Exit]) -> Vec<Entry> {
    exits.iter().map(|exit| Entry::new(exit.code().to_string(), exit.meaning())).collect()
}

/// The entries of FILES: the configuration file, and what the program creates or removes.
pub(crate) fn files(artifacts: &[Artifact]) -> Vec<Entry> {
    let (path, text) = paths::CONFIG_FILE;
    let described = artifacts.iter().filter_map(|artifact| paths::describe(*artifact));
    let described = described.map(|(path, text)| Entry::new(path, text));
    std::iter::once(Entry::new(path, text)).chain(described).collect()
}

/// The entries of a table of variables, or of several.
pub(crate) fn variables(tables: &[&[(&str, &'static str)]]) -> Vec<Entry> {
    tables.iter().copied().flatten().map(|(name, text)| Entry::new(*name, *text)).collect()
}
