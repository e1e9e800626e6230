//! A refusal shows its reason, keeps the input, and focuses the field that needs a change.

use serde_json::json;

use crate::harness::{ENTER, Fixture};

#[tokio::test]
async fn v04_bad_names_are_refused_with_the_reason_and_stay_in_the_field() {
    let fixture = Fixture::start(&[]).await;
    let page = fixture.join_page().await;
    for (name, reason) in [
        ("", "letter"),
        ("   ", "letter"),
        ("abcdefghijklmnopqrstu", "20"),
        ("A\u{200b}lice", ""),
        ("\u{202e}ecilA", ""),
        ("Аlice", "alphabet"),
        ("operator", "room's own"),
        ("0perator", "room's own"),
    ] {
        page.execute("document.querySelector('#refusal').textContent = ''", vec![]).await;
        page.submit_name(name).await;
        let said = page.refusal_text().await;
        assert!(said.contains(reason), "{name:?}: {said}");
        assert_eq!(page.eval("document.querySelector('#name').value").await, name);
        assert_eq!(page.eval("document.activeElement.id").await, "name");
    }
}

#[tokio::test]
async fn v04_a_look_alike_name_is_taken_and_another_is_suggested() {
    let fixture = Fixture::start(&[]).await;
    let first = fixture.participant("Bill").await;
    let second = fixture.join_page().await;
    second.submit_name("BiII").await;
    let reason = second.refusal_text().await;
    let suggested = second.eval("document.querySelector('#name').value").await;
    let suggested = suggested.as_str().unwrap();
    assert_ne!(suggested, "BiII", "{reason}");
    assert_eq!(
        second.eval("getSelection().toString()").await,
        suggested,
        "selected, so that typing replaces it"
    );
    second.press(ENTER).await;
    second.wait_for("document.querySelector('#message')").await;
    first.wait_for_log(suggested).await;
}

#[tokio::test]
async fn a_full_room_refuses_and_admits_after_a_leave() {
    let fixture = Fixture::start(&["--max-participants", "1"]).await;
    let ana = fixture.participant("Ana").await;
    let bo = fixture.join_page().await;
    bo.submit_name("Bo").await;
    assert!(bo.refusal_text().await.contains("full"));
    ana.leave().await;
    ana.expect_cleared(&[]).await;
    // The server frees her place a moment after her page is cleared, so Bo tries until it does.
    bo.wait_for(
        "(document.querySelector('#refusal')?.textContent \
        && document.querySelector('form button').click(), document.querySelector('#message'))",
    )
    .await;
}

#[tokio::test]
async fn without_a_ticket_the_form_asks_for_the_link() {
    let fixture = Fixture::start(&[]).await;
    let page = fixture.browser.open_page(fixture.room.address()).await;
    assert_eq!(page.eval("document.querySelector('#link').hidden").await, false);
    page.type_into("#name", "Ana").await;
    page.type_into("#link", &format!("nonsense{ENTER}")).await;
    assert!(page.refusal_text().await.contains("no link to a room"));
    assert_eq!(page.eval("document.activeElement.id").await, "link");
    page.execute(
        "document.querySelector('#link').value = arguments[0]",
        vec![fixture.room.link().into()],
    )
    .await;
    page.press(ENTER).await;
    page.wait_for("document.querySelector('#message')").await;
}

#[tokio::test]
async fn a_wrong_link_is_refused_and_can_be_replaced() {
    let fixture = Fixture::start(&[]).await;
    let wrong = format!("{}t/AAAAAAAAAAAAAAAAAAAAAA", fixture.room.address());
    let page = fixture.browser.open_page(&wrong).await;
    assert_eq!(page.eval("document.querySelector('#link').hidden").await, true);
    page.submit_name("Ana").await;
    assert!(page.refusal_text().await.contains("link"));
    page.wait_for("!document.querySelector('#link').hidden").await;
    // A ticket alone is accepted. The link of a sealed room is not: see `sealed::gate`.
    page.type_into("#link", &format!("{}{ENTER}", fixture.room.ticket())).await;
    page.wait_for("document.querySelector('#message')").await;
    assert_eq!(page.eval("location.href").await, fixture.room.link());
}

#[tokio::test]
async fn refused_messages_return_to_the_message_box_in_order() {
    let fixture = Fixture::with_config(r#"{"room":{"rate":{"per_second":1,"burst":1}}}"#).await;
    let ana = fixture.participant("Ana").await;
    // All in one task of the page, before the first answer.
    let script = "for (const text of arguments[0]) {
            document.querySelector('#message').value = text;
            document.querySelector('form').requestSubmit();
        }
        document.querySelector('#message').value = 'typed since'";
    ana.execute(script, vec![json!(["one", "two", "three"])]).await;
    ana.wait_for_status("too fast").await;
    ana.wait_for("document.querySelector('#message').value === 'two\\nthree\\ntyped since'").await;
    assert_eq!(ana.messages().await, ["one"]);
}

#[tokio::test]
async fn a_message_that_is_too_long_stays_in_the_message_box() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let long = "é".repeat(2049);
    ana.execute(
        "document.querySelector('#message').value = arguments[0]",
        vec![long.clone().into()],
    )
    .await;
    ana.type_into("#message", "!").await;
    assert!(ana.text(".status-bar").await.contains("4099 of 4096 bytes"));
    ana.press(ENTER).await;
    ana.wait_for_status("Too long").await;
    assert_eq!(ana.eval("document.querySelector('#message').value").await, format!("{long}!"));
    // The limit on lines.
    let many = "x\n".repeat(60);
    ana.send_messages(&[&many]).await;
    ana.wait_for_status("lines").await;
    ana.wait_for("document.querySelector('#message').value.split('\\n').length >= 60").await;
    assert_eq!(ana.messages().await, Vec::<String>::new());
}
