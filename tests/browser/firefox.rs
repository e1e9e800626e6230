//! The page in Firefox: its style and its console, which differ from Chromium's.

use serde_json::json;

use crate::harness::{ENTER, Firefox, Room};

const AT_END: &str = "(({ scrollHeight, scrollTop, clientHeight }) =>
    scrollHeight - scrollTop - clientHeight < 2)(document.querySelector('.log'))";

async fn join(firefox: &mut Firefox, name: &str) {
    firefox.eval("document.querySelector('#name').select()").await;
    firefox.type_into("#name", name).await;
    firefox.click("form button").await;
    firefox.wait_for("document.querySelector('#message')").await;
}

/// The response to `/bye` has the browser clear its caches, which Firefox reports, as it should.
fn is_reported_by_design(message: &str) -> bool {
    // Before version 148, Firefox has no Trusted Types. Headers are the same for every browser, so that none
    // tells the server more than it must.
    let trusted_types = ["‘require-trusted-types-for’", "‘trusted-types’"];
    message.starts_with("Clear-Site-Data: ")
        || (message.starts_with("CSP_couldNotProcessUnknownDirective: ")
            && trusted_types.iter().any(|directive| message.ends_with(directive)))
}

#[tokio::test]
async fn a_whole_visit_leaves_no_message_on_the_console_of_firefox() {
    let room = Room::start(&[]);
    let mut firefox = Firefox::start().await;
    firefox.goto(room.link()).await;
    firefox.report_css_errors().await;
    firefox.reload().await;
    firefox.type_into("#name", &format!("operator{ENTER}")).await;
    firefox.wait_for("document.querySelector('#refusal').textContent").await;
    join(&mut firefox, "Ana").await;
    firefox.type_into("#message", &format!("see https://example.org/{ENTER}")).await;
    firefox.wait_for("document.querySelector('.message:not(.dim) a')").await;
    assert_eq!(
        firefox.eval("getComputedStyle(document.querySelector('h1'), '::before').content").await,
        r#""$ " / """#
    );
    firefox.reload().await;
    firefox.wait_for("document.querySelector('#name')").await;
    join(&mut firefox, "Bo").await;
    firefox.type_into("#message", &format!("a secret{ENTER}")).await;
    firefox.wait_for("document.querySelector('.message:not(.dim)')").await;
    room.end();
    firefox.wait_for("document.title === 'session ended'").await;
    assert!(!firefox.eval("document.body.outerHTML").await.as_str().unwrap().contains("a secret"));
    let messages = firefox.console().await;
    let unexpected: Vec<_> =
        messages.iter().filter(|message| !is_reported_by_design(message)).collect();
    assert!(unexpected.is_empty(), "on the console: {unexpected:#?}");
    // Such messages do arrive: of a property that does not exist, and of a script that fails.
    firefox.eval("document.body.style.cssText = 'colr: red'").await;
    firefox.eval("setTimeout(() => missing())").await;
    firefox.wait_for_console("missing is not defined").await;
    firefox.wait_for_console("Unknown property ‘colr’").await;
}

/// Low and narrow windows, and a real zoom of 400 % at 1280×1024.
#[tokio::test]
async fn firefox_keeps_the_log_at_its_end_and_everything_in_reach_at_every_size() {
    let room = Room::start(&[]);
    let mut firefox = Firefox::start().await;
    firefox.goto(room.link()).await;
    firefox.set_screen((1280, 1024), 1).await;
    join(&mut firefox, "Ana").await;
    for number in 0..8 {
        let line = format!("{number} {}{ENTER}", "some words that are wrapped ".repeat(6));
        firefox.type_into("#message", &line).await;
    }
    firefox.wait_for("document.querySelectorAll('.message:not(.dim)').length === 8").await;
    for (screen, zoom) in
        [((390, 844), 1), ((568, 320), 1), ((240, 400), 1), ((320, 256), 4), ((1280, 1024), 1)]
    {
        firefox.set_screen(screen, zoom).await;
        firefox.wait_for(AT_END).await;
        let page = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        assert_eq!(firefox.eval(page).await, true, "{screen:?}");
        assert!(
            firefox.eval("document.querySelector('.log').clientHeight").await.as_u64() > Some(100),
            "{screen:?}"
        );
        for selector in [".log", ".room form button", "#message"] {
            firefox.click(selector).await;
        }
    }
    assert_eq!(firefox.eval("document.activeElement.id").await, json!("message"));
}
