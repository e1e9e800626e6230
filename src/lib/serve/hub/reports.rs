//! What the operator has to learn beside joins and leaves, in order and without loss.

use super::{Hub, Inner};
use crate::control::RoomReport;

impl Inner {
    /// Adds a report behind all others. An end cancels out with the beginning that was not sent yet: so
    /// people who come to the lobby and go again cost no more reports than the lobby has places, however
    /// many they are.
    pub(super) fn report(&mut self, hub: &Hub, report: RoomReport) {
        if let RoomReport::WaitEnded { number } = report {
            let begins = |it: &RoomReport| match it {
                RoomReport::Waits { participant } => participant.number == u64::from(number),
                RoomReport::WaitEnded { .. }
                | RoomReport::LinkUsed { .. }
                | RoomReport::Connections { .. } => false,
            };
            if let Some(at) = self.reports.iter().position(begins) {
                self.reports.remove(at);
                return;
            }
        }
        self.reports.push_back(report);
        hub.report_work.notify_one();
    }
}

impl Hub {
    /// The next report to the operator. Cancel safe.
    pub(in crate::serve) async fn next_report(&self) -> RoomReport {
        loop {
            if let Some(report) = self.try_next_report() {
                return report;
            }
            self.report_work.notified().await;
        }
    }

    /// The next report to the operator, if there is one.
    pub(in crate::serve) fn try_next_report(&self) -> Option<RoomReport> {
        let mut inner = self.lock();
        inner.reports.pop_front().or_else(|| inner.next_connections())
    }
}
