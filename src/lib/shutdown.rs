//! One word for "it is over", told to any number of tasks at once.

use tokio::sync::watch;

/// The side that ends things. Dropping it counts as ending them.
#[derive(Debug)]
pub(crate) struct Shutdown(watch::Sender<bool>);

/// The side that waits for the end. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Ending(watch::Receiver<bool>);

impl Shutdown {
    /// A pair that has not ended yet.
    pub(crate) fn new() -> (Self, Ending) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Ending(receiver))
    }

    /// Ends everything that waits, now and later. Saying it twice is harmless.
    pub(crate) fn end(&self) {
        self.0.send_replace(true);
    }
}

impl Ending {
    /// Returns when the end was called, also when that was long ago.
    pub(crate) async fn wait(&mut self) {
        // An error means that the other side is gone, which is an end as well.
        let _ = self.0.wait_for(|ended| *ended).await;
    }
}
