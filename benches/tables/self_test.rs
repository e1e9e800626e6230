//! Checks that faults are detected, with servers that have one fault each.

use super::Bench;
use crate::load::{Arrival, Load};
use crate::report::{Table, progress};
use crate::servers::{Fault, Server, Yardstick};

/// The victim, and enough clients to compare it with.
const CLIENTS: usize = 20;

/// The fault happens to the eighth client.
const VICTIM: &str = "client 7: ";

/// Messages after which the fault has happened.
const MESSAGES: u64 = 2_000;

/// More than one message in each batch, so that two can be swapped.
const OUTSTANDING: usize = 8;

impl Bench {
    pub(super) fn self_test(&mut self) {
        let title = "self-test: a fault that happens once, to one of twenty clients, after a thousand \
                     messages, is detected";
        let mut table = Table::new(title, 2, &["fault", "detected as"]);
        for fault in Fault::ALL {
            progress(&format!("self-test: {fault:?}"));
            let found = match self.load_faulty(fault) {
                Ok(()) => {
                    self.passed = false;
                    "NOTHING: this benchmark proves nothing".to_owned()
                }
                Err(found) if found.starts_with(VICTIM) => found,
                Err(found) => {
                    self.passed = false;
                    format!("SOMETHING ELSE: {found}")
                }
            };
            table.row(vec![format!("{fault:?}").to_lowercase(), found]);
        }
        table.print();
    }

    /// Loads a faulty server; the error is the detected fault. A server that cannot be started counts
    /// as a fault that was not detected.
    fn load_faulty(&mut self, fault: Fault) -> Result<(), String> {
        let start = || {
            let process = Server::yardstick(Yardstick::Faulty(fault)).start(self.cores)?;
            let mut load = Load::connect(&process.target, CLIENTS, Arrival::InWaves)?;
            load.synchronize(&[]).map(|()| (process, load))
        };
        match start() {
            Ok((process, mut load)) => {
                // On a busy machine, one measurement is too short for the fault to happen.
                while load.sent() < MESSAGES {
                    load.saturate(OUTSTANDING, self.phases(CLIENTS), process.pid())?;
                }
                Ok(())
            }
            Err(why) => {
                progress(&why);
                Ok(())
            }
        }
    }
}
