//! What has changed in the public types of the npm packages since the last release, by their reports (tests/types), and
//! whether the next version says so.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use semver::Version;

use super::since::Bump;
use crate::{repository, workspace};

/// The folder of the reports that `cargo xtask api-report` writes, one for each entry of a package.
const FOLDER: &str = "tests/types";
/// How the name of a report ends.
const ENDING: &str = ".api.md";

/// The texts of the reports by their names.
type Reports = BTreeMap<String, String>;

/// Compares every report with that of the last release.
pub(crate) fn check_types(last: Option<&Version>, next: &Version) -> Result<()> {
    let Some(last) = last else {
        println!("      there is no earlier release to compare with");
        return Ok(());
    };
    let mut too_small = Vec::new();
    for (name, change) in compare(&reports_of(&format!("v{last}"))?, &reports_here()?) {
        print!("{}", change.printed(&name));
        let needed = change.needs();
        if needed > Bump::between(last, next) {
            too_small.push(format!("{name}: the changes since {last} need {}", needed.after(last)));
        }
    }
    if too_small.is_empty() { Ok(()) } else { bail!("{next} is too low: {}", too_small.join("; ")) }
}

/// The reports of a commit.
fn reports_of(commit: &str) -> Result<Reports> {
    let files = repository::git(&["ls-tree", "--name-only", commit, &format!("{FOLDER}/")])?;
    let reports = files.lines().filter(|file| file.ends_with(ENDING));
    let text = |file: &str| repository::git(&["show", &format!("{commit}:{file}")]);
    reports.map(|file| Ok((name_of(file), text(file)?))).collect()
}

/// The reports of the working tree.
fn reports_here() -> Result<Reports> {
    let folder = workspace::root().join(FOLDER);
    let mut reports = Reports::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot read {FOLDER}"))? {
        let name = entry.with_context(|| format!("cannot read {FOLDER}"))?.file_name().to_string_lossy().into_owned();
        if name.ends_with(ENDING) {
            let text = std::fs::read_to_string(folder.join(&name)).with_context(|| format!("cannot read {name}"))?;
            reports.insert(name, text);
        }
    }
    Ok(reports)
}

fn name_of(file: &str) -> String {
    file.rsplit('/').next().unwrap_or(file).to_owned()
}

/// What has become of each report.
fn compare(old: &Reports, new: &Reports) -> BTreeMap<String, Change> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let change = |name: &String| match (old.get(name), new.get(name)) {
        (Some(old), Some(new)) => Change::Lines(Lines::between(old, new)),
        (None, _) => Change::Added,
        (Some(_), None) => Change::Removed,
    };
    names.into_iter().map(|name| (name.clone(), change(name))).collect()
}

/// The difference between two versions of a report.
#[derive(Debug)]
enum Change {
    /// The package has one entry more.
    Added,
    /// The package has one entry less.
    Removed,
    Lines(Lines),
}

impl Change {
    /// A changed line is one that was removed and one that was added. Whether code that compiled still does is for a person
    /// to judge where this asks for more than is necessary, such as for a parameter that may be left out.
    fn needs(&self) -> Bump {
        match self {
            Change::Added => Bump::Addition,
            Change::Removed => Bump::Breaking,
            Change::Lines(Lines { removed, added }) => match (removed.is_empty(), added.is_empty()) {
                (false, _) => Bump::Breaking,
                (true, false) => Bump::Addition,
                (true, true) => Bump::Fix,
            },
        }
    }

    /// The change in words, one line for each.
    fn printed(&self, name: &str) -> String {
        match self {
            Change::Added => format!("      {name} is new\n"),
            Change::Removed => format!("      {name} is gone\n"),
            Change::Lines(Lines { removed, added }) => {
                let lines = removed.iter().map(|line| ('-', line)).chain(added.iter().map(|line| ('+', line)));
                lines.map(|(sign, line)| format!("      {sign} {line}\n")).collect()
            }
        }
    }
}

/// The lines of a report that only one of two versions has, each after what it is in.
#[derive(Debug, Default)]
struct Lines {
    removed: Vec<String>,
    added: Vec<String>,
}

impl Lines {
    fn between(old: &str, new: &str) -> Self {
        let (old, new) = (declared(old), declared(new));
        Lines { removed: missing(&old, &new), added: missing(&new, &old) }
    }
}

