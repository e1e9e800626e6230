//! Planted breaches: each rule is shown to find what breaks it.

use super::checks::{
    apart, calls, circular, crates, floors, items, modules, purity, stale_rows, tiers, unresolved,
};
use super::modules::{File, Modules, Tests, read};
use super::resolve::{Resolver, Target};
use super::rules::Tier;

/// A library of these files and, for every folder on the way to them, a `mod.rs` that declares them.
fn library(files: &[(&str, &str)]) -> Modules {
    let mut all: Vec<File> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let mut next: Vec<String> = all.iter().map(|(name, _)| name.clone()).collect();
    while let Some(name) = next.pop() {
        if name == "lib.rs" {
            continue;
        }
        let (folder, own) = name.rsplit_once('/').unwrap_or(("", &name));
        let (parent, module) = match own.strip_suffix(".rs") {
            Some("mod") => {
                let (outer, module) = folder.rsplit_once('/').unwrap_or(("", folder));
                (outer, module)
            }
            Some(module) => (folder, module),
            None => panic!("{name} is no file"),
        };
        let parent =
            if parent.is_empty() { "lib.rs".to_owned() } else { format!("{parent}/mod.rs") };
        let declaration = format!("mod {module};\n");
        match all.iter_mut().find(|(name, _)| *name == parent) {
            Some((_, text)) if text.contains(&declaration) => {}
            Some((_, text)) => text.push_str(&declaration),
            None => {
                all.push((parent.clone(), declaration));
                next.push(parent);
            }
        }
    }
    read(&all, Tests::Skipped)
}

/// One breach, which names all of these.
fn assert_one(breaches: &[String], parts: &[&str]) {
    assert_eq!(breaches.len(), 1, "{breaches:#?}");
    assert!(parts.iter().all(|part| breaches[0].contains(part)), "{parts:?}: {breaches:#?}");
}

#[test]
fn a_name_is_followed_to_the_file_that_defines_it() {
    let library = library(&[
        ("process/mod.rs", "pub(crate) use confine::Sandbox; use stream as flow;"),
        ("process/confine/mod.rs", "mod landlock; pub use self::landlock::*;"),
        ("process/confine/landlock.rs", "pub struct Sandbox; use landlock::Ruleset;"),
        ("process/stream.rs", "pub fn send() {}"),
        ("control/mod.rs", "use crate::{process::{self, flow::{send as write}}, exit::*};"),
        ("exit.rs", "pub enum Exit {}"),
    ]);
    let resolve = |from: &str, path: &str| {
        let path: Vec<String> = path.split("::").map(str::to_owned).collect();
        Resolver(&library).resolve(from, &path)
    };
    let item = |module: &str, name: &str| {
        Some(Target::Item { module: module.to_owned(), name: name.to_owned() })
    };
    let sandbox = item("process::confine::landlock", "Sandbox");
    assert_eq!(resolve("control", "process::Sandbox::new"), sandbox);
    assert_eq!(resolve("process::stream", "super::super::process::Sandbox"), sandbox);
    assert_eq!(resolve("process::confine", "self::landlock::Sandbox"), sandbox);
    assert_eq!(resolve("control", "write"), item("process::stream", "send"));
    assert_eq!(resolve("control", "Exit::Failed"), item("exit", "Exit"));
    let outside = ["landlock", "Ruleset", "new"].map(str::to_owned).to_vec();
    let ruleset = resolve("process::confine::landlock", "Ruleset::new");
    assert_eq!(ruleset, Some(Target::External(outside)));
    assert_eq!(resolve("control", "crate::process::Cage"), None);
}

#[test]
fn a_path_that_leads_nowhere_is_a_breach() {
    let library = library(&[("exit.rs", "pub enum Exit {}"), ("log.rs", "use crate::exit::Code;")]);
    assert_one(&unresolved(&library), &["log.rs", "crate::exit::Code"]);
}

