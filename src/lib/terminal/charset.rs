//! The characters that the operator's terminal can draw, by the locale of the process. Everything that
//! people read is written in them; what programs read (stdout, files) is not changed.

use std::borrow::Cow;
use std::ffi::OsString;
use std::sync::LazyLock;

/// The characters of lines for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    /// All of Unicode, as UTF-8.
    Unicode,
    /// UTF-8 on the console of the kernel (`TERM=linux`). Its built-in font has half blocks and letters,
    /// and none of our signs (Linux, drivers/tty/vt/cp437.uni).
    LinuxConsole,
    /// The locale is not UTF-8: another byte than those of ASCII would be shown as another character.
    Ascii,
}

impl Charset {
    /// The one of this process. Its environment is read once.
    pub(crate) fn current() -> Self {
        static CURRENT: LazyLock<Charset> = LazyLock::new(|| Charset::from_env(std::env::var_os));
        *CURRENT
    }

    /// The first of the three variables that is set and not empty names the locale of `LC_CTYPE`; without
    /// any it is `POSIX` (POSIX.1-2024, XBD 8.2). setlocale(3) is not asked: it fails where the files of
    /// the locale are missing, as often after ssh, and says nothing about the terminal then.
    fn from_env(variable: impl Fn(&'static str) -> Option<OsString>) -> Self {
        let given = |name| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(given);
        if !locale.is_some_and(|locale| locale.to_str().is_some_and(is_utf8)) {
            Self::Ascii
        } else if given("TERM").is_some_and(|term| term == "linux") {
            Self::LinuxConsole
        } else {
            Self::Unicode
        }
    }

    /// `text` in these characters: our signs as ASCII ones, and in [`Charset::Ascii`] all others
    /// escaped, as by [`super::escape_control`].
    pub(crate) fn encode(self, text: &str) -> Cow<'_, str> {
        if self == Self::Unicode || text.is_ascii() {
            return Cow::Borrowed(text);
        }
        let mut encoded = String::with_capacity(text.len());
        text.chars().for_each(|c| self.push(c, &mut encoded));
        Cow::Owned(encoded)
    }

    /// Appends `c` to `to` in these characters.
    pub(super) fn push(self, c: char, to: &mut String) {
        match (self, sign(c)) {
            (Self::LinuxConsole | Self::Ascii, Some(sign)) => to.push_str(sign),
            (Self::Ascii, None) if !c.is_ascii() => to.extend(c.escape_unicode()),
            (_, _) => to.push(c),
        }
    }
}

/// Whether a locale, such as `de_DE.UTF-8@euro`, has UTF-8 as its codeset. `UTF-8` alone, which macOS
/// sends over ssh, is one.
fn is_utf8(locale: &str) -> bool {
    let locale = locale.split_once('@').map_or(locale, |(locale, _modifier)| locale);
    // A locale may be the path of its file, so the last full stop counts.
    let codeset = locale.rsplit_once('.').map_or(locale, |(_, codeset)| codeset);
    let letters = codeset.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).eq("utf8".chars())
}

/// What stands for a sign of ours in ASCII. Most are those of systemd (src/basic/glyph-util.c), which
/// people know from their console.
fn sign(c: char) -> Option<&'static str> {
    Some(match c {
        '✓' => "+",
        '✗' | '×' => "x",
        '●' => "*",
        '·' => "-",
        '…' => "...",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charset(variables: &[(&str, &str)]) -> Charset {
        Charset::from_env(|name| {
            let found = variables.iter().find(|(given, _)| *given == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn the_first_variable_that_is_not_empty_decides() {
        use Charset::{Ascii, LinuxConsole, Unicode};
        for (variables, expected) in [
            (&[] as &[(&str, &str)], Ascii),
            (&[("LANG", "C.UTF-8")], Unicode),
            (&[("LANG", "C")], Ascii),
            (&[("LANG", "en_US.UTF-8"), ("LC_CTYPE", "C")], Ascii),
            (&[("LANG", "C"), ("LC_CTYPE", "UTF-8")], Unicode),
            (&[("LC_ALL", "POSIX"), ("LC_CTYPE", "UTF-8")], Ascii),
            (&[("LC_ALL", ""), ("LC_CTYPE", ""), ("LANG", "tr_TR.utf8")], Unicode),
            (&[("LC_ALL", ""), ("LC_CTYPE", ""), ("LANG", "")], Ascii),
            // Its messages only, not its characters.
            (&[("LANGUAGE", "de.UTF-8"), ("LC_MESSAGES", "de_DE.UTF-8")], Ascii),
            (&[("LANG", "C.UTF-8"), ("TERM", "linux")], LinuxConsole),
            (&[("LANG", "C"), ("TERM", "linux")], Ascii),
        ] {
            assert_eq!(charset(variables), expected, "{variables:?}");
        }
    }

    #[test]
    fn the_codeset_is_read_in_every_spelling() {
        for locale in
            ["de_DE.UTF-8", "de_DE.utf8", "C.utf-8", "ca_ES.UTF-8@valencia", "UTF8", "utf_8"]
        {
            assert!(is_utf8(locale), "{locale}");
        }
        assert!(is_utf8("/usr/lib/locale/x.y/de_DE.utf8"));
        for locale in [
            "C",
            "POSIX",
            "de_DE",
            "de_DE@euro",
            "en_US.ISO-8859-1",
            "ja_JP.eucJP",
            "zh_CN.GB18030",
            "zh_TW.UTF-16",
            "x.UTF-88",
            "UTF-8.C",
            "de_DE@UTF-8",
            ".",
            "@",
        ] {
            assert!(!is_utf8(locale), "{locale}");
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_replaced_or_escaped() {
        let text = "✓ José ● 田 …\n";
        assert_eq!(Charset::Unicode.encode(text), text);
        assert_eq!(Charset::LinuxConsole.encode(text), "+ José * 田 ...\n");
        assert_eq!(Charset::Ascii.encode(text), "+ Jos\\u{e9} * \\u{7530} ...\n");
    }

    proptest::proptest! {
        #[test]
        fn ascii_is_ascii_and_does_not_change(text: String) {
            let encoded = Charset::Ascii.encode(&text);
            proptest::prop_assert!(encoded.is_ascii());
            proptest::prop_assert_eq!(Charset::Ascii.encode(&encoded), encoded.as_ref());
        }
    }
}
