//! What Tab does to a line that is being typed.

use super::table::{COMMANDS, Completes, Row, row};
use super::target::quote;

/// What Tab offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Completion {
    /// Where in the line, in bytes, the text begins that `replacement` replaces; it ends at the cursor.
    pub(crate) start: usize,
    /// What all candidates have in common, with a space behind it if there is only one and more follows.
    /// Never shorter than what it replaces.
    pub(crate) replacement: String,
    /// What fits, in order. None, one or more.
    pub(crate) candidates: Vec<String>,
}

/// Completes the word before the cursor, a position in bytes: the command, or a person or a fixed word
/// behind it. `names` are those of people in the room and in the lobby, in the form in which they are shown.
pub(crate) fn complete(line: &str, cursor: usize, names: &[&str]) -> Completion {
    let cursor = (0..=cursor.min(line.len())).rev().find(|at| line.is_char_boundary(*at));
    let before = &line[..cursor.unwrap_or_default()];
    let start = before.len() - before.trim_start().len();
    let Some((word, rest)) = before[start..].split_once(char::is_whitespace) else {
        return complete_command(start, &before[start..]);
    };
    let Some(row) = row(word) else { return nothing(before) };
    let argument = rest.trim_start();
    complete_argument(row, before.len() - argument.len(), argument, names)
}

fn complete_command(start: usize, typed: &str) -> Completion {
    let words = COMMANDS.iter().map(|row| row.word);
    let mut completion = choose(start, typed, words.map(str::to_owned).collect());
    let chosen = completion.candidates.first().and_then(|word| row(word));
    let takes_more = chosen.is_some_and(|row| row.word != row.usage);
    if completion.candidates.len() == 1 && takes_more {
        completion.replacement.push(' ');
    }
    completion
}

fn complete_argument(row: &Row, start: usize, typed: &str, names: &[&str]) -> Completion {
    let people = || names.iter().map(|name| quote(name));
    let offered: Vec<String> = match row.completes {
        Completes::Nothing | Completes::Text => Vec::new(),
        Completes::Words(words) => words.iter().map(|word| (*word).to_owned()).collect(),
        Completes::Commands => COMMANDS.iter().map(|row| row.word.to_owned()).collect(),
        Completes::People => people().collect(),
        Completes::PeopleOrAll => std::iter::once("all".to_owned()).chain(people()).collect(),
    };
    choose(start, typed, offered)
}

/// Those of `offered` that begin with what was typed, in any case. A name in quotation marks is also found
/// without them.
fn choose(start: usize, typed: &str, offered: Vec<String>) -> Completion {
    let lower = typed.to_lowercase();
    let begins = |text: &str| text.to_lowercase().starts_with(&lower);
    let fits = |text: &String| begins(text) || begins(text.trim_start_matches('"'));
    let mut candidates: Vec<String> = offered.into_iter().filter(fits).collect();
    candidates.sort_unstable();
    candidates.dedup();
    let common = common_prefix(&candidates);
    let is_longer = common.to_lowercase().starts_with(&lower) || candidates.len() == 1;
    let replacement = if is_longer { common } else { typed.to_owned() };
    Completion { start, replacement, candidates }
}

fn nothing(before: &str) -> Completion {
    Completion { start: before.len(), ..Completion::default() }
}

/// What all texts begin with.
fn common_prefix(texts: &[String]) -> String {
    let Some((first, others)) = texts.split_first() else { return String::new() };
    let mut prefix = first.as_str();
    for text in others {
        let same = prefix.char_indices().zip(text.chars()).find(|((_, a), b)| a != b);
        let end = same.map_or(prefix.len().min(text.len()), |((at, _), _)| at);
        prefix = &prefix[..end];
    }
    prefix.to_owned()
}
