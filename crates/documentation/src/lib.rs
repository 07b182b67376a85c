//! The code blocks of the Markdown pages of the repository, for the tests that read them.
//!
//! `tests/documents` checks every block by its language. What only Rust can check is here: rustdoc compiles the Rust of the
//! pages that stand below, and `tests/settings.rs` gives settings to the programs whose settings they are. The README of a
//! library is compiled in the crate of the library.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

#[cfg(doctest)]
#[doc = include_str!("../../../pkg/README.md")]
pub mod package {}

/// Folders that are built, installed or of other tools.
const NOT_OURS: [&str; 4] = ["node_modules", "target", "dist", ".git"];

/// A page: its path in the repository, and its text.
#[derive(Debug)]
pub struct Page {
    /// The path in the repository, such as `docs/verifier.md`.
    pub path: String,
    /// The text, in Markdown.
    pub text: String,
}

/// A fenced code block of a page.
#[derive(Debug)]
pub struct CodeBlock {
    /// The path of its page in the repository.
    pub page: String,
    /// The line of its opening fence, from 1.
    pub line: usize,
    /// The first word after the fence; empty if there is none.
    pub language: String,
    /// The other words after the fence.
    pub words: Vec<String>,
    /// What stands in it.
    pub code: String,
}

impl CodeBlock {
    /// Where it is: `docs/verifier.md:12`.
    pub fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }

    /// Whether it shows this file: the block begins with the file's language and name, such as `toml verifier.toml`.
    pub fn shows(&self, language: &str, file: &str) -> bool {
        self.language == language && self.words == [file]
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns every page that a person has written, sorted. The reports of the types are written by a program.
///
/// # Errors
/// A folder or a page cannot be read.
pub fn pages() -> io::Result<Vec<Page>> {
    let mut pages = Vec::new();
    add_pages(&root(), "", &mut pages)?;
    pages.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(pages)
}

/// Adds the pages of a folder and of those below it.
fn add_pages(folder: &Path, prefix: &str, pages: &mut Vec<Page>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            if !NOT_OURS.contains(&name.as_str()) {
                add_pages(&entry.path(), &format!("{path}/"), pages)?;
            }
        } else if name.ends_with(".md") && !name.ends_with(".api.md") {
            pages.push(Page { path, text: fs::read_to_string(entry.path())? });
        }
    }
    Ok(())
}

/// Returns the fenced code blocks of every page.
///
/// # Errors
/// A folder or a page cannot be read.
pub fn code_blocks() -> io::Result<Vec<CodeBlock>> {
    Ok(pages()?.iter().flat_map(code_blocks_of).collect())
}

/// Returns the fenced code blocks of a page.
pub fn code_blocks_of(page: &Page) -> Vec<CodeBlock> {
    let mut blocks = Vec::new();
    let mut open = None;
    for (event, range) in Parser::new(&page.text).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let before = page.text.get(..range.start).unwrap_or_default();
                let mut words = info.split([' ', ',', '\t']).filter(|word| !word.is_empty()).map(str::to_owned);
                open = Some(CodeBlock {
                    page: page.path.clone(),
                    line: before.matches('\n').count() + 1,
                    language: words.next().unwrap_or_default(),
                    words: words.collect(),
                    code: String::new(),
                });
            }
            Event::Text(text) => {
                if let Some(block) = &mut open {
                    block.code.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
            _ => {}
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_their_line_their_words_and_their_code() {
        let text = "# Title\n\n```toml verifier.toml\nlisten = 1\n```\n\n- item\n\n  ```rust,no_run\n  fn f() {}\n  ```\n\n    indented\n";
        let blocks = code_blocks_of(&Page { path: "page.md".to_owned(), text: text.to_owned() });
        let [settings, code] = blocks.as_slice() else { panic!("{blocks:?}") };
        assert_eq!((settings.place().as_str(), settings.code.as_str()), ("page.md:3", "listen = 1\n"));
        assert!(settings.shows("toml", "verifier.toml"));
        assert_eq!(
            (code.line, code.language.as_str(), code.words.as_slice()),
            (9, "rust", ["no_run".to_owned()].as_slice())
        );
        assert_eq!(code.code, "fn f() {}\n");
    }

    #[test]
    fn pages_of_every_folder_are_read_and_those_of_dependencies_are_not() {
        let pages = pages().unwrap();
        for path in ["README.md", "docs/verifier.md", "docs/decisions/client.md", "crates/verifier/README.md"] {
            assert!(pages.iter().any(|page| page.path == path), "{path}");
        }
        assert!(!pages.iter().any(|page| page.path.contains("node_modules")));
    }
}
