//! The address of the sources: registries show it, and npm compares it with the repository whose workflow publishes.

use std::collections::BTreeSet;

use super::{Observed, Plan};

/// Plans what is left to do until every package names the same repository.
pub(super) fn compare(observed: &Observed, plan: &mut Plan) {
    let public = observed.crates.iter().filter(|package| package.is_public);
    let named: BTreeSet<Option<&str>> = public.map(|package| package.metadata.repository.as_deref()).collect();
    let mut named = named.into_iter();
    let (Some(Some(address)), None) = (named.next(), named.next()) else {
        plan.changes.push(
            "Cargo.toml: [workspace.package] repository = \"https://…\", which every published crate inherits; \
            then the npm packages (RELEASING.md, \"The address of the sources\")"
                .to_owned(),
        );
        return;
    };
    for package in &observed.npm_packages {
        let expected = [
            ("repository.url", &package.repository, format!("git+{address}.git")),
            ("homepage", &package.homepage, format!("{address}#readme")),
            ("bugs.url", &package.bugs, format!("{address}/issues")),
        ];
        for (key, _, expected) in expected.iter().filter(|(_, found, expected)| found.as_ref() != Some(expected)) {
            plan.changes.push(format!("{}/package.json: {key} = {expected:?}", package.folder));
        }
    }
    if let Some(own) = observed.workflow_repository.as_deref().filter(|own| *own != address) {
        plan.problems.push(format!("the packages name {address}, and this is the workflow of {own}"));
    }
}
