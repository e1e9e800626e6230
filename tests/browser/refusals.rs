//! A refusal says why, loses nothing, and puts the focus where it can be mended.

use serde_json::json;

use crate::stage::{ENTER, Stage};

#[tokio::test]
async fn v04_bad_names_are_refused_with_the_reason_and_kept() {
    let stage = Stage::open(&[]).await;
    let page = stage.gate().await;
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
        page.run("document.querySelector('#why').textContent = ''", vec![]).await;
        page.knock(name).await;
        let said = page.reason().await;
        assert!(said.contains(reason), "{name:?}: {said}");
        assert_eq!(page.get("document.querySelector('#name').value").await, name);
        assert_eq!(page.get("document.activeElement.id").await, "name");
    }
}

#[tokio::test]
async fn v04_a_name_that_only_looks_different_is_taken_and_another_is_suggested() {
    let stage = Stage::open(&[]).await;
    let first = stage.seat("Bill").await;
    let second = stage.gate().await;
    second.knock("BiII").await;
    let reason = second.reason().await;
    let suggested = second.get("document.querySelector('#name').value").await;
    let suggested = suggested.as_str().unwrap();
    assert_ne!(suggested, "BiII", "{reason}");
    assert_eq!(
        second.get("getSelection().toString()").await,
        suggested,
        "selected, to be typed over"
    );
    second.keys(ENTER).await;
    second.until("document.querySelector('#say')").await;
    first.until_log(suggested).await;
}

#[tokio::test]
async fn a_full_room_says_so_and_lets_in_later() {
    let stage = Stage::open(&["--max-participants", "1"]).await;
    let ana = stage.seat("Ana").await;
    let bo = stage.gate().await;
    bo.knock("Bo").await;
    assert!(bo.reason().await.contains("full"));
    ana.click("header button").await;
    ana.expect_over(&[]).await;
    // Her seat is given up a moment after her page is empty.
    bo.until(
        "(document.querySelector('#why')?.textContent \
        && document.querySelector('form button').click(), document.querySelector('#say'))",
    )
    .await;
}

#[tokio::test]
async fn without_a_ticket_the_gate_asks_for_the_link() {
    let stage = Stage::open(&[]).await;
    let page = stage.browser.page(stage.room.address()).await;
    assert_eq!(page.get("document.querySelector('#link').hidden").await, false);
    page.type_into("#name", "Ana").await;
    page.type_into("#link", &format!("nonsense{ENTER}")).await;
    assert!(page.reason().await.contains("no link"));
    assert_eq!(page.get("document.activeElement.id").await, "link");
    page.run(
        "document.querySelector('#link').value = arguments[0]",
        vec![stage.room.link().into()],
    )
    .await;
    page.keys(ENTER).await;
    page.until("document.querySelector('#say')").await;
}

#[tokio::test]
async fn a_wrong_link_is_refused_and_can_be_replaced() {
    let stage = Stage::open(&[]).await;
    let wrong = format!("{}t/AAAAAAAAAAAAAAAAAAAAAA", stage.room.address());
    let page = stage.browser.page(&wrong).await;
    assert_eq!(page.get("document.querySelector('#link').hidden").await, true);
    page.knock("Ana").await;
    assert!(page.reason().await.contains("link"));
    page.until("!document.querySelector('#link').hidden").await;
    // A ticket alone will do, and the form of sealed rooms is understood as well.
    page.type_into("#link", &format!("https://x.test/#1.{}{ENTER}", stage.room.ticket())).await;
    page.until("document.querySelector('#say')").await;
    let page =
        stage.browser.page(&format!("{}#1.{}", stage.room.address(), stage.room.ticket())).await;
    page.join("Bo").await;
    assert_eq!(page.get("location.href").await, stage.room.address());
}

#[tokio::test]
async fn refused_lines_come_back_into_the_box_in_order() {
    let stage = Stage::configured(r#"{"room":{"rate":{"per_second":1,"burst":1}}}"#).await;
    let ana = stage.seat("Ana").await;
    // In one breath: the answers come later.
    let script = "for (const text of arguments[0]) {
            document.querySelector('#say').value = text;
            document.querySelector('form').requestSubmit();
        }
        document.querySelector('#say').value = 'typed since'";
    ana.run(script, vec![json!(["one", "two", "three"])]).await;
    ana.until_status("too fast").await;
    ana.until("document.querySelector('#say').value === 'two\\nthree\\ntyped since'").await;
    assert_eq!(ana.said().await, ["one"]);
}

#[tokio::test]
async fn a_message_that_is_too_long_stays_in_the_box() {
    let stage = Stage::open(&[]).await;
    let ana = stage.seat("Ana").await;
    let long = "é".repeat(2049);
    ana.run("document.querySelector('#say').value = arguments[0]", vec![long.clone().into()]).await;
    ana.type_into("#say", "!").await;
    assert!(ana.text_of(".bar").await.contains("4099 of 4096 bytes"));
    ana.keys(ENTER).await;
    ana.until_status("Too long").await;
    assert_eq!(ana.get("document.querySelector('#say').value").await, format!("{long}!"));
    // Too many lines is the room's own rule.
    let many = "x\n".repeat(60);
    ana.say_all(&[&many]).await;
    ana.until_status("lines").await;
    ana.until("document.querySelector('#say').value.split('\\n').length >= 60").await;
    assert_eq!(ana.said().await, Vec::<String>::new());
}
