//! The file mode creation mask of a launcher, and folders that an earlier version has made under one.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{Place, settings_of_another_user};
use crate::harness::{Output, Program};
use crate::session::stage::{event, watched};

impl Place {
    fn session(&self, settings: &[&str]) {
        let command = self.command("chattrace", settings, &["--tunnel", "none", "--json"]);
        let mut session = watched(&command);
        event(&mut session, "link");
        session.signal("TERM");
        let ended = session.wait().expect_code(0);
        assert!(ended.stderr.contains("nothing remains"), "{settings:?}: {ended:#?}");
        self.stage.assert_nothing_left();
    }

    fn clean(&self, arguments: &[&str]) -> Output {
        Program::run(self.command("chattrace-clean", &["umask=777"], arguments)).expect_code(0)
    }

    /// Makes the folder and its parents as this user, with this mode.
    fn plant(&self, path: &Path, mode: u32) {
        std::fs::create_dir_all(path).unwrap();
        self.user.first().inspect(|_| drop(settings_of_another_user(&self.stage)));
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[test]
fn a_session_works_under_any_mask() {
    let place = Place::new();
    for mask in ["777", "177", "277", "477", "700", "22", "0"] {
        place.session(&[&format!("umask={mask}")]);
        place.clean(&["--stale", "--yes"]);
        place.stage.assert_nothing_left();
    }
}

/// The mask of a launcher decides neither who may read a saved log, nor whether its owner may.
#[test]
fn a_saved_log_can_be_read_by_its_owner_alone() {
    let place = Place::new();
    for mask in ["777", "0"] {
        let arguments = ["--tunnel", "none", "--json", "--logs", "save"];
        let setting = format!("umask={mask}");
        let mut session = watched(&place.command("chattrace", &[&setting], &arguments));
        event(&mut session, "link");
        session.signal("TERM");
        session.wait().expect_code(0);
        let log = std::fs::read_dir(place.env().work()).unwrap().next().unwrap().unwrap().path();
        let mode = log.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{mask}");
        std::fs::remove_file(log).unwrap();
    }
}

/// What an earlier version left under such a mask: folders that their owner may not enter.
#[test]
fn folders_that_cannot_be_entered_are_used_again_and_removed() {
    let place = Place::new();
    let base = place.env().runtime().join("chattrace");
    let session = base.join("0123456789ab");
    for mode in [0, 0o100, 0o200, 0o400, 0o500, 0o600] {
        place.plant(&base, mode);
        place.session(&[]);
        place.plant(&base, mode);
        place.clean(&["--stale", "--yes"]);
        place.stage.assert_nothing_left();
        place.plant(&session, mode);
        std::fs::set_permissions(&base, std::fs::Permissions::from_mode(mode)).unwrap();
        let cleaned = place.clean(&["--stale", "--yes", "--json"]);
        assert!(cleaned.stdout.contains("0123456789ab\""), "{mode:o}: {cleaned:#?}");
        place.stage.assert_nothing_left();
    }
}

/// The folder of the downloaded cloudflared, likewise.
#[test]
fn a_download_folder_that_cannot_be_entered_is_removed_on_request() {
    let place = Place::new();
    let share = place.env().home().join(".local/share");
    std::fs::create_dir_all(&share).unwrap();
    for mode in [0, 0o600] {
        let folder = share.join("chattrace");
        place.plant(&folder.join("bin"), mode);
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
        place.clean(&["--all", "--yes"]);
        assert!(!folder.exists(), "{mode:o}");
    }
}
