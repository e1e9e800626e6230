//! `docs/operator.md` has the table of commands as the programs have it.

use super::read;

const BEGIN: &str = "<!-- made from src/lib/command/table.rs, and compared by a test -->\n";
const END: &str = "<!-- end of the table -->\n";

/// `text` with a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    let end = if rest.ends_with('.') { "" } else { "." };
    format!("{}{rest}{end}", first.to_uppercase())
}

#[test]
fn the_table_of_commands_is_that_of_the_programs() {
    let manual = chattrace::ctl_manual();
    let rows = manual.commands.iter().map(|entry| {
        format!("| `{}` | {} |\n", entry.term.replace('|', "\\|"), sentence(&entry.text))
    });
    let table = String::from("| command | effect |\n|---|---|\n") + &rows.collect::<String>();
    let document = read("docs/operator.md");
    let (_, rest) = document.split_once(BEGIN).unwrap();
    let (documented, _) = rest.split_once(END).unwrap();
    assert_eq!(documented, table, "the table should be:\n{table}");
    assert!(table.lines().count() > 20, "{table}");
}
