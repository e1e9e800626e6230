//! Tests of [`super::qr`].

use super::qr::{MARGIN, QrSpace, rows, shortest_spelling};
use crate::terminal::Charset;

const CHARSETS: [Charset; 3] = [Charset::Unicode, Charset::LinuxConsole, Charset::Ascii];

fn link() -> String {
    format!("https://{}.trycloudflare.com/t/{}", "a".repeat(40), "T".repeat(22))
}

fn space(columns: usize, rows: usize, colour: bool, charset: Charset) -> QrSpace {
    QrSpace { columns, rows, colour, charset }
}

#[test]
fn a_link_fits_in_60_columns_and_a_small_terminal_gets_none() {
    let drawn = rows(&link(), space(60, 30, false, Charset::Unicode)).unwrap();
    assert!(drawn.len() < 30);
    for (columns, height) in [(20, 100), (100, 17), (40, 10), (0, 0)] {
        for charset in CHARSETS {
            assert!(rows(&link(), space(columns, height, true, charset)).is_err());
        }
    }
    assert!(rows(&link(), space(60, 100, true, Charset::Ascii)).is_err());
}

#[test]
fn no_row_is_wider_than_the_terminal() {
    for (columns, charset, colour) in
        (40..120).flat_map(|at| CHARSETS.map(|set| [(at, set, true), (at, set, false)])).flatten()
    {
        for row in rows(&link(), space(columns, 100, colour, charset)).into_iter().flatten() {
            let row = console::strip_ansi_codes(&row).into_owned();
            assert!(row.chars().count() <= columns, "{columns}: {row}");
        }
    }
}

/// The modules that a terminal shows; true is dark. What no style paints has the colours of a terminal
/// with light text on a dark background.
fn shown(rows: &[String], charset: Charset) -> Vec<Vec<bool>> {
    let mut shown = Vec::new();
    for row in rows {
        let (mut text_is_dark, mut ground_is_dark) = (false, true);
        let (mut upper, mut lower) = (Vec::new(), Vec::new());
        for (part, is_style) in console::AnsiCodeIterator::new(row.strip_prefix(MARGIN).unwrap()) {
            if is_style {
                text_is_dark = part.contains("[30");
                ground_is_dark = part.contains("40m");
                continue;
            }
            for c in part.chars() {
                upper.push(if "█▀#".contains(c) { text_is_dark } else { ground_is_dark });
                lower.push(if "█▄#".contains(c) { text_is_dark } else { ground_is_dark });
            }
        }
        match charset {
            Charset::Ascii => shown.push(upper.into_iter().step_by(2).collect()),
            Charset::Unicode | Charset::LinuxConsole => shown.extend([upper, lower]),
        }
    }
    shown
}

/// Colour and characters change how the modules are drawn, not which.
#[test]
fn the_same_modules_are_shown_in_every_way() {
    let given = |colour, charset| {
        let mut shown = shown(&rows(&link(), space(200, 100, colour, charset)).unwrap(), charset);
        // Half a row is left over where their number is odd.
        shown.truncate(shown[0].len());
        shown
    };
    let painted = given(true, Charset::Unicode);
    let side = painted.len();
    assert!(painted.iter().all(|row| row.len() == side));
    assert!(painted[4][4..11].iter().all(|dark| *dark), "the edge of a finder pattern");
    for charset in CHARSETS {
        for colour in [true, false] {
            assert!(given(colour, charset) == painted, "{charset:?} {colour}");
        }
    }
}

/// The rows of the code in 24, beside a link of two rows, the readers, an empty row and the status.
#[test]
fn a_public_link_fits_in_80_by_24() {
    for (words, quiet_zone) in [(27, 2), (32, 2), (45, 2)] {
        let link = format!("https://{}.trycloudflare.com/t/{}", "a".repeat(words), "Tz".repeat(11));
        let space = space(80, 19, true, Charset::Unicode);
        let shown = shown(&rows(&link, space).unwrap(), Charset::Unicode);
        let is_light = |rows: &[Vec<bool>]| rows.iter().flatten().all(|dark| !dark);
        assert!(is_light(&shown[..quiet_zone]) && !is_light(&shown[..=quiet_zone]), "{words}");
        assert_eq!(shown[0].len(), 33 + 2 * quiet_zone, "version 4");
    }
}

#[test]
fn the_size_that_is_needed_is_enough() {
    for (colour, charset) in CHARSETS.iter().flat_map(|set| [(true, *set), (false, *set)]) {
        let needed = rows(&link(), space(1, 1, colour, charset)).unwrap_err();
        let (columns, height) = needed.unwrap();
        assert!(rows(&link(), space(columns, height, colour, charset)).is_ok());
        assert!(rows(&link(), space(columns - 1, height, colour, charset)).is_err());
        assert!(rows(&link(), space(columns, height - 1, colour, charset)).is_err());
    }
    assert_eq!(rows(&"x".repeat(5000), space(500, 500, true, Charset::Unicode)), Err(None));
}

#[test]
fn only_the_host_is_spelt_in_capital_letters() {
    for (link, spelt) in [
        ("https://a-b.example/t/aB_c", "https://A-B.EXAMPLE/t/aB_c"),
        ("http://[2001:db8::5]:80/t/aB", "http://[2001:DB8::5]:80/t/aB"),
        ("nothing", "nothing"),
    ] {
        assert_eq!(shortest_spelling(link), spelt);
    }
}
