//! What is unread: the mark in the log, the title, and the button.

use serde_json::{Value, json};

use super::{joined, noon, receive, said};
use crate::harness::{ENTER, Fixture, Page, TAB};

async fn set_hidden(page: &Page, hidden: bool) {
    // A headless browser never hides a window, so the property is overridden.
    let hide =
        "Object.defineProperty(document, 'hidden', { value: arguments[0], configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))";
    page.execute(hide, vec![json!(hidden)]).await;
}

/// The texts of the lines around the mark of what is unread.
async fn around_mark(page: &Page) -> Value {
    let script = "(() => { const mark = document.querySelector('.unread');
        return [mark?.previousElementSibling?.lastChild.textContent, mark?.textContent,
            mark?.nextElementSibling?.lastChild.textContent]; })()";
    page.eval(script).await
}

#[tokio::test]
async fn a_hidden_tab_marks_where_reading_stopped() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let noon = noon(&ana).await;
    receive(&ana, &[joined(7, noon), said(7, noon, "read")]).await;
    set_hidden(&ana, true).await;
    receive(&ana, &[said(7, noon, "one"), joined(8, noon), said(7, noon, "two")]).await;
    assert_eq!(ana.eval("document.title").await, "(2) chattrace");
    set_hidden(&ana, false).await;
    assert_eq!(around_mark(&ana).await, json!(["read", "2 new messages", "one"]));
    assert_eq!(
        ana.eval("document.querySelector('.new-messages').hidden").await,
        true,
        "all is in sight"
    );
    // It stays where it is until the reader stops again, or answers.
    receive(&ana, &[said(7, noon, "three")]).await;
    assert_eq!(around_mark(&ana).await, json!(["read", "2 new messages", "one"]));
    set_hidden(&ana, true).await;
    // More than a screen: the first unread one stays in sight.
    let many: Vec<_> = (0..60).map(|n| said(7, noon, &format!("many {n}"))).collect();
    receive(&ana, &many).await;
    set_hidden(&ana, false).await;
    assert_eq!(around_mark(&ana).await, json!(["three", "60 new messages", "many 0"]));
    assert_eq!(ana.text(".new-messages").await, "60 new messages below");
    let in_sight =
        "(() => { const mark = document.querySelector('.unread').getBoundingClientRect();
        const view = document.querySelector('.log').getBoundingClientRect();
        return mark.top > view.top - 1 && mark.bottom <= view.bottom; })()";
    assert_eq!(ana.eval(in_sight).await, true);
    ana.expect_accessible("unread").await;
    ana.send_message("answer").await;
    ana.wait_for("!document.querySelector('.unread')").await;
    // The log has become lower, and the page is not told of it while it is hidden.
    set_hidden(&ana, true).await;
    let lower = "document.querySelector('#message').style.height = '9rem'; receive(arguments[0])";
    ana.execute(lower, vec![json!(said(7, noon, "last").to_string())]).await;
    assert_eq!(around_mark(&ana).await, json!(["answer", "1 new message", "last"]));
}

#[tokio::test]
async fn the_button_counts_covers_nothing_and_passes_its_focus_on() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let noon = noon(&ana).await;
    let lines: Vec<_> = (0..100).map(|n| said(7, noon, &format!("line {n}"))).collect();
    receive(&ana, &lines).await;
    let up = "document.querySelector('.log').scrollTop = 0";
    let shown = "!document.querySelector('.new-messages').hidden";
    for width in [1000, 320] {
        ana.set_screen(width, "dark").await;
        for leave_by in ["press", "scroll"] {
            ana.execute(up, vec![]).await;
            ana.wait_for("!followsLog").await;
            receive(&ana, &[said(7, noon, "new one")]).await;
            assert_eq!(ana.text(".new-messages").await, "1 new message below");
            receive(&ana, &[said(7, noon, "new two"), joined(9, noon)]).await;
            assert_eq!(ana.text(".new-messages").await, "2 new messages below");
            assert_eq!(ana.eval(shown).await, true);
            assert_eq!(ana.eval("document.querySelector('.log').scrollTop").await, 0);
            let covered = "(() => { const { top, bottom } = document.querySelector('.new-messages').getBoundingClientRect();
                return [...document.querySelectorAll('.log, .status-bar, form')].filter((e) => {
                    const other = e.getBoundingClientRect();
                    return top < other.bottom - 1 && bottom > other.top + 1;
                }).length; })()";
            assert_eq!(ana.eval(covered).await, 0, "{width}");
            // By the keyboard: the log, its links, the button.
            ana.execute("document.querySelector('.log').focus()", vec![]).await;
            while ana.eval("document.activeElement.className").await != "new-messages" {
                ana.press(TAB).await;
            }
            match leave_by {
                "press" => ana.press(ENTER).await,
                _ => {
                    let down = "document.querySelector('.log').scrollTop = 1e6";
                    ana.execute(down, vec![]).await;
                }
            }
            ana.wait_for("document.querySelector('.new-messages').hidden").await;
            assert_eq!(ana.eval("document.activeElement.className").await, "log", "{leave_by}");
            ana.wait_for("logView.scrollHeight - logView.scrollTop - logView.clientHeight < 2")
                .await;
        }
    }
}
