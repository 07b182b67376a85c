//! Reads the files of one crate: which module imports which.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItemFn, Item, ItemMod, Macro, UseTree, VisRestricted};

/// The names that lead from the crate's root to a module: `crate::store::memory` is `["store", "memory"]`.
pub(super) type ModulePath = Vec<String>;

/// Names that stand for each other in a circle are followed no further.
const MAX_RE_EXPORTS: usize = 8;

/// One module's file has a path that leads into another module's file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) from: Module,
    pub(super) to: Module,
    /// As it is written.
    pub(super) path: String,
}

/// A module with a file of its own. A module within a file belongs to the module of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Module {
    pub(super) path: ModulePath,
    pub(super) file: String,
}

/// All imports of the crate that begins with this file, besides those of unit tests. `read` returns a file's text.
pub(super) fn imports(root: &str, read: &dyn Fn(&str) -> Option<String>) -> Result<Vec<Import>> {
    let mut found = Crate { modules: BTreeMap::new(), names: BTreeMap::new(), paths: Vec::new() };
    found.add_file(Module { path: Vec::new(), file: root.to_owned() }, "", read)?;
    let imports = found.paths.iter().filter_map(|path| found.import(path));
    Ok(imports.collect())
}

struct Crate {
    /// Every module, with the module whose file it is in.
    modules: BTreeMap<ModulePath, Module>,
    /// What `use` brings into a module, by the module and the name there.
    names: BTreeMap<(ModulePath, String), Vec<String>>,
    paths: Vec<WrittenPath>,
}

/// A path in the source: `super::memory::Store`.
struct WrittenPath {
    /// The module that it is written in.
    within: ModulePath,
    segments: Vec<String>,
}

impl Crate {
    /// Adds a file's module and those below it, which are in `folder`.
    fn add_file(&mut self, module: Module, folder: &str, read: &dyn Fn(&str) -> Option<String>) -> Result<()> {
        let text = read(&module.file).with_context(|| format!("{} is missing", module.file))?;
        let syntax = syn::parse_file(&text).with_context(|| module.file.clone())?;
        let mut reader = Reader { within: module.path.clone(), ..Reader::default() };
        reader.visit_file(&syntax);
        self.modules.insert(module.path.clone(), module.clone());
        self.modules.extend(reader.modules.into_iter().map(|path| (path, module.clone())));
        self.names.append(&mut reader.names);
        self.paths.append(&mut reader.paths);
        for path in reader.files {
            let below = path.get(module.path.len()..).unwrap_or_default().join("/");
            let stem = format!("{folder}{below}");
            let alone = format!("{stem}.rs");
            let file = if read(&alone).is_some() { alone } else { format!("{stem}/mod.rs") };
            self.add_file(Module { path, file }, &format!("{stem}/"), read)?;
        }
        Ok(())
    }

    /// The import that a path makes, unless it stays within its file or leads into another crate.
    fn import(&self, path: &WrittenPath) -> Option<Import> {
        let from = self.modules.get(&path.within)?;
        let to = self.target(&path.within, &path.segments, 0)?;
        (from != to).then(|| Import { from: from.clone(), to: to.clone(), path: path.segments.join("::") })
    }

    /// The module that has what a path names, behind all re-exports.
    fn target(&self, within: &ModulePath, segments: &[String], depth: usize) -> Option<&Module> {
        let first = segments.first()?.as_str();
        let mut target = if first == "crate" { ModulePath::new() } else { within.clone() };
        if !["crate", "self", "super"].contains(&first) && !self.modules.contains_key(&child(within, first)) {
            return None;
        }
        for (index, segment) in segments.iter().enumerate() {
            match segment.as_str() {
                "crate" | "self" => {}
                "super" => {
                    target.pop();
                }
                name if self.modules.contains_key(&child(&target, name)) => target.push(name.to_owned()),
                name => {
                    let Some(original) = self.names.get(&(target.clone(), name.to_owned())) else { break };
                    let rest = segments.get(index + 1..).unwrap_or_default();
                    let path: Vec<String> = original.iter().chain(rest).cloned().collect();
                    if depth < MAX_RE_EXPORTS
                        && let Some(module) = self.target(&target, &path, depth + 1)
                    {
                        return Some(module);
                    }
                    break;
                }
            }
        }
        self.modules.get(&target)
    }
}

