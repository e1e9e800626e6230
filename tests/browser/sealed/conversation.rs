//! What people in a sealed room read, and what others see of it.

use serde_json::json;

use super::observed_page;
use crate::harness::{ENTER, Firefox, Fixture, Proxy, ProxyMode};

#[tokio::test]
async fn two_people_talk_and_nothing_of_it_is_in_the_traffic() {
    let fixture = Fixture::sealed(&[]).await;
    let ana = observed_page(&fixture).await;
    ana.join("Annabel").await;
    let bo = fixture.participant("Boniface").await;
    ana.wait_for_log("joined").await;
    bo.send_message("a quiet word").await;
    ana.wait_for_log("a quiet word").await;
    ana.send_message("heard\n  with two lines").await;
    bo.wait_for_log("with two lines").await;
    assert_eq!(ana.messages().await, ["a quiet word", "heard\n  with two lines"]);
    assert_eq!(bo.messages().await, ana.messages().await);
    let traffic = ana.eval("traffic.join('\\n')").await;
    let traffic = traffic.as_str().unwrap();
    assert!(traffic.matches("\"t\":\"said\"").count() >= 2, "{traffic}");
    for secret in [
        "Annabel",
        "Boniface",
        "quiet",
        "heard",
        "YSBxdWlldCB3b3Jk",
        "typing",
        fixture.room.ticket(),
    ] {
        assert!(!traffic.contains(secret), "{secret} in {traffic}");
    }
    assert_eq!(ana.text("h2").await, "Here: 2");
    assert!(ana.text(".roster").await.contains("the host"));
    let readers = ana.text(".readers").await;
    assert!(readers.contains("only the people listed here, and the host"), "{readers}");
    fixture.browser.expect_clean_console().await;
    fixture.room.end();
    ana.expect_cleared(&["quiet", "heard"]).await;
    bo.expect_cleared(&["quiet", "heard"]).await;
    ana.expect_nothing_stored().await;
}

/// A message has one box: what is sent again after a cut is the same bytes.
#[tokio::test]
async fn one_who_comes_later_cannot_read_what_was_said_and_a_cut_loses_nothing() {
    let fixture = Fixture::sealed(&[]).await;
    let proxy = Proxy::start(&fixture.room, ProxyMode::Forward).await;
    let ana = fixture.browser.open_page(proxy.link()).await;
    ana.join("Ana").await;
    let bo = fixture.participant("Bo").await;
    ana.send_message("before Cy").await;
    bo.wait_for_log("before Cy").await;
    let cy = fixture.participant("Cy").await;
    bo.wait_for("document.querySelector('h2').textContent === 'Here: 3'").await;
    bo.send_message("with Cy").await;
    cy.wait_for_log("with Cy").await;
    assert_eq!(cy.messages().await, ["with Cy"]);
    proxy.set(ProxyMode::Close);
    ana.wait_for_status("Disconnected").await;
    bo.send_message("while Ana is away").await;
    ana.send_message("written while away").await;
    cy.leave().await;
    bo.wait_for("document.querySelector('h2').textContent === 'Here: 2'").await;
    bo.send_message("after Cy").await;
    proxy.set(ProxyMode::Forward);
    ana.wait_for_log("after Cy").await;
    bo.wait_for_log("written while away").await;
    let texts = ana.messages().await;
    assert_eq!(texts, bo.messages().await);
    assert_eq!(texts.len(), 5, "{texts:?}");
    assert_eq!(ana.eval("document.querySelectorAll('.mark').length").await, 0);
    assert_eq!(ana.text("h2").await, "Here: 2");
}

#[tokio::test]
async fn by_long_polling_it_is_the_same() {
    let fixture = Fixture::sealed(&[]).await;
    let proxy = Proxy::start(&fixture.room, ProxyMode::HttpOnly).await;
    let bo = fixture.participant("Bo").await;
    let ana = fixture.browser.open_page(proxy.link()).await;
    ana.submit_name("Bo").await;
    assert!(ana.refusal_text().await.contains("Bo 2"));
    ana.join("Ana").await;
    bo.send_message("to the poll").await;
    ana.wait_for_log("to the poll").await;
    ana.send_messages(&["first", "second"]).await;
    bo.wait_for_log("second").await;
    assert_eq!(bo.messages().await, ["to the poll", "first", "second"]);
    ana.wait_for_status("Connected by polling").await;
    ana.leave().await;
    bo.wait_for("document.querySelector('h2').textContent === 'Here: 1'").await;
}

