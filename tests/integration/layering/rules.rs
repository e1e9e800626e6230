//! The rules, as tables. Folders and files are named by their path below `src/lib`.

/// What a module of the library is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    Ground,
    Subject,
    Program,
}

use Tier::{Ground, Program, Subject};

/// Every module of the library, its tier, and what it may import from the library. Programs import
/// subjects and ground, subjects ground; no program imports another.
pub(super) const MODULES: &[(&str, Tier, &[&str])] = &[
    (
        "supervisor",
        Program,
        &[
            "config",
            "control",
            "exit",
            "line_reader",
            "log",
            "memory",
            "paths",
            "process",
            "terminal",
            "token",
            "units",
        ],
    ),
    (
        "serve",
        Program,
        &[
            "chat", "config", "control", "exit", "memory", "process", "terminal", "token", "units",
            "wire",
        ],
    ),
    (
        "tunnel",
        Program,
        &["config", "control", "exit", "line_reader", "paths", "process", "terminal", "units"],
    ),
    ("clean", Program, &["config", "control", "exit", "paths", "process", "terminal", "units"]),
    ("chat", Subject, &["token", "units"]),
    ("wire", Subject, &["chat", "config", "token"]),
    ("control", Ground, &["config", "line_reader", "memory", "process", "terminal", "token"]),
    ("log", Ground, &["control", "paths"]),
    ("config", Ground, &["exit", "paths"]),
    ("exit", Ground, &[]),
    ("line_reader", Ground, &[]),
    ("memory", Ground, &[]),
    ("paths", Ground, &[]),
    ("process", Ground, &["memory", "paths"]),
    ("terminal", Ground, &["units"]),
    ("token", Ground, &[]),
    ("units", Ground, &[]),
];

/// The floors inside a folder, from the top: a file may import files of its own floor and of those
/// below. Each entry is a file or a folder in it.
pub(super) const FLOORS: &[(&str, &[&[&str]])] = &[
    (
        "serve",
        &[
            &["mod.rs"],
            &["standalone.rs", "supervised.rs"],
            &["service.rs", "confined.rs", "limits.rs", "error.rs", "cli.rs"],
            &["web"],
            &["fanout"],
            &["hub"],
            &["websocket"],
        ],
    ),
    (
        "supervisor",
        &[
            &["mod.rs", "cli.rs"],
            &["event_loop"],
            &["children", "console", "timers.rs"],
            &["session"],
        ],
    ),
    ("config", &[&["mod.rs"], &["resolving.rs"], &["values.rs"]]),
    (
        "process",
        &[
            &["mod.rs", "parent.rs", "spawn.rs", "session_process.rs", "signals.rs"],
            &["confine"],
            &["inherited_fds.rs", "listener.rs", "pidfd.rs", "stream.rs"],
        ],
    ),
    (
        "process/confine",
        &[
            &["mod.rs", "self_test.rs"],
            &["room_seccomp", "cloudflared_seccomp", "landlock.rs", "dynamic_user.rs"],
            &["seccomp.rs", "privileges.rs"],
            &["layers.rs"],
        ],
    ),
];

/// Folders and files without I/O, clock, randomness and runtime: time and secrets are arguments.
pub(super) const PURE: &[&str] = &["chat", "wire", "supervisor/session", "tunnel/attempt"];

/// What pure code does not name.
pub(super) const IMPURE: &[&str] = &[
    "getrandom",
    "std::env",
    "std::fs",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::Instant::now",
    "std::time::SystemTime::now",
    "tokio",
];

/// A crate, and the only files and folders that name it. Every entry must be needed.
pub(super) const CRATES: &[(&str, &[&str])] = &[
    ("axum", &["serve/web"]),
    // It renders the page when the programs are built: build.rs.
    ("handlebars", &[]),
    ("hyper", &["serve/web"]),
    ("hyper_util", &["serve/web"]),
    ("interprocess", &["control/listener.rs"]),
    ("nix", &["process", "clean", "paths", "terminal", "memory"]),
    (
        "clap",
        &[
            "supervisor/cli.rs",
            "serve/cli.rs",
            "tunnel/cli.rs",
            "clean/cli.rs",
            "config/check.rs",
            "config/flags.rs",
            "tunnel/exec.rs",
            "terminal/usage.rs",
        ],
    ),
    ("directories", &["paths"]),
    ("jiff", &["log.rs"]),
    ("landlock", &["process/confine"]),
    ("rustix", &["process", "memory"]),
    ("seccompiler", &["process/confine"]),
    ("subtle", &["token.rs"]),
    ("talc", &["memory"]),
    ("tungstenite", &["serve/websocket"]),
    ("ureq", &["tunnel/install"]),
    ("zeroize", &["serve/websocket", "token.rs"]),
];

/// A call that opens, creates or removes a file by its path, and the only files and folders that make
/// it. `paths` checks what it opens: a pipe there cannot block, a link leads nowhere.
pub(super) const CALLS: &[(&str, &[&str])] = &[
    ("nix::fcntl::open", &["paths"]),
    ("nix::fcntl::openat", &["paths"]),
    ("nix::unistd::unlinkat", &["paths"]),
    ("std::fs::File::create", &["paths"]),
    ("std::fs::File::create_new", &["paths", "process/confine/self_test.rs"]),
    ("std::fs::File::open", &["paths", "process/confine/self_test.rs"]),
    ("std::fs::File::options", &["paths"]),
    ("std::fs::OpenOptions", &["paths", "process/confine/self_test.rs"]),
    // The environment of a process, from /proc.
    ("std::fs::read", &["paths", "process/session_process.rs"]),
    ("std::fs::read_to_string", &["paths"]),
    ("std::fs::remove_dir", &["paths"]),
    ("std::fs::remove_dir_all", &["paths"]),
    ("std::fs::remove_file", &["paths", "process/confine/self_test.rs"]),
    ("std::fs::rename", &["paths", "tunnel/install"]),
    ("std::fs::write", &["paths"]),
    ("tokio::fs", &["paths"]),
];
