//! Pictures for people, kept by the CI: `target/screenshots/`.

use std::path::PathBuf;

use crate::stage::{Page, Stage};

#[tokio::test]
async fn pictures_of_gate_room_and_end() {
    let stage = Stage::open(&["--backlog", "10"]).await;
    let ana = stage.gate().await;
    ana.photograph("gate").await;
    ana.join("Ana").await;
    let bo = stage.seat("Bo").await;
    let cy = stage.seat("Cy").await;
    bo.say("is this thing on?").await;
    ana.until_log("thing on").await;
    ana.say("it is. hello Bo").await;
    cy.until_log("hello Bo").await;
    cy.say("first things first:\n  1. who brings the keys\n  2. when").await;
    bo.until_log("when").await;
    bo.say("the address is https://example.org/meet?at=18:30, and do not be late: the last train back leaves at a quarter past eleven").await;
    ana.until_log("eleven").await;
    // The room passes it on every two seconds at most, and Cy has typed just now.
    while ana.text_of(".typing").await.is_empty() {
        cy.type_into("#say", ".").await;
    }
    ana.type_into("#say", "see you th").await;
    ana.photograph("room").await;
    stage.room.end();
    ana.expect_over(&["train"]).await;
    ana.photograph("ended").await;
}

/// The longest things that a page says of itself.
#[tokio::test]
async fn pictures_of_a_room_that_moved_and_a_page_that_is_cut_off() {
    let stage = Stage::open(&[]).await;
    let ana = stage.seat("Ana").await;
    let moved = r#"receive('{"t":"moved","seq":1000,"url":"https://a-row-of-four-words.trycloudflare.com"}')"#;
    ana.run(moved, vec![]).await;
    ana.until_log("another one now").await;
    // As after half a minute without the room.
    ana.run("live = false; silence = 30; showState()", vec![]).await;
    ana.until_status("ask who invited you").await;
    ana.photograph("moved").await;
    let wide = "return document.documentElement.scrollWidth > innerWidth";
    assert_eq!(ana.run(wide, vec![]).await, false, "nothing sticks out at 320 px");
}

impl Page {
    async fn photograph(&self, what: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        for scheme in ["dark", "light"] {
            for width in [1000, 320] {
                self.look(width, scheme).await;
                let picture = self.front().await.screenshot().await.unwrap();
                assert!(picture.starts_with(b"\x89PNG"));
                std::fs::write(folder.join(format!("{what}-{width}-{scheme}.png")), picture)
                    .unwrap();
            }
        }
    }
}
