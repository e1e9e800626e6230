//! The operator's commands, given over the control socket and typed at the terminal, to whole sessions.

mod crowds;
mod ends;
mod hostile;
mod invites;
mod lobby;
mod panic;
mod people;
mod repeated;
mod rules;
mod sealed;
mod terminal;

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use super::control::socket;
use super::stage::{Link, Stage, event, watched};
use crate::harness::{DEADLINE, Program};

/// A session with `--json` and without a tunnel, and a client of its control socket.
struct Operator {
    session: Program,
    link: Link,
    socket: BufReader<UnixStream>,
}

/// What a command was answered.
#[derive(Debug)]
struct Reply {
    /// `done` or `refused`.
    kind: String,
    text: String,
}

impl Operator {
    /// Starts the session, and waits until it has a link.
    fn start(stage: &Stage, arguments: &[&str]) -> Self {
        let mut session = watched(&stage.local(&[&["--json"], arguments].concat()));
        let link = Link::printed(&mut session);
        Self { session, link, socket: connect(stage) }
    }

    /// Gives a command, and waits for the answer.
    fn give(&mut self, command: &str) -> Reply {
        let answer = self.request(json!({ "id": 1, "type": "do", "command": command }));
        let field = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        Reply { kind: field("type"), text: field("text") }
    }

    /// Gives a command that is to be carried out, and returns its answer.
    fn done(&mut self, command: &str) -> String {
        let reply = self.give(command);
        assert_eq!(reply.kind, "done", "{command}: {reply:?}");
        reply.text
    }

    /// Gives a command that is to be refused, and returns why.
    fn refused(&mut self, command: &str) -> String {
        let reply = self.give(command);
        assert_eq!(reply.kind, "refused", "{command}: {reply:?}");
        reply.text
    }

    /// The answer to `who` as data.
    fn who(&mut self) -> Value {
        self.request(json!({ "id": 2, "type": "who" }))
    }

    /// Waits until what was ordered is so in the room.
    fn wait_for_room(&mut self) {
        // The room's process answers this after it has read what came before.
        self.who();
    }

    /// The next event of this name.
    fn event(&mut self, name: &str) -> Value {
        event(&mut self.session, name)
    }

    fn request(&mut self, request: Value) -> Value {
        self.socket.get_mut().write_all(format!("{request}\n").as_bytes()).unwrap();
        let mut answer = self.read_line();
        while answer["more"] == true {
            let next = self.read_line();
            for field in ["participants", "waiting"] {
                let more = next[field].as_array().cloned().unwrap_or_default();
                answer[field].as_array_mut().into_iter().for_each(|list| list.extend(more.clone()));
            }
            if let (Some(text), Some(more)) = (answer["text"].as_str(), next["text"].as_str()) {
                answer["text"] = format!("{text}{more}").into();
            }
            answer["more"] = next["more"].clone();
        }
        answer
    }

    fn read_line(&mut self) -> Value {
        let mut line = String::new();
        self.socket.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Ends the session, and returns what it has printed.
    fn end(mut self) -> crate::harness::Output {
        self.done("end");
        self.session.wait().expect_code(0)
    }
}

fn connect(stage: &Stage) -> BufReader<UnixStream> {
    let stream = UnixStream::connect(socket(stage)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    BufReader::new(stream)
}
