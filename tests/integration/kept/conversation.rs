//! A session with participants whose names, messages and secrets are canaries.

use serde_json::json;

use super::canaries::Canaries;
use crate::harness::{Output, Program};
use crate::serve::client::Client;
use crate::session::guest::{Guest, try_join};
use crate::session::stage::{Link, Stage, event};

/// An open public session, and two of its participants.
pub(super) struct Conversation {
    pub(super) session: Program,
    /// Messages, names, the ticket, the resume tokens.
    pub(super) canaries: Canaries,
    participants: (Client, Guest),
}

impl Conversation {
    /// Fills a session with `--json` and the stand-in: one participant joins over WebSocket, one
    /// over polls; a third one leaves. One join and one message are refused.
    pub(super) fn start(stage: &Stage, mut session: Program) -> Self {
        let told = event(&mut session, "link");
        let link = Link::at(told["url"].as_str().unwrap(), &stage.origin());
        let mut canaries = Canaries::new();
        canaries.token("the ticket", &link.ticket);

        let (address, origin) = (link.address.parse().unwrap(), format!("http://{}", link.address));
        let mut ana = Client::open(address, &link.address, &origin);
        ana.send_line(&json!({ "t": "join", "name": canaries.name(), "ticket": link.ticket }));
        ana.welcome = ana.wait("welcome");
        canaries.resume(&ana.welcome["resume"]);
        let mut bo = Guest::join(&link, &canaries.name());
        canaries.resume(&json!(bo.resume));
        Guest::join(&link, &canaries.name()).leave();
        let refused = try_join(&link, &format!("{0}{0}", canaries.name()));
        assert_eq!(refused[0]["why"], "bad_name", "{refused:?}");

        ana.say(&canaries.text("the longest text").repeat(128));
        ana.say(&canaries.text("a text that is too long").repeat(129));
        ana.wait("refused");
        let text = canaries.text("a text");
        bo.say(&text);
        ana.until_said(&text);
        event(&mut session, "left");
        Self { session, canaries, participants: (ana, bo) }
    }

    /// Waits for the exit of the session; the participants stay connected until then.
    pub(super) fn wait(self) -> (Output, Canaries) {
        let Self { session, canaries, participants } = self;
        let ended = session.wait();
        drop(participants);
        (ended, canaries)
    }

    /// Terminates the session, and waits for its exit.
    pub(super) fn end(self) -> (Output, Canaries) {
        self.session.signal("TERM");
        let (ended, canaries) = self.wait();
        (ended.expect_code(0), canaries)
    }
}
