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
    let missing = missing(&needed(engines))?;
    if missing.is_empty() {
        return Ok(());
    }
    if let Err(failure) = apt::check_rights() {
        println!("set-up: {failure:#}");
        return Ok(());
    }
    install(&missing, |packages| {
        apt::install(packages, "browsers, servers and checkers of the tests", "about 1 min, while tools are compiled")
    });
    Ok(())
}

/// Installs these groups of packages in one call, and each group by itself if that fails: one package may be what this system
/// lacks. The steps for each tool stop the set-up if the tests cannot do without.
fn install(groups: &[&'static [&'static str]], call: impl Fn(&[&str]) -> Result<()>) {
    let mut all = groups.concat();
    all.sort_unstable();
    all.dedup();
    if let Err(failure) = call(&all) {
        println!("        {failure:#}; installing them one by one");
        for group in groups {
            if let Err(failure) = call(group) {
                println!("        {failure:#}; continuing without {}", group.join(" "));
            }
        }
    }
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
        Tool::Curl,
        Tool::RedisCli,
        Tool::SocketActivate,
    ];
    if engines.contains(&Engine::Firefox) {
        tools.push(Tool::Firefox);
    }
    if engines.contains(&Engine::Webkit) {
        tools.extend([Tool::WebkitDriver, Tool::Xvfb, Tool::Xauth]);
    }
    tools
}

/// The packages of each of those tools that this machine lacks. Those of several tools are there once.
fn missing(tools: &[Tool]) -> Result<Vec<&'static [&'static str]>> {
    let mut groups = Vec::new();
    for &tool in tools {
        // Not every system has this one, and the tests can do without it.
        if tool == Tool::HeadlessShell && tool.apt_packages().iter().any(|package| apt::lacks(package)) {
            continue;
        }
        if inventory::look(tool)?.found == Found::Nothing && !groups.contains(&tool.apt_packages()) {
            groups.push(tool.apt_packages());
        }
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use anyhow::bail;

    use super::*;

    #[test]
    fn everything_that_the_tests_need_comes_from_a_package() {
        for tool in needed(&Engine::ALL) {
            assert!(!tool.apt_packages().is_empty(), "{tool:?}");
        }
        assert!(!needed(&[Engine::Chromium]).contains(&Tool::Firefox));
    }

    #[test]
    fn a_package_that_the_system_lacks_stops_no_other_one() {
        let groups: [&[&str]; 3] = [&["chromium", "chromium-driver"], &["wrk"], &["shellcheck"]];
        let calls = |lacking: &str| {
            let calls = RefCell::new(Vec::new());
            install(&groups, |packages| {
                calls.borrow_mut().push(packages.join(" "));
                if packages.contains(&lacking) { bail!("there is no package {lacking}") } else { Ok(()) }
            });
            calls.into_inner()
        };
        assert_eq!(calls("none"), ["chromium chromium-driver shellcheck wrk"]);
        assert_eq!(
            calls("wrk"),
            ["chromium chromium-driver shellcheck wrk", "chromium chromium-driver", "wrk", "shellcheck"]
        );
    }
}
