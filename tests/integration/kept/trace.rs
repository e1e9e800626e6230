//! What a session writes to, call by call (strace(1)): what the README lists under "Files", and
//! nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use super::root;
use super::talk::Talk;
use crate::harness::cloudflared::HAPPY;
use crate::harness::{Place, in_shell};
use crate::session::stage::{Stage, watched};

/// Every call that makes, changes or removes something that has a path, or writes to what has one.
const CALLS: &str = "execve,open,openat,openat2,creat,memfd_create,bind,mkdir,mkdirat,mknod,mknodat,\
    link,linkat,symlink,symlinkat,rename,renameat,renameat2,unlink,unlinkat,rmdir,truncate,ftruncate,\
    fallocate,chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,setxattr,utimensat,write,writev,\
    pwrite64,pwritev,pwritev2,sendfile,copy_file_range,splice";

/// One thread of a session: what it called, in order.
struct Thread(Vec<Call>);

/// `name(arguments) = result`.
struct Call {
    name: String,
    arguments: String,
    done: bool,
}

impl Call {
    fn parse(line: &str) -> Option<Self> {
        // Signals and ends stand between the calls.
        let (name, rest) = line.split_once('(').filter(|_| !line.starts_with(['-', '+']))?;
        let (arguments, result) = rest.rsplit_once(" = ")?;
        let done = !result.starts_with(['-', '?']);
        Some(Self { name: name.to_owned(), arguments: arguments.to_owned(), done })
    }

    fn opens(&self) -> bool {
        self.name.starts_with("open") || self.name == "creat"
    }

    /// What of the machine it changes: how, and the paths.
    fn changes(&self) -> Option<String> {
        let (name, arguments) = (&*self.name, &*self.arguments);
        let named = arguments.split('"').skip(1).step_by(2).collect::<Vec<_>>().join(" ");
        // The first descriptor: `14</path>`, `9<socket:[42]>`.
        let open = arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
        let open = open.map_or("", |(path, _)| path);
        let flags = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_TMPFILE"];
        match name {
            "execve" => None,
            _ if name.starts_with("open") => {
                flags.iter().any(|flag| arguments.contains(flag)).then(|| format!("open {named}"))
            }
            "bind" => arguments.contains("AF_UNIX").then(|| format!("make {named}")),
            "mkdir" | "mkdirat" => Some(format!("make {named}")),
            // By its name in an open folder.
            "unlinkat" if !named.starts_with('/') => Some(format!("remove {open}/{named}")),
            "unlink" | "unlinkat" | "rmdir" => Some(format!("remove {named}")),
            "ftruncate" | "fallocate" | "fchmod" | "fchown" | "write" | "writev" | "pwrite64"
            | "pwritev" | "pwritev2" | "sendfile" | "copy_file_range" | "splice" => {
                open.starts_with('/').then(|| format!("write {open}"))
            }
            _ => Some(format!("{name} {named}")),
        }
    }
}

impl Thread {
    /// The program that it became; none: it is one of the threads of another.
    fn program(&self) -> Option<&str> {
        let run = self.0.iter().rfind(|call| call.name == "execve" && call.done)?;
        Path::new(run.arguments.split('"').nth(1)?).file_name()?.to_str()
    }

    fn changes(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter(|call| call.done).filter_map(Call::changes)
    }
}

/// Everything that a session with these logs does, thread by thread.
fn traced(stage: &Stage, logs: &str) -> Vec<Thread> {
    // Its own machine, or the traces would be in the trace.
    let place = Place::new();
    let output = place.work().join("of");
    let script =
        format!("exec strace -ff -qq -y -e trace={CALLS} -o {} \"$0\" \"$@\"", output.display());
    let command = stage.public(&["--json", "--logs", logs]);
    let mut talk = Talk::over(stage, watched(&in_shell(&command, &script)));
    talk.session.close_stdin();
    talk.wait().0.expect_code(0);
    let files = std::fs::read_dir(place.work()).unwrap().map(|file| file.unwrap().path());
    let texts = files.map(|file| std::fs::read_to_string(file).unwrap());
    texts.map(|text| Thread(text.lines().filter_map(Call::parse).collect())).collect()
}

