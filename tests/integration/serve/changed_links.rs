//! Links that were changed on their way still lead to the page, which finds the ticket in them; see
//! `tests/browser/changed_links.rs`.

use super::server::Server;

/// V-22: the same bytes for every client, with every ticket, so that no path shows which one is right.
#[test]
fn a_path_with_a_ticket_in_it_leads_to_the_page() {
    let server = Server::start();
    let page = server.request("GET /", "").body;
    let wrong = "A".repeat(22);
    for path in [
        "/t/TICKET/",
        "/t/TICKET//",
        "/t/TICKET.",
        "/t/TICKET?fbclid=IwAR0_xyz",
        "/t/TICKET/?fbclid=x",
        "/t/TICKET#",
        "/t/TICKET%20",
        "/t/TICKET%23",
        "/t/TICKET%E2%80%8B",
        "/t/TICKET\u{200b}",
        "/t/TICKET\u{3002}",
        "/t/TICKET\u{2026}/",
        "/t/TICKET%3E",
        "/t/TICKET)",
        "/t/TICKET,/",
        "/t/TICKET*",
        "/t/TICKET_",
        "/t/TICKET&x=y/",
        "/t/%3CTICKET%3E/",
        "/t/TICKET/https://a-b.trycloudflare.com/t/TICKET",
        "/https://a-b.trycloudflare.com/t/TICKET",
        "/t/https://a-b.trycloudflare.com/t/TICKET",
        "//t/TICKET",
        "/t//TICKET",
        "/TICKET",
        "/TICKET/",
        "/T/TICKET",
        "/%74/TICKET/",
        "/%2Ft%2FTICKET",
        "/t%2FTICKET",
        "/redirect?url=https%3A%2F%2Fa-b.trycloudflare.com%2Ft%2FTICKET",
    ] {
        for ticket in [&server.ticket, &wrong] {
            let path = path.replace("TICKET", ticket);
            let get = server.request(&format!("GET {path}"), "");
            assert_eq!(get.status, 200, "{path}");
            assert!(get.body == page, "{path}");
            assert!(!get.has("location") && get.has("content-security-policy"), "{path}");
            let head = server.request(&format!("HEAD {path}"), "");
            assert_eq!(head.status, 200, "{path}");
            assert_eq!(head.header("content-length"), page.len().to_string(), "{path}");
        }
    }
}

#[test]
fn other_paths_and_other_methods_lead_nowhere() {
    let server = Server::start();
    for path in [
        "/favicon.ico",
        "/robots.txt",
        "/apple-touch-icon-precomposed.png",
        "/.well-known/apple-app-site-association",
        "/.well-known/appspecific/com.chrome.devtools.json",
        "/wp-login.php",
        "/AAAAAAAAAAAAAAAAAAAAA",
        "/AAAAAAAAAAAAAAAAAAAAAB",
        "/AAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        assert_eq!(server.request(&format!("GET {path}"), "").status, 404, "{path}");
    }
    let path = format!("/t/{}/", server.ticket);
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let response = server.request(&format!("{method} {path}"), "Content-Length: 0\r\n");
        assert_eq!(response.status, 404, "{method}");
    }
    // The ticket of a request is a ticket, and not any text around one.
    let join = server.join_line("Ana").to_string();
    let around = join.replace(&server.ticket, &format!("https://x.test/t/{}/", server.ticket));
    assert_eq!(server.post("/poll", "", &around).events()[0]["why"], "bad_ticket");
    assert_eq!(server.post("/poll", "", &join).events()[0]["t"], "welcome");
}
