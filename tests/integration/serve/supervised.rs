//! `chattrace-serve` under a supervisor, whose side of the control channel the test plays.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use super::http::Poller;
use super::open_host::{OpenHost, TICKET};
use crate::harness::TestEnv;

/// V-05: before that, neither page nor welcome says anything of a provider. Participants on this computer
/// who came before learn it as well.
#[test]
fn v05_the_provider_is_named_once_the_room_has_a_public_address() {
    let env = TestEnv::new();
    let mut serve = OpenHost::start(&env);
    let welcome = |serve: &OpenHost, name: &str| {
        let join = json!({"t": "join", "name": name, "ticket": TICKET});
        serve.request("POST /poll", &join.to_string()).events().remove(0)
    };
    let page = serve.request("GET /", "").body;
    assert!(
        page.contains("its host's computer can read")
            && !page.contains("computer and Cloudflare can")
    );
    assert!(welcome(&serve, "Ana").get("public").is_none());
    let mut bo = serve.join_by_poll("Bo");
    let url = "https://a-row-of-four-words.trycloudflare.com";
    serve.send(&json!({"type": "moved", "url": url}));
    let moved = loop {
        if let Some(moved) = bo.poll(&[]).into_iter().find(|event| event["t"] == "moved") {
            break moved;
        }
    };
    assert_eq!(moved["url"], url);
    assert_eq!(welcome(&serve, "Cy")["public"], url);
    // Nothing of the address itself before admission.
    let page = serve.request("GET /", "").body;
    assert!(page.contains("its host's computer and Cloudflare can read") && !page.contains(url));
    // The tunnel is lost: what was said could be read while it was there.
    serve.send(&json!({"type": "host", "name": null}));
    assert_eq!(welcome(&serve, "Di")["public"], url);
}

/// Participants who leave while the session ends do not extend the time that browsers have for `/bye`.
#[test]
fn the_end_does_not_wait_longer_when_participants_leave_meanwhile() {
    // 100 ms apart, they leave over 3 s; the time for `/bye` is 250 ms.
    const PARTICIPANTS: usize = 30;
    let env = TestEnv::new();
    let mut serve = OpenHost::start(&env);
    let pollers: Vec<Poller> =
        (0..PARTICIPANTS).map(|number| serve.join_by_poll(&format!("P{number}"))).collect();
    for _ in 0..PARTICIPANTS {
        assert_eq!(serve.recv()["type"], "joined");
    }
    serve.send(&json!({"type": "drain"}));
    let is_drained = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&is_drained);
    let leaving = std::thread::spawn(move || {
        for poller in pollers {
            std::thread::sleep(Duration::from_millis(100));
            if stop.load(Ordering::Relaxed) {
                return;
            }
            poller.start(&[json!({"t": "leave"})]).rest();
        }
    });
    let mut left = 0;
    loop {
        match serve.recv()["type"].as_str().unwrap() {
            "left" => left += 1,
            "drained" => break,
            other => panic!("{other}"),
        }
    }
    is_drained.store(true, Ordering::Relaxed);
    assert!(left < PARTICIPANTS, "the end waited until the last had left");
    leaving.join().unwrap();
    serve.stop();
}