#[test]
fn a_subject_may_not_import_a_program() {
    let program = ("serve/hub/mod.rs", "pub struct Hub;");
    for text in [
        "use crate::serve::hub::Hub;",
        "use crate::{serve::{hub::{Hub}}};",
        "use super::super::serve::hub;",
        "fn f() { super::super::serve::hub::Hub::new() }",
        "use crate::serve; fn f(hub: serve::hub::Hub) {}",
    ] {
        let mut breaches = modules(&library(&[("chat/room.rs", text), program]));
        breaches.retain(|breach| !breach.starts_with("the table"));
        assert_one(&breaches, &["chat/room.rs", "chat may not import serve"]);
    }
}

#[test]
fn a_permission_that_is_not_used_is_a_breach() {
    let breaches = modules(&library(&[
        ("wire.rs", "use crate::chat::Text;"),
        ("chat.rs", "pub struct Text;"),
    ]));
    let unused = |from: &str, to: &str| {
        breaches.contains(&format!("the table lets {from} import {to}, and it does not"))
    };
    assert!(unused("wire", "token") && !unused("wire", "chat"), "{breaches:#?}");
    assert!(
        stale_rows(&library(&[("log.rs", "")]))
            .iter()
            .any(|breach| breach.starts_with("serve: a row"))
    );
}

#[test]
fn a_module_without_a_row_is_a_breach() {
    assert_one(&modules(&library(&[("utils.rs", "")])), &["utils", "no row"]);
}

#[test]
fn the_table_may_not_send_an_arrow_up() {
    let programs = [("serve", Tier::Program, &["tunnel"][..]), ("tunnel", Tier::Program, &[])];
    assert_one(&tiers(&programs), &["serve may not import tunnel"]);
    let ground = [("log", Tier::Ground, &["chat"][..]), ("chat", Tier::Subject, &[])];
    assert_one(&tiers(&ground), &["log may not import chat"]);
    let gone = [("log", Tier::Ground, &["gone"][..])];
    assert_one(&tiers(&gone), &["log may not import gone"]);
}

#[test]
fn an_arrow_up_inside_a_folder_is_a_breach() {
    let seccomp = ("process/confine/seccomp.rs", "use super::self_test::Probe;");
    let library = library(&[("process/confine/self_test.rs", "pub(super) struct Probe;"), seccomp]);
    let breaches: Vec<String> =
        floors(&library).into_iter().filter(|breach| breach.contains("up to")).collect();
    assert_one(&breaches, &["confine/seccomp.rs: up to process/confine/self_test.rs", "Probe"]);
}

#[test]
fn a_file_on_no_floor_is_a_breach() {
    let breaches = floors(&library(&[("process/confine/helper.rs", "")]));
    let found = breaches.iter().any(|breach| breach.contains("helper.rs: on no floor"));
    assert!(found, "{breaches:#?}");
}

#[test]
fn three_files_in_a_circle_are_a_breach() {
    let breaches = circular(&library(&[
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "pub struct B; fn f() { crate::c::c() }"),
        ("c.rs", "pub fn c() -> super::a::A {}"),
        ("d.rs", "use crate::a::A;"),
    ]));
    assert_one(&breaches, &["a.rs -> b.rs", "b.rs -> c.rs", "c.rs -> a.rs"]);
    assert!(!breaches[0].contains("d.rs"), "{breaches:?}");
}

#[test]
fn a_child_and_its_mod_rs_are_a_circle_only_if_both_define_something() {
    let child = ("log/line.rs", "use super::Log; pub struct Line;");
    let defines = circular(&library(&[("log/mod.rs", "mod line; struct Log(line::Line);"), child]));
    assert_one(&defines, &["log/mod.rs -> log/line.rs", "log/line.rs -> log/mod.rs"]);
    let reexports = ("log/mod.rs", "mod line; pub use line::Line; pub use file::Log;");
    let reexports = library(&[reexports, child, ("log/file.rs", "pub struct Log;")]);
    assert_eq!(circular(&reexports), Vec::<String>::new());
}

/// A library with a text, and a file that takes it over a module in between.
fn with_text(file: &str, import: &str) -> Modules {
    library(&[
        ("chat/text.rs", "pub struct MessageText;"),
        ("chat/mod.rs", "mod text; mod room; pub use text::MessageText; pub use room::*;"),
        ("chat/room.rs", "pub struct Room(super::text::MessageText);"),
        (file, import),
    ])
}

