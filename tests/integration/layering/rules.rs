//! The rules, as tables. Folders and files are named by their path below `src/lib`.

/// What a module of the library is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    Ground,
    Subject,
    Program,
}

use Tier::{Ground, Program, Subject};

/// Every module of the library, its tier, and what it may import from the library; all of it is needed.
/// Programs import subjects and ground, subjects ground; no program imports another.
#[rustfmt::skip]
pub(super) const MODULES: &[(&str, Tier, &[&str])] = &[
    ("clean", Program, &["config", "control", "exit", "manual", "paths", "process", "terminal", "units"]),
    ("serve", Program, &[
        "chat", "config", "control", "exit", "identity", "manual", "memory", "pasted_link", "paths", "process",
        "quick_tunnel", "rate_limit", "terminal", "token", "units", "wire",
    ]),
    ("supervisor", Program, &[
        "base64url", "chat", "command", "config", "control", "exit", "line_reader", "log", "manual", "memory", "paths",
        "process", "rate_limit", "seal", "secret_bytes", "span", "terminal", "token", "units", "wire",
    ]),
    ("tunnel", Program, &[
        "config", "control", "exit", "line_reader", "manual", "paths", "process", "quick_tunnel", "terminal",
        "units",
    ]),
    ("chat", Subject, &["control", "emoji_sequence", "identity", "invisible", "marks", "rate_limit", "token", "units"]),
    ("command", Subject, &["identity", "manual", "span", "terminal"]),
    ("seal", Subject, &["box_head", "secret_bytes", "token"]),
    // The relay passes on what the host says, as it is.
    ("wire", Subject, &["base64url", "box_head", "chat", "config", "control", "token"]),
    ("base64url", Ground, &[]),
    ("box_head", Ground, &[]),
    ("config", Ground, &["exit", "paths", "span", "terminal"]),
    // The types that its messages carry, and the rules of their fields.
    ("control", Ground, &[
        "base64url", "config", "identity", "line_reader", "memory", "process", "quick_tunnel", "rate_limit", "span",
        "terminal", "token",
    ]),
    ("exit", Ground, &[]),
    ("identity", Ground, &[]),
    ("invisible", Ground, &[]),
    ("line_reader", Ground, &[]),
    ("log", Ground, &["control", "paths", "span"]),
    ("emoji_sequence", Ground, &["marks"]),
    ("manual", Ground, &["exit", "paths"]),
    ("marks", Ground, &[]),
    ("memory", Ground, &[]),
    ("pasted_link", Ground, &["token"]),
    ("paths", Ground, &[]),
    ("process", Ground, &["memory", "paths"]),
    ("quick_tunnel", Ground, &[]),
    ("rate_limit", Ground, &[]),
    ("secret_bytes", Ground, &[]),
    ("span", Ground, &[]),
    ("terminal", Ground, &["emoji_sequence", "exit", "invisible", "marks", "units"]),
    ("token", Ground, &[]),
    ("units", Ground, &[]),
];

