//! The system calls of a session that change files (strace(1)): only on paths that
//! docs/configuration.md lists under "Files".

use std::collections::BTreeSet;
use std::path::Path;

use super::conversation::Conversation;
use crate::harness::cloudflared::HAPPY;
use crate::harness::{TestEnv, in_shell};
use crate::session::stage::{Stage, watched};

/// All system calls that create, change, remove or write to a path.
const TRACED: &str = "execve,open,openat,openat2,creat,memfd_create,bind,mkdir,mkdirat,mknod,mknodat,\
    link,linkat,symlink,symlinkat,rename,renameat,renameat2,unlink,unlinkat,rmdir,truncate,ftruncate,\
    fallocate,chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,setxattr,utimensat,write,writev,\
    pwrite64,pwritev,pwritev2,sendfile,copy_file_range,splice";

/// The calls of one thread, in order.
struct Thread(Vec<Syscall>);

/// One line of strace: `name(arguments) = result`.
struct Syscall {
    name: String,
    arguments: String,
    succeeded: bool,
}

impl Syscall {
    fn parse(line: &str) -> Option<Self> {
        // Other lines are signals and exits.
        let (name, rest) = line.split_once('(').filter(|_| !line.starts_with(['-', '+']))?;
        let (arguments, result) = rest.rsplit_once(" = ")?;
        let succeeded = !result.starts_with(['-', '?']);
        Some(Self { name: name.to_owned(), arguments: arguments.to_owned(), succeeded })
    }

    fn opens(&self) -> bool {
        self.name.starts_with("open") || self.name == "creat"
    }

    /// The change that this call makes, as a verb and its paths; `None` if it makes none.
    fn change(&self) -> Option<String> {
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
            // Relative to an open folder.
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
    /// The program of its last exec; `None` for the other threads of a process.
    fn program(&self) -> Option<&str> {
        let run = self.0.iter().rfind(|call| call.name == "execve" && call.succeeded)?;
        Path::new(run.arguments.split('"').nth(1)?).file_name()?.to_str()
    }

    fn changes(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter(|call| call.succeeded).filter_map(Syscall::change)
    }
}

/// Runs a session with this value of `--logs` under strace.
fn trace_session(stage: &Stage, logs: &str) -> Vec<Thread> {
    // Outside the session's folders: strace writes there.
    let env = TestEnv::new();
    let output = env.work().join("of");
    let script =
        format!("exec strace -ff -qq -y -e trace={TRACED} -o {} \"$0\" \"$@\"", output.display());
    let command = stage.public(&["--json", "--logs", logs]);
    let mut conversation = Conversation::start(stage, watched(&in_shell(&command, &script)));
    conversation.session.close_stdin();
    conversation.wait().0.expect_code(0);
    let files = std::fs::read_dir(env.work()).unwrap().map(|file| file.unwrap().path());
    let texts = files.map(|file| std::fs::read_to_string(file).unwrap());
    texts.map(|text| Thread(text.lines().filter_map(Syscall::parse).collect())).collect()
}

/// The set of changes, with the parts that differ in each run replaced. The records of the stand-in
/// belong to the test and are left out.
fn changes(stage: &Stage, threads: &[Thread]) -> BTreeSet<String> {
    let root = stage.env.root().to_str().unwrap();
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
#[ignore = "needs ptrace, strace: tests/run"]
fn a_session_changes_only_the_files_that_the_readme_lists() {
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
        let threads = trace_session(&stage, logs);
        let expected = files.iter().chain(more).map(|change| (*change).to_owned());
        assert_eq!(changes(&stage, &threads), expected.collect(), "{logs}");
        assert_confined(&threads);
    }
}

/// Serve changes no file from its exec on, and opens none after it has checked its confinement.
/// cloudflared opens no file for writing.
fn assert_confined(threads: &[Thread]) {
    let of = |name| threads.iter().filter(move |thread| thread.program() == Some(name));
    for program in ["chattrace", "chattrace-clean", "chattrace-tunnel"] {
        assert!(of(program).count() > 0, "{program}");
    }
    let rooms: Vec<_> = of("chattrace-serve").collect();
    assert_eq!(rooms.len(), 1);
    let calls = &rooms[0].0;
    let started = calls.iter().rposition(|call| call.name == "execve").unwrap();
    let checked = calls.iter().rposition(|call| call.name == "memfd_create").unwrap();
    assert!(
        calls[started..].iter().filter(|call| call.succeeded).all(|call| call.change().is_none())
    );
    assert!(!calls[checked].succeeded && !calls[checked..].iter().any(Syscall::opens));
    assert!(calls.len() > checked + 1, "it has served");
    let tunnels: Vec<_> = of("cloudflared").collect();
    assert!(tunnels.iter().any(|thread| thread.0.len() > 20), "it was traced");
    for thread in tunnels {
        let started = thread.0.iter().rposition(|call| call.name == "execve").unwrap();
        assert!(!thread.0[started..].iter().any(|call| call.opens() && call.change().is_some()));
    }
}
