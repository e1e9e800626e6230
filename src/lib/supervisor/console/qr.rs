//! The link as a QR code, in half blocks or in ASCII.

use qrcode::render::unicode::Dense1x2;
use qrcode::{Color, EcLevel, QrCode};

use crate::terminal::Charset;

/// Modules around the code that stay light (ISO/IEC 18004, "quiet zone").
const QUIET_ZONE: usize = 4;

/// Columns before the code.
const MARGIN: &str = "  ";

/// Black on bright white, in place of the colours of the terminal.
const BLACK_ON_WHITE: &str = "\u{1b}[30;107m";
const ON_BLACK: &str = "\u{1b}[40m";
const ON_WHITE: &str = "\u{1b}[107m";
const RESET: &str = "\u{1b}[0m";

/// What a terminal can show.
#[derive(Clone, Copy, Debug)]
pub(super) struct QrSpace {
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// Without it the code is drawn in the terminal's own colours, for a dark background.
    pub(super) colour: bool,
    pub(super) charset: Charset,
}

/// The rows of the code for `link`, quiet zone included; `None` if it does not fit. A smaller code, which
/// bears less dirt, is taken where the usual one does not fit.
pub(super) fn rows(link: &str, space: QrSpace) -> Option<Vec<String>> {
    [EcLevel::M, EcLevel::L].into_iter().find_map(|level| {
        let code = QrCode::with_error_correction_level(link, level).ok()?;
        // The columns and rows that it takes: two columns for a module in ASCII, half a row otherwise.
        let modules = code.width() + 2 * QUIET_ZONE;
        let (columns, rows) = match space.charset {
            Charset::Ascii => (2 * modules, modules),
            Charset::Unicode | Charset::LinuxConsole => (modules, modules.div_ceil(2)),
        };
        let fits = columns + MARGIN.len() <= space.columns && rows <= space.rows;
        fits.then(|| match space.charset {
            Charset::Ascii => ascii(&code, space.colour),
            Charset::Unicode | Charset::LinuxConsole => half_blocks(&code, space.colour),
        })
    })
}

/// Two modules to a character, one above the other.
fn half_blocks(code: &QrCode, colour: bool) -> Vec<String> {
    let (dark, light) =
        if colour { (Dense1x2::Dark, Dense1x2::Light) } else { (Dense1x2::Light, Dense1x2::Dark) };
    let drawn = code.render::<Dense1x2>().dark_color(dark).light_color(light).build();
    let paint = |line: &str| {
        if colour {
            format!("{MARGIN}{BLACK_ON_WHITE}{line}{RESET}")
        } else {
            format!("{MARGIN}{line}")
        }
    };
    drawn.lines().map(paint).collect()
}

/// Two columns to a module, which are about as wide as a row is high.
fn ascii(code: &QrCode, colour: bool) -> Vec<String> {
    let side = code.width() + 2 * QUIET_ZONE;
    let module = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(QUIET_ZONE).filter(|at| *at < code.width());
        inside(x).zip(inside(y)).map_or(Color::Light, |at| code[at])
    };
    let row = |y| {
        let mut row = MARGIN.to_owned();
        let mut background = None;
        for x in 0..side {
            let module = module(x, y);
            if !colour {
                row.push_str(module.select("  ", "##"));
                continue;
            }
            if background.replace(module) != Some(module) {
                row.push_str(module.select(ON_BLACK, ON_WHITE));
            }
            row.push_str("  ");
        }
        if colour { row + RESET } else { row }
    };
    (0..side).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for (columns, height) in [(20, 100), (100, 20), (40, 10), (0, 0)] {
            for charset in CHARSETS {
                assert!(rows(&link(), space(columns, height, true, charset)).is_none());
            }
        }
        assert!(rows(&link(), space(80, 100, true, Charset::Ascii)).is_none());
    }

    #[test]
    fn no_row_is_wider_than_the_terminal() {
        for (columns, charset, colour) in (40..120)
            .flat_map(|at| CHARSETS.map(|set| [(at, set, true), (at, set, false)]))
            .flatten()
        {
            for row in rows(&link(), space(columns, 100, colour, charset)).into_iter().flatten() {
                let row = console::strip_ansi_codes(&row).into_owned();
                assert!(row.chars().count() <= columns, "{columns}: {row}");
            }
        }
    }

    /// The modules in a row of ASCII; true is dark.
    fn modules(row: &str, colour: bool) -> Vec<bool> {
        let row = row.strip_prefix(MARGIN).unwrap();
        if !colour {
            return row.as_bytes().chunks(2).map(|two| two == b"  ").collect();
        }
        let (mut dark, mut modules) = (false, Vec::new());
        for (part, is_style) in console::AnsiCodeIterator::new(row) {
            if is_style {
                dark = part == ON_BLACK;
            } else {
                modules.extend(std::iter::repeat_n(dark, part.len() / 2));
            }
        }
        modules
    }

    #[test]
    fn ascii_draws_the_same_modules_as_half_blocks() {
        for colour in [true, false] {
            let ascii = rows(&link(), space(200, 100, colour, Charset::Ascii)).unwrap();
            let blocks = rows(&link(), space(200, 100, colour, Charset::Unicode)).unwrap();
            for (at, row) in blocks.iter().enumerate() {
                let upper = modules(&ascii[2 * at], colour);
                let lower =
                    ascii.get(2 * at + 1).map(|row| modules(row, colour)).unwrap_or_default();
                let row = console::strip_ansi_codes(row).into_owned();
                for (x, c) in row.chars().skip(MARGIN.len()).enumerate() {
                    let drawn = match c {
                        '█' => (true, true),
                        '▀' => (true, false),
                        '▄' => (false, true),
                        _ => (false, false),
                    };
                    // With colour the character is drawn in black, without in white.
                    let below = lower.get(x).copied().unwrap_or(drawn.1 == colour);
                    assert_eq!((upper[x] == colour, below == colour), drawn, "{x} {at} {colour}");
                }
            }
        }
    }
}
