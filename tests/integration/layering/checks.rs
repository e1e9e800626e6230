//! What breaks a rule. Each check returns its breaches, one line each.

use std::collections::BTreeSet;

use super::modules::{File, Modules, Tests, read};
use super::resolve::{Resolver, Target, circles, reach};
use super::rules::{
    APART, CALLS, CRATES, FLOORS, IMPURE, ITEMS, MODULES, PURE, READABLE, SEALED, Tier,
};

/// Every breach of every rule in a library.
pub(super) fn breaches(files: &[File]) -> Vec<String> {
    let (with_tests, code) = (read(files, Tests::Read), read(files, Tests::Skipped));
    let mut breaches = unresolved(&with_tests);
    breaches.extend(modules(&with_tests));
    breaches.extend(stale_rows(&with_tests));
    breaches.extend(floors(&code));
    breaches.extend(circular(&code));
    breaches.extend(items(&code));
    breaches.extend(apart(&code));
    breaches.extend(purity(&code));
    breaches.extend(sealed(&code));
    breaches.extend(crates(&with_tests));
    breaches.extend(calls(&code));
    breaches
}

/// Paths that the resolver does not understand would pass every other check.
pub(super) fn unresolved(modules: &Modules) -> Vec<String> {
    let all = modules.iter().flat_map(|(path, module)| {
        let targets = Resolver(modules).targets(path).into_iter();
        targets.map(|(named, target)| (&module.file, named, target))
    });
    let unknown = all.filter(|(.., target)| target.is_none());
    unknown.map(|(file, named, _)| format!("{file}: cannot resolve {}", named.join("::"))).collect()
}

/// The first segment of a module's path, or of a file's.
fn top(path: &str) -> &str {
    path.split("::").next().and_then(|path| path.split('/').next()).unwrap_or(path)
}

pub(super) fn modules(modules: &Modules) -> Vec<String> {
    let row = |module: &str| MODULES.iter().find(|(name, ..)| *name == module);
    let (mut breaches, mut imported) = (BTreeSet::new(), BTreeSet::new());
    for (path, module) in modules.iter().filter(|(path, _)| !path.is_empty() && *path != "tests") {
        let from = top(path);
        let Some((_, _, allowed)) = row(from) else {
            breaches.insert(format!("{from}: no row in the table of modules"));
            continue;
        };
        for (_, target) in Resolver(modules).targets(path) {
            let to = match &target {
                Some(Target::Item { module, .. } | Target::Module(module)) => {
                    top(module).to_owned()
                }
                Some(Target::External(_)) | None => continue,
            };
            if !to.is_empty() && to != from && !allowed.contains(&to.as_str()) {
                breaches.insert(format!("{}: {from} may not import {to}", module.file));
            }
            imported.insert((from, to));
        }
    }
    let is_there = |name: &str| modules.contains_key(name);
    for (name, _, allowed) in MODULES.iter().filter(|(name, ..)| is_there(name)) {
        let unused = |import: &&&str| !imported.contains(&(name, (**import).to_owned()));
        for import in allowed.iter().filter(unused) {
            breaches.insert(format!("the table lets {name} import {import}, and it does not"));
        }
    }
    breaches.into_iter().collect()
}

/// Rows of the table for which there is no module.
pub(super) fn stale_rows(modules: &Modules) -> Vec<String> {
    let gone = MODULES.iter().filter(|(name, ..)| !modules.contains_key(*name));
    gone.map(|(name, ..)| format!("{name}: a row in the table, and no module")).collect()
}

/// Whether the table of modules itself keeps to the tiers.
pub(super) fn tiers(table: &[(&str, Tier, &[&str])]) -> Vec<String> {
    let tier = |module: &str| table.iter().find(|(name, ..)| *name == module).map(|row| row.1);
    let mut breaches = Vec::new();
    for (name, own, allowed) in table {
        for import in *allowed {
            let is_below = match tier(import) {
                Some(Tier::Program) | None => false,
                Some(other) => other <= *own,
            };
            if !is_below {
                breaches.push(format!("{name} may not import {import}: {:?}", tier(import)));
            }
        }
    }
    breaches
}

/// Whether `path` is the file or folder `place`, or lies in it. `name.rs` is the folder `name`, too.
fn is_in(path: &str, place: &str) -> bool {
    path.strip_prefix(place)
        .is_some_and(|rest| ["", ".rs"].contains(&rest) || rest.starts_with('/'))
}

pub(super) fn floors(modules: &Modules) -> Vec<String> {
    let arrows = Resolver(modules).arrows();
    let mut breaches = BTreeSet::new();
    for (folder, floors) in FLOORS {
        let files = modules.values().map(|module| module.file.as_str());
        let files: BTreeSet<&str> = files.filter(|file| is_in(file, folder)).collect();
        let floor = |file: &str| {
            let inner = file.strip_prefix(folder)?.strip_prefix('/')?;
            floors.iter().position(|places| places.iter().any(|place| is_in(inner, place)))
        };
        for file in files.iter().filter(|file| floor(file).is_none()) {
            breaches.insert(format!("{file}: on no floor of {folder}"));
        }
        for place in floors.iter().copied().flatten() {
            let place = format!("{folder}/{place}");
            if !files.is_empty() && !files.iter().any(|file| is_in(file, &place)) {
                breaches.insert(format!("{place}: on a floor of {folder}, and not there"));
            }
        }
        for ((from, to), names) in &arrows {
            if let (Some(own), Some(other)) = (floor(from), floor(to))
                && other < own
            {
                breaches.insert(format!("{from}: up to {to} for {names:?}"));
            }
        }
    }
    breaches.into_iter().collect()
}

