//! What a test stands on: a room, a browser, and pages in its windows.

mod axe;
mod browser;
mod page;
mod path;
mod room;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub(crate) use browser::Browser;
pub(crate) use page::{ENTER, Page, TAB};
pub(crate) use path::{Path, Way};
pub(crate) use room::Room;

/// Every wait of every test ends by then, with the whole story.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// How often a page is looked at while something is waited for.
pub(crate) const GLANCE: Duration = Duration::from_millis(20);

/// No limit on how fast somebody talks.
pub(crate) const UNHURRIED: &str = r#"{"room":{"rate":{"per_second":0,"burst":1}}}"#;

/// A room and a browser.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) browser: Browser,
    pub(crate) room: Room,
}

impl Stage {
    /// With the options of `chattrace-serve`.
    pub(crate) async fn open(options: &[&str]) -> Self {
        Self { room: Room::open(options), browser: Browser::start().await }
    }

    /// With a configuration.
    pub(crate) async fn configured(config: &str) -> Self {
        Self { room: Room::configured(config), browser: Browser::start().await }
    }

    /// A window that shows the gate.
    pub(crate) async fn gate(&self) -> Page {
        self.browser.page(self.room.link()).await
    }

    /// A window in the room.
    pub(crate) async fn seat(&self, name: &str) -> Page {
        let page = self.gate().await;
        page.join(name).await;
        page
    }
}

/// A folder of a test, gone with it.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A new one.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
