//! `cargo run -p chattrace-packaging -- FOLDER`: writes the manual pages and the completions of every
//! program to FOLDER, in the folders that a system looks for them below its `share`.

mod manual_page;

use std::io::{Error, Result};
use std::path::Path;

use chattrace::Manual;
use clap::Command;
use clap_complete::Shell;

/// Where each shell looks for completions (bash-completion, zshcompsys(1), fish-completions(7)).
const COMPLETIONS: [(Shell, &str); 3] = [
    (Shell::Bash, "bash-completion/completions"),
    (Shell::Zsh, "zsh/site-functions"),
    (Shell::Fish, "fish/vendor_completions.d"),
];

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [folder] = arguments.as_slice() else {
        return Err(Error::other("expected one argument, the folder to write to"));
    };
    write_all(Path::new(folder))
}

/// The command line of `program`. The commands of `chattrace ctl` are subcommands here, because shells
/// complete those, and no values of an argument.
fn completed(program: &Manual, ctl: &Manual) -> Command {
    let command = public(&program.command);
    if program.command.find_subcommand("ctl").is_none() {
        return command;
    }
    let orders = ctl.commands.iter().map(|entry| {
        let word = entry.term.split(' ').next().unwrap_or_default().to_owned();
        let (about, _) = entry.text.split_once(". ").unwrap_or((&entry.text, ""));
        Command::new(word).about(about.to_owned()).disable_help_flag(true)
    });
    let options = ctl.command.get_arguments().filter(|arg| !arg.is_positional()).cloned();
    let ctl = Command::new("ctl").args(options).subcommands(orders).disable_help_subcommand(true);
    command.subcommand(ctl).disable_help_subcommand(true)
}

/// The command line without the options by which the programs start each other.
fn public(command: &Command) -> Command {
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set()).cloned();
    Command::new(command.get_name().to_owned())
        .version(command.get_version().unwrap_or_default().to_owned())
        .args(shown)
}

fn write_all(share: &Path) -> Result<()> {
    let man = share.join("man/man1");
    std::fs::create_dir_all(&man)?;
    let (manuals, ctl) = (chattrace::manuals(), chattrace::ctl_manual());
    let name = |manual: &Manual| manual.command.get_name().to_owned();
    let names: Vec<String> = manuals.iter().map(name).collect();
    let pages: Vec<String> = manuals.iter().chain([&ctl]).map(name).collect();
    std::fs::write(man.join("chattrace-ctl.1"), manual_page::render(&ctl, &pages)?)?;
    for manual in manuals {
        let name = manual.command.get_name().to_owned();
        let page = manual_page::render(&manual, &pages)?;
        std::fs::write(man.join(format!("{name}.1")), page)?;
        for (shell, folder) in COMPLETIONS {
            let folder = share.join(folder);
            std::fs::create_dir_all(&folder)?;
            clap_complete::generate_to(shell, &mut completed(&manual, &ctl), &name, folder)?;
        }
    }
    complete_values_in_fish(&share.join(COMPLETIONS[2].1).join("chattrace.fish"))?;
    // bash-completion looks for a file with the name of the program.
    for name in &names {
        let folder = share.join(COMPLETIONS[0].1);
        std::fs::rename(folder.join(format!("{name}.bash")), folder.join(name))?;
    }
    Ok(())
}

/// Lets fish complete the value of an option that is the last word: the generated function parses the line,
/// fails while that value is missing, and hides every option of a program with subcommands.
fn complete_values_in_fish(script: &Path) -> Result<()> {
    const FAILS: &str = "2>/dev/null\n    or return\n";
    let generated = std::fs::read_to_string(script)?;
    if !generated.contains(FAILS) {
        return Err(Error::other("clap_complete writes another function for fish; look at it"));
    }
    std::fs::write(script, generated.replace(FAILS, "2>/dev/null\n    or return 0\n"))
}
