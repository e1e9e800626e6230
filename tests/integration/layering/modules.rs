//! The modules of a library: for each its file, what it declares, what it imports, and the paths that
//! its code names.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::{group_end, tokens, without_tests};

/// A source file: its path below the library's folder, and its text.
pub(super) type File = (String, String);

/// Whether items under `#[cfg(test)]` are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tests {
    Read,
    Skipped,
}

/// One name that a `use` declaration brings into a module.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// As it is written, with `crate`, `super` and `self`.
    pub(super) path: Vec<String>,
    /// `None` for a glob.
    pub(super) name: Option<String>,
    /// Whether other modules see it.
    pub(super) is_reexport: bool,
}

#[derive(Debug, Default)]
pub(super) struct Module {
    /// The path of its file.
    pub(super) file: String,
    pub(super) children: BTreeSet<String>,
    /// Items that it defines itself.
    pub(super) items: BTreeSet<String>,
    pub(super) imports: Vec<Import>,
    /// Paths of two segments or more, outside of `use` declarations.
    pub(super) paths: Vec<Vec<String>>,
    /// Every word outside of `use` declarations.
    pub(super) words: BTreeSet<String>,
}

/// Modules by their path from the root, `a::b`; the root is the empty path.
pub(super) type Modules = BTreeMap<String, Module>;

/// Reads the modules of the library whose root is `lib.rs`, as far as `mod` declarations lead.
pub(super) fn read(files: &[File], tests: Tests) -> Modules {
    let mut modules = Modules::new();
    let mut declared = vec![(String::new(), "lib.rs".to_owned())];
    while let Some((path, file)) = declared.pop() {
        let text = match files.iter().find(|(name, _)| *name == file) {
            Some((_, text)) => text.as_str(),
            // What tests borrow from outside of the library is not ours to judge.
            None if file.contains("..") => "",
            None => panic!("{file} is declared and not there"),
        };
        let all = tokens(text);
        let kept = if tests == Tests::Read { all } else { without_tests(&all) };
        let mut reader = Reader { files, modules: &mut modules, declared: &mut declared };
        reader.module(&kept, path, &file);
    }
    modules
}

/// `name` inside the module `path`.
pub(super) fn child(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}::{name}") }
}

struct Reader<'a> {
    files: &'a [File],
    modules: &'a mut Modules,
    declared: &'a mut Vec<(String, String)>,
}

impl Reader<'_> {
    /// Reads the body of a module: a file, or the braces of an inline module.
    fn module(&mut self, tokens: &[&str], path: String, file: &str) {
        let mut module = Module { file: file.to_owned(), ..Module::default() };
        let (mut at, mut depth) = (0, 0_usize);
        while at < tokens.len() {
            match tokens[at] {
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            at = match tokens[at] {
                "use" if tokens.get(at + 1) != Some(&"<") => import(tokens, at, &mut module),
                "mod" if depth == 0 => self.submodule(tokens, at, &path, &mut module),
                keyword if depth == 0 && is_item(keyword) => {
                    module.items.extend(item_name(tokens, at));
                    at + 1
                }
                _ => named_path(tokens, at, &mut module),
            };
        }
        self.modules.insert(path, module);
    }

    fn submodule(&mut self, tokens: &[&str], at: usize, path: &str, module: &mut Module) -> usize {
        let name = tokens[at + 1];
        module.children.insert(name.to_owned());
        let path = child(path, name);
        if tokens[at + 2] == "{" {
            let end = group_end(tokens, at + 2);
            self.module(&tokens[at + 3..end - 1], path, &module.file);
            return end;
        }
        let (folder, own) = module.file.rsplit_once('/').unwrap_or(("", &module.file));
        let folder = match own {
            "mod.rs" | "lib.rs" => folder.to_owned(),
            _ => format!("{folder}/{}", own.trim_end_matches(".rs")),
        };
        let in_folder = |folder: &str, rest: String| {
            if folder.is_empty() { rest } else { format!("{folder}/{rest}") }
        };
        let candidates = [
            in_folder(&folder, format!("{name}.rs")),
            in_folder(&folder, format!("{name}/mod.rs")),
        ];
        let named = path_attribute(tokens, at).map(|file| {
            in_folder(module.file.rsplit_once('/').map_or("", |(folder, _)| folder), file)
        });
        let exists = |path: &String| self.files.iter().any(|(name, _)| name == path);
        let file = named.or_else(|| candidates.into_iter().find(exists));
        self.declared.push((path, file.unwrap_or_else(|| format!("{name}.rs"))));
        at + 3
    }
}

