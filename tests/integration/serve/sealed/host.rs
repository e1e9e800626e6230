//! A scripted host: the supervisor's side of the control channel, in a sealed room.

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::harness::TestEnv;
use crate::serve::channel::ControlledServe;
use crate::serve::client::Client;
use crate::serve::http::{Connection, Response};

pub(super) const DOOR: &str = "ZG9vci1kb29yLWRvb3ItZA";
pub(super) const EPOCH: &str = "ZXBvY2gtZXBvY2gtZXBvYw";

/// Bytes of this length, all alike, as they stand in JSON.
pub(super) fn bytes(length: usize, byte: u8) -> String {
    URL_SAFE_NO_PAD.encode(vec![byte; length])
}

/// A box of `length` bytes with this head.
pub(super) fn sealed_box(generation: u32, number: u32, counter: u32, length: usize) -> String {
    let mut bytes = Vec::new();
    for word in [generation, number, counter] {
        bytes.extend(word.to_be_bytes());
    }
    bytes.resize(length, 7);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A short message: what it says is in no byte of it.
pub(super) fn short_box(generation: u32, number: u32, counter: u32) -> String {
    sealed_box(generation, number, counter, 284)
}

/// The letter of one participant in one generation: both are in its first bytes.
pub(super) fn letter(generation: u32, number: u32) -> String {
    let mut bytes = [3; 84];
    bytes[..4].copy_from_slice(&generation.to_be_bytes());
    bytes[4..8].copy_from_slice(&number.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A part of a roster.
pub(super) fn part(generation: u32, index: u32) -> String {
    sealed_box(generation, 0, index, 284)
}

pub(super) fn knock_line() -> Value {
    json!({"t": "knock", "door": DOOR, "noise": bytes(48, 1)})
}

pub(super) fn request_line() -> Value {
    json!({"t": "join", "sealed": bytes(272, 2)})
}

/// The relay, and the host's view of it.
pub(super) struct Host {
    serve: ControlledServe,
    /// The newest generation; 0 before the first.
    pub(super) generation: u32,
    /// Who shares its key.
    pub(super) circle: BTreeSet<u32>,
    last_number: u32,
}

impl Deref for Host {
    type Target = ControlledServe;

    fn deref(&self) -> &ControlledServe {
        &self.serve
    }
}

impl DerefMut for Host {
    fn deref_mut(&mut self) -> &mut ControlledServe {
        &mut self.serve
    }
}

impl Host {
    pub(super) fn start(env: &TestEnv) -> Self {
        Self::with(env, &json!({"events": 1000, "bytes": 1_000_000, "age_seconds": 600}))
    }

    /// With these bounds of the ring.
    pub(super) fn with(env: &TestEnv, ring: &Value) -> Self {
        let settings = json!({"max_participants": 1000, "ring": ring});
        let admission = json!({"mode": "sealed", "door": DOOR, "epoch": EPOCH});
        Self {
            serve: ControlledServe::start(env, &admission, &settings, &json!({})),
            generation: 0,
            circle: BTreeSet::new(),
            last_number: 0,
        }
    }

    /// Sends a message about the sealed room.
    pub(super) fn tell(&mut self, kind: &str, mut fields: Value) {
        fields["type"] = "sealed".into();
        fields["message"] = kind.into();
        self.send(&fields);
    }

    /// The next message, which is about the sealed room and of this kind.
    pub(super) fn expect(&mut self, kind: &str) -> Value {
        let message = self.recv();
        assert_eq!(
            (&message["type"], &message["message"]),
            (&"sealed".into(), &kind.into()),
            "{message}"
        );
        message
    }

    /// The number in the next message of this kind.
    pub(super) fn expect_number(&mut self, kind: &str) -> u32 {
        self.expect(kind)["number"].as_u64().unwrap().try_into().unwrap()
    }

    /// The number of the knock in the next message of this kind.
    pub(super) fn expect_knock(&mut self, kind: &str) -> u64 {
        self.expect(kind)["knock"].as_u64().unwrap()
    }

    pub(super) fn answer(&mut self, knock: u64) {
        self.tell("answer", json!({"knock": knock, "noise": bytes(96, 4)}));
    }

    /// Answers the next knock.
    pub(super) fn answer_next(&mut self) -> u64 {
        let knock = self.expect_knock("knock");
        self.answer(knock);
        knock
    }

    /// Begins a generation with these people more, and these fewer.
    pub(super) fn change(&mut self, came: &[u32], went: &[u32]) {
        self.generation += 1;
        self.circle.extend(came);
        self.circle.retain(|number| !went.contains(number));
        let generation = self.generation;
        let letters: Vec<_> =
            self.circle.iter().map(|number| (*number, letter(generation, *number))).collect();
        for letters in letters.chunks(100) {
            self.tell("letters", json!({"generation": generation, "letters": letters}));
        }
        if !came.is_empty() {
            self.tell("came", json!({"generation": generation, "part": part(generation, 0)}));
        }
        for index in 1..=2 {
            self.tell("roster", json!({"generation": generation, "part": part(generation, index)}));
        }
        self.tell("keys", json!({"generation": generation, "went": went}));
    }

    /// Lets the senders of these requests in, in a generation of their own. Returns their numbers.
    pub(super) fn admit(&mut self, knocks: &[u64]) -> Vec<u32> {
        let numbers: Vec<u32> = (1..).map(|n| self.last_number + n).take(knocks.len()).collect();
        self.last_number += u32::try_from(knocks.len()).unwrap();
        self.change(&numbers, &[]);
        let newcomers: Vec<_> = knocks.iter().zip(&numbers).collect();
        self.tell("admit", json!({"newcomers": newcomers}));
        numbers
    }

    /// A socket that has the answer to its knock, and the knock.
    pub(super) fn answered(&mut self) -> (Client, u64) {
        let mut client = self.open_socket();
        client.send_line(&knock_line());
        let knock = self.answer_next();
        client.wait("answer");
        (client, knock)
    }

    /// A socket whose request has arrived at the host, and its knock.
    pub(super) fn requested(&mut self) -> (Client, u64) {
        let (mut client, knock) = self.answered();
        client.send_line(&request_line());
        assert_eq!(self.expect_knock("request"), knock);
        (client, knock)
    }

    /// A participant over a socket, and their number.
    pub(super) fn join(&mut self) -> (Client, u32) {
        let (mut client, knock) = self.requested();
        let numbers = self.admit(&[knock]);
        client.welcome = client.wait("welcome");
        (client, numbers[0])
    }

    /// A socket that asks to return.
    pub(super) fn returning(&self, welcome: &Value, after: Option<u64>) -> Client {
        let mut client = self.open_socket();
        let mut line = json!({"t": "join", "resume": welcome["resume"]});
        if let Some(after) = after {
            line["after"] = after.into();
        }
        client.send_line(&line);
        client
    }

    /// A participant who returns, and is told so by a welcome.
    pub(super) fn returned(&self, welcome: &Value, after: Option<u64>) -> Client {
        let mut client = self.returning(welcome, after);
        client.welcome = client.wait("welcome");
        client
    }

    /// Sends a POST to `/poll`; the response is read later.
    pub(super) fn start_poll(
        &self,
        query: &str,
        bearer: Option<&str>,
        lines: &[Value],
    ) -> Connection {
        let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let (host, length) = (self.address, body.len());
        let bearer = bearer.map_or(String::new(), |it| format!("Authorization: Bearer {it}\r\n"));
        let mut connection = Connection::to(self.address);
        connection.send(
            format!(
                "POST /poll{query} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n{bearer}\
                 Content-Length: {length}\r\n\r\n{body}"
            )
            .as_bytes(),
        );
        connection
    }

    /// The response to a POST to `/poll`.
    pub(super) fn poll(&self, query: &str, bearer: Option<&str>, lines: &[Value]) -> Response {
        self.start_poll(query, bearer, lines).response()
    }

    /// The refusal of this first line, after which the server closes.
    pub(super) fn refusal(&self, first: &Value) -> Value {
        let mut client = self.open_socket();
        client.send_line(first);
        refusal(&mut client)
    }
}

/// The refusal of a client, after which the server closes.
pub(super) fn refusal(client: &mut Client) -> Value {
    let (mut events, code) = client.rest();
    assert_eq!((events.len(), code), (1, Some(4002)), "{events:?}");
    assert_eq!(events[0]["t"], "refused", "{events:?}");
    events.remove(0)
}
