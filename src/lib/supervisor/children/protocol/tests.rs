//! Every message in every stage, and the conversations of honest services.

use std::time::{Duration, Instant};

use super::serve::RoomProtocol;
use super::*;
use crate::config::Mode;
use crate::control::{
    FromGuard, FromRelay, FromServe, FromTunnel, MAX_WAITING, Participant, RoomReport, VERSION,
};
use crate::rate_limit::TokenBucket;

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn hello<T: serde::de::DeserializeOwned>() -> T {
    parse(&format!(r#"{{"type":"hello","version":"{VERSION}"}}"#))
}

fn who(number: u64, name: &str) -> Participant {
    Participant { number, name: name.to_owned(), tag: "abc".to_owned() }
}

fn joined(number: u64, present: usize) -> FromServe {
    FromServe::Joined { participant: who(number, "Ana"), present }
}

fn left(number: u64, present: usize) -> FromServe {
    FromServe::Left { participant: who(number, "Ana"), present }
}

fn ready() -> FromServe {
    parse(r#"{"type":"ready","protection":{"confinement":{"missing":[]},"locked":"nothing"}}"#)
}

impl Default for ServeProtocol {
    fn default() -> Self {
        Self::new(Mode::Open)
    }
}

/// A protocol that has taken all of these.
fn after<P: Protocol<Message> + Default, Message>(messages: &[Message]) -> P {
    let mut protocol = P::default();
    for message in messages {
        protocol.check(message, true).unwrap();
    }
    protocol
}

#[test]
fn every_message_of_the_room_has_its_time() {
    let all = [hello(), ready(), joined(1, 1), left(1, 0), FromServe::Drained];
    let begun = [hello(), ready()];
    for (said, allowed) in [
        (&[][..], [true, false, false, false, false]),
        (&begun[..1], [false, true, false, false, false]),
        (&begun, [false, false, true, true, true]),
        (&[hello(), ready(), FromServe::Drained], [false, false, false, true, false]),
    ] {
        for (message, allowed) in all.iter().zip(allowed) {
            let taken = after::<ServeProtocol, _>(said).check(message, true);
            assert_eq!(taken.is_ok(), allowed, "{message:?} after {said:?}");
        }
    }
    // A goodbye without the order for it.
    assert!(after::<ServeProtocol, _>(&begun).check(&FromServe::Drained, false).is_err());
}

#[test]
fn a_number_is_one_participant_and_a_count_is_possible() {
    let mut room = after::<ServeProtocol, _>(&[hello(), ready(), joined(1, 1), joined(2, 2)]);
    for wrong in [
        FromServe::Joined { participant: who(1, "Bob"), present: 3 },
        FromServe::Left { participant: who(2, "Bob"), present: 1 },
        joined(3, 0),
        joined(3, 10_001),
        left(2, 10_000),
        left(2, usize::MAX),
    ] {
        assert!(matches!(room.check(&wrong, false), Err(Violation::Hostile(_))), "{wrong:?}");
    }
    // Notices between them may be lost while we are busy, and a participant may come back.
    for right in [joined(1, 2), left(7, 2), left(1, 1), joined(1, 2), joined(9, 10_000)] {
        room.check(&right, false).unwrap();
    }
}

fn opaque<const MAX: usize>(bytes: usize) -> crate::base64url::Opaque<MAX> {
    crate::base64url::Opaque::new(vec![0; bytes]).unwrap()
}

fn knock(knock: u64) -> FromServe {
    FromServe::Sealed(FromRelay::Knock { knock, link: 0, noise: opaque(48) })
}

fn request(knock: u64) -> FromServe {
    FromServe::Sealed(FromRelay::Request { knock, sealed: opaque(272) })
}

fn ended(knock: u64) -> FromServe {
    FromServe::Sealed(FromRelay::KnockEnded { knock })
}

fn gone(number: u32) -> FromServe {
    FromServe::Sealed(FromRelay::Gone { number })
}

/// A sealed room that has taken all of these.
fn sealed_after(messages: &[FromServe]) -> ServeProtocol {
    let mut protocol = ServeProtocol::new(Mode::Sealed);
    for message in messages {
        protocol.check(message, true).unwrap();
    }
    protocol
}

#[test]
fn every_message_of_a_relay_has_its_time() {
    let all = [hello(), ready(), knock(9), request(1), ended(1), gone(1), FromServe::Drained];
    let begun = [hello(), ready(), knock(1)];
    for (said, allowed) in [
        (&[][..], "x......"),
        (&begun[..1], ".x....."),
        (&begun[..2], "..x..xx"),
        (&begun, "..xxxxx"),
        (&[hello(), ready(), knock(1), FromServe::Drained], "..xxxx."),
    ] {
        for (message, allowed) in all.iter().zip(allowed.chars()) {
            let taken = sealed_after(said).check(message, true);
            assert_eq!(taken.is_ok(), allowed == 'x', "{message:?} after {said:?}");
        }
    }
    // Of each kind of room, nothing that belongs to the other.
    for (mode, message) in [
        (Mode::Sealed, joined(1, 1)),
        (Mode::Sealed, left(1, 0)),
        (Mode::Open, knock(1)),
        (Mode::Open, gone(1)),
    ] {
        let mut room = ServeProtocol::new(mode);
        room.check(&hello(), false).unwrap();
        room.check(&ready(), false).unwrap();
        assert!(matches!(room.check(&message, false), Err(Violation::Hostile(_))), "{message:?}");
    }
}

#[test]
fn knocks_are_numbered_upwards_and_nothing_is_said_of_later_ones() {
    let mut room = sealed_after(&[hello(), ready(), knock(1), knock(5)]);
    for wrong in [knock(5), knock(4), knock(1), request(6), ended(6), request(u64::MAX)] {
        assert!(matches!(room.check(&wrong, false), Err(Violation::Hostile(_))), "{wrong:?}");
    }
    // Either side may have ended a knock by itself; numbers may be left out.
    for right in [request(5), request(3), ended(1), ended(1), request(1), knock(6), request(6)] {
        room.check(&right, false).unwrap();
    }
}

#[test]
fn the_greeting_comes_first_and_is_of_this_build() {
    let other = || FromServe::Hello { version: "9.9.9".to_owned() };
    let stranger =
        |taken| assert!(matches!(taken, Err(Violation::VersionMismatch(_))), "{taken:?}");
    stranger(ServeProtocol::default().check(&other(), false));
    stranger(ServeProtocol::default().check(&joined(1, 1), false));
    stranger(TunnelProtocol::default().check(&FromTunnel::Closed, false));
    stranger(GuardProtocol::default().check(&FromGuard::Hello { version: "0".to_owned() }, false));
    let mut guard = after::<GuardProtocol, _>(&[hello()]);
    assert!(matches!(guard.check(&hello(), false), Err(Violation::Hostile(_))));
    assert!(ServeProtocol::default().silence_timeout(false).is_some());
    assert_eq!(after::<ServeProtocol, _>(&[hello()]).silence_timeout(false), None);
    assert_eq!(guard.silence_timeout(false), None);
}

fn url(name: &str) -> String {
    format!("https://{name}.trycloudflare.com")
}

fn found() -> FromTunnel {
    let digest = "0".repeat(64);
    parse(&format!(
        r#"{{"type":"found","path":"/c","version":null,"digest":"{digest}","source":"path"}}"#
    ))
}

fn settling(name: &str) -> FromTunnel {
    FromTunnel::Settling { url: url(name), settle_seconds: 8 }
}

fn starting() -> FromTunnel {
    FromTunnel::Starting { why: None }
}

fn lost() -> FromTunnel {
    FromTunnel::Lost { why: "no network".to_owned(), retry_after: None }
}

#[test]
fn every_message_of_the_tunnel_has_its_time() {
    use FromTunnel::{Closed, Fetched, Reconnecting, Registered, Unregistered, Url};
    let unconfined = FromTunnel::Unconfined { what: "may do all".to_owned() };
    let all = [
        hello(),
        Fetched { bytes: 1 },
        found(),
        unconfined,
        starting(),
        Url { url: url("a") },
        FromTunnel::Delayed { why: "no answer".to_owned() },
        settling("a"),
        Registered { url: url("a") },
        Registered { url: url("b") },
        Reconnecting,
        lost(),
        Unregistered,
        Closed,
    ];
    let way = [
        hello(),
        found(),
        starting(),
        Url { url: url("a") },
        settling("a"),
        Registered { url: url("a") },
    ];
    let last = [&way[..], &[Unregistered]].concat();
    let over = [&way[..], &[lost()]].concat();
    for (said, allowed) in [
        (&[][..], "x............."),
        (&way[..1], ".xxx.......x.x"),
        (&way[..2], "...xxx.....xxx"),
        (&way[..3], "...xxx.....xxx"),
        (&way[..4], "...xx.xxx.xxxx"),
        (&way[..5], "...xx.xxx.xxxx"),
        (&way, "...x...xx.xxxx"),
        (&last, "............xx"),
        (&over, ".............."),
    ] {
        for (message, allowed) in all.iter().zip(allowed.chars()) {
            let taken = after::<TunnelProtocol, _>(said).check(message, true);
            assert_eq!(taken.is_ok(), allowed == 'x', "{message:?} after {said:?}");
        }
    }
    // The order to open an address was not sent yet.
    for early in [starting(), Url { url: url("a") }] {
        assert!(after::<TunnelProtocol, _>(&way[..2]).check(&early, false).is_err());
    }
}

#[test]
fn the_tunnel_may_be_silent_when_nothing_is_awaited_of_it() {
    let found = after::<TunnelProtocol, _>(&[hello(), found()]);
    assert_eq!((found.silence_timeout(false), found.silence_timeout(true).is_some()), (None, true));
    let searching = after::<TunnelProtocol, _>(&[hello()]);
    assert!(searching.silence_timeout(false).is_some());
}

/// The largest room fills, empties and fills again within a second.
#[test]
fn a_room_that_is_as_fast_as_it_may_be_is_not_ended() {
    let start = Instant::now();
    let mut bucket = TokenBucket::new(ServeProtocol::RATE_LIMIT, start);
    let mut room = after::<ServeProtocol, _>(&[hello(), ready()]);
    let mut take = |message: FromServe, at| {
        bucket.take(start + Duration::from_micros(at)).unwrap();
        room.check(&message, false).unwrap();
    };
    for number in 1..=10_000 {
        take(joined(number, usize::try_from(number).unwrap()), number);
    }
    for number in 1..=10_000 {
        take(left(number, usize::try_from(10_000 - number).unwrap()), 10_000 + number);
    }
    for number in 1..=10_000 {
        take(joined(10_000 + number, usize::try_from(number).unwrap()), 20_000 + number);
    }
}

fn report(report: RoomReport) -> FromServe {
    FromServe::Operator(report)
}

fn waits(number: u64, name: &str) -> FromServe {
    report(RoomReport::Waits { participant: who(number, name) })
}

#[test]
fn one_who_waits_has_the_number_and_name_under_which_they_come_in() {
    let begun = [hello(), ready(), joined(1, 1), waits(2, "Ana")];
    for wrong in [
        waits(1, "Ana"),
        waits(2, "Bob"),
        FromServe::Joined { participant: who(2, "Bob"), present: 2 },
    ] {
        let checked = after::<ServeProtocol, _>(&begun).check(&wrong, false);
        assert!(matches!(checked, Err(Violation::Hostile(_))), "{wrong:?}");
    }
    for right in [
        waits(2, "Ana"),
        joined(2, 2),
        report(RoomReport::WaitEnded { number: 2 }),
        // The report that they wait was dropped, or the operator has admitted them meanwhile.
        report(RoomReport::WaitEnded { number: 7 }),
    ] {
        after::<ServeProtocol, _>(&begun).check(&right, false).unwrap();
    }
}

#[test]
fn the_room_of_a_sealed_session_does_not_know_who_waits() {
    let connections = RoomReport::Connections { request: 1, connections: vec![], is_last: true };
    let mut relay = ServeProtocol::new(Mode::Sealed);
    for message in [hello(), ready(), report(connections)] {
        relay.check(&message, false).unwrap();
    }
    for wrong in [
        waits(1, "Ana"),
        report(RoomReport::WaitEnded { number: 1 }),
        report(RoomReport::LinkUsed { link: 0 }),
    ] {
        assert!(relay.check(&wrong, false).is_err(), "{wrong:?}");
    }
    // Nothing is reported before the room is open.
    let wrong = report(RoomReport::LinkUsed { link: 0 });
    assert!(after::<ServeProtocol, _>(&[hello()]).check(&wrong, false).is_err());
}

/// A room that says again and again that others wait costs bounded memory.
#[test]
fn a_flood_of_people_who_wait_is_forgotten() {
    let mut room = after::<ServeProtocol, _>(&[hello(), ready()]);
    for number in 1..=10_000 {
        room.check(&waits(number, "Ana"), false).unwrap();
    }
    let RoomProtocol::Open(open) = &room.room else { panic!("a sealed room") };
    assert_eq!(open.waiting.len(), 2 * MAX_WAITING);
}
