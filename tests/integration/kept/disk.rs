//! After a session no message and no name is in any file of the machine.

use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::canaries::{Canaries, random_hex};
use super::conversation::Conversation;
use super::sealed::SealedConversation;
use crate::harness::cloudflared::HAPPY;
use crate::harness::{Program, TestEnv};
use crate::session::ends::{child, signal};
use crate::session::stage::{Stage, scripted, watched};

/// Files are read in chunks of this size, so that memory does not depend on them.
const CHUNK_BYTES: usize = 1 << 20;

/// More than the longest fragment of a canary, which may lie across two chunks.
const OVERLAP_BYTES: usize = 64;

/// Folders without files on a disk.
const EXCLUDED: [&str; 3] = ["/proc", "/sys", "/dev"];

/// A file that the search must find; removed when dropped.
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

/// V-29: after an orderly end, a crash of serve and a crash of the supervisor, with core dumps of
/// unlimited size. The search covers the working folder, file systems in memory, temporary folders,
/// core dumps and journals.
#[test]
#[ignore = "needs ptrace: tests/run"]
fn no_file_contains_a_canary_after_sessions_and_crashes() {
    let stages = [(); 5].map(|()| Stage::new(HAPPY));
    let marker = stages[0].env.root().join("marker");
    fs::write(&marker, "").unwrap();
    let since = last_change(&fs::metadata(marker).unwrap());

    let command = |stage: &Stage| stage.public(&["--json", "--logs", "delete"]);
    let (_, orderly) = Conversation::start(&stages[0], watched(&command(&stages[0]))).end();
    let crash = |stage: &Stage, process: fn(&Program) -> u32| {
        let script = "ulimit -c unlimited; exec \"$0\" \"$@\"";
        let conversation = Conversation::start(stage, scripted(&command(stage), script));
        signal("ABRT", process(&conversation.session));
        let canaries = conversation.wait().1;
        // The default place of core dumps (core(5)).
        assert_eq!(fs::read_dir(stage.env.work()).unwrap().count(), 0);
        canaries
    };
    let room = crash(&stages[1], |session| child(session.pid(), "chattrace-serve"));
    let supervisor = crash(&stages[2], Program::pid);

    let sealed = |stage: &Stage, script: &str| {
        let command = stage.public(&["--json", "--sealed", "--logs", "delete"]);
        SealedConversation::start(stage, scripted(&command, script))
    };
    let sealed_orderly = sealed(&stages[3], "exec \"$0\" \"$@\"").end();
    let sealed_crash = sealed(&stages[4], "ulimit -c unlimited; exec \"$0\" \"$@\"").crash();

    let mut planted = Canaries::new();
    let elsewhere = TestEnv::new();
    let files = [
        elsewhere.work().join("found"),
        stages[0].env.home().join("found"),
        PathBuf::from(format!("/dev/shm/chattrace-test-{}", random_hex(8))),
    ];
    let files = files.map(|path| Planted::new(path, &planted.text("planted")));
    let all = [&orderly, &room, &supervisor, &sealed_orderly, &sealed_crash, &planted];
    let search = DiskSearch::all_files(since, &all);
    let found: Vec<_> = search.found.iter().map(|(path, _)| path).collect();
    let mut expected: Vec<_> = files.iter().map(|planted| &planted.0).collect();
    expected.sort();
    assert_eq!(found, expected, "{:?}", search.found);
    assert!(search.found.iter().all(|(_, name)| name == "planted"), "{:?}", search.found);
}

/// A search of all files that changed since a point in time.
struct DiskSearch<'a> {
    since: (i64, i64),
    canaries: &'a [&'a Canaries],
    /// Files that were read, by device and inode: a file with several names is read once.
    seen: HashSet<(u64, u64)>,
    /// Paths in order, each with the canary in it.
    found: Vec<(PathBuf, String)>,
}

impl<'a> DiskSearch<'a> {
    /// Searches all regular files that were changed or renamed since `since`.
    fn all_files(since: (i64, i64), canaries: &'a [&'a Canaries]) -> Self {
        let mut search = Self { since, canaries, seen: HashSet::new(), found: Vec::new() };
        let mut folders = vec![PathBuf::from("/"), PathBuf::from("/dev/shm")];
        while let Some(folder) = folders.pop() {
            // Folders may vanish during the search, and root cannot read some virtual file systems.
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let (path, Ok(meta)) = (entry.path(), entry.metadata()) else { continue };
                if meta.is_dir() && !EXCLUDED.map(Path::new).contains(&&*path) && !is_target(&path)
                {
                    folders.push(path);
                } else if meta.is_file() && last_change(&meta) >= search.since {
                    search.file(path, &meta);
                }
            }
        }
        search.found.sort();
        search
    }

    fn file(&mut self, path: PathBuf, meta: &Metadata) {
        if !self.seen.insert((meta.dev(), meta.ino())) {
            return;
        }
        let Ok(file) = File::open(&path) else { return };
        // The length at this point: another process may append for ever.
        let mut rest = file.take(meta.len());
        let mut chunk = Vec::new();
        while (&mut rest)
            .take(CHUNK_BYTES as u64)
            .read_to_end(&mut chunk)
            .is_ok_and(|read| read > 0)
        {
            let here = self.canaries.iter().flat_map(|canaries| canaries.find(&chunk));
            if let Some((_, name)) = here.into_iter().next() {
                self.found.push((path, name.to_owned()));
                return;
            }
            chunk.drain(..chunk.len().saturating_sub(OVERLAP_BYTES));
        }
    }
}

/// The later one of mtime and ctime.
fn last_change(meta: &Metadata) -> (i64, i64) {
    (meta.mtime(), meta.mtime_nsec()).max((meta.ctime(), meta.ctime_nsec()))
}

/// Whether this is a build folder of cargo, which may change during the search.
fn is_target(folder: &Path) -> bool {
    let tag = fs::read_to_string(folder.join("CACHEDIR.TAG"));
    tag.is_ok_and(|tag| tag.contains("cargo"))
}
