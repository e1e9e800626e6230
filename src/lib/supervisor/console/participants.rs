//! The lines about joins and leaves.

use super::state::Console;
use super::stdout::ConsoleEvent;
use crate::control::Participant;
use crate::log::LogEntry;
use crate::terminal::escape_control;

/// The column at which an event begins: two spaces, the time, two spaces.
const EVENT_COLUMN: usize = 12;

/// Columns of a name that are enough to recognise it.
const MIN_NAME_COLUMNS: usize = 8;

impl Console {
    /// Shows and records a join; `present` is the count after it.
    pub(in crate::supervisor) fn show_joined(&mut self, participant: &Participant, present: usize) {
        self.present = present;
        self.print_participant('+', participant);
        self.record(LogEntry::Joined(escaped(participant)));
        self.stdout.event(&ConsoleEvent::Joined { participant, present });
    }

    /// Shows and records a leave; `present` is the count after it.
    pub(in crate::supervisor) fn show_left(&mut self, participant: &Participant, present: usize) {
        self.present = present;
        self.print_participant('-', participant);
        self.record(LogEntry::Left(escaped(participant)));
        self.stdout.event(&ConsoleEvent::Left { participant, present });
    }

    /// Prints one row, so that no name wraps into a row that looks like one of our own lines. The name
    /// is cut; the tag, by which people of one name differ, is not. If too little of the name would be
    /// left, the time is left out, and then the count.
    fn print_participant(&self, sign: char, participant: &Participant) {
        let participant = escaped(participant);
        let tag = format!(" #{}", participant.tag);
        let with_count = format!("{tag} · {}", self.present_text());
        let width = usize::from(self.screen.width());
        let columns_of_name =
            |column: usize, behind: &str| width.saturating_sub(column + 2 + behind.chars().count());
        let cut_to = |columns: usize, behind: &str| {
            let name = self.screen.truncate(&participant.name, columns.max(1));
            format!("{sign} {name}{behind}")
        };
        let columns = columns_of_name(EVENT_COLUMN, &with_count);
        if columns >= MIN_NAME_COLUMNS {
            self.print_event(&cut_to(columns, &with_count));
            return;
        }
        let has_room = columns_of_name(2, &with_count) >= MIN_NAME_COLUMNS;
        let behind = if has_room { with_count } else { tag };
        let text = cut_to(columns_of_name(2, &behind), &behind);
        self.screen.print_truncated(&format!("  {text}"));
        self.update_status();
    }
}

fn escaped(participant: &Participant) -> Participant {
    Participant {
        number: participant.number,
        name: escape_control(&participant.name),
        tag: escape_control(&participant.tag),
    }
}