/// The floors inside a folder, from the top: a file may import files of its own floor and of those
/// below. Each entry is a file or a folder in it. The `mod.rs` of a folder declares and re-exports; one
/// with code of its own stands on the top floor.
#[rustfmt::skip]
pub(super) const FLOORS: &[(&str, &[&[&str]])] = &[
    ("serve", &[
        &["mod.rs"],
        &["standalone.rs", "supervised.rs"],
        &["manual.rs"],
        &["cli.rs", "confined.rs", "limits.rs", "service.rs"],
        &["web"],
        &["fanout"],
        &["hub"],
        &["websocket"],
        &["error.rs"],
    ]),
    ("supervisor", &[
        &["mod.rs"],
        &["manual.rs"],
        &["ctl", "preflight.rs"],
        &["cli.rs"],
        &["event_loop"],
        &["console", "timers.rs"],
        &["archive.rs", "checks.rs", "children"],
        &["host", "operator", "session"],
    ]),
    ("tunnel", &[
        &["mod.rs"],
        &["manual.rs", "standalone.rs", "supervised.rs"],
        &["lifecycle.rs", "stdin_origin.rs"],
        &["prepare.rs", "run_attempt.rs"],
        &["cloudflared.rs", "cooldown.rs", "exec.rs", "install", "locate.rs", "metrics.rs", "output_reader.rs", "program_file.rs"],
        &["context.rs", "progress.rs", "screen.rs", "status_sink.rs", "stdout.rs"],
        &["cli.rs", "origin.rs"],
        &["attempt"],
    ]),
    ("clean", &[
        &["mod.rs"],
        &["guard.rs", "manual.rs", "report.rs"],
        &["wipe.rs"],
        &["search"],
        &["cli.rs", "inventory.rs"],
    ]),
    ("config", &[
        &["mod.rs"],
        &["flags.rs", "resolve.rs"],
        &["file.rs", "overrides.rs", "settings.rs"],
        &["encoding.rs", "error.rs", "syntax.rs", "values.rs"],
    ]),
    ("control", &[
        &["mod.rs"],
        &["client.rs", "link.rs", "listener.rs"],
        &["conversation.rs"],
        &["answer.rs"],
        &["frame.rs", "message"],
        &["validate.rs"],
    ]),
    ("process", &[
        &["mod.rs"],
        &["parent.rs", "session_process.rs", "signals.rs", "spawn.rs"],
        &["inheritance"],
        &["required_calls"],
        &["confine"],
        &["inherited_fds.rs", "listener.rs", "local_socket.rs", "pidfd.rs", "reachable.rs", "stream.rs"],
    ]),
    ("process/inheritance", &[
        &["mod.rs"],
        &["limits.rs", "restart.rs", "streams.rs"],
        &["signals.rs"],
    ]),
    ("process/confine", &[
        &["mod.rs", "self_test.rs"],
        &["cloudflared_seccomp", "dynamic_user.rs", "landlock.rs", "room_seccomp"],
        &["privileges.rs", "seccomp.rs"],
        &["layers.rs"],
    ]),
    ("memory", &[
        &["mod.rs"],
        &["executable.rs", "lock.rs"],
        &["heap.rs"],
        &["regions.rs"],
        &["overwrite.rs"],
    ]),
];

/// Items that only an open room has, and the only files and folders that name them, beside the file that
/// defines them. Every entry must be needed.
///
/// In a sealed room, the server reads no text: a text becomes a `MessageText` before anything reads it, and
/// only the lines of clients of an open room make one. `lines/mod.rs` decides by the mode of the room,
/// which is fixed when the room is made. No file of a sealed room is in this table.
#[rustfmt::skip]
pub(super) const ITEMS: &[(&str, &str, &[&str])] = &[
    ("chat/text.rs", "MessageText", &["chat/room.rs", "serve/hub/open/announce.rs", "serve/hub/open/say.rs", "serve/web/lines/open.rs",
        // The operator's own words.
        "supervisor/event_loop/commands/mod.rs",
    ]),
    ("chat/room.rs", "Room", &["chat/room_lobby.rs", "chat/room_orders.rs", "serve/hub/open"]),
    ("chat/room.rs", "RoomEvent", &[
        "chat/room_lobby.rs", "chat/room_orders.rs", "serve/hub/open", "serve/hub/publish.rs", "wire/server.rs",
    ]),
    ("serve/hub/open/room.rs", "OpenRoom", &["serve/hub/mod.rs", "serve/hub/open", "serve/hub/room_state.rs"]),
    ("serve/web/lines/open.rs", "say", &["serve/web/lines/mod.rs"]),
];

