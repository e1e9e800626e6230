//! The gate of a sealed room: what is wrong with a link or a browser is said, and nothing goes in clear.

use serde_json::{Value, json};

use crate::harness::{ENTER, Fixture, Page};

const REFUSAL: &str = "document.querySelector('#refusal')?.textContent";

#[tokio::test]
async fn a_link_that_was_cut_is_named() {
    let fixture = Fixture::sealed(&[]).await;
    let link = fixture.room.link();
    for (name, link, said) in [
        ("Ana", fixture.room.address(), "only a part of the link"),
        ("Bo", &link[..link.len() - 4], "This link is incomplete"),
    ] {
        let page = fixture.browser.open_page(link).await;
        page.wait_for(REFUSAL).await;
        let text = page.text("#refusal").await;
        assert!(text.contains(said), "{link}: {text}");
        page.type_into("#name", &format!("{name}{ENTER}")).await;
        page.wait_for(REFUSAL).await;
        page.execute(
            "document.querySelector('#link').value = arguments[0]",
            vec![json!(fixture.room.link())],
        )
        .await;
        page.type_into("#link", ENTER).await;
        page.wait_for("document.querySelector('#message')").await;
        page.leave().await;
    }
}

/// A link of an earlier session; then the right one in the same tab, which changes only the fragment.
#[tokio::test]
async fn a_link_of_an_earlier_session_is_named() {
    let fixture = Fixture::sealed(&[]).await;
    let old = format!("{}#1.AAAAAAAAAAAAAAAAAAAAAA", fixture.room.address());
    let page = fixture.browser.open_page(&old).await;
    page.wait_for("document.querySelector('#name')").await;
    page.submit_name("Ana").await;
    let text = page.refusal_text().await;
    assert!(text.contains("does not fit this room"), "{text}");
    page.execute("location.href = arguments[0]", vec![json!(fixture.room.link())]).await;
    page.wait_for("document.querySelector('#refusal')?.textContent === ''").await;
    page.join("Ana").await;
}

#[tokio::test]
async fn names_are_judged_by_the_host() {
    let fixture = Fixture::sealed(&["--max-participants", "2"]).await;
    let _ana = fixture.participant("Ana").await;
    let page = fixture.join_page().await;
    page.wait_for("document.querySelector('#name')").await;
    for (name, said) in [("Ana", "Ana 2"), ("Аna", ""), ("operator", ""), ("", "")] {
        page.submit_name(name).await;
        let text = page.refusal_text().await;
        assert!(text.contains(said) && text.len() > 10, "{name:?}: {text}");
    }
    page.join("Bo").await;
    let third = fixture.join_page().await;
    third.wait_for("document.querySelector('#name')").await;
    third.submit_name("Cy").await;
    let text = third.refusal_text().await;
    assert!(text.contains("full"), "{text}");
}

/// Runs this in every document of the window before its scripts.
async fn prepared(fixture: &Fixture, script: &str) -> Page {
    let page = fixture.browser.new_window().await;
    page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    page.goto(fixture.room.link()).await;
    page
}

#[tokio::test]
async fn a_browser_without_the_needed_functions_is_told_which_is_missing() {
    let fixture = Fixture::sealed(&[]).await;
    let without = |name: &str| {
        format!(
            "const generateKey = crypto.subtle.generateKey;
            crypto.subtle.generateKey = function (name, ...rest) {{
                return name === '{name}' ? Promise.reject(new Error()) : generateKey.call(this, name, ...rest);
            }}"
        )
    };
    let insecure = "Object.defineProperty(crypto, 'subtle', { value: undefined })".to_owned();
    for (script, said) in [
        (without("Ed25519"), "no Ed25519"),
        (without("X25519"), "no X25519"),
        (insecure, "no crypto.subtle"),
    ] {
        let page = prepared(&fixture, &script).await;
        page.wait_for("document.querySelector('main [role=alert]')").await;
        let text = page.text("main").await;
        assert!(text.contains(said), "{said}: {text}");
        assert_eq!(page.eval("document.querySelector('form')").await, Value::Null, "{said}");
    }
}

/// The static page, which also has the sentence about a provider that alters it.
#[tokio::test]
async fn without_javascript_the_page_says_so_and_names_open() {
    let fixture = Fixture::sealed(&[]).await;
    let page = fixture.browser.new_window().await;
    page.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    page.goto(fixture.room.link()).await;
    page.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": false })).await;
    let text = page.text("main").await;
    for said in [
        "Allow JavaScript",
        "chattrace --open",
        "A tunnel provider that alters this page",
        "no client yet",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert_eq!(page.eval("document.querySelector('form')").await, Value::Null);
}

/// A ticket of a sealed room is never sent in clear, also not to an open room.
#[tokio::test]
async fn an_open_room_does_not_use_a_sealed_link() {
    let fixture = Fixture::start(&[]).await;
    let link = format!("{}#1.{}", fixture.room.address(), fixture.room.ticket());
    let page = fixture.browser.open_page(&link).await;
    page.wait_for(REFUSAL).await;
    assert!(page.text("#refusal").await.contains("for a sealed room"));
    assert_eq!(page.eval("document.querySelector('#link').hidden").await, false);
    page.execute("document.querySelector('#link').value = arguments[0]", vec![json!(link)]).await;
    page.type_into("#name", &format!("Ana{ENTER}")).await;
    page.wait_for(REFUSAL).await;
    assert!(page.text("#refusal").await.contains("for a sealed room"));
    let requests = fixture.browser.requested_urls().await;
    assert!(!requests.iter().any(|url| url.starts_with("ws")), "{requests:?}");
}
