//! Finds circles among imports.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use super::modules::{Import, ModulePath};

/// The imports of a circle, each from where the one before it leads to.
#[derive(Debug)]
pub(super) struct Circle<'a> {
    /// The files and subfolders of one folder that it leads through.
    entries: Vec<&'a str>,
    imports: Vec<&'a Import>,
}

impl fmt::Display for Circle<'_> {
    fn fmt(&self, output: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(output, "{} import each other in a circle:", self.entries.join(", "))?;
        for Import { from, to, path } in &self.imports {
            write!(output, "\n    {} imports {}: {path}", from.file, to.file)?;
        }
        Ok(())
    }
}

/// The files and subfolders that a folder's other files and subfolders import, each with one of the imports.
type Edges<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a Import>>;

/// The shortest circle of each folder that has one, among its files and subfolders.
///
/// A folder's own module (`mod.rs`, `lib.rs`) may import the folder's files and they may import it: it is their
/// interface, and they see what it keeps private.
pub(super) fn circles(imports: &[Import]) -> Vec<Circle<'_>> {
    let folders: BTreeSet<&[String]> =
        imports.iter().map(|import| common(&import.from.path, &import.to.path)).collect();
    let mut circles = Vec::new();
    for folder in folders {
        let mut edges = Edges::new();
        for import in imports {
            match (entry(folder, &import.from.path), entry(folder, &import.to.path)) {
                (Some(from), Some(to)) if from != to => {
                    edges.entry(from).or_default().entry(to).or_insert(import);
                }
                _ => {}
            }
        }
        let shortest = edges.keys().filter_map(|start| shortest_way_back(&edges, start)).min_by_key(Vec::len);
        circles.extend(shortest.map(|imports| circle(folder, imports)));
    }
    circles
}

fn circle<'a>(folder: &[String], imports: Vec<&'a Import>) -> Circle<'a> {
    Circle { entries: imports.iter().filter_map(|import| entry(folder, &import.from.path)).collect(), imports }
}

/// What both paths begin with.
fn common<'p>(left: &'p [String], right: &[String]) -> &'p [String] {
    let length = left.iter().zip(right).take_while(|(left, right)| left == right).count();
    left.get(..length).unwrap_or_default()
}

/// The file or subfolder that a module is in, or `None` outside of the folder and for the folder's own module.
fn entry<'p>(folder: &[String], module: &'p ModulePath) -> Option<&'p str> {
    module.strip_prefix(folder)?.first().map(String::as_str)
}

/// The fewest imports that lead from a file or subfolder back to it.
fn shortest_way_back<'a>(edges: &Edges<'a>, start: &str) -> Option<Vec<&'a Import>> {
    let mut ways = VecDeque::from([(start, Vec::new())]);
    let mut seen = BTreeSet::new();
    while let Some((entry, way)) = ways.pop_front() {
        for (next, import) in edges.get(entry).into_iter().flatten() {
            let longer: Vec<&Import> = way.iter().copied().chain([*import]).collect();
            if *next == start {
                return Some(longer);
            }
            if seen.insert(*next) {
                ways.push_back((*next, longer));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::modules::Module;
    use super::*;

    /// Files by their paths without `.rs`; `lib` is the root and `a/mod` the module of the folder `a`.
    fn import((from, to): &(&str, &str)) -> Import {
        let module = |file: &str| Module {
            path: file.split('/').filter(|name| !["lib", "mod"].contains(name)).map(str::to_owned).collect(),
            file: format!("{file}.rs"),
        };
        Import { from: module(from), to: module(to), path: "path".to_owned() }
    }

    fn found(imports: &[(&str, &str)]) -> Vec<String> {
        let imports: Vec<Import> = imports.iter().map(import).collect();
        circles(&imports).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn imports_in_one_direction_are_no_circle() {
        assert!(found(&[("a", "b"), ("b", "c"), ("a", "c"), ("lib", "a"), ("d/mod", "d/x"), ("d/x", "c")]).is_empty());
    }

    #[test]
    fn a_circle_is_reported_file_by_file() {
        assert_eq!(
            found(&[("a", "b"), ("b", "c"), ("c", "a"), ("a", "d")]),
            ["a, b, c import each other in a circle:\n    a.rs imports b.rs: path\n    b.rs imports c.rs: path\n    \
             c.rs imports a.rs: path"]
        );
    }

    #[test]
    fn folders_that_import_each_other_are_a_circle_even_if_no_files_do() {
        assert_eq!(
            found(&[("a/x", "b/y"), ("b/z", "a/w")]),
            ["a, b import each other in a circle:\n    a/x.rs imports b/y.rs: path\n    b/z.rs imports a/w.rs: path"]
        );
    }

    #[test]
    fn a_folder_s_module_and_its_files_may_import_each_other() {
        assert!(found(&[("a/mod", "a/x"), ("a/x", "a/mod"), ("lib", "a/mod"), ("a/mod", "lib")]).is_empty());
    }

    #[test]
    fn to_the_files_of_other_folders_a_folder_s_module_is_a_part_of_the_folder() {
        assert_eq!(found(&[("a/mod", "b"), ("b", "a/x")]).len(), 1);
    }

    #[test]
    fn each_folder_with_a_circle_is_reported() {
        assert_eq!(found(&[("a/x", "a/y"), ("a/y", "a/x"), ("b", "c"), ("c", "b")]).len(), 2);
    }
}
