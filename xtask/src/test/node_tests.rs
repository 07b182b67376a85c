//! Node's test runner over the scripts below `tests`: stories in each engine, types, and bundlers.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::engines::Engine;
use crate::setup::TestTools;
use crate::{docs, workspace};

/// The files of `tests/e2e` that run in every engine: what shoppers do. docs/engines.md says why the others do not.
const EVERYWHERE: [&str; 10] = [
    "another-device",
    "anonymous",
    "background",
    "callbacks",
    "https",
    "link",
    "ownership",
    "refused-link",
    "session-lifetime",
    "tabs",
];

/// The files of `tests/e2e` that also run with the sandbox's strict dialect: what shoppers do and Authress takes part in.
/// The others are about loading, bundling, hostile pages and other things that no dialect changes; `dialects` sets its
/// switches itself.
const STRICT: [&str; 19] = [
    "account",
    "another-device",
    "anonymous",
    "callbacks",
    "claim-ticket",
    "cross-site",
    "events",
    "extension",
    "fetch",
    "found-session",
    "https",
    "link",
    "migration",
    "ownership",
    "refused-link",
    "restore",
    "session-lifetime",
    "shopper-verifier",
    "tabs",
];

/// The name of the stage of stories in the strict dialect.
pub(crate) const STRICT_STAGE: &str = "e2e, strict";

/// The name of the stage of stories in this engine.
pub(crate) fn stage_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Chromium => "end-to-end tests",
        Engine::Firefox => "e2e, Firefox",
        Engine::Webkit => "e2e, WebKit",
    }
}

/// The end-to-end stories in this engine, against real servers. Blocks for several topologies run in one of them here: see
/// `eachOf` in `tests/e2e/support/stack.mjs`.
pub(crate) fn stories(tools: &TestTools, engine: Engine) -> Result<Command> {
    let mut command = tools.node_script_in(engine)?;
    if engine == Engine::Chromium {
        command.env("TOPOLOGIES", "first");
        return in_folders(command, &["tests/harness", "tests/e2e", "tests/reference", "tests/contract"]);
    }
    command.env("TOPOLOGIES", "last");
    Ok(with_runner(command, chosen_files(&EVERYWHERE, "run in Chromium only (see docs/engines.md)")?))
}

/// The end-to-end stories of shoppers, and those of the published client, in Chromium against a sandbox with the strict
/// dialect.
pub(crate) fn strict_stories(tools: &TestTools) -> Result<Command> {
    let mut command = tools.node_script_in(Engine::Chromium)?;
    command.env("DIALECT", "strict");
    let mut files = chosen_files(&STRICT, "run in the default dialect only (see tests/README.md)")?;
    files.push(workspace::root().join("tests/reference/login-client.test.mjs"));
    Ok(with_runner(command, files))
}

/// The attacks of docs/attacks.md and the benign shoppers beside them, in Chromium, against both dialects of the sandbox.
pub(crate) fn attacks(tools: &TestTools) -> Result<Command> {
    in_folders(tools.node_script_in(Engine::Chromium)?, &["tests/attacks"])
}

/// The files of `tests/e2e` with these names; prints the others after `left_out`.
fn chosen_files(names: &[&str], left_out: &str) -> Result<Vec<PathBuf>> {
    let is_chosen = |file: &PathBuf| names.iter().any(|name| file.ends_with(format!("{name}.test.mjs")));
    let (files, others): (Vec<_>, Vec<_>) = files_in("tests/e2e")?.into_iter().partition(is_chosen);
    let name = |file: &PathBuf| file.file_name().map(|name| name.to_string_lossy().replace(".test.mjs", ""));
    let others: Vec<String> = others.iter().filter_map(name).collect();
    println!("{left_out}: {}", others.join(", "));
    if files.len() != names.len() {
        bail!("a file of stories is missing: xtask/src/test/node_tests.rs lists them");
    }
    Ok(files)
}

/// The types, the code blocks and links of the documentation, and what of the package runs without a browser and without
/// being built.
pub(crate) fn types(tools: &TestTools) -> Result<Command> {
    in_folders(tools.node_script(), &["tests/types", "tests/documents", "tests/package"])
}

/// The sandbox's npm package: over HTTP, and with the client's package in Chromium; and the examples, which use both.
pub(crate) fn sandbox_package(tools: &TestTools) -> Result<Command> {
    in_folders(tools.node_script_in(Engine::Chromium)?, &["sandbox-pkg/test", "tests/examples"])
}

/// The documentation site in Chromium; see `tests/site`.
pub(crate) fn site(tools: &TestTools) -> Result<Command> {
    let mut command = tools.node_script_in(Engine::Chromium)?;
    command.env(docs::BASE.0, docs::BASE.1);
    in_folders(command, &["tests/site"])
}

/// The packed package in every bundler; see `tests/bundlers`.
pub(crate) fn bundlers(tools: &TestTools) -> Result<Command> {
    tools.build.node.install_bundlers()?;
    let mut command = tools.node_script();
    // Examples are built with the frameworks that the stage `tools` installs.
    command.env("TOOLS_CACHE", workspace::cache()?);
    in_folders(command, &["tests/bundlers"])
}

/// The packed package in frameworks and tools that applications start from; see `tests/bundlers/tools`.
pub(crate) fn tools(tools: &TestTools) -> Result<Command> {
    let mut command = tools.node_script();
    // Not `--test`: that has one time limit for the whole file, which installs and builds one tool after another.
    command.args(["--test-reporter=spec", "tests/bundlers/tools/tools.test.mjs"]);
    command.env("TOOLS_CACHE", workspace::cache()?);
    Ok(command)
}

fn in_folders(command: Command, folders: &[&str]) -> Result<Command> {
    let mut files = Vec::new();
    for folder in folders {
        files.extend(files_in(folder)?);
    }
    Ok(with_runner(command, files))
}

/// The `*.test.mjs` of a folder, sorted.
fn files_in(folder: &str) -> Result<Vec<PathBuf>> {
    let path = workspace::root().join(folder);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&path).with_context(|| format!("cannot read {}", path.display()))? {
        let file = entry.with_context(|| format!("cannot read {}", path.display()))?.path();
        if file.to_string_lossy().ends_with(".test.mjs") {
            files.push(file);
        }
    }
    if files.is_empty() {
        bail!("there is no *.test.mjs in {folder}");
    }
    files.sort();
    Ok(files)
}

fn with_runner(mut command: Command, files: Vec<PathBuf>) -> Command {
    // Two files at a time: each starts a browser and mostly waits, and a machine may have two cores. The limit is that of a
    // whole file and only ends what hangs outside of every story: a busy machine must not reach it.
    command.args(["--test", "--test-reporter=spec", "--test-concurrency=2", "--test-timeout=3600000"]);
    command.args(files);
    command
}