/// The lines that `there` has more often than `here`.
fn missing(there: &BTreeMap<String, usize>, here: &BTreeMap<String, usize>) -> Vec<String> {
    let is_missing = |(line, count): &(&String, &usize)| here.get(*line).unwrap_or(&0) < *count;
    there.iter().filter(is_missing).map(|(line, _)| line.clone()).collect()
}

/// The lines of the report's code with their number. Each begins with the first line of its declaration and of every bracket
/// that it is in: members of two variants of a type may have the same text. Comments are left out.
fn declared(report: &str) -> BTreeMap<String, usize> {
    let mut lines = BTreeMap::new();
    let mut place = Place::default();
    // A declaration can have further lines that are not indented.
    let mut is_between_declarations = true;
    let code = report.lines().skip_while(|line| !line.starts_with("```")).skip(1);
    for line in code.take_while(|line| !line.starts_with("```")) {
        let text = line.trim();
        if text.is_empty() || text.starts_with("//") {
            is_between_declarations = true;
            continue;
        }
        // A comment on a part of a declaration.
        let is_comment = text == "*" || ["* ", "*/"].iter().any(|inside| text.starts_with(inside));
        if is_comment || text.starts_with("/*") && text.find("*/").is_none_or(|end| end + 2 == text.len()) {
            continue;
        }
        if is_between_declarations && line.starts_with(char::is_alphabetic) {
            place = Place::default();
        }
        is_between_declarations = text.starts_with("import ");
        let (closed, opened) = brackets(text);
        place.open.truncate(place.open.len().saturating_sub(closed));
        if !text.chars().all(|letter| "})];,".contains(letter)) {
            *lines.entry(place.with(text)).or_default() += 1;
        }
        place.enter(text, opened);
    }
    lines
}

/// Where a line of code is.
#[derive(Debug, Default)]
struct Place {
    declaration: String,
    /// The text before each open bracket. It is empty for the second and later ones of a line.
    open: Vec<String>,
    /// How often a text has opened brackets at a place.
    opened: BTreeMap<String, usize>,
}

