//! How a person is named.

use crate::control::Participant;

/// `name #tag (number)`, as screen and log show it.
pub(super) fn format_participant(participant: &Participant) -> String {
    let Participant { number, name, tag } = participant;
    format!("{name} #{tag} ({number})")
}
