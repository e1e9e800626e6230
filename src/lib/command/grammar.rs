//! From a line to a command.

use super::error::{CommandError, MAX_LINE_BYTES};
use super::order::Command;
use super::table::{self, nearest_command};

/// Parses a line. No command is run that was not written in full: a word that is near one is an error
/// that names it.
///
/// # Errors
/// [`CommandError`], whose `Display` is a sentence for the operator.
pub(crate) fn parse(line: &str) -> Result<Command, CommandError> {
    let line = line.trim();
    if line.is_empty() {
        return Err(CommandError::Empty);
    }
    if line.len() > MAX_LINE_BYTES {
        return Err(CommandError::TooLong(line.len()));
    }
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let row = table::row(word);
    // An announcement may have several lines, and the room judges it.
    let takes_text = row.is_some_and(|row| row.takes_text());
    let is_refused = |c: &char| c.is_control() && *c != '\t' && !takes_text;
    if let Some(c) = line.chars().find(is_refused) {
        return Err(CommandError::ControlCharacter(c));
    }
    let Some(row) = row else {
        let nearest = nearest_command(word);
        return Err(CommandError::Unknown { word: word.to_owned(), nearest });
    };
    let (word, usage) = (row.word, row.usage);
    (row.parse)(rest).map_err(|error| CommandError::Argument { word, usage, error })
}