impl Place {
    /// The text after that of everything it is in.
    fn with(&self, text: &str) -> String {
        let outer = std::iter::once(self.declaration.as_str()).chain(self.open.iter().map(String::as_str));
        outer.chain([text]).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Goes into the brackets that this text leaves open, and into the declaration that it begins.
    fn enter(&mut self, text: &str, brackets: usize) {
        if self.declaration.is_empty() {
            text.clone_into(&mut self.declaration);
            self.open.extend((0..brackets).map(|_| String::new()));
        } else if brackets > 0 {
            let count = self.opened.entry(self.with(text)).or_default();
            *count += 1;
            let name = if *count == 1 { text.to_owned() } else { format!("{text} ({count})") };
            self.open.push(name);
            self.open.extend((1..brackets).map(|_| String::new()));
        }
    }
}

/// How many brackets a line closes that it has not opened, and how many it opens and does not close.
fn brackets(text: &str) -> (usize, usize) {
    let (mut closed, mut open) = (0, 0_usize);
    for letter in text.chars() {
        match letter {
            '{' | '(' | '[' => open += 1,
            '}' | ')' | ']' if open > 0 => open -= 1,
            '}' | ')' | ']' => closed += 1,
            _ => (),
        }
    }
    (closed, open)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "## API Report\n\n```ts\n\n// @public\nexport interface Cart {\n    // (undocumented)\n    \
                          id: string;\n    items: number;\n}\n\n// @public\nexport interface Order {\n    id: string;\n}\n\n```\n";

    /// What the change of this report to `new` needs.
    fn needs(new: &str) -> Bump {
        needs_from(REPORT, new)
    }

    fn needs_from(old: &str, new: &str) -> Bump {
        Change::Lines(Lines::between(old, new)).needs()
    }

    fn report(code: &str) -> String {
        format!("## API Report\n\n```ts\n\n{code}\n```\n")
    }

    #[test]
    fn equal_reports_and_other_comments_need_nothing() {
        assert_eq!(needs(REPORT), Bump::Fix);
        assert_eq!(needs(&REPORT.replace("// @public", "// @beta")), Bump::Fix);
        for comment in
            ["/** How many {things}. */", "/**\n     * How many {things}.\n     *\n     * At least one.\n     */"]
        {
            let with_comment = format!("    {comment}\n    items: number;");
            assert_eq!(needs(&REPORT.replace("    items: number;", &with_comment)), Bump::Fix);
        }
        let beside = REPORT.replace("items: number", "/** How many. */ count: number");
        assert_eq!(needs(&beside), Bump::Breaking);
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
    fn a_line_that_two_variants_have_is_missed_in_each() {
        let both = "// @public (undocumented)\nexport type Device =\n| {\n    name?: string;\n    type?: 'WebAuthN';\n}\n\
                    | {\n    name?: string;\n    type: 'TOTP';\n};\n";
        let without_first = both.replacen("    name?: string;\n", "", 1);
        assert_eq!(needs_from(&report(both), &report(&without_first)), Bump::Breaking);
        let without_second = without_first.replacen("    name?: string;\n", "", 1);
        assert_eq!(needs_from(&report(&without_first), &report(&without_second)), Bump::Breaking);
        assert_eq!(needs_from(&report(&without_second), &report(&without_first)), Bump::Addition);
        let moved = without_second.replace("type?: 'WebAuthN';", "type?: 'WebAuthN';\n    name?: string;");
        assert_eq!(needs_from(&report(&without_first), &report(&moved)), Bump::Breaking);
    }

    #[test]
    fn a_line_belongs_to_the_brackets_that_it_is_in() {
        let nested = "export interface Cart {\n    open(options: {\n        id: string;\n    }, also?: {\n        \
                      note: string;\n    }): void;\n    total: {\n        cents: number;\n    };\n}\n";
        let declared = declared(&report(nested));
        let lines: Vec<&str> = declared.keys().map(String::as_str).collect();
        assert_eq!(
            lines,
            [
                "export interface Cart {",
                "export interface Cart { open(options: {",
                "export interface Cart { open(options: { id: string;",
                "export interface Cart { open(options: { }, also?: {",
                "export interface Cart { open(options: { }, also?: { note: string;",
                "export interface Cart { total: {",
                "export interface Cart { total: { cents: number;",
                "export interface Cart { }): void;",
            ]
        );
        let moved =
            nested.replace("        note: string;\n", "").replace("id: string;", "id: string;\n    note: string;");
        assert_eq!(needs_from(&report(nested), &report(&moved)), Bump::Breaking);
    }

    #[test]
    fn a_declaration_has_every_line_up_to_the_next() {
        let code = "import type { A } from 'a';\nimport type { B } from 'b';\n\n// @public\nexport type Shopper = Pick<\n\
                    LoginClient,\n'signIn'\n>;\n\n// @public\nexport type Visitor = Pick<\nLoginClient,\n'signOut'\n>;\n";
        let declared = declared(&report(code));
        assert_eq!(declared.get("import type { B } from 'b';"), Some(&1));
        assert_eq!(declared.get("export type Visitor = Pick< LoginClient,"), Some(&1), "{declared:?}");
        assert_eq!(needs_from(&report(code), &report(&code.replacen("LoginClient,\n", "", 1))), Bump::Breaking);
    }

    #[test]
    fn a_report_that_is_new_adds_and_one_that_is_gone_breaks() {
        let reports =
            |names: &[&str]| -> Reports { names.iter().map(|name| ((*name).to_owned(), REPORT.to_owned())).collect() };
        let changes = compare(&reports(&["login", "react"]), &reports(&["login", "vue"]));
        let needed: Vec<_> = changes.iter().map(|(name, change)| (name.as_str(), change.needs())).collect();
        assert_eq!(needed, [("login", Bump::Fix), ("react", Bump::Breaking), ("vue", Bump::Addition)]);
        assert_eq!(changes["react"].printed("react"), "      react is gone\n");
    }

    #[test]
    fn the_reports_of_this_repository_have_declarations() {
        let reports = reports_here().unwrap();
        for name in ["api-report.api.md", "api-report-react.api.md", "sandbox-api-report.api.md"] {
            assert!(reports.contains_key(name), "{name} is not among {:?}", reports.keys());
        }
        for (name, report) in reports {
            let number = declared(&report).values().sum::<usize>();
            let lines =
                report.lines().filter(|line| line.ends_with(';') && !line.trim_start().starts_with("//")).count();
            assert!(number > 0 && number >= lines / 2, "{name}: {number} of {lines}");
        }
    }

    #[test]
    fn the_reports_of_a_commit_are_read() {
        let reports = reports_of("HEAD").unwrap();
        assert!(reports.len() > 2 && reports["api-report.api.md"].contains("```ts"));
        assert!(reports_of("no-such-tag").is_err());
    }
}
