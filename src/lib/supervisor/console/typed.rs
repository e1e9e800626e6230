//! What the operator types while the room is open.

use super::link::RoomLinks;
use super::state::Console;
use crate::terminal::Severity;

/// A line that the operator typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    /// Enter alone.
    None,
    /// Show the links and the QR code again.
    Link,
    Unknown,
}

impl Command {
    fn parse(line: &str) -> Self {
        match line.to_lowercase().as_str() {
            "" => Self::None,
            "l" | "link" => Self::Link,
            _ => Self::Unknown,
        }
    }
}

impl Console {
    /// Acts on a line that the operator typed; `None` is Ctrl+D, or the end of the terminal. `links` is
    /// `None` before the first link.
    pub(in crate::supervisor) fn handle_line(
        &mut self,
        line: Option<&str>,
        links: Option<&RoomLinks>,
    ) {
        let command = line.map_or(Command::Unknown, Command::parse);
        match (command, links.filter(|_| self.has_link)) {
            // Enter has moved the cursor into the footer.
            (Command::None, _) => self.screen.redraw(),
            (Command::Link, Some(links)) => self.repeat_links(links),
            (Command::Link, None) => self.print_hint("there is no link yet"),
            (Command::Unknown, _) => self
                .print_hint("type link, then Enter, for the link and its QR code; Ctrl+C ends it"),
        }
    }

    fn print_hint(&self, text: &str) {
        self.screen.print_notice(Severity::Info, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_and_its_first_letter_are_known_in_any_case() {
        for line in ["l", "L", "link", "Link"] {
            assert_eq!(Command::parse(line), Command::Link, "{line}");
        }
        assert_eq!(Command::parse(""), Command::None);
        for line in ["links", "li", "lock", "s", "link 3"] {
            assert_eq!(Command::parse(line), Command::Unknown, "{line}");
        }
    }
}
