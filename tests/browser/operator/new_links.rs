//! A new link: those inside stay, and their pages use it from then on.

use super::{MODES, MODES_WITH_TRANSPORTS, session_behind_proxy};
use crate::harness::{ENTER, Fixture, Proxy, ProxyMode};

#[tokio::test]
async fn those_inside_use_the_new_link_and_the_old_one_is_dead() {
    for (mode, transport) in MODES_WITH_TRANSPORTS {
        let (fixture, _proxy, ana) = session_behind_proxy(mode, transport).await;
        let before = ana.eval("location.href").await;
        let old_link = before.as_str().unwrap().to_owned();
        fixture.room.command("relink");
        ana.wait_for_log("The room has a new link").await;
        let link = ana.eval("document.querySelector('.invite input').value").await;
        let link = link.as_str().unwrap();
        assert_ne!(link, old_link, "{mode}");
        assert_eq!(link.len(), old_link.len());
        assert_eq!(ana.eval("location.href").await, link, "the address bar has it");
        assert!(ana.text("[role=log]").await.contains(link), "{mode}");
        let bo = fixture.browser.open_page(link).await;
        bo.join("Bo").await;
        ana.wait_for_log("Bo").await;
        let cy = fixture.join_page().await;
        cy.submit_name("Cy").await;
        assert!(cy.refusal_text().await.contains("link"), "{mode}");
        assert_eq!(cy.eval("document.activeElement.id").await, "link");
        // The new link, pasted.
        cy.type_into("#link", link).await;
        cy.join("Cy").await;
        // A reload of those inside comes back by it.
        ana.activate().await.refresh().await.unwrap();
        ana.wait_for("document.querySelector('#name')").await;
        assert_eq!(ana.eval("location.href").await, link);
        assert_eq!(ana.eval("document.querySelector('#name').value").await, "Ana");
    }
}

/// A new link while the connection is cut reaches the page with the events that it missed.
#[tokio::test]
async fn a_new_link_reaches_those_who_come_back() {
    for mode in MODES {
        let (fixture, proxy, ana) = session_behind_proxy(mode, ProxyMode::Forward).await;
        let old_link = ana.eval("location.href").await;
        proxy.set(ProxyMode::Close);
        ana.wait_for_status("Disconnected").await;
        fixture.room.command("relink");
        proxy.set(ProxyMode::Forward);
        ana.wait_for_log("The room has a new link").await;
        ana.wait_for_status("Connected").await;
        assert_ne!(ana.eval("location.href").await, old_link);
        ana.activate().await.refresh().await.unwrap();
        ana.wait_for("document.querySelector('#name')").await;
        ana.press(ENTER).await;
        ana.wait_for(
            "document.querySelector('#refusal').textContent || document.querySelector('#message')",
        )
        .await;
        ana.join("Ana again").await;
    }
}

/// The link of one who came by an invite may be used up: they are offered none to pass on, until there is one
/// for everyone.
#[tokio::test]
async fn one_who_came_by_an_invite_is_offered_no_link() {
    const LINK: &str = "document.querySelector('.invite input')";
    for (mode, transport) in MODES_WITH_TRANSPORTS {
        for lobby in ["lobby off", "lobby on"] {
            let fixture = Fixture::operated(mode, &[]).await;
            let proxy = Proxy::start(&fixture.room, transport).await;
            let answer = fixture.room.command("invite");
            let invite = answer.lines().find(|line| line.starts_with("http")).unwrap();
            fixture.room.command(lobby);
            let ana = fixture.browser.open_page(&invite.replace("127.0.0.1", "127.0.0.2")).await;
            ana.submit_name("Ana").await;
            if lobby == "lobby on" {
                ana.wait_for("document.querySelector('#refusal')?.textContent.includes('asked')")
                    .await;
                fixture.room.command("admit all");
            }
            ana.wait_for(&format!("{LINK} && !{LINK}.checkVisibility()")).await;
            let panel = ana.text(".invite p").await;
            assert_eq!(
                panel,
                "Nobody else is here yet. You came by an invite; ask the host for one."
            );
            assert_eq!(ana.eval("document.querySelectorAll('.invite button').length > 0 && [...document.querySelectorAll('.invite button')].every((button) => !button.checkVisibility())").await, true);
            ana.expect_accessible("alone by an invite").await;
            ana.expect_to_fit("alone by an invite").await;
            if lobby == "lobby on" {
                // She returns, by an invite that is used up.
                proxy.set(ProxyMode::Close);
                ana.wait_for_status("Disconnected").await;
                proxy.set(transport);
                ana.wait_for_status("Connected").await;
                assert_eq!(ana.eval(&format!("{LINK}.checkVisibility()")).await, false);
            }
            fixture.room.command("lobby off");
            fixture.room.command("relink");
            ana.wait_for(&format!("{LINK}.checkVisibility()")).await;
            let link = ana.eval(&format!("{LINK}.value")).await;
            let bo = fixture.browser.open_page(link.as_str().unwrap()).await;
            bo.join("Bo").await;
            ana.wait_for_log("Bo").await;
            bo.leave().await;
            ana.wait_for(&format!("{LINK}.checkVisibility()")).await;
        }
    }
}

/// An address alone leaves the ticket as it is, a ticket alone the address.
#[tokio::test]
async fn each_part_of_a_link_can_change_alone() {
    let fixture = Fixture::start(&[]).await;
    let ana = fixture.participant("Ana").await;
    let moved = |url: &str| format!("receive(JSON.stringify({{ t: 'moved', url: '{url}' }}))");
    let link = "document.querySelector('.invite input').value";
    let first = "AAAAAAAAAAAAAAAAAAAAAA";
    let second = "BBBBBBBBBBBBBBBBBBBBBA";
    let own = fixture.room.ticket();
    for (url, expected) in [
        ("https://a-b.trycloudflare.com", format!("https://a-b.trycloudflare.com/t/{own}")),
        ("/t/AAAAAAAAAAAAAAAAAAAAAA", format!("https://a-b.trycloudflare.com/t/{first}")),
        ("https://c-d.trycloudflare.com/", format!("https://c-d.trycloudflare.com/t/{first}")),
        (
            "https://e-f.trycloudflare.com/t/BBBBBBBBBBBBBBBBBBBBBA",
            format!("https://e-f.trycloudflare.com/t/{second}"),
        ),
        ("javascript:alert(1)", format!("https://e-f.trycloudflare.com/t/{second}")),
        ("", format!("https://e-f.trycloudflare.com/t/{second}")),
    ] {
        ana.execute(&moved(url), vec![]).await;
        assert_eq!(ana.eval(link).await, expected, "{url}");
        assert_eq!(
            ana.eval("location.href").await,
            format!("{}t/{}", fixture.room.address(), expected.rsplit('/').next().unwrap()),
            "{url}"
        );
    }
    fixture.browser.expect_clean_console().await;
}
