//! Commands in the documents use options that the programs have.

use super::configuration::listed;
use super::{Document, help};
use crate::harness::{CHATTRACE, CLEAN, SERVE, TUNNEL};

#[test]
fn commands_in_the_documents_use_options_of_their_programs() {
    let programs = [
        ("chattrace", CHATTRACE),
        ("chattrace-serve", SERVE),
        ("chattrace-tunnel", TUNNEL),
        ("chattrace-clean", CLEAN),
    ];
    let helps = programs.map(|(name, program)| (name, help(program)));
    let mut commands = 0;
    for document in Document::all() {
        for line in document.fenced(&["sh", "console"]) {
            for command in line.split(['|', '&', ';']) {
                let mut words = command.split_whitespace().filter(|word| *word != "$");
                let first = words.next().unwrap_or_default();
                let name = first.rsplit('/').next().unwrap_or_default();
                let Some((_, help)) = helps.iter().find(|(program, _)| *program == name) else {
                    continue;
                };
                commands += 1;
                let known = listed(help);
                let unknown =
                    words.filter(|word| word.starts_with('-')).find(|word| !known.contains(word));
                assert_eq!(unknown, None, "{}: {line}", document.path);
            }
        }
    }
    assert!(commands >= 8, "{commands} commands");
}
