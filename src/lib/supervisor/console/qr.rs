//! The link as a QR code, two modules to a character.

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

/// The lines of the code for `link`, quiet zone included; `None` if it does not fit in `columns`.
///
/// With `colour` it is black on white, over the terminal's own colours. Without, its light modules
/// are drawn in the foreground colour, which is right for a dark terminal.
pub(super) fn lines(link: &str, columns: u16, colour: bool) -> Option<Vec<String>> {
    let code = QrCode::new(link).ok()?;
    let (dark, light) =
        if colour { (Dense1x2::Dark, Dense1x2::Light) } else { (Dense1x2::Light, Dense1x2::Dark) };
    let drawn = code.render::<Dense1x2>().dark_color(dark).light_color(light).build();
    let fits = drawn.lines().all(|line| line.chars().count() + 2 <= usize::from(columns));
    let paint = |line: &str| {
        if colour { format!("  \u{1b}[30;107m{line}\u{1b}[0m") } else { format!("  {line}") }
    };
    fits.then(|| drawn.lines().map(paint).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_fits_in_60_columns_and_a_narrow_terminal_gets_none() {
        let link = format!("https://{}.trycloudflare.com/t/{}", "a".repeat(40), "T".repeat(22));
        let lines_60 = lines(&link, 60, false).unwrap();
        assert!(lines_60.len() < 30);
        assert!(lines(&link, 20, false).is_none());
    }
}