#[tokio::test]
async fn a_reload_comes_back_with_link_and_name_and_a_new_key() {
    let fixture = Fixture::sealed(&[]).await;
    let (ana, bo) = (fixture.participant("Ana").await, fixture.participant("Bo").await);
    assert_eq!(ana.eval("location.href").await, fixture.room.link());
    ana.activate().await.refresh().await.unwrap();
    ana.wait_for("document.querySelector('#name')").await;
    assert_eq!(ana.eval("document.querySelector('#name').value").await, "Ana");
    bo.wait_for("document.querySelector('h2').textContent === 'Here: 1'").await;
    ana.press(ENTER).await;
    assert!(ana.refusal_text().await.contains("Ana 2"));
    ana.press(ENTER).await;
    ana.wait_for("document.querySelector('#message')").await;
    ana.send_message("back").await;
    bo.wait_for_log("back").await;
    // A second tab with the same link is another person.
    let second = fixture.participant("Ana again").await;
    second.send_message("me too").await;
    ana.wait_for_log("me too").await;
    ana.leave().await;
    ana.expect_cleared(&[fixture.room.ticket()]).await;
    assert_eq!(ana.eval("[window.name, history.state]").await, json!(["", null]));
}

/// The one in Chromium and the one in Firefox read the same.
#[tokio::test]
async fn firefox_and_chromium_talk() {
    let fixture = Fixture::sealed(&[]).await;
    let ana = fixture.participant("Ana").await;
    let mut firefox = Firefox::start().await;
    firefox.goto(fixture.room.link()).await;
    firefox.wait_for("document.querySelector('#name')").await;
    firefox.type_into("#name", &format!("Bo{ENTER}")).await;
    firefox.wait_for("document.querySelector('#message')").await;
    firefox.type_into("#message", &format!("from Firefox{ENTER}")).await;
    ana.wait_for_log("from Firefox").await;
    ana.send_message("from Chromium").await;
    firefox.wait_for("document.querySelector('.log').textContent.includes('from Chromium')").await;
    fixture.room.end();
    firefox.wait_for("document.title === 'session ended'").await;
}

/// V-11: what would act on a screen is replaced, because serve cannot refuse it.
#[tokio::test]
async fn texts_act_on_no_screen() {
    let fixture = Fixture::sealed(&[]).await;
    let (ana, bo) = (fixture.participant("Ana").await, fixture.participant("Bo").await);
    ana.send_messages(&[
        "a\u{202e}b\u{7}c",
        "<b>x</b> https://example.org/",
        "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    ])
    .await;
    bo.wait_for("document.querySelectorAll('.message').length === 3").await;
    let texts = bo.messages().await;
    assert_eq!(texts[0], "a\u{fffd}b\u{fffd}c");
    assert_eq!(texts[1], "<b>x</b> https://example.org/");
    assert_eq!(texts[2].matches('\u{301}').count(), 4);
}

/// The clocks of browsers are wrong by days, and keys are judged by the host's.
#[tokio::test]
async fn a_clock_that_is_wrong_by_days_changes_nothing() {
    let fixture = Fixture::sealed(&[]).await;
    let bo = fixture.participant("Bo").await;
    let ana = fixture.browser.new_window().await;
    let wrong = "const now = Date.now; Date.now = () => now() - 3 * 86400e3";
    ana.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": wrong })).await;
    ana.goto(fixture.room.link()).await;
    ana.wait_for("document.querySelector('#name')").await;
    ana.join("Ana").await;
    ana.send_message("early").await;
    bo.wait_for_log("early").await;
    bo.send_message("late").await;
    ana.wait_for_log("late").await;
}

#[tokio::test]
async fn screenshots() {
    let fixture = Fixture::sealed(&[]).await;
    let ana = observed_page(&fixture).await;
    ana.save_screenshots("sealed-gate").await;
    ana.join("Ana").await;
    ana.save_screenshots("sealed-alone").await;
    let bo = fixture.participant("Bo").await;
    bo.send_message("is this thing on?").await;
    ana.wait_for_log("thing on").await;
    ana.send_message("it is, and sealed: https://example.org/").await;
    bo.wait_for_log("sealed").await;
    super::altered::alter_next_box(&ana).await;
    bo.send_message("altered on the way").await;
    ana.wait_for("document.querySelector('.mark')").await;
    bo.send_message("and goes on").await;
    ana.wait_for_log("and goes on").await;
    ana.save_screenshots("sealed-room").await;
}
