//! Whether mistakes of a server are found: servers that make one, each its own.

use super::Bench;
use crate::load::{Coming, Load};
use crate::report::{Table, progress};
use crate::servers::{Lie, Role, Server};

/// Enough for the one whom it happens to, and for those it is compared with.
const RECEIVERS: usize = 20;

/// It happens to the eighth who came.
const VICTIM: &str = "receiver 7: ";

/// More than one message in each batch, so that two can be swapped.
const OUTSTANDING: usize = 8;

impl Bench {
    /// Shows it.
    pub(super) fn self_test(&mut self) {
        let title = "self-test: a server that does this once, to one of twenty, after a thousand \
                     messages, is found out";
        let mut table = Table::new(title, 2, &["mistake", "what was found"]);
        for lie in Lie::ALL {
            progress(&format!("self-test: {lie:?}"));
            let found = match self.lied(lie) {
                Ok(()) => {
                    self.is_right = false;
                    "NOTHING: this benchmark proves nothing".to_owned()
                }
                Err(found) if found.starts_with(VICTIM) => found,
                Err(found) => {
                    self.is_right = false;
                    format!("SOMETHING ELSE: {found}")
                }
            };
            table.row(vec![format!("{lie:?}").to_lowercase(), found]);
        }
        table.print();
    }

    /// Loads a liar. Whatever cannot be done for another reason is a mistake that was not found.
    fn lied(&mut self, lie: Lie) -> Result<(), String> {
        let start = || {
            let running = Server::own(Role::Liar(lie)).start(self.cores)?;
            let mut load = Load::connect(&running.target, RECEIVERS, Coming::InTurn)?;
            load.settle(&[]).map(|()| (running, load))
        };
        match start() {
            Ok((running, mut load)) => {
                load.saturate(OUTSTANDING, self.window(RECEIVERS), running.pid()).map(drop)
            }
            Err(why) => {
                progress(&why);
                Ok(())
            }
        }
    }
}
