//! The link as a QR code, in half blocks or in ASCII.

use qrcode::{Color, EcLevel, QrCode};

use crate::terminal::Charset;

/// The codes in the order in which they are tried: how much dirt one bears, and how many modules around
/// it stay light. ISO/IEC 18004 wants four ("quiet zone"); scanners read one that is smaller.
const SHAPES: [(EcLevel, usize); 4] =
    [(EcLevel::M, 4), (EcLevel::L, 4), (EcLevel::L, 2), (EcLevel::L, 1)];

/// Columns before the code.
pub(super) const MARGIN: &str = "  ";

/// Black and bright white, in place of the colours of the terminal.
const BLACK_ON_WHITE: &str = "\u{1b}[30;107m";
const WHITE_ON_BLACK: &str = "\u{1b}[97;40m";
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

/// Whether the QR code of the present link has been on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QrState {
    Shown,
    /// The window was too small for it.
    Awaited,
}

/// The rows of the code for `link`, quiet zone included. A smaller code, which bears less dirt, is taken
/// where the usual one does not fit.
///
/// # Errors
/// The columns and rows of the smallest, if none fits; `None` for a link that no code can hold.
pub(super) fn rows(link: &str, space: QrSpace) -> Result<Vec<String>, Option<(usize, usize)>> {
    let mut smallest = None;
    for (level, quiet_zone) in SHAPES {
        let code = QrCode::with_error_correction_level(shortest_spelling(link), level);
        let code = Modules { code: code.map_err(|_| None)?, quiet_zone };
        let (columns, rows) = code.size(space.charset);
        if columns <= space.columns && rows <= space.rows {
            return Ok(match space.charset {
                Charset::Ascii => code.ascii(space.colour),
                Charset::Unicode | Charset::LinuxConsole => code.half_blocks(space.colour),
            });
        }
        smallest = Some((columns, rows));
    }
    Err(smallest)
}

/// The same link with its host in capital letters, of which a QR code holds eleven in eight bytes: the
/// code of a public link is four modules smaller. Hosts have no case (RFC 3986, 6.2.2.1). The scheme
/// stays: Android compares it as it is written.
pub(super) fn shortest_spelling(link: &str) -> String {
    let parts =
        link.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('/')?)));
    match parts {
        Some((scheme, (host, path))) => format!("{scheme}://{}/{path}", host.to_ascii_uppercase()),
        None => link.to_owned(),
    }
}

/// A code and the light modules around it.
struct Modules {
    code: QrCode,
    quiet_zone: usize,
}

impl Modules {
    /// Modules of one side.
    fn side(&self) -> usize {
        self.code.width() + 2 * self.quiet_zone
    }

    /// The columns and rows that it takes: two columns for a module in ASCII, half a row otherwise.
    fn size(&self, charset: Charset) -> (usize, usize) {
        let (columns, rows) = match charset {
            Charset::Ascii => (2 * self.side(), self.side()),
            Charset::Unicode | Charset::LinuxConsole => (self.side(), self.side().div_ceil(2)),
        };
        (columns + MARGIN.len(), rows)
    }

    /// The module in column `x` and row `y`; light outside of the code.
    fn module(&self, x: usize, y: usize) -> Color {
        let inside =
            |at: usize| at.checked_sub(self.quiet_zone).filter(|at| *at < self.code.width());
        inside(x).zip(inside(y)).map_or(Color::Light, |at| self.code[at])
    }

    /// Two modules to a character, one above the other.
    fn half_blocks(&self, colour: bool) -> Vec<String> {
        let row = |y| {
            let pairs = (0..self.side()).map(|x| (self.module(x, y), self.module(x, y + 1)));
            if colour { paint(pairs) } else { draw_light(pairs) }
        };
        (0..self.side()).step_by(2).map(row).collect()
    }

    /// Two columns to a module, which are about as wide as a row is high.
    fn ascii(&self, colour: bool) -> Vec<String> {
        let row = |y| {
            let mut row = MARGIN.to_owned();
            let mut background = None;
            for x in 0..self.side() {
                let module = self.module(x, y);
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
        (0..self.side()).map(row).collect()
    }
}

/// A row in black and white. It is the background that is painted wherever it can be, and only the upper
/// half block besides: other blocks leave the last line of pixels free in xterm, which made the code
/// unreadable (zbarimg).
fn paint(pairs: impl Iterator<Item = (Color, Color)>) -> String {
    let mut row = MARGIN.to_owned();
    let mut style = "";
    for pair in pairs {
        let (needed, sign) = match pair {
            (Color::Dark, Color::Dark) => (ON_BLACK, ' '),
            (Color::Light, Color::Light) => (ON_WHITE, ' '),
            (Color::Dark, Color::Light) => (BLACK_ON_WHITE, '▀'),
            (Color::Light, Color::Dark) => (WHITE_ON_BLACK, '▀'),
        };
        if std::mem::replace(&mut style, needed) != needed {
            row.push_str(needed);
        }
        row.push(sign);
    }
    row + RESET
}

/// A row whose light modules have the colour of the text.
fn draw_light(pairs: impl Iterator<Item = (Color, Color)>) -> String {
    let sign = |pair| match pair {
        (Color::Light, Color::Light) => '█',
        (Color::Light, Color::Dark) => '▀',
        (Color::Dark, Color::Light) => '▄',
        (Color::Dark, Color::Dark) => ' ',
    };
    MARGIN.chars().chain(pairs.map(sign)).collect()
}