#[test]
fn a_text_in_a_file_of_a_sealed_room_is_a_breach() {
    let file = "serve/hub/sealed/say.rs";
    for import in [
        "use crate::chat::MessageText;",
        "use crate::chat::{MessageText as Body};",
        "fn f() { crate::chat::MessageText::parse(body) }",
    ] {
        let mut breaches = items(&with_text(file, import));
        breaches.retain(|breach| !breach.contains("not used there"));
        assert_one(&breaches, &[file, "MessageText of chat/text.rs belongs in"]);
    }
    let unused = items(&with_text("serve/web/lines/open.rs", "use crate::chat::MessageText;"));
    let place = "MessageText of chat/text.rs has a place in ";
    assert!(unused.iter().any(|it| it.starts_with(&format!("{place}serve/hub/open/say.rs"))));
    assert!(!unused.iter().any(|it| it.starts_with(&format!("{place}serve/web/lines/open.rs"))));
}

#[test]
fn a_way_from_seats_to_texts_is_a_breach() {
    let breaches = |import| {
        let mut breaches = apart(&with_text("chat/seats.rs", import));
        breaches.retain(|breach| !breach.contains("not there"));
        breaches
    };
    let led = breaches("use super::room::Room;");
    assert_one(&led, &["chat/seats.rs: leads to", "chat/room.rs", "chat/text.rs"]);
    assert_eq!(breaches("use std::time::Instant;"), Vec::<String>::new());
    let gone = apart(&with_text("chat/seats.rs", ""));
    assert!(gone.contains(&"chat/name_registry.rs: kept apart, and not there".into()));
}

/// serde calls functions that only a string names.
#[test]
fn a_path_in_an_attribute_is_an_arrow() {
    let breaches = circular(&library(&[
        ("a.rs", "use crate::b; #[serde(deserialize_with = \"b::parse\")] pub struct A;"),
        ("b.rs", "pub fn parse() -> crate::a::A {}"),
    ]));
    assert_one(&breaches, &["a.rs -> b.rs", "b.rs -> a.rs"]);
}

#[test]
fn a_clock_and_a_file_in_a_subject_are_breaches() {
    for (text, named) in [
        ("use std::time::Instant; fn f() { Instant::now() }", "std::time::Instant::now"),
        ("use std::{fs, time::Duration};", "std::fs"),
        ("fn f() { std::time::SystemTime::now() }", "std::time::SystemTime::now"),
        ("use std::time; fn f() { time::SystemTime::now() }", "std::time::SystemTime::now"),
        ("async fn f() { tokio::task::yield_now().await }", "tokio::task::yield_now"),
        ("fn f() { getrandom::fill(&mut b) }", "getrandom::fill"),
    ] {
        assert_one(&purity(&library(&[("chat/room.rs", text)])), &["chat/room.rs", named]);
    }
    let tests = "use std::time::Duration; #[cfg(test)] mod tests { use std::time::Instant; fn f() { \
                 Instant::now() } } // Instant::now";
    assert_eq!(purity(&library(&[("chat/room.rs", tests)])), Vec::<String>::new());
}

#[test]
fn a_crate_out_of_its_place_is_a_breach() {
    let library = library(&[("chat/room.rs", "use axum::Router; fn f() { nix::unistd::sync() }")]);
    let breaches = crates(&library);
    for name in ["axum", "nix"] {
        let found = breaches.iter().filter(|breach| {
            breach.starts_with(&format!("chat/room.rs: the crate {name} belongs in"))
        });
        assert_eq!(found.count(), 1, "{breaches:#?}");
    }
    // The rows of this table, none of whose crates is used here.
    assert!(
        breaches.contains(&"the crate talc has a place in memory, and is not used there".into())
    );
}

#[test]
fn a_file_that_is_opened_out_of_place_is_a_breach() {
    for (text, call) in [
        ("use std::fs::File; fn f() { File::open(path) }", "std::fs::File::open"),
        ("use std::fs; fn f() { fs::read(path) }", "std::fs::read"),
        ("fn f() { std::fs::remove_file(path) }", "std::fs::remove_file"),
    ] {
        assert_one(&calls(&library(&[("log.rs", text)])), &["log.rs", call]);
    }
}
