//! The page finds the ticket in a link that was changed on its way: in the address and in a text that is
//! pasted.

use std::collections::BTreeMap;

use serde_json::json;

use crate::harness::{ENTER, Fixture};

/// The same table as in `src/lib/pasted_link.rs`, whose random tickets are these.
#[tokio::test]
async fn the_page_finds_the_ticket_wherever_the_server_does() {
    let table = include_str!("../fixtures/pasted_links.json");
    let table: BTreeMap<String, Vec<String>> = serde_json::from_str(table).unwrap();
    let texts: Vec<String> = table.into_values().flatten().collect();
    assert!(texts.len() > 100, "{}", texts.len());
    let fixture = Fixture::start(&[]).await;
    let page = fixture.browser.open_page(fixture.room.address()).await;
    // Signs at both ends, signs of Markdown, no sign.
    for ticket in ["_-abcdefgh_ijklmnopq-A", "0123456789abcdefghijkg", fixture.room.ticket()] {
        let (first, second) = ticket.split_at(11);
        let script = "const [texts, ticket, first, second] = arguments;
            return texts.map((text) => text.includes('TICKET')
                ? text.replaceAll('TICKET', ticket)
                : text.replace('TIC', first).replace('KET', second))
                .filter((text) => findTicket(text) !== ticket);";
        let arguments = vec![json!(texts), json!(ticket), json!(first), json!(second)];
        assert_eq!(page.execute(script, arguments).await, json!([]), "{ticket}");
    }
    for text in [
        "",
        "nonsense",
        "https://seasonal-deck-growing.trycloudflare.com/",
        "https://a-b.trycloudflare.com/t/AAAAAAAAAAAAAAAAAAAAAB",
        "AAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let found = page.execute("return findTicket(arguments[0]) || ''", vec![json!(text)]).await;
        assert_eq!(found, "", "{text}");
    }
}

#[tokio::test]
async fn a_changed_address_opens_the_room() {
    let fixture = Fixture::start(&[]).await;
    let ticket = fixture.room.ticket();
    for (number, path) in [
        format!("t/{ticket}/"),
        format!("t/{ticket}."),
        format!("t/{ticket}?fbclid=IwAR0_xyz"),
        format!("t/{ticket}#"),
        format!("t/{ticket}#top"),
        format!("t/{ticket}%20"),
        format!("t/{ticket}\u{200b}"),
        format!("t/{ticket}%3E"),
        format!("t/<{ticket}>"),
        format!("t/{ticket}/https://a-b.trycloudflare.com/t/{ticket}"),
        format!("?u=https%3A%2F%2Fa-b.trycloudflare.com%2Ft%2F{ticket}"),
        ticket.to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let page = fixture.browser.open_page(&format!("{}{path}", fixture.room.address())).await;
        assert_eq!(page.eval("document.querySelector('#link').hidden").await, true, "{path}");
        // What was added on its way is not copied on.
        assert_eq!(page.eval("location.href").await, fixture.room.link(), "{path}");
        page.join(&format!("Guest {number}")).await;
    }
}

#[tokio::test]
async fn a_link_is_found_in_the_text_that_is_pasted() {
    let fixture = Fixture::start(&[]).await;
    let ticket = fixture.room.ticket();
    for (name, text) in [
        ("Ana", format!("Come in: <https://a-b.trycloudflare.com/t/{ticket}>. See you!")),
        ("Bo", format!("https://safelinks.test/?url=https%3A%2F%2Fx.test%2Ft%2F{ticket}&data=05")),
    ] {
        let page = fixture.browser.open_page(fixture.room.address()).await;
        let script = "document.querySelector('#link').value = arguments[0]";
        page.execute(script, vec![json!(text)]).await;
        page.type_into("#name", &format!("{name}{ENTER}")).await;
        page.wait_for("document.querySelector('#message')").await;
    }
}

/// The bounds on marks keep a stack small, and this keeps the rest of it off the lines of others.
#[tokio::test]
async fn marks_are_not_drawn_over_the_lines_of_others() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let stack = "\u{301}\u{301}\u{301}\u{301}\u{323}\u{323}\u{323}\u{323}";
    ana.send_message(&format!("A{stack}")).await;
    ana.wait_for_log(stack).await;
    let overflow = "getComputedStyle(document.querySelector('.message')).overflowY";
    assert_eq!(ana.eval(overflow).await, "clip");
}
