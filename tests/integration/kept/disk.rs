//! Nothing that was said, and nobody's name, is in any file of the machine afterwards.

use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::root;
use super::search::{Canaries, drawn};
use super::talk::Talk;
use crate::harness::cloudflared::HAPPY;
use crate::harness::{Place, Program};
use crate::session::ends::{child, signal};
use crate::session::stage::{Stage, scripted, watched};

/// Read at a time, so that the size of a file does not matter.
const CHUNK: usize = 1 << 20;

/// More than the longest part of a canary: it may lie across two chunks.
const OVERLAP: usize = 64;

/// Nobody's files: what the kernel makes up, and devices.
const NO_DISKS: [&str; 3] = ["/proc", "/sys", "/dev"];

/// A file for everybody to find, removed with its test.
struct Planted(PathBuf);

impl Planted {
    fn new(path: PathBuf, content: &str) -> Self {
        fs::write(&path, format!("a line\n{content}\n")).unwrap();
        Self(path)
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// V-29: in order, and after a crash of the room and of the supervisor in turn, with core dumps as
/// large as anybody may have them. In the working folder, in memory, in temporary folders, wherever
/// cores and journals are. As root, who may look everywhere.
#[test]
fn after_sessions_and_crashes_no_file_of_the_machine_has_a_word_of_them() {
    if !root() {
        return;
    }
    let stages = [(); 3].map(|()| Stage::new(HAPPY));
    let marker = stages[0].place.root().join("marker");
    fs::write(&marker, "").unwrap();
    let since = moment(&fs::metadata(marker).unwrap());

    let command = |stage: &Stage| stage.public(&["--json", "--logs", "delete"]);
    let (_, orderly) = Talk::over(&stages[0], watched(&command(&stages[0]))).end();
    let crash = |stage: &Stage, who: fn(&Program) -> u32| {
        let script = "ulimit -c unlimited; exec \"$0\" \"$@\"";
        let talk = Talk::over(stage, scripted(&command(stage), script));
        signal("ABRT", who(&talk.session));
        let canaries = talk.wait().1;
        // Where cores go unless the machine says otherwise.
        assert_eq!(fs::read_dir(stage.place.work()).unwrap().count(), 0);
        canaries
    };
    let room = crash(&stages[1], |session| child(session.pid(), "chattrace-serve"));
    let supervisor = crash(&stages[2], Program::pid);

    let mut planted = Canaries::new();
    let elsewhere = Place::new();
    let files = [
        elsewhere.work().join("found"),
        stages[0].place.home().join("found"),
        PathBuf::from(format!("/dev/shm/chattrace-test-{}", drawn(8))),
    ];
    let files = files.map(|path| Planted::new(path, &planted.text("planted")));
    let all = [&orderly, &room, &supervisor, &planted];
    let looked = Looked::at_all_files(since, &all);
    let found: Vec<_> = looked.found.iter().map(|(path, _)| path).collect();
    let mut expected: Vec<_> = files.iter().map(|planted| &planted.0).collect();
    expected.sort();
    assert_eq!(found, expected, "{:?}", looked.found);
    assert!(looked.found.iter().all(|(_, what)| what == "planted"), "{:?}", looked.found);
}

/// What was seen on the way through the machine.
struct Looked<'a> {
    since: (i64, i64),
    canaries: &'a [&'a Canaries],
    /// Files by device and number: one with many names is read once.
    seen: HashSet<(u64, u64)>,
    /// Where, in order, and what.
    found: Vec<(PathBuf, String)>,
}

impl<'a> Looked<'a> {
    /// Looks into every regular file that was changed, or renamed, since then.
    fn at_all_files(since: (i64, i64), canaries: &'a [&'a Canaries]) -> Self {
        let mut looked = Self { since, canaries, seen: HashSet::new(), found: Vec::new() };
        let mut folders = vec![PathBuf::from("/"), PathBuf::from("/dev/shm")];
        while let Some(folder) = folders.pop() {
            // Others come and go while we look; what root may not enter is not a disk.
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let (path, Ok(meta)) = (entry.path(), entry.metadata()) else { continue };
                if meta.is_dir() && !NO_DISKS.map(Path::new).contains(&&*path) && !is_target(&path)
                {
                    folders.push(path);
                } else if meta.is_file() && moment(&meta) >= looked.since {
                    looked.at(path, &meta);
                }
            }
        }
        looked.found.sort();
        looked
    }

    fn at(&mut self, path: PathBuf, meta: &Metadata) {
        if !self.seen.insert((meta.dev(), meta.ino())) {
            return;
        }
        let Ok(file) = File::open(&path) else { return };
        // Of a file that others write on, what it had when it was found.
        let mut rest = file.take(meta.len());
        let mut chunk = Vec::new();
        while (&mut rest).take(CHUNK as u64).read_to_end(&mut chunk).is_ok_and(|read| read > 0) {
            let here = self.canaries.iter().flat_map(|canaries| canaries.find(&chunk));
            if let Some((_, what)) = here.into_iter().next() {
                self.found.push((path, what.to_owned()));
                return;
            }
            chunk.drain(..chunk.len().saturating_sub(OVERLAP));
        }
    }
}

/// When a file was last changed: its content, or anything else of it.
fn moment(meta: &Metadata) -> (i64, i64) {
    (meta.mtime(), meta.mtime_nsec()).max((meta.ctime(), meta.ctime_nsec()))
}

/// Where compilers write as long as they run; none of us does.
fn is_target(folder: &Path) -> bool {
    let tag = fs::read_to_string(folder.join("CACHEDIR.TAG"));
    tag.is_ok_and(|tag| tag.contains("cargo"))
}
