//! What every test needs: a room, a browser, and pages in its windows.

mod axe;
mod browser;
mod driver;
mod firefox;
mod page;
mod proxy;
mod room;
mod session;

use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub(crate) use browser::Browser;
pub(crate) use firefox::Firefox;
pub(crate) use page::{ENTER, Page, TAB};
pub(crate) use proxy::{Proxy, ProxyMode};
pub(crate) use room::Room;

/// For every wait. A test that reaches it fails with what the page shows.
pub(crate) const WAIT_TIMEOUT: Duration = Duration::from_secs(30);

/// The pauses between two looks at what is waited for: short at first, then longer, because a look takes the
/// browser and its driver milliseconds of the processor.
pub(crate) fn pauses() -> impl Iterator<Item = Duration> {
    // A page shows that it is disconnected for 150 ms at least.
    const LONGEST: Duration = Duration::from_millis(50);
    std::iter::successors(Some(Duration::from_millis(20)), |pause| Some((*pause * 2).min(LONGEST)))
}

/// A configuration without a limit on messages per second.
pub(crate) const NO_RATE_LIMIT: &str = r#"{"room":{"rate":{"per_second":0,"burst":1}}}"#;

/// A room and a browser. Both end when it is dropped.
#[derive(Debug)]
pub(crate) struct Fixture {
    pub(crate) browser: Browser,
    pub(crate) room: Room,
}

impl Fixture {
    /// Starts `chattrace-serve` with these options, and a browser.
    pub(crate) async fn start(options: &[&str]) -> Self {
        Self { room: Room::start(options), browser: Browser::start().await }
    }

    /// Starts a sealed room with these options, and a browser.
    pub(crate) async fn sealed(options: &[&str]) -> Self {
        Self { room: Room::sealed(options), browser: Browser::start().await }
    }

    /// Starts a whole session, whose room is `--open` or `--sealed`, and a browser.
    pub(crate) async fn operated(mode: &str, options: &[&str]) -> Self {
        Self { room: Room::operated(mode, options), browser: Browser::start().await }
    }

    /// Starts `chattrace-serve` with this configuration file, and a browser.
    pub(crate) async fn with_config(config: &str) -> Self {
        Self { room: Room::with_config(config), browser: Browser::start().await }
    }

    /// Opens the link in a new window, which shows the join form.
    pub(crate) async fn join_page(&self) -> Page {
        self.browser.open_page(self.room.link()).await
    }

    /// Joins the room in a new window.
    pub(crate) async fn participant(&self, name: &str) -> Page {
        let page = self.join_page().await;
        page.join(name).await;
        page
    }
}

/// A folder that is removed when dropped.
#[derive(Debug)]
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        // Private, as a runtime folder has to be.
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
