//! Notices in the status line go when their reason goes.

use serde_json::json;

use crate::harness::{Fixture, Proxy, ProxyMode};

#[tokio::test]
async fn a_notice_goes_when_its_reason_goes() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let set_draft = "const box = document.querySelector('#message');
        box.value = arguments[0];
        box.dispatchEvent(new Event('input'))";
    ana.send_messages(&[&"x".repeat(4100)]).await;
    ana.wait_for_status("Too long").await;
    ana.execute(set_draft, vec![json!("x".repeat(4097))]).await;
    assert!(ana.text("[role=status]").await.contains("Too long"));
    ana.execute(set_draft, vec![json!("x".repeat(4096))]).await;
    assert_eq!(ana.text("[role=status]").await, "Connected");
    // The refused message is not in the box any more.
    ana.execute(set_draft, vec![json!("")]).await;
    let refuse = "restoreDraft('refused'); receive(JSON.stringify({ t: 'refused', why: arguments[0], text: 'no' }))";
    ana.execute(refuse, vec![json!("bad_json")]).await;
    ana.wait_for_status("no").await;
    ana.execute(set_draft, vec![json!("refused\nand more")]).await;
    assert_eq!(ana.text("[role=status]").await, "no");
    ana.execute(set_draft, vec![json!("another")]).await;
    assert_eq!(ana.text("[role=status]").await, "Connected");
    // One may send again.
    ana.execute(refuse, vec![json!("too_fast")]).await;
    assert_eq!(ana.text("[role=status]").await, "no");
    ana.execute("const now = Date.now; Date.now = () => now() + 4001", vec![]).await;
    ana.wait_for_status("Connected").await;
}

#[tokio::test]
async fn the_notice_about_messages_that_wait_goes_with_them() {
    let fixture = Fixture::start(&[]).await;
    let proxy = Proxy::start(&fixture.room, ProxyMode::Forward).await;
    let ana = fixture.browser.open_page(proxy.link()).await;
    ana.join("Ana").await;
    proxy.set(ProxyMode::Stall);
    ana.send_messages(&["m"; 11]).await;
    ana.wait_for_status("still being sent").await;
    proxy.set(ProxyMode::Forward);
    ana.wait_for("document.querySelector('[role=status]').textContent === 'Connected'").await;
}
