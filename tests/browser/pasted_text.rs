//! Code that is pasted stays code: in the message box, in the log, and when it is copied out of there.

use serde_json::json;

use crate::harness::{ENTER, Fixture, NO_RATE_LIMIT, Page, TAB};

/// Control with C and with V, in the code points that WebDriver assigns to keys.
const COPY: &str = "\u{e009}c\u{e009}";
const PASTE: &str = "\u{e009}v\u{e009}";

/// Tabs, spaces in a row, empty lines, trailing spaces within, and what typing aids like to replace.
const CODE: &str = "\tfn main() {\n\t\tlet  x = \"a -- b\"; // ...\n\n    if x != 1 {  \n\t}\n<!-- --> -> => 'q' https://a.test/(x)";

/// Puts a text into the clipboard, as another program would do.
async fn copy_elsewhere(page: &Page, text: &str) {
    let script = "const source = document.createElement('textarea');
        source.value = arguments[0];
        document.body.append(source);
        source.focus();
        source.select()";
    page.execute(script, vec![json!(text)]).await;
    page.press(COPY).await;
    page.execute(
        "document.activeElement.remove(); document.querySelector('#message').focus()",
        vec![],
    )
    .await;
}

/// Copies the first message out of the log.
async fn copy_message(page: &Page) {
    let select = "document.querySelector('.log').focus();
        getSelection().selectAllChildren(document.querySelector('.message p'))";
    page.execute(select, vec![]).await;
    page.press(COPY).await;
    page.execute("document.querySelector('#message').focus()", vec![]).await;
}

async fn draft(page: &Page) -> String {
    page.eval("document.querySelector('#message').value").await.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn code_is_pasted_shown_and_copied_without_a_change() {
    let fixture = Fixture::start(&[]).await;
    let (ana, bo) = (fixture.participant("Ana").await, fixture.participant("Bo").await);
    copy_elsewhere(&ana, CODE).await;
    ana.press(PASTE).await;
    assert_eq!(draft(&ana).await, CODE);
    ana.press(ENTER).await;
    bo.wait_for_log("=> 'q'").await;
    assert_eq!(bo.messages().await, [CODE]);
    copy_message(&bo).await;
    bo.press(PASTE).await;
    assert_eq!(draft(&bo).await, CODE);
}

/// The target of a link is not part of what was written.
#[tokio::test]
async fn a_link_is_copied_as_it_was_written() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let text = "a https://例え.test/日本 b";
    ana.send_messages(&[text]).await;
    ana.wait_for("document.querySelector('.message:not(.dim) .target')").await;
    copy_message(&ana).await;
    ana.press(PASTE).await;
    assert_eq!(draft(&ana).await, text);
}

#[tokio::test]
async fn tabs_have_their_width_and_the_tab_key_moves_the_focus() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    ana.send_messages(&["\tx\n    y\n\t\tz\n        w\na\tv\na   u"]).await;
    ana.wait_for("document.querySelector('.message:not(.dim)')").await;
    let left = "['x', 'y', 'z', 'w', 'v', 'u'].map((letter) => {
        const text = document.querySelector('.message p').firstChild;
        const range = document.createRange();
        range.setStart(text, text.data.indexOf(letter));
        range.setEnd(text, text.data.indexOf(letter) + 1);
        return Math.round(range.getBoundingClientRect().left);
    })";
    let left = ana.eval(left).await;
    assert_eq!((&left[0], &left[2], &left[4]), (&left[1], &left[3], &left[5]), "{left}");
    assert!(left[2].as_i64() > left[0].as_i64(), "{left}");
    ana.press(TAB).await;
    assert_eq!(ana.eval("document.activeElement.textContent").await, "Send");
    assert_eq!(draft(&ana).await, "");
}

/// Said before it is sent, and nothing of it is cut.
#[tokio::test]
async fn a_paste_over_a_limit_is_reported_at_once_and_stays() {
    let fixture = Fixture::with_config(NO_RATE_LIMIT).await;
    let ana = fixture.participant("Ana").await;
    for (text, size) in [
        ("x".repeat(5000), "5000 of 4096 bytes"),
        ("y\n".repeat(30) + "end", "31 of 30 lines"),
        (format!("{}\tend", "z\n".repeat(60)), "61 of 30 lines"),
        ("é\n".repeat(1500) + "end", "4503 of 4096 bytes, 1501 of 30 lines"),
    ] {
        copy_elsewhere(&ana, &text).await;
        ana.press(PASTE).await;
        assert!(ana.text(".status-bar").await.contains(size), "{size}");
        ana.press(ENTER).await;
        ana.wait_for_status(&format!("Too long: {size}")).await;
        assert_eq!(draft(&ana).await, text);
        ana.execute("document.querySelector('#message').value = ''", vec![]).await;
    }
    assert_eq!(ana.messages().await, Vec::<String>::new());
    // Up to the limits, and with empty lines around it, a text is sent.
    let most = format!("\n\n{}last\n\n", "a\n".repeat(29));
    copy_elsewhere(&ana, &most).await;
    ana.press(&format!("{PASTE}{ENTER}")).await;
    ana.wait_for("document.querySelector('.message:not(.dim)')").await;
    assert_eq!(ana.messages().await, [most.trim()]);
}
