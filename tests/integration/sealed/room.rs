//! A session with a sealed room.

use crate::harness::cloudflared::HAPPY;
use crate::harness::{Output, Program};
use crate::session::stage::{Link, Stage, event, watched};

/// Killed when dropped.
pub(crate) struct Room {
    pub(crate) stage: Stage,
    pub(crate) session: Program,
    pub(crate) link: Link,
}

impl Room {
    /// A session without a tunnel, which prints events.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// The same with these arguments.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        Self::with_config("{}", arguments)
    }

    /// The same with this section `room` of the configuration.
    pub(crate) fn with_config(room: &str, arguments: &[&str]) -> Self {
        let stage = Stage::new(HAPPY);
        let config = format!(r#"{{"tunnel":{{"settle_seconds":0}},"room":{room}}}"#);
        std::fs::write(stage.env.root().join("config.json"), config).unwrap();
        let mut command = stage.local(&["--json", "--sealed"]);
        command.args(arguments);
        let mut session = watched(&command);
        let link = Link::printed(&mut session);
        assert!(link.url.contains("/#1."), "{}", link.url);
        Self { stage, session, link }
    }

    /// The next event of this name.
    pub(crate) fn event(&mut self, name: &str) -> serde_json::Value {
        event(&mut self.session, name)
    }

    /// Ends the session, which must leave nothing.
    pub(crate) fn end(self) -> Output {
        self.session.signal("TERM");
        let ended = self.session.wait().expect_code(0);
        self.stage.assert_nothing_left();
        ended
    }
}
