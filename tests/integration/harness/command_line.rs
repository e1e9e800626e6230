//! The command line of a test program that runs without libtest: `--name value`, `--name=value` and
//! words.

use std::str::FromStr;

/// Flags of libtest, ignored: `cargo test -- …` passes them to every test program.
const LIBTEST_FLAGS: [&str; 8] = [
    "--nocapture",
    "--no-capture",
    "--show-output",
    "--quiet",
    "-q",
    "--exact",
    "--include-ignored",
    "--ignored",
];

/// Options of libtest with a value, ignored as well.
const LIBTEST_OPTIONS: [&str; 3] = ["--test-threads", "--color", "--format"];

/// The value of one option; read from the next word if it does not follow a `=`.
pub(crate) struct Value<'a> {
    name: &'a str,
    inline: Option<&'a str>,
    words: &'a mut dyn Iterator<Item = String>,
}

impl Value<'_> {
    /// Reads the value as a number.
    ///
    /// # Errors
    /// When there is none, or it is not a number.
    pub(crate) fn number<T: FromStr>(&mut self) -> Result<T, String> {
        let name = self.name;
        let text = self.text().ok_or_else(|| format!("{name} needs a number"))?;
        text.parse().map_err(|_| format!("{name} {text}: not a number"))
    }

    fn text(&mut self) -> Option<String> {
        self.inline.map(str::to_owned).or_else(|| self.words.next())
    }
}

/// Passes each option and each word to `apply`, which returns whether it knows it.
///
/// # Errors
/// Those of `apply`, and unknown arguments.
pub(crate) fn parse(
    mut words: impl Iterator<Item = String>,
    mut apply: impl FnMut(&str, &mut Value<'_>) -> Result<bool, String>,
) -> Result<(), String> {
    while let Some(word) = words.next() {
        let (name, inline) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word.as_str(), None),
        };
        let mut value = Value { name, inline, words: &mut words };
        if LIBTEST_OPTIONS.contains(&name) {
            value.text();
        } else if !LIBTEST_FLAGS.contains(&name) && !apply(name, &mut value)? {
            return Err(format!("unknown argument '{word}'"));
        }
    }
    Ok(())
}
