//! Where a path leads: to the file that defines the item, however many modules re-export it, or out
//! of the library.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::{Import, Modules, child};

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// An item, by the module that defines it.
    Item {
        module: String,
        name: String,
    },
    Module(String),
    /// Out of the library, with imports replaced by what they stand for: `std::fs::read`.
    External(Vec<String>),
}

/// `use` chains are followed this far; a longer one would be a circle of globs.
const MAX_HOPS: usize = 32;

/// An arrow from one file to another: the names that the first takes from the second.
pub(super) type Arrows = BTreeMap<(String, String), BTreeSet<String>>;

pub(super) struct Resolver<'a>(pub(super) &'a Modules);

impl Resolver<'_> {
    /// Where `path`, written in the module `from`, leads. `None` if it names something in the library
    /// that is not there, or that this resolver does not understand.
    pub(super) fn resolve(&self, from: &str, path: &[String]) -> Option<Target> {
        self.follow(from, path, MAX_HOPS)
    }

    fn follow(&self, from: &str, path: &[String], hops: usize) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.descend("", rest, hops),
            "self" => self.descend(from, rest, hops),
            "super" => {
                let mut module = parent(from)?;
                let mut rest = rest;
                while let Some(("super", after)) = rest.split_first().map(|(w, a)| (w.as_str(), a))
                {
                    (module, rest) = (parent(module)?, after);
                }
                self.descend(module, rest, hops)
            }
            _ => Some(
                self.descend(from, path, hops).unwrap_or_else(|| Target::External(path.to_vec())),
            ),
        }
    }

    /// Looks `path` up from the module `at` downwards.
    fn descend(&self, at: &str, path: &[String], hops: usize) -> Option<Target> {
        let Some((name, rest)) = path.split_first() else {
            return Some(Target::Module(at.to_owned()));
        };
        let module = self.0.get(at)?;
        if module.file.contains("..") {
            return Some(Target::External(path.to_vec()));
        }
        let hops = hops.checked_sub(1)?;
        if module.children.contains(name) {
            return self.descend(&child(at, name), rest, hops);
        }
        if module.items.contains(name) {
            return Some(Target::Item { module: at.to_owned(), name: name.clone() });
        }
        let named = |import: &&Import| import.name.as_ref() == Some(name);
        if let Some(import) = module.imports.iter().find(named) {
            let whole = [import.path.as_slice(), rest].concat();
            // `use landlock::…` beside an import of that name would lead back here.
            if import.path.first() == Some(name) {
                return Some(Target::External(whole));
            }
            return self.follow(at, &whole, hops);
        }
        let globs = module.imports.iter().filter(|import| import.name.is_none());
        globs
            .filter_map(|glob| match self.follow(at, &glob.path, hops)? {
                Target::Module(inner) => self.descend(&inner, path, hops),
                Target::Item { .. } | Target::External(_) => None,
            })
            .next()
    }

    /// Every path that the module names, with where it leads: imports first, then its code.
    pub(super) fn targets(&self, module: &str) -> Vec<(Vec<String>, Option<Target>)> {
        let inside = &self.0[module];
        let imports = inside.imports.iter().map(|import| &import.path);
        let paths = imports.chain(&inside.paths);
        paths.map(|path| (path.clone(), self.resolve(module, path))).collect()
    }

    /// The arrows between files. A re-export makes none unless its file uses the name itself; a glob
    /// makes one if the module defines items.
    pub(super) fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (path, module) in self.0 {
            let used = module.imports.iter().filter(|import| {
                !import.is_reexport
                    || import.name.as_ref().is_some_and(|name| module.words.contains(name))
            });
            let imports = used.map(|import| (&import.path, import.name.is_none()));
            for (named, is_glob) in imports.chain(module.paths.iter().map(|path| (path, false))) {
                let (to, name) = match self.resolve(path, named) {
                    Some(Target::Item { module, name }) => (module, name),
                    Some(Target::Module(to)) if is_glob && !self.0[&to].items.is_empty() => {
                        (to, "*".to_owned())
                    }
                    Some(Target::Module(_) | Target::External(_)) | None => continue,
                };
                let to = &self.0[&to].file;
                if *to != module.file {
                    arrows.entry((module.file.clone(), to.clone())).or_default().insert(name);
                }
            }
        }
        arrows
    }
}

/// The module around `path`; `None` for the root.
pub(super) fn parent(path: &str) -> Option<&str> {
    (!path.is_empty()).then(|| path.rsplit_once("::").map_or("", |(parent, _)| parent))
}

/// The files that each file reaches, over any number of arrows.
pub(super) fn reach(arrows: &Arrows) -> BTreeMap<String, BTreeSet<String>> {
    let mut to: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, target) in arrows.keys() {
        to.entry(from).or_default().insert(target);
    }
    let owned = |files: BTreeSet<&str>| files.into_iter().map(str::to_owned).collect();
    to.keys().map(|file| ((*file).to_owned(), owned(reachable(&to, file)))).collect()
}

/// Groups of files that reach each other: the strongly connected components of two files and more.
pub(super) fn circles(arrows: &Arrows) -> Vec<Vec<String>> {
    let reach = reach(arrows);
    let mut circles = BTreeSet::new();
    for (file, reached) in reach.iter().filter(|(file, reached)| reached.contains(*file)) {
        let back = |other: &&String| reach.get(*other).is_some_and(|back| back.contains(file));
        circles.insert(reached.iter().filter(back).cloned().collect::<Vec<_>>());
    }
    circles.into_iter().collect()
}

fn reachable<'a>(to: &BTreeMap<&str, BTreeSet<&'a str>>, file: &str) -> BTreeSet<&'a str> {
    let mut found: BTreeSet<&str> = BTreeSet::new();
    let mut next: Vec<&str> = to.get(file).into_iter().flatten().copied().collect();
    while let Some(file) = next.pop() {
        if found.insert(file) {
            next.extend(to.get(file).into_iter().flatten());
        }
    }
    found
}