/// The file that a `#[path = "…"]` before the `mod` at `at` names.
fn path_attribute(tokens: &[&str], at: usize) -> Option<String> {
    let mut end = at;
    while end > 0 && tokens[end - 1] == "]" {
        let opens = |at: &usize| tokens[*at] == "[" && group_end(tokens, *at) == end;
        let begin = (0..end).rev().find(opens)?;
        let begin = begin.checked_sub(1)?;
        if let ["#", "[", "path", "=", file, "]"] = tokens[begin..end] {
            return Some(file.trim_matches('"').to_owned());
        }
        end = begin;
    }
    None
}

fn is_item(keyword: &str) -> bool {
    ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "macro_rules"]
        .contains(&keyword)
}

fn item_name(tokens: &[&str], at: usize) -> Option<String> {
    let after = tokens[at + 1..].iter().find(|token| !["!", "mut"].contains(token))?;
    // `const fn name`: the name follows the next keyword.
    let is_name = after.starts_with(|c: char| c.is_alphabetic()) && !is_item(after);
    (is_name && !["unsafe", "async", "extern"].contains(after)).then(|| (*after).to_owned())
}

/// Reads the path that begins at `at`, if any does, and returns where to go on.
fn named_path(tokens: &[&str], at: usize, module: &mut Module) -> usize {
    let token = tokens[at];
    let begins = |token: &str| token.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if token.starts_with('"') {
        // serde names functions in strings: `deserialize_with = "validate::name"`.
        let text = token.trim_matches('"');
        if text.contains("::") && text.split("::").all(|part| begins(part) && !part.contains(' ')) {
            module.paths.push(text.split("::").map(str::to_owned).collect());
        }
        return at + 1;
    }
    if !begins(token) {
        return at + 1;
    }
    let mut path = vec![token.to_owned()];
    let mut end = at + 1;
    while tokens.get(end) == Some(&"::") && tokens.get(end + 1).is_some_and(|part| begins(part)) {
        path.push(tokens[end + 1].to_owned());
        end += 2;
    }
    module.words.insert(token.to_owned());
    if path.len() > 1 && !(at > 0 && [".", "::"].contains(&tokens[at - 1])) {
        module.paths.push(path);
    }
    end
}

/// Reads the `use` declaration at `at` and returns where it ends.
fn import(tokens: &[&str], at: usize, module: &mut Module) -> usize {
    let before = at.checked_sub(1).map(|before| tokens[before]);
    let end = at + tokens[at..].iter().position(|token| *token == ";").unwrap_or(1);
    let mut leaves = Vec::new();
    use_tree(&tokens[at + 1..end], &[], &mut leaves);
    // `pub use`, `pub(crate) use`.
    let is_reexport = matches!(before, Some("pub" | ")"));
    let import = |(path, name)| Import { path, name, is_reexport };
    module.imports.extend(leaves.into_iter().map(import));
    end + 1
}

/// Flattens `a::{b, c::{self, d as e}, f::*}` into paths, each with the name it gets.
fn use_tree(tokens: &[&str], prefix: &[String], leaves: &mut Vec<(Vec<String>, Option<String>)>) {
    let mut path = prefix.to_vec();
    let mut rest = tokens;
    loop {
        match rest {
            [] | ["}", ..] => break,
            ["::", after @ ..] => rest = after,
            ["*", ..] => return leaves.push((path, None)),
            ["as", name, ..] => return leaves.push((path, Some((*name).to_owned()))),
            ["{", ..] => {
                let inner = &rest[1..group_end(rest, 0) - 1];
                for branch in branches(inner) {
                    use_tree(branch, &path, leaves);
                }
                return;
            }
            [word, after @ ..] => {
                // `{self}` is the module itself.
                if *word != "self" || path.is_empty() {
                    path.push((*word).to_owned());
                }
                rest = after;
            }
        }
    }
    let name = path.last().cloned();
    leaves.push((path, name));
}

/// The parts between the commas of a group.
fn branches<'a, 'b>(tokens: &'b [&'a str]) -> Vec<&'b [&'a str]> {
    let (mut parts, mut begin, mut at) = (Vec::new(), 0, 0);
    while at < tokens.len() {
        match tokens[at] {
            "{" => at = group_end(tokens, at),
            "," => {
                parts.push(&tokens[begin..at]);
                at += 1;
                begin = at;
            }
            _ => at += 1,
        }
    }
    parts.push(&tokens[begin..]);
    parts.into_iter().filter(|part| !part.is_empty()).collect()
}
