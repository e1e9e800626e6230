//! The link on the operator's screen: always there, copied as one word, and with its QR code either whole
//! or not at all.

use super::guest::Guest;
use super::stage::{Link, Stage};
use crate::harness::Tmux;

/// A host as long as those of quick tunnels often are: the link has 83 characters.
const LONG_HOST: &str = "words-wordpress-committee-elizab.trycloudflare.com";

const SIZES: [(u16, u16); 5] = [(40, 10), (40, 15), (80, 24), (100, 30), (120, 40)];

fn long_orders() -> String {
    format!("greet\nbox {LONG_HOST}\nmetrics\nregister\n")
}

/// A public session without colour in a window of this size, up to its link.
fn session(stage: &Stage, columns: u16, rows: u16) -> (Tmux, Link) {
    let mut command = stage.public(&[]);
    command.env("NO_COLOR", "1");
    let mut window = Tmux::start(&command, columns, rows);
    let screen = window.wait_for("● public");
    let url = link_on(&mut window).unwrap_or_else(|| panic!("{columns}x{rows}: {screen:#?}"));
    let address = stage.stand_in.origin().unwrap();
    (window, Link::at(&url, &address))
}

/// The link as it is copied from the screen, once it is there whole and nowhere else: a screen that is read
/// while it is drawn has part of it.
fn link_on(window: &mut Tmux) -> Option<String> {
    let links = |lines: &[String]| -> Vec<String> {
        let start = format!("https://{LONG_HOST}/t/");
        lines.iter().filter(|line| line.starts_with(&start)).cloned().collect()
    };
    let lines = window.wait_until_unwrapped(|lines| {
        let links = links(lines);
        links.len() == 1 && links[0].len() == 83
    });
    links(&lines).pop()
}

/// The rows of the QR code that are on the screen, and the number that the whole code has.
fn code_rows(screen: &[String]) -> (usize, usize) {
    let is_code = |row: &&String| {
        let row = row.trim_start();
        row.starts_with(['█', '▀']) && row.chars().all(|c| "█▀▄ ".contains(c))
    };
    let rows: Vec<_> = screen.iter().filter(is_code).collect();
    let side = rows.first().map_or(0, |row| row.trim_start().chars().count());
    (rows.len(), side.div_ceil(2))
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn the_first_screen_has_the_link_its_readers_and_a_whole_code_or_none() {
    for (columns, rows) in SIZES {
        let stage = Stage::new(&long_orders());
        let (mut window, _) = session(&stage, columns, rows);
        let screen = window.screen();
        let (shown, all) = code_rows(&screen);
        let fits = columns >= 80;
        assert_eq!((shown > 0, shown), (fits, all), "{columns}x{rows}: {screen:#?}");
        let text = screen.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(text.contains("rows shows the QR code)"), !fits, "{screen:#?}");
        assert!(text.contains("this computer and Cloudflare can read what is said"), "{screen:#?}");
    }
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn no_number_of_joins_takes_the_link_from_the_screen() {
    for (columns, rows) in SIZES {
        let stage = Stage::new(&long_orders());
        let (mut window, link) = session(&stage, columns, rows);
        let mut guests = Vec::new();
        for number in 1..=60 {
            guests.push(Guest::join(&link, &format!("guest {number}")));
        }
        window.wait_for("60 here");
        assert_eq!(link_on(&mut window).as_ref(), Some(&link.url), "{columns}x{rows}");
        // A drawing that is not erased would leave its status between the lines.
        let history = window.history();
        assert_eq!(
            history.iter().filter(|row| row.contains("● public")).count(),
            1,
            "{history:#?}"
        );
    }
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn no_size_takes_the_link_from_the_screen() {
    let stage = Stage::new(&long_orders());
    let (mut window, link) = session(&stage, 100, 30);
    let _ana = Guest::join(&link, "Ana");
    window.wait_for("1 here");
    for (columns, rows) in SIZES.into_iter().chain(SIZES.into_iter().rev()).cycle().take(30) {
        window.resize(columns, rows);
        // As narrow as it must be for this status.
        let status =
            if columns < 80 { "● public · 1 here · " } else { "type link for the QR code" };
        window.wait_until(|screen| {
            let last = screen.iter().rposition(|row| !row.is_empty());
            last.is_some_and(|last| screen[last].contains(status))
        });
        assert_eq!(link_on(&mut window).as_ref(), Some(&link.url), "{columns}x{rows}");
    }
    let history = window.history();
    assert_eq!(history.iter().filter(|row| row.contains("● public")).count(), 1, "{history:#?}");
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn a_window_that_was_too_small_shows_the_code_once_it_is_large_enough() {
    let stage = Stage::new(&long_orders());
    let (mut window, link) = session(&stage, 80, 20);
    assert_eq!(code_rows(&window.screen()).0, 0);
    window.resize(80, 26);
    window.wait_until(|screen| {
        let (shown, all) = code_rows(screen);
        shown > 0 && shown == all && screen.iter().any(|row| row.contains("● public"))
    });
    assert_eq!(link_on(&mut window), Some(link.url));
}

/// The room is closed by then.
#[test]
#[ignore = "needs tmux: tests/run"]
fn a_larger_window_shows_no_code_at_the_question() {
    let stage = Stage::new(&long_orders());
    let (mut window, _) = session(&stage, 80, 20);
    window.type_keys("C-c");
    window.wait_for("nter alone deletes");
    window.resize(80, 40);
    window.type_keys("v Enter");
    let screen = window.wait_for("chattrace event log v1");
    assert_eq!(code_rows(&screen).0, 0, "{screen:#?}");
    assert!(!screen.iter().any(|row| row.contains("● public")), "{screen:#?}");
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn a_typed_word_shows_the_code_again() {
    let stage = Stage::new(&long_orders());
    let (mut window, link) = session(&stage, 80, 24);
    let mut guests: Vec<Guest> =
        (0..24).map(|at| Guest::join(&link, &format!("guest {at}"))).collect();
    window.wait_for("24 here");
    assert_eq!(code_rows(&window.screen()).0, 0);
    for word in ["link", "LINK"] {
        // Names that differ in case only are the same.
        let name = format!("late {}", guests.len());
        guests.push(Guest::join(&link, &name));
        window.wait_for(&format!("+ {name}"));
        window.type_keys(&format!("{word} Enter"));
        window.wait_until(|screen| {
            let (shown, all) = code_rows(screen);
            shown > 0 && shown == all
        });
        assert_eq!(link_on(&mut window).as_ref(), Some(&link.url));
    }
}

/// Neither a word that means nothing, nor Enter alone, nor Ctrl+D, ends the session or harms the screen.
#[test]
#[ignore = "needs tmux: tests/run"]
fn what_else_is_typed_changes_nothing() {
    let stage = Stage::new(&long_orders());
    let (mut window, link) = session(&stage, 80, 24);
    window.type_keys("Enter");
    let _ana = Guest::join(&link, "Ana");
    window.wait_for("1 here");
    window.type_keys("Enter");
    let _bo = Guest::join(&link, "Bo");
    window.wait_for("2 here");
    window.type_keys("C-d");
    window.wait_for("help lists the commands");
    window.type_keys("nonsense Enter");
    window.wait_for("there is no command \"nonsense\"");
    window.type_keys("C-d");
    window.wait_until(|screen| {
        screen.iter().filter(|row| row.contains("help lists the commands")).count() == 2
    });
    assert_eq!(link_on(&mut window).as_ref(), Some(&link.url));
    let history = window.history();
    assert_eq!(history.iter().filter(|row| row.contains("● public")).count(), 1, "{history:#?}");
}
