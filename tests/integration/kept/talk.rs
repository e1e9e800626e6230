//! A whole session in which everything that is called something, said or secret is looked for.

use serde_json::json;

use super::search::Canaries;
use crate::harness::{Ended, Program};
use crate::serve::client::Client;
use crate::session::guest::{Guest, ask};
use crate::session::stage::{Link, Stage, event};

/// A public session that is open, with people in it.
pub(super) struct Talk {
    pub(super) session: Program,
    /// Texts, names, the ticket, and what brings people back.
    pub(super) canaries: Canaries,
    people: (Client, Guest),
}

impl Talk {
    /// Lets people into a session with `--json` and the stand-in: over a socket and over polls, some
    /// stay, one leaves, some are refused, and so is some of what they say.
    pub(super) fn over(stage: &Stage, mut session: Program) -> Self {
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
        let refused = ask(&link, &format!("{0}{0}", canaries.name()));
        assert_eq!(refused[0]["why"], "bad_name", "{refused:?}");

        ana.say(&canaries.text("the longest text").repeat(128));
        ana.say(&canaries.text("a text that is too long").repeat(129));
        ana.wait("refused");
        let text = canaries.text("a text");
        bo.say(&text);
        ana.until_said(&text);
        event(&mut session, "left");
        Self { session, canaries, people: (ana, bo) }
    }

    /// Waits until the session is over, with everybody in it to the last.
    pub(super) fn wait(self) -> (Ended, Canaries) {
        let Self { session, canaries, people } = self;
        let ended = session.wait();
        drop(people);
        (ended, canaries)
    }

    /// Ends it as an operator does.
    pub(super) fn end(self) -> (Ended, Canaries) {
        self.session.signal("TERM");
        let (ended, canaries) = self.wait();
        (ended.expect_code(0), canaries)
    }
}
