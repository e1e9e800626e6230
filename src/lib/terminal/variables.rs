//! The variables that say what the terminal can show, for the manual pages.

/// The name of each variable that this folder reads, and its effect.
pub(crate) const VARIABLES: &[(&str, &str)] = &[
    (
        "LC_ALL, LC_CTYPE, LANG",
        "The first that is set names the locale; if it is not UTF-8, lines for people are in ASCII.",
    ),
    ("NO_COLOR", "No colours, if it is set to anything."),
    (
        "TERM",
        "Without a value, or with dumb or unknown, no line is ever redrawn; with linux, signs that the \
         console lacks are replaced.",
    ),
    (
        "STY",
        "Set by GNU screen, whose scrollback needs another way to be cleared at the end by panic.",
    ),
    ("COLUMNS, LINES", "The size of a terminal that does not tell its own."),
];
