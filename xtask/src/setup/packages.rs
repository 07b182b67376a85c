//! What the tests take from Debian's packages, installed in one call: each call of its own costs seconds, and this one
//! can run while the compiled tools are built.

use anyhow::Result;

use super::apt;
use super::inventory::{self, Found, Tool};
use crate::engines::Engine;

/// Installs the packages that are missing for tests in these engines. Does nothing on a system without apt: there the
/// steps for each tool say what to do.
pub(super) fn ensure(engines: &[Engine]) -> Result<()> {
    if !apt::is_available() {
        return Ok(());
    }
    let packages = missing(&needed(engines))?;
    if packages.is_empty() {
        return Ok(());
    }
    let what = "browsers, servers and checkers of the tests";
    if let Err(failure) = apt::install(&packages, what, "about 1 min, while tools are compiled") {
        // One package may be what this system lacks. The steps for each tool install what the tests cannot do without.
        println!("        {failure:#}; installing them one by one");
    }
    Ok(())
}

/// What the tests need from packages.
fn needed(engines: &[Engine]) -> Vec<Tool> {
    let mut tools = vec![
        Tool::Chromium,
        Tool::Chromedriver,
        Tool::HeadlessShell,
        Tool::Redis,
        Tool::Nginx,
        Tool::SystemdAnalyze,
        Tool::Shellcheck,
        Tool::Wrk,
    ];
    if engines.contains(&Engine::Firefox) {
        tools.push(Tool::Firefox);
    }
    if engines.contains(&Engine::Webkit) {
        tools.extend([Tool::WebkitDriver, Tool::Xvfb, Tool::Xauth]);
    }
    tools
}

/// The packages of those tools that this machine lacks, each once.
fn missing(tools: &[Tool]) -> Result<Vec<&'static str>> {
    let mut packages = Vec::new();
    for &tool in tools {
        if inventory::look(tool)?.found == Found::Nothing {
            packages.extend(tool.apt_packages());
        }
    }
    packages.sort_unstable();
    packages.dedup();
    Ok(packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_the_tests_need_comes_from_a_package() {
        for tool in needed(&Engine::ALL) {
            assert!(!tool.apt_packages().is_empty(), "{tool:?}");
        }
        assert!(!needed(&[Engine::Chromium]).contains(&Tool::Firefox));
    }
}