/// Files and folders, and those that they do not reach, over any number of files.
pub(super) const APART: &[(&str, &[&str])] = &[
    // Seats have numbers. What a participant is called, and says, is for others to know.
    ("chat/seats.rs", &["chat/text.rs", "chat/room.rs", "chat/name_registry.rs"]),
    ("chat/seat_places.rs", &["chat/text.rs", "chat/room.rs", "chat/name_registry.rs"]),
    ("chat/seat_posting.rs", &["chat/text.rs", "chat/room.rs", "chat/name_registry.rs"]),
    ("chat/seat_retention.rs", &["chat/text.rs", "chat/room.rs", "chat/name_registry.rs"]),
    ("chat/seat_rules.rs", &["chat/text.rs", "chat/room.rs", "chat/name_registry.rs"]),
    // The host judges names. It has no use for texts.
    ("chat/name_registry.rs", &["chat/text.rs", "chat/room.rs", "chat/seats.rs"]),
    ("chat/name_lobby.rs", &["chat/text.rs", "chat/room.rs", "chat/seats.rs"]),
    ("chat/name_retention.rs", &["chat/text.rs", "chat/room.rs", "chat/seats.rs"]),
];

/// Folders and files without I/O, clock, randomness and runtime: time and secrets are arguments.
pub(super) const PURE: &[&str] = &[
    "chat",
    "seal",
    "wire",
    "supervisor/host",
    "supervisor/operator",
    "supervisor/session",
    "terminal/prompt/editor.rs",
    "terminal/prompt/keys.rs",
    "terminal/prompt/view.rs",
    "tunnel/attempt",
];

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

/// Folders and files of sealed rooms in the server. None of them names what makes a message or a name
/// readable, so nothing that is said in such a room can be read by code of the server.
pub(super) const SEALED: &[&str] = &[
    "serve/hub/sealed",
    "serve/web/lines/sealed.rs",
    "serve/web/poll/handshake.rs",
    "serve/web/ws/handshake.rs",
    "wire/sealed.rs",
    "wire/sealed_box.rs",
];

/// What they do not name: types that hold a text or a name, keys, and all code of open rooms. Files, or
/// items of files.
pub(super) const READABLE: &[(&str, &[&str])] = &[
    ("chat/identity.rs", &[]),
    ("chat/name_registry.rs", &[]),
    ("chat/nickname.rs", &[]),
    ("chat/room.rs", &[]),
    ("chat/text.rs", &[]),
    ("seal", &[]),
    ("serve/hub/open", &[]),
    ("serve/web/lines/open.rs", &[]),
    ("serve/web/poll/open.rs", &[]),
    ("wire/server.rs", &["event_line", "participant_json"]),
    ("wire/welcome.rs", &["Welcome"]),
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
            "config/flags.rs",
            "config/values.rs",
            "tunnel/exec.rs",
            "terminal/usage.rs",
            "manual.rs",
            "supervisor/manual.rs",
            "serve/manual.rs",
            "tunnel/manual.rs",
            "clean/manual.rs",
        ],
    ),
    ("directories", &["paths"]),
    ("jiff", &["log"]),
    ("landlock", &["process/confine"]),
    ("rustix", &["process", "memory"]),
    ("rustls", &["tunnel/install"]),
    ("rustls_native_certs", &["tunnel/install"]),
    ("seccompiler", &["process/confine"]),
    ("subtle", &["token.rs"]),
    ("talc", &["memory"]),
    ("tungstenite", &["serve/websocket"]),
    ("ureq", &["tunnel/install"]),
    ("webpki", &["tunnel/install"]),
    // All that is sealed is sealed here, and serve, which has no key, cannot open it.
    ("aes_gcm", &["seal"]),
    ("ed25519_dalek", &["seal"]),
    ("hkdf", &["seal"]),
    ("snow", &["seal"]),
    ("zeroize", &["seal", "secret_bytes.rs", "serve/websocket", "terminal/prompt", "token.rs"]),
];

/// A call that opens, creates or removes a file by its path, and the only files and folders that make
/// it. `paths` checks what it opens: a pipe there cannot block, a link leads nowhere.
pub(super) const CALLS: &[(&str, &[&str])] = &[
    // The terminal on stdin, which is open already.
    ("nix::fcntl::open", &["paths", "terminal/stdin.rs"]),
    ("nix::fcntl::openat", &["paths"]),
    ("nix::unistd::unlinkat", &["paths", "process/required_calls"]),
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
    ("std::fs::rename", &["paths", "process/required_calls", "tunnel/install"]),
    ("std::fs::write", &["paths"]),
    ("tokio::fs", &["paths"]),
];
