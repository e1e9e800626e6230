//! A provider that alters, drops and repeats: what the page shows of it.

use super::observed_page;
use crate::harness::{Fixture, Page};

/// Changes one character within the next box that this page receives.
pub(crate) async fn alter_next_box(page: &Page) {
    alter(page, "frame.replace(/(\"body\":\".{60})(.)/, (_, start, one) => start + (one === 'A' ? 'B' : 'A'))").await;
}

/// Passes the next frame with a message on as this expression of `frame`, and all others as they are.
async fn alter(page: &Page, expression: &str) {
    let script = format!(
        "window.alter = (frame) => {{
            if (!frame.includes('\"t\":\"said\"')) return [frame];
            window.alter = null;
            return [{expression}].flat();
        }}"
    );
    page.execute(&script, vec![]).await;
}

async fn marks(page: &Page) -> String {
    page.eval("[...document.querySelectorAll('.mark')].map((line) => line.textContent).join('|')")
        .await
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_message_that_was_altered_dropped_or_repeated_is_marked() {
    let fixture = Fixture::sealed(&[]).await;
    let ana = observed_page(&fixture).await;
    ana.join("Ana").await;
    let bo = fixture.participant("Bo").await;
    bo.send_message("first").await;
    ana.wait_for_log("first").await;
    alter_next_box(&ana).await;
    bo.send_message("second").await;
    ana.wait_for_log("could not be opened").await;
    assert!(marks(&ana).await.contains("claims to be from Bo"), "{}", marks(&ana).await);
    // What did not open is missing as well.
    bo.send_message("third").await;
    ana.wait_for_log("third").await;
    assert!(marks(&ana).await.ends_with("is missing here"), "{}", marks(&ana).await);
    for _ in 0..2 {
        alter(&ana, "[]").await;
        bo.send_message("dropped").await;
        bo.wait_for("!document.querySelector('.message.dim')").await;
        ana.wait_for("window.alter === null").await;
    }
    bo.send_message("fourth").await;
    ana.wait_for_log("fourth").await;
    assert!(marks(&ana).await.contains("2 messages from Bo"), "{}", marks(&ana).await);
    // The same box under another number of the ring.
    alter(&ana, "[frame, frame.replace(/\"seq\":(\\d+)/, (_, seq) => `\"seq\":${+seq + 0.5}`)]")
        .await;
    bo.send_message("fifth").await;
    ana.wait_for_log("shown before: 1 message").await;
    assert_eq!(ana.messages().await, ["first", "third", "fourth", "fifth"]);
}

#[tokio::test]
async fn what_the_server_says_in_clear_cannot_bring_people_or_messages() {
    let fixture = Fixture::sealed(&[]).await;
    let ana = observed_page(&fixture).await;
    ana.join("Ana").await;
    let bo = fixture.participant("Bo").await;
    bo.send_message("first").await;
    ana.wait_for_log("first").await;
    let before = ana.text("main").await;
    let lie = "[...['joined', 'left', 'in', 'bad', 'unreadable', 'keys', 'behind', 'typing'].map((t) =>
        JSON.stringify({ t, n: 2, who: { n: 9, tag: 'eve', name: 'Eve' }, you: { n: 9 }, present: [], generation: 0 })),
        '{\"t\":\"moved\",\"url\":\"https://evil.example\"}',
        '{\"t\":\"announced\",\"body\":\"hello\"}', frame]";
    alter(&ana, lie).await;
    bo.send_message("second").await;
    ana.wait_for_log("second").await;
    let after = ana.text("main").await;
    for lie in ["Eve", "eve", "evil", "hello"] {
        assert!(!after.contains(lie), "{after}");
    }
    assert!(before.contains("Here: 2") && after.contains("Here: 2"), "{after}");
    // Two boxes that are none.
    assert_eq!(
        marks(&ana).await.matches("could not be opened").count(),
        2,
        "{}",
        marks(&ana).await
    );
}

#[tokio::test]
async fn a_circle_that_was_altered_ends_the_session() {
    let fixture = Fixture::sealed(&[]).await;
    let ana = observed_page(&fixture).await;
    ana.join("Ana").await;
    let script =
        "window.alter = (frame) => [frame.replace(/\"came\":\\[[^\\]]*\\]/, '\"came\":[]')]";
    ana.execute(script, vec![]).await;
    let _bo = fixture.participant("Bo").await;
    ana.wait_for("document.title === 'session ended'").await;
    let text = ana.text("main").await;
    assert!(text.contains("does not match what the host said"), "{text}");
    ana.expect_cleared(&["Ana", fixture.room.ticket()]).await;
}

/// A letter that is held back: the page says that it waits, and comes back to the present.
#[tokio::test]
async fn a_generation_that_is_missing_is_fetched() {
    let fixture = Fixture::sealed(&[]).await;
    let ana = observed_page(&fixture).await;
    ana.join("Ana").await;
    let script = "window.alter = (frame) => frame.includes('\"t\":\"keys\"') ? ((window.alter = null), []) : [frame]";
    ana.execute(script, vec![]).await;
    let bo = fixture.participant("Bo").await;
    ana.wait_for("window.alter === null").await;
    bo.send_message("sealed for a circle that Ana has not heard of").await;
    ana.wait_for_log("this page was away").await;
    ana.wait_for("document.querySelector('h2').textContent === 'Here: 2'").await;
    ana.send_message("here again").await;
    bo.wait_for_log("here again").await;
    bo.send_message("welcome").await;
    ana.wait_for_log("welcome").await;
}

/// A host whose news are held back for 16 minutes: nothing is sealed with the old key any more.
#[tokio::test]
async fn nothing_is_sealed_with_a_key_of_more_than_15_minutes() {
    let fixture = Fixture::sealed(&[]).await;
    let ana = observed_page(&fixture).await;
    ana.join("Ana").await;
    let bo = fixture.participant("Bo").await;
    let later = "window.elapsed = performance.now.bind(performance);
        performance.now = () => elapsed() + 16 * 60e3";
    ana.execute(later, vec![]).await;
    ana.send_message("held").await;
    ana.wait_for_status("Waiting for a new key").await;
    bo.send_message("can you read this?").await;
    ana.wait_for_log("read this").await;
    assert_eq!(bo.messages().await, ["can you read this?"]);
    let sent = "traffic.filter((line) => line.includes('\"say\"')).length";
    assert_eq!(ana.eval(sent).await, 0);
    ana.execute("performance.now = elapsed", vec![]).await;
    bo.wait_for_log("held").await;
}

#[tokio::test]
async fn an_answer_of_another_host_ends_before_anything_is_sent() {
    let fixture = Fixture::sealed(&[]).await;
    let ana = observed_page(&fixture).await;
    let script = "window.alter = (frame) => [frame.replace(/(\"noise\":\".{70})(.)/, (_, start, one) => start + (one === 'A' ? 'B' : 'A'))]";
    ana.execute(script, vec![]).await;
    ana.submit_name("Ana").await;
    ana.wait_for("document.title === 'session ended'").await;
    let text = ana.text("main").await;
    assert!(text.contains("did not come from the host of this link"), "{text}");
    assert_eq!(ana.eval("traffic.filter((line) => line.includes('\"join\"')).length").await, 0);
}