fn child(module: &ModulePath, name: &str) -> ModulePath {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

/// Collects what a file has of modules and paths.
#[derive(Default)]
struct Reader {
    within: ModulePath,
    /// Modules within the file.
    modules: Vec<ModulePath>,
    /// Modules that have files of their own.
    files: Vec<ModulePath>,
    names: BTreeMap<(ModulePath, String), Vec<String>>,
    paths: Vec<WrittenPath>,
}

impl Reader {
    fn add_path(&mut self, segments: Vec<String>) {
        self.paths.push(WrittenPath { within: self.within.clone(), segments });
    }

    fn add_name(&mut self, name: String, segments: Vec<String>) {
        self.names.insert((self.within.clone(), name), segments.clone());
        self.add_path(segments);
    }

    fn add_tree(&mut self, tree: &UseTree, mut before: Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.add_tree(&path.tree, before);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_tree(tree, before.clone());
                }
            }
            UseTree::Name(name) => {
                before.push(name.ident.to_string());
                self.add_name(name.ident.to_string(), before);
            }
            UseTree::Rename(name) => {
                before.push(name.ident.to_string());
                self.add_name(name.rename.to_string(), before);
            }
            _ => self.add_path(before),
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Const(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Static(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Trait(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !attributes.iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if !function.attrs.iter().any(is_for_tests) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        self.within.push(module.ident.to_string());
        if module.content.is_some() {
            self.modules.push(self.within.clone());
            visit::visit_item_mod(self, module);
        } else {
            self.files.push(self.within.clone());
        }
        self.within.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if item.leading_colon.is_none() {
            self.add_tree(&item.tree, Vec::new());
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        // A path of one segment is a name in scope, which `use` has brought there.
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            self.add_path(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, invocation: &'ast Macro) {
        visit::visit_macro(self, invocation);
        // Whatever grammar the macro has: paths look alike in all of them.
        let tokens = invocation.tokens.to_string().replace(" :: ", "::");
        let pieces = tokens.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != ':');
        for piece in pieces.filter(|piece| piece.contains("::") && !piece.starts_with(':')) {
            self.add_path(piece.split("::").map(str::to_owned).collect());
        }
    }

    /// `pub(in crate::store)` is no import.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}
}

/// Whether this is `#[cfg(test)]`, or one with other conditions beside it.
fn is_for_tests(attribute: &Attribute) -> bool {
    let Ok(list) = attribute.meta.require_list() else { return false };
    let condition = list.tokens.to_string();
    let mut words = condition.split(|letter: char| !letter.is_alphanumeric() && !"_-\"".contains(letter));
    list.path.is_ident("cfg") && !condition.contains("not") && words.any(|word| word == "test")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `file → file: path` for each import.
    fn imports_of(files: &[(&str, &str)]) -> Vec<String> {
        let read = |name: &str| files.iter().find(|(file, _)| *file == name).map(|(_, text)| (*text).to_owned());
        let imports = imports("lib.rs", &read).unwrap();
        imports.iter().map(|Import { from, to, path }| format!("{} → {}: {path}", from.file, to.file)).collect()
    }

    #[test]
    fn an_import_leads_to_the_file_of_the_longest_module_path() {
        let files = [
            ("lib.rs", "mod cart; mod store;"),
            ("cart.rs", "use crate::store::memory::{Memory, self}; pub use super::store::Kind;"),
            ("store/mod.rs", "mod memory;"),
            ("store/memory.rs", "use std::fmt; use super::super::cart; pub struct Memory;"),
        ];
        assert_eq!(
            imports_of(&files),
            [
                "cart.rs → store/memory.rs: crate::store::memory::Memory",
                "cart.rs → store/memory.rs: crate::store::memory::self",
                "cart.rs → store/mod.rs: super::store::Kind",
                "store/memory.rs → cart.rs: super::super::cart",
            ]
        );
    }

    #[test]
    fn an_import_of_a_re_export_leads_to_the_file_that_has_it() {
        let files = [
            ("lib.rs", "mod a; mod b; pub use a::{T as U, x};"),
            ("a.rs", "mod x; pub use x::T; use std::fmt;"),
            ("a/x.rs", "pub struct T;"),
            ("b.rs", "use crate::U; use crate::x::V; use super::a::fmt; use crate::a::b;"),
        ];
        assert_eq!(
            imports_of(&files)[3..],
            [
                "b.rs → a/x.rs: crate::U",
                "b.rs → a/x.rs: crate::x::V",
                "b.rs → a.rs: super::a::fmt",
                "b.rs → a.rs: crate::a::b",
            ]
        );
    }

    #[test]
    fn names_that_stand_for_each_other_come_to_an_end() {
        let files = [("lib.rs", "mod a; use a::N;"), ("a.rs", "use super::N;")];
        assert_eq!(imports_of(&files).len(), 2);
    }

    #[test]
    fn paths_in_expressions_types_and_macros_are_imports() {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            (
                "a.rs",
                "fn f(x: crate::b::T) { super::b::f(); println!(\"{}\", crate::b::g()); serde_json::json!({ \"k\": crate::b::K }) }",
            ),
            ("b.rs", "pub(in crate::a) fn f() { std::mem::drop(1); Self::g(); }"),
        ];
        assert_eq!(
            imports_of(&files),
            ["crate::b::T", "super::b::f", "crate::b::g", "crate::b::K"].map(|path| format!("a.rs → b.rs: {path}"))
        );
    }

    #[test]
    fn a_module_imports_its_child_by_its_name() {
        let files = [("lib.rs", "mod a; use a::T; use b::U;"), ("a.rs", "mod b; fn f() { b::g() }"), ("a/b.rs", "")];
        assert_eq!(imports_of(&files), ["lib.rs → a.rs: a::T", "a.rs → a/b.rs: b::g"]);
    }

    #[test]
    fn a_module_within_a_file_belongs_to_the_file() {
        let files = [
            ("lib.rs", "mod a; mod inner { use super::a::T; mod deep; }"),
            ("a.rs", "use crate::inner::deep::U;"),
            ("inner/deep.rs", "use super::V;"),
        ];
        assert_eq!(
            imports_of(&files),
            [
                "lib.rs → a.rs: super::a::T",
                "a.rs → inner/deep.rs: crate::inner::deep::U",
                "inner/deep.rs → lib.rs: super::V",
            ]
        );
    }

    #[test]
    fn unit_tests_may_use_everything() {
        let files = [
            ("lib.rs", "mod a; mod b; #[cfg(test)] mod tests;"),
            ("a.rs", "#[cfg(test)] use crate::b::T; #[cfg(all(test, unix))] mod tests { use crate::b::U; }"),
            ("b.rs", "#[cfg(not(test))] use crate::a::T; impl T { #[cfg(test)] fn f() { crate::a::f() } }"),
        ];
        assert_eq!(imports_of(&files), ["b.rs → a.rs: crate::a::T"]);
    }

    #[test]
    fn a_file_that_cannot_be_parsed_is_named() {
        let read = |_: &str| Some("fn".to_owned());
        let failure = imports("lib.rs", &read).unwrap_err();
        assert_eq!(failure.to_string(), "lib.rs");
    }
}