pub(super) fn circular(modules: &Modules) -> Vec<String> {
    let arrows = Resolver(modules).arrows();
    let describe = |circle: Vec<String>| {
        let inside = |file: &String| circle.contains(file);
        let ties = arrows.iter().filter(|((from, to), _)| inside(from) && inside(to));
        let ties: Vec<String> =
            ties.map(|((from, to), names)| format!("{from} -> {to} {names:?}")).collect();
        format!("circle: {}", ties.join(", "))
    };
    circles(&arrows).into_iter().map(describe).collect()
}

/// Items out of their places. An import of all that a file defines counts as one of each.
pub(super) fn items(modules: &Modules) -> Vec<String> {
    let arrows = Resolver(modules).arrows();
    let mut breaches = BTreeSet::new();
    for (file, item, homes) in ITEMS {
        let name = |names: &BTreeSet<String>| names.contains(*item) || names.contains("*");
        let users = arrows.iter().filter(|((_, to), names)| to == file && name(names));
        let users: Vec<&str> = users.map(|((from, _), _)| from.as_str()).collect();
        for user in users.iter().filter(|user| !homes.iter().any(|home| is_in(user, home))) {
            breaches.insert(format!("{user}: {item} of {file} belongs in {homes:?}"));
        }
        for home in homes.iter().filter(|home| !users.iter().any(|user| is_in(user, home))) {
            breaches
                .insert(format!("{item} of {file} has a place in {home}, and is not used there"));
        }
    }
    breaches.into_iter().collect()
}

/// Files that reach what they are to be kept apart from, and rows about files that are not there.
pub(super) fn apart(modules: &Modules) -> Vec<String> {
    let reach = reach(&Resolver(modules).arrows());
    let files: BTreeSet<&str> = modules.values().map(|module| module.file.as_str()).collect();
    let mut breaches = BTreeSet::new();
    for (place, others) in APART {
        for named in std::iter::once(place).chain(*others) {
            if !files.iter().any(|file| is_in(file, named)) {
                breaches.insert(format!("{named}: kept apart, and not there"));
            }
        }
        for (from, reached) in reach.iter().filter(|(from, _)| is_in(from, place)) {
            let is_other = |file: &&String| others.iter().any(|other| is_in(file, other));
            let found: Vec<&String> = reached.iter().filter(is_other).collect();
            if !found.is_empty() {
                breaches.insert(format!("{from}: leads to {found:?}"));
            }
        }
    }
    breaches.into_iter().collect()
}

/// Every path out of the library, with the file that names it.
fn external(modules: &Modules) -> impl Iterator<Item = (&str, String)> {
    modules.iter().flat_map(move |(path, module)| {
        let targets = Resolver(modules).targets(path).into_iter();
        targets.filter_map(|(_, target)| match target? {
            Target::External(named) => Some((module.file.as_str(), named.join("::"))),
            Target::Item { .. } | Target::Module(_) => None,
        })
    })
}

fn begins_with(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

pub(super) fn purity(modules: &Modules) -> Vec<String> {
    let mut breaches = BTreeSet::new();
    for (file, path) in external(modules) {
        let is_pure = PURE.iter().any(|place| is_in(file, place));
        if is_pure && IMPURE.iter().any(|impure| begins_with(&path, impure)) {
            breaches.insert(format!("{file}: pure, and names {path}"));
        }
    }
    breaches.into_iter().collect()
}

/// What sealed rooms name of the code that reads messages and names.
pub(super) fn sealed(modules: &Modules) -> Vec<String> {
    let mut breaches = BTreeSet::new();
    for ((from, to), names) in Resolver(modules).arrows() {
        let is_sealed = SEALED.iter().any(|place| is_in(&from, place));
        for (place, items) in READABLE.iter().filter(|(place, _)| is_in(&to, place)) {
            let named = |name: &String| items.is_empty() || items.contains(&name.as_str());
            if is_sealed && names.iter().any(named) {
                breaches
                    .insert(format!("{from}: of a sealed room, and names {names:?} of {place}"));
            }
        }
    }
    breaches.into_iter().collect()
}

pub(super) fn crates(modules: &Modules) -> Vec<String> {
    let mut breaches = BTreeSet::new();
    let named: BTreeSet<(&str, String)> = external(modules).collect();
    for (name, homes) in CRATES {
        let uses = || named.iter().filter(|(_, path)| begins_with(path, name));
        for (file, _) in uses().filter(|(file, _)| !homes.iter().any(|home| is_in(file, home))) {
            breaches.insert(format!("{file}: the crate {name} belongs in {homes:?}"));
        }
        for home in homes.iter().filter(|home| !uses().any(|(file, _)| is_in(file, home))) {
            breaches
                .insert(format!("the crate {name} has a place in {home}, and is not used there"));
        }
    }
    breaches.into_iter().collect()
}

pub(super) fn calls(modules: &Modules) -> Vec<String> {
    let mut breaches = BTreeSet::new();
    for (file, path) in external(modules) {
        for (call, homes) in CALLS {
            if begins_with(&path, call) && !homes.iter().any(|home| is_in(file, home)) {
                breaches.insert(format!("{file}: {call} belongs in {homes:?}"));
            }
        }
    }
    breaches.into_iter().collect()
}
