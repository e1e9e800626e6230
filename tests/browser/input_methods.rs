//! Enter sends a message. An Enter that ends a composition belongs to the input method, in whichever
//! order a browser reports the two.

use serde_json::{Value, json};

use crate::harness::{ENTER, Fixture, Page};

/// Dispatches events to the message box: `[type, properties]` each. Returns whether the page took the
/// last one for itself.
async fn dispatch(page: &Page, events: Value) -> bool {
    let script = "const box = document.querySelector('#message');
        let taken;
        for (const [type, properties] of arguments[0]) {
            const Kind = type.startsWith('key') ? KeyboardEvent : CompositionEvent;
            taken = !box.dispatchEvent(new Kind(type, { bubbles: true, cancelable: true, ...properties }));
        }
        return taken";
    page.execute(script, vec![events]).await == json!(true)
}

async fn draft(page: &Page) -> String {
    let value = page.eval("document.querySelector('#message').value").await;
    value.as_str().unwrap().to_owned()
}

async fn set_draft(page: &Page, text: &str) {
    page.execute("document.querySelector('#message').value = arguments[0]", vec![json!(text)])
        .await;
}

#[tokio::test]
async fn the_enter_that_ends_a_composition_sends_nothing() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    set_draft(&ana, "日本").await;
    for (browser, events) in [
        (
            "Safari",
            json!([
                ["compositionstart", {}],
                ["compositionend", { "data": "日本" }],
                ["keydown", { "key": "Enter", "keyCode": 229 }],
            ]),
        ),
        (
            "Chrome",
            json!([
                ["compositionstart", {}],
                ["keydown", { "key": "Enter", "keyCode": 229, "isComposing": true }],
                ["compositionend", { "data": "日本" }],
                ["keyup", { "key": "Enter", "keyCode": 13 }],
            ]),
        ),
        (
            "Firefox",
            json!([
                ["compositionstart", {}],
                ["keydown", { "key": "Process", "keyCode": 229, "isComposing": true }],
                ["compositionend", { "data": "日本" }],
                ["keyup", { "key": "Enter", "keyCode": 13, "isComposing": false }],
            ]),
        ),
        (
            "Firefox before 65",
            json!([["keydown", { "key": "Enter", "keyCode": 13, "isComposing": true }]]),
        ),
        ("Android", json!([["keydown", { "key": "Unidentified", "keyCode": 229 }]])),
        ("Android, Enter", json!([["keydown", { "key": "Enter", "keyCode": 229 }]])),
    ] {
        assert!(!dispatch(&ana, events).await, "{browser}: the input method does not get its key");
        assert_eq!(draft(&ana).await, "日本", "{browser}");
        assert_eq!(ana.eval("document.querySelectorAll('.message').length").await, 0, "{browser}");
    }
    // The next Enter sends it.
    ana.press(ENTER).await;
    ana.wait_for_log("日本").await;
}

#[tokio::test]
async fn enter_sends_and_shift_enter_breaks_the_line() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let enter = |properties: Value| {
        let mut all = json!({ "key": "Enter", "keyCode": 13 });
        all.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
        json!([["keydown", all]])
    };
    set_draft(&ana, "a").await;
    assert!(!dispatch(&ana, enter(json!({ "shiftKey": true }))).await);
    assert_eq!(draft(&ana).await, "a");
    for (text, properties) in
        [("a", json!({})), ("b", json!({ "ctrlKey": true })), ("c", json!({ "metaKey": true }))]
    {
        set_draft(&ana, text).await;
        assert!(dispatch(&ana, enter(properties)).await);
        assert_eq!(draft(&ana).await, "");
    }
    ana.wait_for("document.querySelectorAll('.message:not(.dim)').length === 3").await;
    // Nothing to send: no line break either.
    for nothing in ["", "   ", "\n\n"] {
        set_draft(&ana, nothing).await;
        assert!(dispatch(&ana, enter(json!({}))).await);
        assert_eq!(draft(&ana).await, nothing);
    }
    // A key that is held down sends nothing that came back into the box.
    set_draft(&ana, "d").await;
    assert!(dispatch(&ana, enter(json!({ "repeat": true }))).await);
    assert_eq!(draft(&ana).await, "d");
    assert_eq!(ana.messages().await, ["a", "b", "c"]);
}

/// A form is also sent by the browser itself, when Enter is pressed in a field.
#[tokio::test]
async fn a_name_is_not_sent_by_the_enter_that_ends_its_composition() {
    let fixture = Fixture::start(&[]).await;
    let page = fixture.join_page().await;
    page.execute("document.querySelector('#name').value = 'たなか'", vec![]).await;
    let key = json!({ "type": "keyDown", "key": "Enter", "code": "Enter", "text": "\r",
        "windowsVirtualKeyCode": 229 });
    page.devtools("Input.dispatchKeyEvent", key).await;
    assert_eq!(page.text("form button").await, "Join");
    assert_eq!(page.text("#refusal").await, "");
    page.press(ENTER).await;
    page.wait_for("document.querySelector('#message')").await;
}
