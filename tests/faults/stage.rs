//! The machine of one trial, and whether it looks as before.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::harness::{CHATTRACE, CLEAN, Place, Program, StandIn};
use crate::plan::Plan;

/// A folder without a lock counts as one that is just being made for a minute; then it is a dead
/// session's.
const BIRTH: Duration = Duration::from_secs(120);

/// A home, a runtime folder and a stand-in that no other trial knows.
pub(crate) struct Stage {
    place: Place,
    stand_in: StandIn,
    before: Vec<PathBuf>,
}

/// What was left on the disk.
#[derive(Default)]
pub(crate) struct Left {
    /// By the session itself.
    pub(crate) at_first: Vec<String>,
    /// By `chattrace-clean --stale` as well, which was run at once and a minute later.
    pub(crate) for_good: Vec<String>,
    /// What went wrong with that.
    pub(crate) complaint: Option<String>,
}

impl Stage {
    /// Made for `plan`.
    pub(crate) fn set(plan: &Plan) -> Self {
        let place = Place::new();
        let stand_in = StandIn::install(&place, plan.orders.as_deref().unwrap_or_default());
        if plan.search_hangs {
            stand_in.version("hang");
        }
        let config = place.root().join("config.json");
        std::fs::write(config, r#"{"tunnel":{"settle_seconds":0}}"#).unwrap();
        let before = place.tree_but_bin();
        Self { place, stand_in, before }
    }

    /// `chattrace` as the plan wants it.
    pub(crate) fn command(&self, plan: &Plan) -> Command {
        let mut command = self.place.command(CHATTRACE);
        command.arg("--config").arg(self.place.root().join("config.json"));
        match plan.orders {
            Some(_) => command.arg("--cloudflared").arg(self.stand_in.path()),
            None => command.args(["--tunnel", "none"]),
        };
        if !plan.on_terminal {
            command.arg("--json");
        }
        command
    }

    /// Where the room listens, as cloudflared was told; `None` before it was started.
    pub(crate) fn origin(&self) -> Option<String> {
        self.stand_in.origin()
    }

    /// Looks for what the session left, and lets `chattrace-clean` remove it.
    pub(crate) fn left(&self) -> Left {
        let at_first = self.more();
        if at_first.is_empty() {
            return Left::default();
        }
        let mut complaint = self.clean();
        let mut for_good = self.more();
        if !for_good.is_empty() {
            self.age();
            complaint = complaint.or(self.clean());
            for_good = self.more();
        }
        Left { at_first, for_good, complaint }
    }

    /// What is there and was not, or the other way round.
    fn more(&self) -> Vec<String> {
        let now = self.place.tree_but_bin();
        let root = self.place.root();
        let named = |path: &PathBuf| path.strip_prefix(root).unwrap_or(path).display().to_string();
        let more = now.iter().filter(|path| !self.before.contains(path)).map(named);
        let less = self.before.iter().filter(|path| !now.contains(path));
        more.chain(less.map(|path| format!("no {}", named(path)))).collect()
    }

    fn clean(&self) -> Option<String> {
        let mut command = self.place.command(CLEAN);
        command.args(["--stale", "--yes"]);
        let ended = Program::run(command);
        (ended.status.code() != Some(0)).then(|| format!("chattrace-clean: {ended:?}"))
    }

    /// Lets two minutes pass for every runtime folder.
    fn age(&self) {
        let past = SystemTime::now() - BIRTH;
        for path in self.place.tree_but_bin().iter().filter(|path| path.is_dir()) {
            let _ = std::fs::File::open(path).and_then(|folder| folder.set_modified(past));
        }
    }
}
