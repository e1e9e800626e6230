//! One manual page, in the sections and the order of man-pages(7). clap_mangen renders those that
//! the command line has; the others are lists.

use std::io::Result;

use chattrace::Manual;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};

/// What stands before the examples in the text after the options of `--help`.
const EXAMPLES: &str = "Examples:";

/// The page of `manual`; `programs` are the names of all programs.
pub(crate) fn render(manual: &Manual, programs: &[String]) -> Result<Vec<u8>> {
    let name = manual.command.get_name();
    let version = manual.command.get_version().unwrap_or_default();
    // Before there is long help, which changes the line of `--help`.
    let mut command = manual.command.clone();
    command.build();
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    let command = command.override_usage(usage).mut_args(|arg| {
        let details = manual.details.iter().find(|(id, _)| *id == arg.get_id().as_str());
        // The line of `--help` has no room for them.
        let arg = arg.hide_env(false).hide_possible_values(false);
        match (details, arg.get_help().map(ToString::to_string)) {
            (Some((_, details)), Some(help)) => arg.help(format!("{help}. {details}")),
            _ => arg,
        }
    });
    // No date: the same source gives the same page. An empty one would shift the fields after it.
    let page = Man::new(command)
        .title(name.to_uppercase())
        .date(" ")
        .source(format!("chattrace {version}"))
        .manual("User Commands");
    let mut output = Vec::new();
    page.render_title(&mut output)?;
    page.render_name_section(&mut output)?;
    page.render_synopsis_section(&mut output)?;
    description(manual).to_writer(&mut output)?;
    page.render_options_section(&mut output)?;
    let entries = |entries: &[chattrace::Entry]| {
        entries.iter().map(|entry| (entry.term.clone(), entry.text.clone())).collect::<Vec<_>>()
    };
    if !manual.commands.is_empty() {
        list("COMMANDS", &entries(&manual.commands)).to_writer(&mut output)?;
    }
    list("EXIT STATUS", &entries(&manual.exit_codes)).to_writer(&mut output)?;
    let environment = [variables_of_options(manual), entries(&manual.environment)].concat();
    list("ENVIRONMENT", &environment).to_writer(&mut output)?;
    list("FILES", &entries(&manual.files)).to_writer(&mut output)?;
    examples(manual).to_writer(&mut output)?;
    see_also(name, programs).to_writer(&mut output)?;
    Ok(output)
}

/// The text after the options of `--help`: its paragraphs, and its examples.
fn after_help(manual: &Manual) -> (Vec<String>, Vec<String>) {
    let text = manual.command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (prose, examples) = text.split_once(EXAMPLES).unwrap_or((&text, ""));
    let examples = examples.lines().map(str::trim).filter(|line| !line.is_empty());
    let paragraphs = prose.trim().split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
    (
        paragraphs.filter(|paragraph| !paragraph.is_empty()).collect(),
        examples.map(str::to_owned).collect(),
    )
}

fn description(manual: &Manual) -> Roff {
    let (paragraphs, _) = after_help(manual);
    let own = manual.description.iter().map(|text| (*text).to_owned());
    let mut roff = Roff::new();
    roff.control("SH", ["DESCRIPTION"]);
    for (index, paragraph) in own.chain(paragraphs).enumerate() {
        if index > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(paragraph)]);
    }
    roff
}

/// What each variable sets that an option can set, too.
fn variables_of_options(manual: &Manual) -> Vec<(String, String)> {
    let arguments = manual.command.get_arguments();
    let described = arguments.filter_map(|arg| {
        let variable = arg.get_env()?.to_str()?.to_owned();
        let text = match (arg.is_hide_set(), arg.get_long()) {
            (false, Some(option)) => format!("Used when --{option} is not given."),
            (_, _) => arg.get_help()?.to_string(),
        };
        Some((variable, text))
    });
    described.collect()
}

fn list(heading: &str, entries: &[(String, String)]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [heading]);
    for (term, text) in entries {
        roff.control("TP", []);
        roff.text([bold(term.as_str())]);
        roff.text([roman(sentence(text))]);
    }
    roff
}

/// `text` with a capital letter and a full stop, like the other sentences of a page. A first word that
/// is a value, such as `open`, stays.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

fn examples(manual: &Manual) -> Roff {
    let (_, examples) = after_help(manual);
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]);
    for example in examples {
        roff.control("PP", []);
        roff.control("RS", ["4"]);
        roff.control("EX", []);
        roff.text([roman(example)]);
        roff.control("EE", []);
        roff.control("RE", []);
    }
    roff
}

fn see_also(name: &str, programs: &[String]) -> Roff {
    let others = programs.iter().filter(|other| *other != name);
    let mut line: Vec<Inline> = Vec::new();
    for other in others {
        if !line.is_empty() {
            line.push(roman(", "));
        }
        line.extend([bold(other.as_str()), roman("(1)")]);
    }
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]);
    roff.text(line);
    roff
}
