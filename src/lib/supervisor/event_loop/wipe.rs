//! The last wipe: processes, control socket, runtime folder; and what a failed save left.

use tokio::signal::unix::Signal;

use super::state::EventLoop;

impl EventLoop {
    /// Removes everything, and returns what is still there.
    pub(super) async fn wipe(&mut self, sigchld: &mut Signal) -> Vec<String> {
        self.drop_host();
        self.log_question.cancel();
        self.children.kill_all(sigchld).await;
        if let Some(task) = self.control_task.take() {
            task.abort();
            let _ = task.await;
        }
        let guard = self.children.dismiss_guard(sigchld).await;
        let pids = guard.into_iter().chain(self.children.kill_remaining());
        let mut remains: Vec<String> = pids.map(|pid| format!("process {pid}")).collect();
        // While a process remains, the folder does, too: chattrace-clean finds the process by it.
        if let Some(run_dir) = self.run_dir.take_if(|_| remains.is_empty()) {
            // The guard has removed it already, unless there was none.
            if let Err(kept) = run_dir.remove() {
                remains.extend(kept.iter().map(ToString::to_string));
            }
        }
        remains.extend_from_slice(self.log_question.remains());
        remains
    }
}
