//! A session from start to end, read through its JSON events.

use std::time::{Duration, Instant};

use super::guest::{Guest, read_lines, try_join};
use super::stage::{Link, Stage, event, events, watched};
use crate::harness::cloudflared::{HAPPY, HOST};

/// V-12: an end takes two seconds. This is far below the 30 s for which cloudflared would wait, and
/// far above what a busy machine adds, because a test is no measurement.
pub(super) const SOON: Duration = Duration::from_secs(20);

/// V-31: no trace is left of a session that ends in order.
#[test]
fn a_session_opens_is_joined_and_ends_without_a_trace() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.public(&["--json"]));
    let link = event(&mut session, "link");
    assert_eq!(link["public"], true);
    let url = link["url"].as_str().unwrap();
    assert!(url.starts_with(&format!("https://{HOST}/t/")), "{url}");
    let link = Link::at(url, &stage.origin());
    let mut ana = Guest::join(&link, "Ana");
    let bo = Guest::join(&link, "Bo");
    assert_eq!(event(&mut session, "joined")["present"], 1);
    assert_eq!(event(&mut session, "joined")["participant"]["name"], "Bo");
    let body = "what was said in here";
    ana.say(body);
    assert_eq!(bo.recv("said")["body"], body);
    Guest::join(&link, "Cy").leave();
    assert_eq!(event(&mut session, "left")["present"], 2);
    session.signal("TERM");
    let ended = session.wait().expect_code(0);
    let told = events(&ended);
    let names: Vec<&str> = told.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names.join(" "), "tunnel tunnel link joined joined joined left closing closed");
    assert_eq!(told.last().unwrap()["remains"].as_array().unwrap().len(), 0);
    assert!(stage.stand_in.ended_by_term(), "it unregistered");
    assert!(!format!("{ended:?}").contains(body), "{ended:#?}");
    stage.assert_nothing_left();
}

/// V-12: every participant is told of the end, and it is quick.
#[test]
fn fifty_guests_are_all_told_of_the_end_in_time() {
    let stage = Stage::new(HAPPY);
    let mut session = watched(&stage.local(&["--json"]));
    let link = Link::printed(&mut session);
    let mut guests: Vec<Guest> =
        (0..50).map(|number| Guest::join(&link, &format!("guest {number}"))).collect();
    let latest = guests[49].seq();
    let polls: Vec<_> = guests.iter_mut().map(|guest| guest.poll_after(latest)).collect();
    // Connections are accepted in order, so once this one has a response, the polls have arrived.
    assert_eq!(try_join(&link, "")[0]["t"], "refused");
    let begin = Instant::now();
    session.signal("INT");
    for poll in polls {
        assert_eq!(read_lines(poll)[0]["t"], "end");
    }
    session.wait().expect_code(0);
    assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
    stage.assert_nothing_left();
}
