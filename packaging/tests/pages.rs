//! The manual pages, as man shows them.

use std::path::Path;
use std::process::Command;

use crate::{PAGES, help, options, run, share};

/// The page without hyphenation and line breaks; any warning of groff is a failure.
fn page(program: &str) -> String {
    let file = share().join(format!("man/man1/{program}.1"));
    let mut man = Command::new("man");
    man.args(["--warnings", "--no-hyphenation", "--encoding=UTF-8", "--local-file"]);
    run(man.arg(file).env("MANWIDTH", "1000").env("LC_ALL", "C.UTF-8"))
}

/// The lines of the section `heading`, without their indentation.
fn section<'a>(page: &'a str, heading: &str) -> Vec<&'a str> {
    let lines = page.lines().skip_while(|line| *line != heading).skip(1);
    let lines = lines.take_while(|line| line.is_empty() || line.starts_with(' '));
    lines.map(str::trim).filter(|line| !line.is_empty()).collect()
}

#[test]
fn man_shows_every_page_without_a_warning_and_with_every_section() {
    for program in PAGES {
        let page = page(program);
        for heading in [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "EXIT STATUS",
            "ENVIRONMENT",
            "FILES",
            "EXAMPLES",
            "SEE ALSO",
        ] {
            assert!(!section(&page, heading).is_empty(), "{program}: {heading}\n{page}");
        }
        assert!(section(&page, "DESCRIPTION").len() > 1, "{page}");
        let others: Vec<&str> = PAGES.into_iter().filter(|other| *other != program).collect();
        assert_eq!(section(&page, "SEE ALSO"), [format!("{}(1)", others.join("(1), "))]);
    }
}

#[test]
fn options_and_usage_are_those_of_the_help() {
    for program in PAGES {
        let (page, help) = (page(program), help(program));
        let described = section(&page, "OPTIONS");
        for option in options(&help) {
            let begins = |line: &&str| line.split([' ', ',']).any(|word| word == option);
            assert!(described.iter().any(begins), "{program}: {option}\n{page}");
        }
        let usage = help.lines().find_map(|line| line.strip_prefix("Usage: ")).unwrap();
        assert_eq!(section(&page, "SYNOPSIS"), [usage]);
        for internal in ["--lifeline", "--guard"] {
            assert!(!page.contains(internal), "{program}: {internal}");
        }
    }
}

#[test]
fn examples_are_those_of_the_help() {
    for program in PAGES {
        let help = help(program);
        let examples = help.lines().skip_while(|line| *line != "Examples:").skip(1);
        let examples: Vec<&str> = examples.map(str::trim).collect();
        assert!(!examples.is_empty());
        assert_eq!(section(&page(program), "EXAMPLES"), examples);
    }
}

/// The words in capitals between quotation marks, of the files below `folder` that read variables.
fn variables_read_in(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            variables_read_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            if code.contains("var_os") || code.contains("env = \"") {
                let is_variable = |word: &&str| {
                    word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
                };
                let words = code.split('"').skip(1).step_by(2).filter(is_variable);
                found.extend(words.map(str::to_owned));
            }
        }
    }
}

#[test]
fn every_variable_that_the_programs_read_is_documented() {
    let mut read = Vec::new();
    variables_read_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/lib"), &mut read);
    let pages = PAGES.map(page);
    let documented: Vec<&str> = pages
        .iter()
        .flat_map(|page| section(page, "ENVIRONMENT"))
        .flat_map(|line| line.split([' ', ',']))
        .collect();
    // Values in the help, and variables that are set for cloudflared.
    let values = [
        "PATH", "ADDR", "N", "HOW", "WHAT", "DIR", "PID", "PPID", "MODE", "RUN_DIR", "SPAN", "ID",
        "COMMAND",
    ];
    let set = ["NO_AUTOUPDATE", "TUNNEL_NO_PRECHECKS", "TUNNEL_TRANSPORT_PROTOCOL"];
    let others = [values.as_slice(), set.as_slice()].concat();
    let missing: Vec<&String> = read
        .iter()
        .filter(|name| !others.contains(&name.as_str()) && !documented.contains(&name.as_str()))
        .collect();
    assert!(read.iter().any(|name| name == "NO_COLOR") && missing.is_empty(), "{missing:?}");
}

#[test]
fn every_exit_code_has_a_meaning() {
    let manual = page("chattrace");
    let codes = section(&manual, "EXIT STATUS");
    let codes: Vec<&str> = codes.iter().filter_map(|line| line.split_whitespace().next()).collect();
    for code in ["0", "1", "2", "69", "70", "78", "130"] {
        assert!(codes.contains(&code), "{code}: {codes:?}");
    }
}

/// The page has each command that `chattrace ctl help` has.
#[test]
fn the_commands_of_a_session_are_those_of_its_help() {
    let manual = page("chattrace-ctl");
    let described = section(&manual, "COMMANDS");
    let overview =
        run(std::process::Command::new(crate::programs().join("chattrace")).args(["ctl", "help"]));
    let usages = overview.lines().filter_map(|line| line.split_once("  ")).map(|(usage, _)| usage);
    let usages: Vec<&str> = usages.collect();
    assert!(usages.len() > 20, "{overview}");
    for usage in usages {
        assert!(described.iter().any(|line| line.starts_with(usage)), "{usage}: {described:?}");
    }
}
