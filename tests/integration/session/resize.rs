//! A window that changes its size: no half of a line that changes stays on the screen, and the link is
//! on it at every size.

use std::process::Command;

use super::guest::Guest;
use super::stage::{Link, Stage};
use crate::harness::Tmux;
use crate::harness::cloudflared::{HAPPY, HOST};

/// A session in a window of this size, up to its status line.
fn session(command: &Command, columns: u16, rows: u16) -> (Tmux, Link) {
    let mut window = Tmux::start(command, columns, rows);
    let screen = window.wait_for("● local only");
    let link = link_on(&screen).unwrap_or_else(|| panic!("no link: {screen:#?}"));
    (window, Link::local(&link))
}

/// The link on a screen, which may be broken into several rows.
fn link_on(screen: &[String]) -> Option<String> {
    let first = screen.iter().position(|row| row.starts_with("http"))?;
    let rows = screen[first..].iter().take_while(|row| !row.is_empty() && !row.starts_with(' '));
    let link = rows.cloned().collect::<String>();
    let (_, ticket) = link.split_once("/t/")?;
    (ticket.len() == 22).then_some(link)
}

/// The rows that hold the status line or a piece of it, which no other row has.
fn status_rows(rows: &[String]) -> Vec<&String> {
    let pieces = ["●", "here ·", "ends it"];
    rows.iter().filter(|row| pieces.iter().any(|piece| row.contains(piece))).collect()
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn no_half_of_the_status_line_stays_above() {
    let stage = Stage::new(HAPPY);
    let (mut window, link) = session(&stage.local(&["--no-qr"]), 80, 30);
    let mut guests = Vec::new();
    for (at, columns) in [48, 47, 33, 25, 20, 60, 30].into_iter().enumerate() {
        window.resize(columns, 30);
        guests.push(Guest::join(&link, &format!("Ana{at}")));
        window.wait_for(&format!("+ Ana{at} #"));
        let rows = window.history();
        assert_eq!(status_rows(&rows).len(), 1, "{columns}: {rows:#?}");
    }
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn a_new_size_is_followed_at_once() {
    let stage = Stage::new(HAPPY);
    let (mut window, _) = session(&stage.local(&["--no-qr"]), 80, 30);
    let is_status = |rows: &[String], text: &str| {
        let status = status_rows(rows);
        status.len() == 1 && status[0].as_str() == text
    };
    for (columns, status) in [
        (40, "  ● local only · 0 here · Ctrl+C ends"),
        (30, "  ● local · 0 here"),
        (100, "  ● local only · no one here · Ctrl+C ends it"),
    ] {
        window.resize(columns, 30);
        window.wait_until(|rows| is_status(rows, status));
    }
    // A storm, as of a window that is dragged.
    for columns in (20..100).rev().chain(20..90).rev() {
        window.resize(columns, 30);
    }
    window.resize(30, 30);
    window.wait_until(|rows| is_status(rows, "  ● local · 0 here"));
    let history = window.history();
    assert_eq!(status_rows(&history).len(), 1, "{history:#?}");
}

/// The smallest size is 40 columns by 10 rows (the design); smaller ones lose no part of a line.
#[test]
#[ignore = "needs tmux: tests/run"]
fn the_link_is_on_the_screen_at_every_size() {
    for (columns, rows) in [(40, 10), (50, 10), (80, 24), (60, 24), (100, 31), (200, 12), (100, 60)]
    {
        let stage = Stage::new(HAPPY);
        let (mut window, _) = session(&stage.local(&[]), columns, rows);
        let screen = window.screen();
        let is_whole = link_on(&screen).is_some();
        assert!(is_whole && screen.iter().any(|row| row.contains('●')), "{screen:#?}");
        let mut window = Tmux::start(&stage.public(&[]), columns, rows);
        let screen = window.wait_for("● public");
        let link = link_on(&screen).unwrap_or_else(|| panic!("{columns}x{rows}: {screen:#?}"));
        assert!(link.starts_with(&format!("https://{HOST}/t/")), "{link}");
    }
}

/// A window that loses rows would take the link from the screen. It is printed again then, once.
#[test]
#[ignore = "needs tmux: tests/run"]
fn the_link_is_on_the_screen_after_a_resize() {
    let stage = Stage::new(HAPPY);
    let (mut window, link) = session(&stage.local(&[]), 100, 60);
    for rows in (10..60).rev() {
        window.resize(100, rows);
    }
    window.wait_until(|screen| link_on(screen).as_ref() == Some(&link.url));
    window.resize(40, 10);
    window.wait_until(|screen| link_on(screen).as_ref() == Some(&link.url));
    let count = window.history().iter().filter(|row| row.starts_with("http")).count();
    assert!(count <= 3, "{count}");
}

#[test]
#[ignore = "needs tmux: tests/run"]
fn one_row_is_enough() {
    let stage = Stage::new(HAPPY);
    let (mut window, link) = session(&stage.local(&["--no-qr"]), 80, 30);
    window.resize(80, 1);
    window.wait_until(|screen| screen[0].contains("● local only"));
    let _ana = Guest::join(&link, "Ana");
    window.wait_until(|screen| screen[0].contains("1 here"));
    window.resize(80, 30);
    window.wait_for("+ Ana #");
    let history = window.history();
    assert_eq!(status_rows(&history).len(), 1, "{history:#?}");
}

/// The status line is off the screen while the question is open.
#[test]
#[ignore = "needs tmux: tests/run"]
fn the_question_stays_whole() {
    let stage = Stage::new(HAPPY);
    let (mut window, _) = session(&stage.local(&["--no-qr"]), 80, 30);
    window.type_keys("C-c");
    window.wait_for("[v]iew");
    for columns in [40, 25, 90] {
        window.resize(columns, 30);
    }
    window.type_keys("v Enter");
    window.wait_for("chattrace event log v1");
    let screen =
        window.wait_until(|rows| rows.iter().filter(|row| row.contains("[s]ave")).count() == 2);
    assert!(status_rows(&screen).is_empty(), "{screen:#?}");
}

/// Names of wide characters end at the last column, and in one row.
#[test]
#[ignore = "needs tmux: tests/run"]
fn a_wide_name_keeps_to_its_row() {
    let stage = Stage::new(HAPPY);
    for columns in [40, 41, 42, 43] {
        let (mut window, link) = session(&stage.local(&["--no-qr"]), columns, 30);
        let _guest = Guest::join(&link, "田中さくら花子山本太郎");
        let screen = window.wait_for("+ 田中");
        let row = screen.iter().position(|row| row.contains("+ 田中")).unwrap();
        assert!(screen[row].contains('#') && screen[row].ends_with("· 1 here"), "{screen:#?}");
        assert!(screen[row + 1] == ">" && screen[row + 2].starts_with("http"), "{screen:#?}");
    }
}

/// A terminal breaks a longer row anew when it becomes narrower, and the cursor is in its last piece then. The
/// pieces above stay as one line: they could only be counted, and in terminals that break nothing, other lines
/// would be erased. What is typed, the link and the status are whole, and so is each line above.
#[test]
#[ignore = "needs tmux: tests/run"]
fn a_longer_line_is_whole_after_the_window_was_narrow() {
    let stage = Stage::new(HAPPY);
    let (mut window, link) = session(&stage.local(&["--no-qr"]), 100, 30);
    let guests: Vec<Guest> = (0..9).map(|at| Guest::join(&link, &format!("Ana {at}"))).collect();
    window.wait_for("9 here · Ctrl+C");
    let typed = format!("say {}end", "x".repeat(80));
    window.type_text(&typed);
    window.wait_for(&typed);
    window.resize(40, 30);
    window
        .wait_until(|rows| rows.iter().any(|row| row.starts_with("> …") && row.ends_with("xend")));
    window.resize(100, 30);
    let whole = format!("> {typed}");
    window
        .wait_until(|rows| rows.contains(&whole) && rows.iter().any(|row| row.contains("ends it")));
    window.type_text("\u{15}ok");
    let rows = window.wait_until(|rows| rows.iter().any(|row| row == "> ok"));
    assert_eq!(status_rows(&rows).len(), 1, "{rows:#?}");
    assert_eq!(rows.iter().filter(|row| row.contains("+ Ana ")).count(), 9, "{rows:#?}");
    assert!(rows.iter().filter(|row| row.starts_with('>')).count() <= 2, "{rows:#?}");
    let at = rows.iter().position(|row| row == "> ok").unwrap();
    assert_eq!(rows[at + 1], link.url);
    drop(guests);
}
