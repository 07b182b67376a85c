//! What has changed in the public types of the npm packages since the last release, by their reports (tests/types), and
//! whether the next version says so.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use semver::Version;

use super::since::Bump;
use crate::{repository, workspace};

/// The reports that `cargo xtask api-report` writes.
const REPORTS: [&str; 2] = ["tests/types/api-report.api.md", "tests/types/sandbox-api-report.api.md"];

/// Compares every report with that of the last release.
pub(crate) fn check_types(last: Option<&Version>, next: &Version) -> Result<()> {
    let Some(last) = last else {
        println!("      there is no earlier release to compare with");
        return Ok(());
    };
    let mut too_small = Vec::new();
    for report in REPORTS {
        let Ok(old) = repository::git(&["show", &format!("v{last}:{report}")]) else {
            println!("      {report} is new");
            continue;
        };
        let file = workspace::root().join(report);
        let new = std::fs::read_to_string(&file).with_context(|| format!("cannot read {report}"))?;
        let changes = Changes::between(&old, &new);
        print!("{changes}");
        let needed = changes.needs();
        if needed > Bump::between(last, next) {
            too_small.push(format!("{report}: the changes since {last} need {}", needed.after(last)));
        }
    }
    if too_small.is_empty() { Ok(()) } else { bail!("{next} is too low: {}", too_small.join("; ")) }
}

/// The lines of a report that only one of two versions has, each after the declaration that it belongs to.
#[derive(Debug, Default)]
struct Changes {
    removed: Vec<String>,
    added: Vec<String>,
}

impl Changes {
    fn between(old: &str, new: &str) -> Self {
        let (old, new) = (declared(old), declared(new));
        Changes { removed: old.difference(&new).cloned().collect(), added: new.difference(&old).cloned().collect() }
    }

    /// A changed line is one that was removed and one that was added. Whether code that compiled still does is for a person
    /// to judge where this asks for more than is necessary, such as for a parameter that may be left out.
    fn needs(&self) -> Bump {
        match (self.removed.is_empty(), self.added.is_empty()) {
            (false, _) => Bump::Breaking,
            (true, false) => Bump::Addition,
            (true, true) => Bump::Fix,
        }
    }
}

impl std::fmt::Display for Changes {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines = self.removed.iter().map(|line| ('-', line)).chain(self.added.iter().map(|line| ('+', line)));
        for (sign, line) in lines {
            writeln!(out, "      {sign} {line}")?;
        }
        Ok(())
    }
}

/// The lines of the report's code, each after the first line of its declaration. Comments are left out.
fn declared(report: &str) -> BTreeSet<String> {
    let mut declaration = String::new();
    let mut lines = BTreeSet::new();
    let code = report.lines().skip_while(|line| !line.starts_with("```")).skip(1);
    for line in code.take_while(|line| !line.starts_with("```")) {
        let text = line.trim();
        if text.is_empty() || text.starts_with("//") || text == "}" {
            continue;
        }
        if line.starts_with(char::is_alphabetic) {
            declaration = text.to_owned();
            lines.insert(declaration.clone());
        } else {
            lines.insert(format!("{declaration} {text}"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "## API Report\n\n```ts\n\n// @public\nexport interface Cart {\n    // (undocumented)\n    \
                          id: string;\n    items: number;\n}\n\n// @public\nexport interface Order {\n    id: string;\n}\n\n```\n";

    fn needs(new: &str) -> Bump {
        Changes::between(REPORT, new).needs()
    }

    #[test]
    fn equal_reports_and_other_comments_need_nothing() {
        assert_eq!(needs(REPORT), Bump::Fix);
        assert_eq!(needs(&REPORT.replace("// @public", "// @beta")), Bump::Fix);
    }

    #[test]
    fn additions_need_a_minor_version() {
        assert_eq!(needs(&REPORT.replace("items: number;", "items: number;\n    note?: string;")), Bump::Addition);
    }

    #[test]
    fn what_is_removed_changed_or_moved_to_another_declaration_breaks_code() {
        assert_eq!(needs(&REPORT.replace("    items: number;\n", "")), Bump::Breaking);
        assert_eq!(needs(&REPORT.replace("items: number", "items: bigint")), Bump::Breaking);
        assert_eq!(needs(&REPORT.replace("interface Order {", "interface Order extends Cart {")), Bump::Breaking);
        let moved = REPORT.replace("    items: number;\n", "").replace("Order {", "Order {\n    items: number;");
        assert_eq!(needs(&moved), Bump::Breaking);
    }

    #[test]
    fn the_reports_of_this_repository_have_declarations() {
        for report in REPORTS {
            let text = std::fs::read_to_string(workspace::root().join(report)).unwrap();
            assert!(declared(&text).len() > 10, "{report}");
        }
    }
}