/// Every change, with the place of the machine and the names that are new in each session made the
/// same, each once. What the stand-in notes down in files of its test is not the session's.
fn changes(stage: &Stage, threads: &[Thread]) -> BTreeSet<String> {
    let root = stage.place.root().to_str().unwrap();
    let made = threads.iter().flat_map(Thread::changes).find_map(|change| {
        let session = change.strip_prefix(&format!("make {root}/run/chattrace/"))?;
        (!session.contains('/')).then(|| session.to_owned())
    });
    let session = made.unwrap();
    let all = threads.iter().flat_map(Thread::changes);
    let noted = format!("write {root}/bin/");
    let all = all.filter(|change| change != "write /dev/null" && !change.starts_with(&noted));
    all.map(|change| {
        let change = change.replace(root, "").replace(&session, "SESSION");
        match change.split_once("/work/chattrace-2") {
            Some((before, _)) => format!("{before}/work/LOG"),
            None => change,
        }
    })
    .collect()
}

/// V-29, V-31: with a log that is deleted, and with one that is saved.
#[test]
fn a_session_writes_to_what_the_readme_lists_and_to_nothing_else() {
    // Whoever may not read memory sees calls without their paths.
    if !root() {
        return;
    }
    let files = [
        "make /run/chattrace",
        "make /run/chattrace/SESSION",
        "make /run/chattrace/SESSION/control.sock",
        "make /run/chattrace/SESSION/home",
        "open /dev/null",
        "open /run/chattrace/SESSION/lock.new",
        "remove /run/chattrace",
        "remove /run/chattrace/SESSION",
        "remove /run/chattrace/SESSION/control.sock",
        "remove /run/chattrace/SESSION/home",
        "remove /run/chattrace/SESSION/lock",
        "rename /run/chattrace/SESSION/lock.new /run/chattrace/SESSION/lock",
    ];
    for (logs, more) in [("delete", &[][..]), ("save", &["open /work/LOG", "write /work/LOG"])] {
        let stage = Stage::new(HAPPY);
        let threads = traced(&stage, logs);
        let expected = files.iter().chain(more).map(|change| (*change).to_owned());
        assert_eq!(changes(&stage, &threads), expected.collect(), "{logs}");
        assert_confined(&threads);
    }
}

/// The room opens nothing for writing from its first instruction on, and tries nothing once it has
/// tried that it cannot. cloudflared opens nothing for writing either.
fn assert_confined(threads: &[Thread]) {
    let of = |name| threads.iter().filter(move |thread| thread.program() == Some(name));
    for program in ["chattrace", "chattrace-clean", "chattrace-tunnel"] {
        assert!(of(program).count() > 0, "{program}");
    }
    let rooms: Vec<_> = of("chattrace-serve").collect();
    assert_eq!(rooms.len(), 1);
    let calls = &rooms[0].0;
    let started = calls.iter().rposition(|call| call.name == "execve").unwrap();
    let tried = calls.iter().rposition(|call| call.name == "memfd_create").unwrap();
    assert!(calls[started..].iter().filter(|call| call.done).all(|call| call.changes().is_none()));
    assert!(!calls[tried].done && !calls[tried..].iter().any(Call::opens));
    assert!(calls.len() > tried + 1, "it has served");
    let tunnels: Vec<_> = of("cloudflared").collect();
    assert!(tunnels.iter().any(|thread| thread.0.len() > 20), "it was traced");
    for thread in tunnels {
        let started = thread.0.iter().rposition(|call| call.name == "execve").unwrap();
        assert!(!thread.0[started..].iter().any(|call| call.opens() && call.changes().is_some()));
    }
}
