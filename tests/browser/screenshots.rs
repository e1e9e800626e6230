//! Screenshots for reviewers, which the CI keeps: `target/screenshots/`.

use std::path::PathBuf;

use crate::harness::{Fixture, Page};

#[tokio::test]
async fn join_form_room_and_end() {
    let fixture = Fixture::start(&["--backlog", "10"]).await;
    let ana = fixture.join_page().await;
    ana.save_screenshots("join").await;
    ana.submit_name("operator").await;
    ana.refusal_text().await;
    ana.save_screenshots("refused").await;
    ana.join("Ana").await;
    ana.save_screenshots("alone").await;
    let bo = fixture.participant("Bo").await;
    let cy = fixture.participant("Cy").await;
    bo.send_message("is this thing on?").await;
    ana.wait_for_log("thing on").await;
    ana.send_message("it is. hello Bo").await;
    cy.wait_for_log("hello Bo").await;
    cy.send_message("first things first:\n  1. who brings the keys\n  2. when").await;
    bo.wait_for_log("when").await;
    bo.send_message("the address is https://example.org/meet?at=18:30, and do not be late: the last train back leaves at a quarter past eleven").await;
    ana.wait_for_log("eleven").await;
    // The room forwards it every two seconds at most, and Cy has typed a moment ago.
    while ana.text(".typing").await.is_empty() {
        cy.type_into("#message", ".").await;
    }
    ana.type_into("#message", "see you th").await;
    ana.save_screenshots("room").await;
    cy.activate().await.refresh().await.unwrap();
    cy.wait_for("document.querySelector('#name')").await;
    cy.save_screenshots("reloaded").await;
    fixture.room.end();
    ana.expect_cleared(&["train"]).await;
    ana.save_screenshots("ended").await;
}

/// The longest texts of the page.
#[tokio::test]
async fn a_room_that_moved_and_a_disconnected_page() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let moved = r#"receive('{"t":"moved","seq":1000,"url":"https://a-row-of-four-words.trycloudflare.com"}')"#;
    ana.execute(moved, vec![]).await;
    ana.wait_for_log("has a new link").await;
    // As after half a minute without contact.
    ana.execute("connected = false; silentSeconds = 30; renderStatus()", vec![]).await;
    ana.wait_for_status("ask the person who invited you").await;
    ana.save_screenshots("moved").await;
    let is_too_wide = "return document.documentElement.scrollWidth > innerWidth";
    assert_eq!(ana.execute(is_too_wide, vec![]).await, false, "nothing is wider than 320 px");
}

/// Groups, own messages, folded joins, the mark of what is unread, and a right-to-left message.
#[tokio::test]
async fn a_busy_room() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let events = "const at = new Date(2030, 5, 1, 16, 29).getTime();
        const names = ['Bo', 'Cy', 'דנה', 'A name of 20 letters', 'Ed', 'Flo'];
        const lines = names.map((name, i) => ({ t: 'joined', at, who: { n: i + 20, tag: 'k7q', name } }));
        const say = (n, minutes, body) => lines.push({ t: 'said', n, at: at + minutes * 60000, body });
        lines.push({ t: 'left', n: 25, at });
        say(20, 0, 'is this thing on?');
        say(20, 1, 'hello\\n  a second line');
        say(session.n, 1, 'it is. hello Bo');
        say(session.n, 1, 'the address is https://example.org/meet?at=18:30');
        say(22, 2, 'שלום, הכתובת היא https://example.org/meet?at=18:30 להתראות');
        lines.push({ t: 'left', n: 24, at: at + 180000 });
        lines.push({ t: 'gap', missed: 3 });
        say(23, 4, 'word '.repeat(40));
        receive(lines.map((line) => JSON.stringify(line)).join('\\n'));
        document.querySelector('#message').value = 'not sent yet';
        connected = false;
        document.querySelector('form').requestSubmit();
        Object.defineProperty(document, 'hidden', { value: true, configurable: true });
        lines.length = 0;
        say(21, 5, 'one that came while the tab was hidden');
        say(21, 5, 'and another');
        receive(lines.map((line) => JSON.stringify(line)).join('\\n'));
        delete document.hidden;";
    ana.execute(events, vec![]).await;
    ana.wait_for_log("not sent yet").await;
    ana.save_screenshots("busy").await;
    // A reader of older messages.
    let up =
        "log.prepend(...Array.from({ length: 40 }, (_, i) => messageLine(20, 1e12, 'older ' + i)));
        logView.scrollTop = 0; onLogScroll();
        receive(JSON.stringify({ t: 'said', n: 20, at: 1e12, body: 'new' }))";
    ana.execute(up, vec![]).await;
    ana.save_screenshots("busy-scrolled-up").await;
}

impl Page {
    pub(crate) async fn save_screenshots(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        for scheme in ["dark", "light"] {
            self.set_media("prefers-color-scheme", scheme).await;
            // The last is 1280×1024 at a zoom of 400 %.
            for (width, height) in [(1280, 800), (390, 844), (320, 640), (320, 256)] {
                self.set_size(width, height).await;
                let picture = self.activate().await.screenshot().await.unwrap();
                assert!(picture.starts_with(b"\x89PNG"));
                let file = format!("{name}-{width}x{height}-{scheme}.png");
                std::fs::write(folder.join(file), picture).unwrap();
            }
        }
    }
}
