//! Reads docs/glossary.md: the code spans in the column "Replaces" of its tables, and the table of exceptions.

use anyhow::{Context, Result, bail};

/// What the lint takes from the glossary.
#[derive(Debug, Default)]
pub(crate) struct Glossary {
    pub(crate) replaced: Vec<Replaced>,
    pub(crate) exceptions: Vec<Exception>,
}

/// A term that is not used any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Replaced {
    pub(crate) term: String,
    /// The glossary's term for it.
    pub(crate) by: String,
}

/// A replaced term that may stand below one path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exception {
    pub(crate) term: String,
    pub(crate) path: String,
}

impl Glossary {
    /// Reads the tables. A row with another number of cells than its heading, and an exception without a reason, are
    /// errors.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut glossary = Glossary::default();
        let mut heading: Option<Vec<&str>> = None;
        for (index, row) in text.lines().enumerate() {
            let Some(cells) = cells(row) else {
                heading = None;
                continue;
            };
            let Some(names) = &heading else {
                heading = Some(cells);
                continue;
            };
            if cells.iter().all(|cell| cell.chars().all(|letter| matches!(letter, '-' | ':'))) {
                continue;
            }
            let line = index + 1;
            if cells.len() != names.len() {
                bail!("line {line}: the row has another number of cells than its heading");
            }
            let cell = |name: &str| names.iter().position(|found| *found == name).and_then(|at| cells.get(at).copied());
            if let (Some(by), Some(replaces)) = (cell("Term"), cell("Replaces")) {
                glossary.replaced.extend(code_spans(replaces).map(|term| Replaced { term, by: by.replace('`', "") }));
            } else if let (Some(terms), Some(path), Some(reason)) = (cell("Exception"), cell("Where"), cell("Reason")) {
                let path =
                    code_spans(path).next().with_context(|| format!("line {line}: the exception names no path"))?;
                if reason.is_empty() {
                    bail!("line {line}: the exception has no reason");
                }
                glossary.exceptions.extend(code_spans(terms).map(|term| Exception { term, path: path.clone() }));
            }
        }
        Ok(glossary)
    }

    /// Whether `term` may stand in `file`.
    pub(crate) fn excepts(&self, term: &str, file: &str) -> bool {
        self.exceptions.iter().any(|exception| exception.term == term && file.starts_with(&exception.path))
    }
}

/// The cells of a table's row; `None` for other lines.
fn cells(line: &str) -> Option<Vec<&str>> {
    Some(line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect())
}

fn code_spans(cell: &str) -> impl Iterator<Item = String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "| Term | Meaning | Replaces |\n|---|---|---|\n| deliver `the` parcel | x | `hand over`, look |\n\n\
                        | Exception | Where | Reason |\n|---|---|---|\n| `hand over` | `docs/a` | quoted |\n";

    #[test]
    fn code_spans_are_checked_and_other_words_are_not() {
        let glossary = Glossary::parse(TEXT).unwrap();
        assert_eq!(glossary.replaced, [Replaced { term: "hand over".to_owned(), by: "deliver the parcel".to_owned() }]);
    }

    #[test]
    fn an_exception_holds_below_its_path() {
        let glossary = Glossary::parse(TEXT).unwrap();
        assert!(glossary.excepts("hand over", "docs/a.md"));
        assert!(!glossary.excepts("hand over", "docs/b.md"));
        assert!(!glossary.excepts("look", "docs/a.md"));
    }

    #[test]
    fn an_exception_needs_a_reason_and_a_path() {
        assert!(Glossary::parse(&TEXT.replace("quoted", "")).unwrap_err().to_string().contains("line 7"));
        assert!(Glossary::parse(&TEXT.replace("`docs/a`", "docs")).unwrap_err().to_string().contains("no path"));
        assert!(Glossary::parse(&TEXT.replace("| quoted |", "|")).unwrap_err().to_string().contains("number of cells"));
    }
}
